//! Logging and instrumentation.

use super::say;
use crate::record::{Basis, Recommendation, Record, Stance};

/// Logging every statement costs a write a round trip.
pub(super) fn statements(record: &Record) -> Option<Recommendation> {
    let value = |name: &str| record.evidence.setting(name).map(|setting| setting.value.as_str());
    let (setting, from, to) = if value("log_statement") == Some("all") {
        ("log_statement", "all", "none")
    } else if value("log_min_duration_statement") == Some("0") {
        ("log_min_duration_statement", "0", "-1")
    } else {
        return None;
    };
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Set {setting} to {to}: every statement is logged"),
        evidence: format!(
            "{setting} is {from}; {} calls wrote a log line a round trip",
            record.overall.calls
        ),
        change: Some(say::alter_system(setting, from, to, false)),
        expected: "less work and less disk traffic a round trip".to_owned(),
        basis: Basis::Inferred,
        risk: "single statements can no longer be read from the log; pg_stat_statements still sums them up"
            .to_owned(),
        verify: "run again and compare throughput".to_owned(),
        effect: 0.3,
    })
}

/// Without statement statistics nobody knows what is slow.
pub(super) fn statement_statistics(record: &Record) -> Option<Recommendation> {
    if record.evidence.statements.is_some() {
        return None;
    }
    let why = record.evidence.missing.iter().find(|line| line.starts_with("statement statistics"))?;
    let loaded = record.evidence.setting("shared_preload_libraries");
    let loaded = loaded.is_some_and(|setting| setting.value.contains("pg_stat_statements"));
    let apply =
        if loaded { "CREATE EXTENSION pg_stat_statements" } else { "load it by shared_preload_libraries" };
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: "Make pg_stat_statements available".to_owned(),
        evidence: why.clone(),
        change: None,
        expected: "time by statement in every later run; no gain in speed".to_owned(),
        basis: Basis::Convention,
        risk: format!("{apply}; loading it takes a restart and a little shared memory"),
        verify: "run again: the record holds statements".to_owned(),
        effect: 0.01,
    })
}
