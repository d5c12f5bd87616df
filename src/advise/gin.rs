//! GIN indexes: a pending list makes every search read it from end to end.

use super::{
    apply::{is_off, option, storage},
    case::Case,
    saving::Saving,
    say,
};
use crate::{
    record::{Basis, Change, GinIndex, PlanNode, Recommendation, StatementPlan},
    text::{counted, grouped},
};
use std::collections::BTreeSet;

/// Whether a scan asks what a GIN index answers, and reads the table instead.
fn searches_sequentially(node: &PlanNode) -> bool {
    let asks = |condition: &String| condition.contains("@@") || condition.contains(" % ");
    node.is_sequential_scan() && node.filter.as_ref().is_some_and(asks)
}

/// Part of the response time that reading pending pages may take.
const READING: f64 = 0.1;
/// Pages that push the planner away from an index of some hundreds.
const MANY: u64 = 64;

fn pages(index: &GinIndex) -> u64 {
    index.pending_pages_before.max(index.pending_pages_after)
}

/// Share of the response time in which searches through an index read what is pending in it, block by block: by the
/// blocks that the plan read in all.
fn reading(case: &Case, indexes: &[GinIndex]) -> Saving {
    let pending = |node: &PlanNode| {
        let scanned = node.index.as_deref().filter(|_| node.kind == "Bitmap Index Scan")?;
        let index = indexes.iter().find(|index| index.name.rsplit('.').next() == Some(scanned))?;
        Some(pages(index) as f64 * node.loops)
    };
    case.saving_in_plans(|_, root| {
        let read: f64 = root.nodes().into_iter().filter_map(pending).sum();
        read / (root.blocks_hit + root.blocks_read).max(1) as f64
    })
}

/// Pages pending slow searches and push the planner to sequential scans.
pub(super) fn pending_list(case: &Case) -> Option<Recommendation> {
    let indexes = case.record.evidence.gin.as_ref()?;
    let before: u64 = indexes.iter().map(|index| index.pending_pages_before).sum();
    let after: u64 = indexes.iter().map(|index| index.pending_pages_after).sum();
    if before.max(after) == 0 {
        let evidence = "no GIN index had a pending list, before the run or after it".to_owned();
        return Some(say::leave_alone("Leave GIN fastupdate: nothing is pending", evidence, Basis::Inferred));
    }
    let worst = indexes.iter().max_by_key(|index| pages(index))?;
    let figures = format!(
        "{} pending pages before the window, {} after it; most in {} ({} before, {} after)",
        grouped(before),
        grouped(after),
        worst.name,
        grouped(worst.pending_pages_before),
        grouped(worst.pending_pages_after)
    );
    let sequential = case.nodes(searches_sequentially);
    let by_reading = reading(case, indexes);
    // Searches may scan by choice, too, where most rows match: a few pages are not the cause.
    let scans = !sequential.is_empty() && before.max(after) >= MANY;
    let scanning = |_: &_, root: &PlanNode| {
        if scans && root.nodes().into_iter().any(searches_sequentially) { 0.7 } else { 0.0 }
    };
    let by_scanning = case.saving_in_plans(scanning).share;
    // Without plans it is only known that they wait; those that were there before the window slowed all of it.
    let unseen = case.plans.is_empty() && before > 0;
    let effect = if unseen { 0.5 } else { by_scanning.max(by_reading.share) };
    let read = before.max(after) >= MANY && by_reading.share >= READING;
    if !scans && !unseen && !read {
        let title = "Leave GIN fastupdate: what is pending is not felt";
        let evidence = format!("{figures}; reading them is {}", case.felt_figures(&by_reading));
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let pending: Vec<&GinIndex> = indexes.iter().filter(|index| pages(index) > 0).collect();
    let tables = tables(case, &pending).into_iter().collect::<Vec<_>>().join(", ");
    let waiting = counted(before.max(after), "page");
    let (change, more_changes) = at_once(case, &pending);
    Some(Recommendation {
        title: if change.to == "off" {
            format!("VACUUM {tables} and switch fastupdate of its GIN indexes off: {waiting} wait in pending lists")
        } else {
            format!("VACUUM {tables}: {waiting} wait in GIN pending lists")
        },
        evidence: format!(
            "{figures}; reading them is {} of the response time{}",
            say::percent(by_reading.share),
            sequential.first().map_or_else(String::new, |(plan, node)| scan(plan, node))
        ),
        change: Some(change),
        more_changes,
        expected: "searches use the index instead of scanning the pending list or the table".to_owned(),
        risk:
            "each insert pays for its index entries at once; a small gin_pending_list_limit is the middle way; each ALTER INDEX holds its index for itself alone for a moment (ACCESS EXCLUSIVE)"
                .to_owned(),
        verify: "run again: the pending pages are gone, p95 of the searches falls".to_owned(),
        effect,
        ..say::change()
    })
}

/// A search that an index would answer, in figures.
fn scan(plan: &StatementPlan, node: &PlanNode) -> String {
    format!(
        "; {} ({}) scans {} from end to end",
        say::statements(&plan.statements),
        super::plans::case(plan.case),
        node.relation.as_deref().unwrap_or("the table")
    )
}

/// Entries go into the indexes with the insert that makes them, and what is pending goes there now. Where that is so
/// already, only the rest of earlier times has to go.
fn at_once(case: &Case, pending: &[&GinIndex]) -> (Change, Vec<Change>) {
    let known =
        |gin: &&GinIndex| case.record.evidence.indexes.iter().flatten().find(|index| index.name == gin.name);
    let no_options = Vec::new();
    let each = pending.iter().map(|gin| (&gin.name, known(gin).map_or(&no_options, |index| &index.options)));
    let mut changes: Vec<Change> = each
        .filter(|(_, options)| !is_off(options, "fastupdate"))
        .map(|(name, options)| {
            let before = option(options, "fastupdate");
            Change {
                setting: format!("fastupdate of {name}"),
                from: before.unwrap_or("on").to_owned(),
                to: "off".to_owned(),
                restart: false,
                apply: format!("ALTER INDEX {name} {};", storage("fastupdate", Some("off"))),
                undo: format!("ALTER INDEX {name} {};", storage("fastupdate", before)),
            }
        })
        .collect();
    changes.extend(tables(case, pending).into_iter().map(|table| Change {
        setting: format!("pending lists of {table}"),
        from: "pages that wait".to_owned(),
        to: "flushed".to_owned(),
        restart: false,
        apply: format!("VACUUM {table};"),
        undo: "-- nothing to take back".to_owned(),
    }));
    (changes.remove(0), changes)
}

/// The tables of these indexes; at least one.
fn tables(case: &Case, pending: &[&GinIndex]) -> BTreeSet<String> {
    let of = |gin: &&GinIndex| {
        let known = case.record.evidence.indexes.iter().flatten().find(|index| index.name == gin.name);
        known.map_or_else(
            || case.tracks().map_or_else(|| "audio_tracks".to_owned(), |table| table.name.clone()),
            |index| index.table.clone(),
        )
    };
    pending.iter().map(of).collect()
}
