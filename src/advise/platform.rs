//! What stands around the server: its version, its limits, changes that wait for a restart.

use super::{case::Case, say};
use crate::{
    record::{Basis, Change, Recommendation, ServerKind},
    text::{self, first_of},
};
use chrono::NaiveDate;

/// The last day on which PostgreSQL's developers mend a major version (https://www.postgresql.org/support/versioning/).
const END_OF_LIFE: &[(u32, (i32, u32, u32))] = &[
    (13, (2025, 11, 13)),
    (14, (2026, 11, 12)),
    (15, (2027, 11, 11)),
    (16, (2028, 11, 9)),
    (17, (2029, 11, 8)),
    (18, (2030, 11, 14)),
];
/// Days before it in which the end is spoken of.
const SOON: i64 = 180;

/// Settings that were changed and are not yet in force.
pub(super) fn pending_restart(case: &Case) -> Option<Recommendation> {
    let settings = case.record.evidence.settings.iter();
    let pending: Vec<&str> =
        settings.filter(|setting| setting.pending_restart).map(|setting| setting.name.as_str()).collect();
    if pending.is_empty() {
        return None;
    }
    Some(Recommendation {
        title: format!("Restart the server, or take back what waits for it: {}", first_of(&pending, 4)),
        evidence: format!(
            "pending_restart is set for {}: the values in force are the old ones",
            first_of(&pending, 10)
        ),
        expected: "what was measured next is what was set".to_owned(),
        basis: Basis::Inferred,
        risk: "a restart ends every session".to_owned(),
        verify: "SELECT name FROM pg_settings WHERE pending_restart is empty; run again".to_owned(),
        effect: 0.15,
        ..say::change()
    })
}

/// A role that may not look at what others do sees half of the evidence.
pub(super) fn rights(case: &Case) -> Option<Recommendation> {
    let role = case.record.evidence.role.as_ref()?;
    if role.is_superuser || role.reads_all_statistics && role.reads_all_settings {
        return None;
    }
    let unseen: Vec<&str> = [
        (role.reads_all_statistics, "statements and sessions of other roles"),
        (role.reads_all_settings, "settings that are for superusers, and the file of each"),
    ]
    .into_iter()
    .filter_map(|(seen, what)| (!seen).then_some(what))
    .collect();
    let name = case.role();
    Some(Recommendation {
        title: format!("Give {name} the right to look: pg_monitor"),
        evidence: format!("{name} is no superuser and no member of pg_monitor; not seen: {}", unseen.join("; ")),
        change: Some(Change {
            setting: format!("rights of {name}"),
            from: "its own sessions".to_owned(),
            to: "pg_monitor".to_owned(),
            restart: false,
            apply: format!("GRANT pg_monitor TO {name};"),
            undo: format!("REVOKE pg_monitor FROM {name};"),
        }),
        expected: "no gain in speed; advice that rests on all that there is".to_owned(),
        basis: Basis::Convention,
        risk: "the role sees the texts of other roles' statements: give it to the role of the measurement, not to the application's"
            .to_owned(),
        verify: "run again: the record misses less".to_owned(),
        effect: 0.003,
        ..say::change()
    })
}

/// A version whose faults nobody mends any more.
pub(super) fn end_of_life(case: &Case) -> Option<Recommendation> {
    let major = case.record.server.version_number / 10_000;
    let today = case.record.run.finished_at.date_naive();
    let known = END_OF_LIFE.iter().find(|(version, _)| *version == major);
    let date = match known {
        Some((_, (year, month, day))) => NaiveDate::from_ymd_opt(*year, *month, *day)?,
        None if major < END_OF_LIFE[0].0 => NaiveDate::from_ymd_opt(2024, 11, 21)?,
        None => return None,
    };
    let days = (date - today).num_days();
    if days > SOON || case.record.server.kind == ServerKind::Embedded {
        return None;
    }
    let ends = if days < 0 { format!("ended on {date}") } else { format!("ends on {date}, in {days} days") };
    Some(Recommendation {
        title: format!("Plan the upgrade from PostgreSQL {major}: its support {ends}"),
        evidence: format!("the server is PostgreSQL {}; the run was on {today}", case.record.server.version),
        expected: "no gain in speed that this run could show; faults are mended".to_owned(),
        basis: Basis::Convention,
        risk: "plans may change between versions: run the workload on both first".to_owned(),
        verify: "run with --pg-version of the new one, and compare".to_owned(),
        effect: if days < 0 { 0.01 } else { 0.004 },
        ..say::change()
    })
}

/// Without checksums a disk that returns wrong bytes is believed.
pub(super) fn checksums(case: &Case) -> Option<Recommendation> {
    // A server that is thrown away after the run has nothing to protect.
    if case.record.evidence.data_checksums? || case.record.server.kind == ServerKind::Embedded {
        return None;
    }
    Some(Recommendation {
        title: "Enable data checksums in the next maintenance window".to_owned(),
        evidence: "data_checksums is off: a page that the disk damaged is read as if it were whole"
            .to_owned(),
        expected: "no gain in speed, a per cent or two of processor time at most; damage is found".to_owned(),
        basis: Basis::Convention,
        risk: "pg_checksums --enable needs the server down for as long as it takes to read all files"
            .to_owned(),
        verify: "SHOW data_checksums".to_owned(),
        effect: 0.001,
        ..say::change()
    })
}

/// A control group's limit is the memory there is, whatever the machine has.
pub(super) fn memory_limit(case: &Case) -> Option<Recommendation> {
    let host = &case.record.host;
    let limit = host.memory_limit_bytes?;
    if case.record.server.kind != ServerKind::Embedded || limit >= host.memory_bytes {
        return None;
    }
    let beyond: Vec<String> = [("shared_buffers", 0.4), ("effective_cache_size", 1.0)]
        .into_iter()
        .filter_map(|(name, share)| {
            let bytes = case.bytes(name)?;
            (bytes as f64 > limit as f64 * share).then(|| format!("{name} is {}", text::bytes(bytes)))
        })
        .collect();
    if beyond.is_empty() {
        return None;
    }
    Some(Recommendation {
        title: "Set memory by the control group's limit, not by the machine's memory".to_owned(),
        evidence: format!(
            "the control group may use {} of the machine's {}; {}",
            text::bytes(limit),
            text::bytes(host.memory_bytes),
            beyond.join(", ")
        ),
        expected: "the server is not ended for want of memory; plans do not count on a cache that cannot be"
            .to_owned(),
        risk: "as for the single settings".to_owned(),
        verify: "loist-bench flags check with --memory-limit finds nothing".to_owned(),
        effect: 0.12,
        ..say::change()
    })
}
