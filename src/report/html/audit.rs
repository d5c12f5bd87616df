//! The page of an audit.

use super::{
    answer::{Figure, Head, explained, foot, kept, list, method, section},
    frame::Frame,
    parts::{Section, rendered},
};
use crate::{
    audit::{Audit, Finding, Severity},
    report::{
        audit::words::{self, Group},
        grid::Tone,
        headline::capital,
        xml::{escaped, plain},
    },
};
use askama::Template;

#[derive(Template)]
#[template(path = "report/findings.html")]
struct Findings<'a> {
    severity: Severity,
    tone: Tone,
    findings: &'a [&'a Finding],
}

pub(super) fn page(audit: &Audit) -> String {
    let all = section(
        "findings",
        "Findings",
        explained(
            "The worst first; each is explained below, with what helps.",
            &words::table(audit),
            "Findings",
        ),
    );
    let groups = words::groups(audit);
    let rest = [
        section("accepted", "Accepted", list(&words::accepted(audit))),
        section("unchecked", "Not checked", list(&words::unchecked(audit))),
        section("passed", "Passed", passed(audit)),
        section("method", "Method", method(&words::facts(audit), &[READING.to_owned()])),
    ];
    Frame {
        title: format!("Audit of {}: loist-bench", plain(&audit.evidence.server.database)),
        head: head(audit),
        sections: kept(std::iter::once(all).chain(groups.iter().map(findings)).chain(rest)),
        switches: 0,
        foot: foot(&audit.tool_version),
    }
    .page()
}

const READING: &str = "Everything was read in one transaction that cannot write, and was rolled back. What the session's role may not see is not judged, and stands under Not checked: it did not pass.";

fn head(audit: &Audit) -> String {
    let (tone, word) = words::outcome(audit);
    let of = |severity| audit.open().filter(|finding| finding.severity == severity).count();
    let figure = |severity: Severity, hint: &str| {
        Figure::count(severity.name(), of(severity), words::tone(severity), hint.to_owned())
    };
    let server = &audit.evidence.server;
    rendered(&Head {
        label: "Audit",
        tone,
        word,
        headline: capital(&words::sentence(audit)),
        subject: format!(
            "{}, PostgreSQL {}, the role {}, {}",
            plain(&server.address),
            plain(&server.version),
            plain(&audit.evidence.role),
            audit.at.format("%-d %B %Y, %H:%M UTC")
        ),
        figures: vec![
            figure(Severity::Critical, "whoever comes by takes or loses everything"),
            figure(Severity::High, "does harm when somebody tries"),
            figure(Severity::Medium, "does harm when something else goes wrong"),
            figure(Severity::Low, "makes other faults worse"),
            figure(Severity::Info, "to be known"),
        ],
        cautions: &audit.remarks,
    })
}

fn findings(group: &Group<'_>) -> Section {
    let severity = group.severity;
    let id = match severity {
        Severity::Critical => "of-critical",
        Severity::High => "of-high",
        Severity::Medium => "of-medium",
        Severity::Low => "of-low",
        Severity::Info => "of-info",
    };
    let tone = words::tone(severity);
    section(id, capital(severity.name()), rendered(&Findings { severity, tone, findings: &group.findings }))
}

fn passed(audit: &Audit) -> String {
    let all: Vec<String> = audit.passed.iter().map(|id| format!("<code>{}</code>", escaped(id))).collect();
    if all.is_empty() { String::new() } else { format!("<p>{}</p>", all.join(", ")) }
}
