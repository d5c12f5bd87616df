//! The planner: costs, statistics, switches.

use super::say;
use crate::record::{Basis, Change, Recommendation, Record, Stance};

/// The price of a random page matters only where pages are read.
pub(super) fn random_page_cost(record: &Record) -> Option<Recommendation> {
    let setting = record.evidence.setting("random_page_cost")?;
    let hits = record.evidence.window.hit_share()?;
    if hits <= 0.999 {
        return None;
    }
    let evidence = format!(
        "random_page_cost is {}; {} of the block accesses were hits, so hardly a page was fetched at random from a disk",
        setting.value,
        say::percent(hits)
    );
    let title = "Leave random_page_cost: the pages are in memory";
    Some(say::leave_alone(title, evidence, Basis::Inferred))
}

/// Without statistics the planner guesses.
pub(super) fn never_analyzed(record: &Record) -> Option<Recommendation> {
    let table = record.evidence.tables.iter().find(|table| !table.analyzed)?;
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Run ANALYZE on {}", table.name),
        evidence: format!("{} was never analysed: the planner has no statistics for it", table.name),
        change: None,
        expected: "estimates, and with them plans, follow the data".to_owned(),
        basis: Basis::Inferred,
        risk: "none; it reads a sample of the table".to_owned(),
        verify: format!("ANALYZE {}; then run again and compare p95", table.name),
        effect: 0.4,
    })
}

/// A kind of plan that is switched off is a mistake in production.
pub(super) fn enable_off(record: &Record) -> Option<Recommendation> {
    let off = record
        .evidence
        .settings
        .iter()
        .filter(|setting| setting.name.starts_with("enable_") && setting.value == "off")
        .find(|setting| setting.default.as_deref() == Some("on"))?;
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!("Switch {} back on", off.name),
        evidence: format!("{} is off (source: {}); PostgreSQL's default is on", off.name, off.source),
        change: Some(Change {
            setting: off.name.clone(),
            from: "off".to_owned(),
            to: "on".to_owned(),
            restart: false,
            // Wherever the value stands, this one is read later; but for one of a database's or role's own.
            apply: format!("ALTER SYSTEM SET {} = 'on'; SELECT pg_reload_conf();", off.name),
            undo: format!("ALTER SYSTEM RESET {}; SELECT pg_reload_conf();", off.name),
        }),
        expected: "the planner may choose the cheapest plan again".to_owned(),
        basis: Basis::Inferred,
        risk: "plans change".to_owned(),
        verify: "run again and compare p95 by operation".to_owned(),
        effect: 0.6,
    })
}
