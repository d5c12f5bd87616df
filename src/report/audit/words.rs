//! What an audit says in words and tables.

use crate::{
    audit::{Audit, Finding, Remedy, Severity},
    observe::security::{Session, Way},
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
    text::counted,
};

/// How a severity is to be taken.
#[must_use]
pub fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warn,
        Severity::Low | Severity::Info => Tone::Plain,
    }
}

/// How the whole of it is to be taken, and a word for it.
#[must_use]
pub fn outcome(audit: &Audit) -> (Tone, &'static str) {
    if audit.failing().next().is_some() {
        (Tone::Bad, "FAIL")
    } else if audit.open().next().is_some() {
        (Tone::Warn, "PASS")
    } else {
        (Tone::Good, "PASS")
    }
}

/// What it comes to, in one sentence without a full stop.
#[must_use]
pub fn sentence(audit: &Audit) -> String {
    let (failing, open) = (audit.failing().count(), audit.open().count());
    let worse = if audit.fail_on == Severity::Critical { String::new() } else { " or worse".to_owned() };
    let not_checked = match audit.unchecked.len() {
        0 => String::new(),
        some => format!("; {} could not be made", counted(some, "check")),
    };
    let found = match (failing, open) {
        (0, 0) => format!("nothing was found by {}", counted(audit.passed.len(), "check")),
        (0, open) => format!("none of {} is {}{worse}", counted(open, "finding"), audit.fail_on),
        (failing, open) => format!(
            "{} of {} {} {}{worse}",
            failing,
            counted(open, "finding"),
            if failing == 1 { "is" } else { "are" },
            audit.fail_on
        ),
    };
    format!("{found}{not_checked}")
}

/// Findings of one severity that nobody accepted.
#[derive(Debug)]
pub struct Group<'a> {
    /// The severity.
    pub severity: Severity,
    /// The findings; there is one at least.
    pub findings: Vec<&'a Finding>,
}

/// The findings by severity, the worst first.
#[must_use]
pub fn groups(audit: &Audit) -> Vec<Group<'_>> {
    let of = |severity| Group {
        severity,
        findings: audit.open().filter(|finding| finding.severity == severity).collect(),
    };
    Severity::ALL.into_iter().map(of).filter(|group| !group.findings.is_empty()).collect()
}

/// What helps, line by line.
#[must_use]
pub fn remedy(remedy: &Remedy) -> Vec<String> {
    let flags = remedy.flags.iter().map(|flag| format!("database flag {flag}"));
    let by_hand = Some(&remedy.by_hand).filter(|text| !text.is_empty()).cloned();
    remedy.sql.iter().cloned().chain(flags).chain(remedy.gcloud.iter().cloned()).chain(by_hand).collect()
}

/// Findings that the policy accepts, each with its reason.
#[must_use]
pub fn accepted(audit: &Audit) -> Vec<String> {
    let one = |finding: &Finding| {
        let accepted = finding.accepted.as_ref()?;
        Some(format!(
            "{} ({}) {}: {}, until {}",
            finding.id,
            finding.severity,
            plain(&finding.object),
            plain(&accepted.reason),
            accepted.expires
        ))
    };
    audit.findings.iter().filter_map(one).collect()
}

/// Checks that could not be made, together where the reason is the same.
#[must_use]
pub fn unchecked(audit: &Audit) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for one in &audit.unchecked {
        match reasons.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, ids)) => ids.push(&one.id),
            None => reasons.push((&one.reason, vec![&one.id])),
        }
    }
    reasons
        .into_iter()
        .map(|(reason, ids)| format!("{}, because {}", ids.join(", "), plain(reason)))
        .collect()
}

/// What was looked at: a name and a sentence each.
#[must_use]
pub fn facts(audit: &Audit) -> Vec<(&'static str, String)> {
    let evidence = &audit.evidence;
    let (server, session) = (&evidence.server, &evidence.session);
    let kind = if server.is_cloud_sql { "Cloud SQL, PostgreSQL" } else { "PostgreSQL" };
    let mut facts = vec![
        ("server", format!("{kind} {} at {}", plain(&server.version), plain(&server.address))),
        ("database", format!("{}, owned by {}", plain(&server.database), plain(&server.owner))),
        ("session", format!("of {}, {}", plain(&session.role), way(session))),
        ("application", format!("the role {}", plain(&evidence.role))),
    ];
    if let Ok(instance) = evidence.instance.get() {
        let backups = &instance.backups;
        let known = |number: Option<u32>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let words = if backups.enabled {
            let start = backups
                .start
                .as_deref()
                .map_or_else(String::new, |start| format!(" at {} UTC", plain(start)));
            format!("daily{start}, {} kept", known(backups.kept))
        } else {
            "none".to_owned()
        };
        let days = backups.point_in_time.then(|| format!("; any moment of {} days", known(backups.log_days)));
        facts.push(("backups", words + &days.unwrap_or_default()));
    }
    if let Some(policy) = &audit.policy {
        facts.push(("policy", plain(policy)));
    }
    facts
}

fn way(session: &Session) -> String {
    let way = match session.way {
        Way::Socket => "by a socket",
        Way::Loopback => "by TCP within the server's machine",
        Way::Network => "over a network",
    };
    let tls = match (session.tls, &session.protocol, &session.cipher) {
        (true, Some(protocol), Some(cipher)) => format!("{}, {}", plain(protocol), plain(cipher)),
        (true, ..) => "TLS".to_owned(),
        (false, ..) => "no TLS".to_owned(),
    };
    format!("{way}, {tls}")
}

/// Findings as a table.
#[must_use]
pub fn table(audit: &Audit) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("severity"),
        Column::words("check"),
        Column::words("object"),
        Column::words("seen"),
    ]);
    for finding in audit.open() {
        grid.push(Row::new(vec![
            Cell::text(finding.severity.name()).tone(tone(finding.severity)),
            Cell::text(&finding.id),
            Cell::text(&finding.object),
            Cell::text(&finding.seen),
        ]));
    }
    grid
}
