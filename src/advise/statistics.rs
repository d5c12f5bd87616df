//! The planner's statistics: none, too coarse, out of date.

use super::{case::Case, say};
use crate::record::{Basis, PlanNode, Recommendation, StatementPlan};

/// Factor by which an estimate must be off at a scanned node.
const OFF: f64 = 10.0;
/// Fewer rows than this, estimated and actual, are not worth an estimate.
const FEW_ROWS: f64 = 100.0;
/// PostgreSQL's default for default_statistics_target, and the least that is not called too coarse.
const DEFAULT_TARGET: f64 = 100.0;
const COARSE: f64 = 10.0;
/// Part of a table that may change before its statistics are out of date; twice autovacuum's own default.
const STALE: f64 = 0.2;

/// Without statistics the planner guesses.
pub(super) fn never_analyzed(case: &Case) -> Option<Recommendation> {
    let tables = case.record.evidence.tables.iter();
    let table = tables
        .filter(|table| !table.analyzed && table.live_rows >= 100)
        .max_by_key(|table| table.heap_bytes)?;
    Some(Recommendation {
        title: format!("Run ANALYZE on {}", table.name),
        evidence: format!("{} was never analysed: the planner has no statistics for it", table.name),
        expected: "estimates, and with them plans, follow the data".to_owned(),
        risk: "none; it reads a sample of the table".to_owned(),
        verify: format!("ANALYZE {}; then run again and compare p95", table.name),
        effect: 0.4,
        ..say::change()
    })
}

/// Scans of tables whose estimate was far off. Above a LIMIT a node is not read to its end, and its rows say nothing;
/// below one neither. Trigger-less inserts have no estimate.
fn off<'a>(case: &'a Case) -> Vec<(&'a StatementPlan, &'a PlanNode, f64)> {
    let scans = |node: &PlanNode| {
        node.kind.ends_with("Scan") && node.relation.is_some() || node.kind == "Bitmap Index Scan"
    };
    let mut found: Vec<_> = case
        .executed()
        .flat_map(|(plan, root)| read_to_the_end(root).into_iter().map(move |node| (plan, node)))
        .filter(|(_, node)| scans(node))
        .filter_map(|(plan, node)| {
            let factor = node.misestimate()?;
            let rows = node.actual_rows?.max(node.planned_rows);
            (factor > OFF && rows >= FEW_ROWS).then_some((plan, node, factor))
        })
        .collect();
    found.sort_by(|a, b| b.2.total_cmp(&a.2));
    found
}

/// Nodes that were read to their end, as far as the plan says: not those under a LIMIT, but for what stands below a sort,
/// a hash or an aggregate in between, which reads all.
fn read_to_the_end(root: &PlanNode) -> Vec<&PlanNode> {
    fn visit<'a>(node: &'a PlanNode, limited: bool, found: &mut Vec<&'a PlanNode>) {
        let limits = node.kind == "Limit" || limited;
        let reads_all =
            ["Sort", "Hash", "Aggregate", "Materialize", "Bitmap Heap Scan"].contains(&node.kind.as_str());
        if !limited {
            found.push(node);
        }
        for child in &node.children {
            visit(child, limits && !reads_all, found);
        }
    }
    let mut found = Vec::new();
    visit(root, false, &mut found);
    found
}

/// Estimates that are far off make plans that are far off.
pub(super) fn estimates(case: &Case) -> Option<Recommendation> {
    let off = off(case);
    let target = case.number("default_statistics_target")?;
    let setting = case.setting("default_statistics_target")?;
    let Some((plan, node, factor)) = off.first().copied() else {
        if target < COARSE {
            return Some(coarse(case, target, "no estimate of a plan was far off in this run"));
        }
        let evidence = format!(
            "default_statistics_target is {}; no scan of {} plans was estimated {OFF:.0} times too many or too few rows",
            setting.value,
            case.plans.len()
        );
        return Some(say::leave_alone(
            "Leave default_statistics_target: estimates are near enough",
            evidence,
            Basis::Inferred,
        ));
    };
    let figures = format!(
        "{} of {} ({}): {:.0} rows expected, {:.0} came, off by a factor of {factor:.0}; so are {} scans in all",
        node.kind,
        say::statements(&plan.statements),
        super::plans::case(plan.case),
        node.planned_rows,
        node.actual_rows.unwrap_or_default(),
        off.len()
    );
    if target < DEFAULT_TARGET {
        return Some(coarse(case, target, &figures));
    }
    mended(case, node, figures, target)
}

/// What would mend an estimate where the target is not the cause: an ANALYZE, or more statistics of some columns.
fn mended(case: &Case, node: &PlanNode, figures: String, target: f64) -> Option<Recommendation> {
    let stale = case
        .tracks()
        .filter(|table| table.rows_changed_since_analyze as f64 > STALE * table.live_rows.max(1) as f64);
    if let Some(stale) = stale {
        // What the window itself changed, and the load before it, autovacuum analyses when its turn comes.
        let window = stale.window.unwrap_or_default();
        let own = window.inserted + window.updated + window.deleted;
        if stale.rows_changed_since_analyze <= own.saturating_mul(2) && !case.is("autovacuum", "off") {
            let title =
                "Leave the statistics: what is off was written in this run, and autovacuum's turn comes";
            return Some(say::leave_alone(title, figures, Basis::Inferred));
        }
        return Some(Recommendation {
            title: format!("Run ANALYZE on {}: its statistics are out of date", stale.name),
            evidence: format!(
                "{} of {} rows changed since it was analysed; {figures}",
                stale.rows_changed_since_analyze, stale.live_rows
            ),
            expected: "estimates, and with them plans, follow the data".to_owned(),
            risk: "none; it reads a sample of the table".to_owned(),
            verify: format!("ANALYZE {}; then run again and compare p95", stale.name),
            effect: 0.1,
            ..say::change()
        });
    }
    let condition = node.filter.as_ref().or(node.index_condition.as_ref());
    // Functions of a column and text search have no statistics that more of them would mend.
    let hopeless = ["@@", "%", "ts_rank"];
    if condition.is_none_or(|condition| hopeless.iter().any(|word| condition.contains(word))) {
        let title =
            "Leave the statistics target: what is off is a text search, of which only common words are known";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    let table = node.relation.clone().or_else(|| case.tracks().map(|table| table.name.clone()))?;
    let columns = condition.map(|condition| super::predicate::conjuncts(condition)).unwrap_or_default();
    let columns: Vec<String> = columns.into_iter().filter(|c| !c.is_expression).map(|c| c.operand).collect();
    let more = (target * 5.0).min(10_000.0);
    let each = |what: &str| {
        let alter =
            |column: &String| format!("ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {what}; ");
        columns.iter().map(alter).collect::<String>()
    };
    Some(Recommendation {
        title: format!("Give {} of {table} more statistics", say::list(&columns, 3)),
        evidence: format!("{figures}; condition: {}", condition.map_or("none", String::as_str)),
        change: (!columns.is_empty()).then(|| crate::record::Change {
            setting: format!("statistics target of {}", say::list(&columns, 3)),
            from: format!("{target:.0}"),
            to: format!("{more:.0}"),
            restart: false,
            apply: format!("{}ANALYZE {table};", each(&format!("{more:.0}"))),
            undo: format!("{}ANALYZE {table};", each("-1")),
        }),
        expected: "the estimate comes nearer; the plan may change".to_owned(),
        risk: "ANALYZE and planning take a little longer".to_owned(),
        verify: "run again: the estimate is near, p95 is not worse".to_owned(),
        effect: 0.05,
        ..say::change()
    })
}

/// A target so low that the planner knows hardly a common value.
fn coarse(case: &Case, target: f64, figures: &str) -> Recommendation {
    Recommendation {
        title: format!("Set default_statistics_target back to {DEFAULT_TARGET:.0}, and ANALYZE"),
        evidence: format!(
            "default_statistics_target is {target:.0}: the planner knows that many common values of a column; {figures}"
        ),
        change: say::alter_system(case, "default_statistics_target", "100").map(|mut change| {
            change.apply.push_str(" ANALYZE;");
            change.undo.push_str(" ANALYZE;");
            change
        }),
        expected: "estimates, and with them plans, follow the data".to_owned(),
        basis: Basis::Inferred,
        risk: "ANALYZE takes longer".to_owned(),
        verify: "run again: estimates come nearer to what is counted".to_owned(),
        effect: 0.2,
        ..say::change()
    }
}
