//! GIN indexes: a pending list makes every search read it from end to end.

use super::{case::Case, say};
use crate::record::{Basis, Change, GinIndex, PlanNode, Recommendation};

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
fn reading(case: &Case, indexes: &[GinIndex]) -> f64 {
    let pending = |node: &PlanNode| {
        let scanned = node.index.as_deref().filter(|_| node.kind == "Bitmap Index Scan")?;
        let index = indexes.iter().find(|index| index.name.rsplit('.').next() == Some(scanned))?;
        Some(pages(index) as f64 * node.loops)
    };
    case.share_of_plans(|_, root| {
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
        let evidence =
            format!("{} GIN indexes, none with a pending list before or after the run", indexes.len());
        return Some(say::leave_alone("Leave GIN fastupdate: nothing is pending", evidence, Basis::Inferred));
    }
    let worst = indexes.iter().max_by_key(|index| pages(index))?;
    let figures = format!(
        "{before} pending pages before the window, {after} after it; most in {} ({} before, {} after)",
        worst.name, worst.pending_pages_before, worst.pending_pages_after
    );
    let sequential = case.nodes(searches_sequentially);
    let by_reading = reading(case, indexes);
    let by_scanning =
        case.share_of_plans(
            |_, root| if root.nodes().into_iter().any(searches_sequentially) { 0.7 } else { 0.0 },
        );
    // Without plans it is only known that they wait; those that were there before the window slowed all of it.
    let unseen = case.plans.is_empty() && before > 0;
    let effect = if unseen { 0.5 } else { by_scanning.max(by_reading) };
    // Searches may scan by choice, too, where most rows match: a few pages are not the cause.
    let scans = !sequential.is_empty() && before >= MANY;
    let read = before.max(after) >= MANY && by_reading >= READING;
    if !scans && !unseen && !read {
        let title = "Leave GIN fastupdate: what is pending is not felt";
        let evidence = format!("{figures}; reading them is {}", case.felt_figures(by_reading));
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    }
    let scan = sequential.first().map_or_else(String::new, |(plan, node)| {
        format!(
            "; {} ({}) scans {} from end to end",
            say::statements(&plan.statements),
            super::plans::case(plan.case),
            node.relation.as_deref().unwrap_or("the table")
        )
    });
    let table = case.tracks().map_or("audio_tracks", |table| table.name.as_str());
    Some(Recommendation {
        title: format!("VACUUM {table} after ingests: {} pages wait in GIN pending lists", before.max(after)),
        evidence: format!(
            "{figures}; reading them is {} of the response time{scan}",
            say::percent(by_reading)
        ),
        change: Some(at_once(indexes, table)),
        expected: "searches use the index instead of scanning the pending list or the table".to_owned(),
        risk:
            "each insert pays for its index entries at once; a small gin_pending_list_limit is the middle way"
                .to_owned(),
        verify: "run again: the pending pages are gone, p95 of the searches falls".to_owned(),
        effect: effect.max(0.1),
        ..say::change()
    })
}

/// Entries go into the index with the insert that makes them.
fn at_once(indexes: &[GinIndex], table: &str) -> Change {
    let pending: Vec<&GinIndex> = indexes.iter().filter(|index| pages(index) > 0).collect();
    let each = |what: &str| {
        pending.iter().map(|index| format!("ALTER INDEX {} {what}; ", index.name)).collect::<String>()
    };
    Change {
        setting: format!("fastupdate of {} indexes", pending.len()),
        from: "on".to_owned(),
        to: "off".to_owned(),
        restart: false,
        apply: format!("{}VACUUM {table};", each("SET (fastupdate = off)")),
        undo: each("RESET (fastupdate)").trim_end().to_owned(),
    }
}
