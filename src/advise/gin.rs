//! GIN indexes: a pending list makes every search read it from end to end.

use super::say;
use crate::record::{Basis, Change, Recommendation, Record, Stance};

/// Pages pending before the window slow searches and push the planner to sequential scans.
pub(super) fn pending_list(record: &Record) -> Option<Recommendation> {
    let indexes = record.evidence.gin.as_ref()?;
    let pending: u64 = indexes.iter().map(|index| index.pending_pages_before).sum();
    let after: u64 = indexes.iter().map(|index| index.pending_pages_after).sum();
    if pending.max(after) == 0 {
        let evidence =
            format!("{} GIN indexes, none with a pending list before or after the run", indexes.len());
        return Some(say::leave_alone("Leave GIN fastupdate: nothing is pending", evidence, Basis::Inferred));
    }
    let worst =
        indexes.iter().max_by_key(|index| index.pending_pages_before.max(index.pending_pages_after))?;
    let table = record.evidence.tables.first().map_or("audio_tracks", |table| table.name.as_str());
    let waiting = indexes.iter().filter(|index| index.pending_pages_before + index.pending_pages_after > 0);
    let each = |what: &str| {
        waiting.clone().map(|index| format!("ALTER INDEX {} {what}; ", index.name)).collect::<String>()
    };
    // Pages that were there before the window slowed all of its searches; those of its own making only the last.
    let effect = if record.catalog.state == "fresh" { 0.7 } else { 0.1 };
    Some(Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: format!(
            "VACUUM {table} after ingests: {} pages wait in GIN pending lists",
            pending.max(after)
        ),
        evidence: format!(
            "{pending} pending pages before the window, {after} after it; most in {} ({} before, {} after)",
            worst.name, worst.pending_pages_before, worst.pending_pages_after
        ),
        change: Some(Change {
            setting: format!("fastupdate of {} indexes", waiting.clone().count()),
            from: "on".to_owned(),
            to: "off".to_owned(),
            restart: false,
            apply: format!("{}VACUUM {table};", each("SET (fastupdate = off)")),
            undo: each("RESET (fastupdate)").trim_end().to_owned(),
        }),
        expected: "searches use the index instead of scanning the pending list or the table".to_owned(),
        basis: Basis::Inferred,
        risk: "each insert pays for its index entries at once".to_owned(),
        verify: "run again: the pending pages are gone, p95 of the searches falls".to_owned(),
        effect,
    })
}
