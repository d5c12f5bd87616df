//! The planner's statistics: none, too coarse, out of date.

use super::{apply, case::Case, predicate, say};
use crate::{
    record::{Basis, Change, PlanNode, Recommendation, Relation, StatementPlan, without_literals},
    text::{counted, grouped, sql},
};
use std::collections::BTreeSet;

/// Factor by which an estimate must be off at a scanned node.
const OFF: f64 = 10.0;
/// Fewer rows than this, estimated and actual, are not worth an estimate.
const FEW_ROWS: f64 = 100.0;
/// PostgreSQL's default for default_statistics_target, and the least that is not called too coarse.
const DEFAULT_TARGET: f64 = 100.0;
const COARSE: f64 = 10.0;
/// The most that a target can be.
const MOST: f64 = 10_000.0;
/// Part of a table that may change before its statistics are out of date; twice autovacuum's own default.
const STALE: f64 = 0.2;

/// The largest table that the planner knows nothing of.
fn unknown<'a>(case: &Case<'a>) -> Option<&'a Relation> {
    let tables = case.record.evidence.tables.iter();
    tables.filter(|table| !table.analyzed && table.live_rows >= 100).max_by_key(|table| table.heap_bytes)
}

/// Without statistics the planner guesses.
pub(super) fn never_analyzed(case: &Case) -> Option<Recommendation> {
    let table = unknown(case)?;
    Some(Recommendation {
        title: format!("Run ANALYZE on {}", table.name),
        evidence: format!("{} was never analysed: the planner has no statistics for it", table.name),
        effect: 0.4,
        ..analyze(table)
    })
}

/// New statistics of a table.
fn analyze(table: &Relation) -> Recommendation {
    Recommendation {
        change: Some(Change {
            setting: format!("statistics of {}", table.name),
            from: if table.analyzed { "out of date" } else { "none" }.to_owned(),
            to: "of now".to_owned(),
            restart: false,
            apply: format!("ANALYZE {};", table.name),
            undo: "-- nothing to take back".to_owned(),
        }),
        expected: "estimates, and with them plans, follow the data".to_owned(),
        risk: "none; it reads a sample of the table".to_owned(),
        verify: "run again: estimates come nearer to what is counted; compare p95".to_owned(),
        ..say::change()
    }
}

/// Scans of tables whose estimate was far off. Above a LIMIT a node is not read to its end, and its rows say nothing;
/// below one neither. Trigger-less inserts have no estimate.
fn off<'a>(case: &'a Case) -> Vec<(&'a StatementPlan, &'a PlanNode, f64)> {
    // What a bitmap index scan finds are candidates, which the heap scan above it checks again.
    let scans = |node: &PlanNode| node.kind.ends_with("Scan") && node.relation.is_some();
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
    // Nothing can be said of estimates before there are statistics.
    if unknown(case).is_some() {
        return None;
    }
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
        "{} of {} ({}): {} rows expected, {} came, off by a factor of {factor:.0}; {} in all {} as far off",
        node.kind,
        say::statements(&plan.statements),
        super::plans::case(plan.case),
        grouped(node.planned_rows.round() as u64),
        grouped(node.actual_rows.unwrap_or_default().round() as u64),
        counted(off.len(), "scan"),
        if off.len() == 1 { "is" } else { "are" }
    );
    if target < DEFAULT_TARGET {
        return Some(coarse(case, target, &figures));
    }
    out_of_date(case, &figures).or_else(|| mended(case, node, figures, target))
}

/// What is said where the table's statistics are of another time: an ANALYZE, or that autovacuum brings it.
fn out_of_date(case: &Case, figures: &str) -> Option<Recommendation> {
    let changed =
        |table: &&Relation| table.rows_changed_since_analyze as f64 > STALE * table.live_rows.max(1) as f64;
    let table = case.tracks().filter(changed)?;
    // What the window itself changed, and the load before it, autovacuum analyses when its turn comes.
    let window = table.window.unwrap_or_default();
    let own = window.inserted + window.updated + window.deleted;
    if table.rows_changed_since_analyze <= own.saturating_mul(2) && !case.is("autovacuum", "off") {
        let title = "Leave the statistics: what is off was written in this run, and autovacuum's turn comes";
        return Some(say::leave_alone(title, figures.to_owned(), Basis::Inferred));
    }
    Some(Recommendation {
        title: format!("Run ANALYZE on {}: its statistics are out of date", table.name),
        evidence: format!(
            "{} of {} rows changed since it was analysed; {figures}",
            grouped(table.rows_changed_since_analyze),
            grouped(table.live_rows)
        ),
        effect: 0.1,
        ..analyze(table)
    })
}

/// What would mend an estimate where neither the target nor the age of the statistics is the cause.
fn mended(case: &Case, node: &PlanNode, figures: String, target: f64) -> Option<Recommendation> {
    let condition = node.filter.as_ref().or(node.index_condition.as_ref());
    // Functions of a column and text search have no statistics that more of them would mend.
    let is_hopeless = |condition: &String| {
        let operators = without_literals(condition, false);
        ["@@", " % ", "ts_rank"].iter().any(|word| operators.contains(word))
    };
    if condition.is_none_or(is_hopeless) {
        let title =
            "Leave the statistics target: what is off is a text search, which more of it hardly mends";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    let table = node
        .relation
        .as_deref()
        .map(|name| case.table(name))
        .or_else(|| case.tracks().map(|table| table.name.clone()))?;
    let conditions = condition.map(|condition| predicate::conjuncts(condition)).unwrap_or_default();
    let columns: BTreeSet<String> =
        conditions.into_iter().filter(|c| !c.is_expression).map(|c| c.operand).collect();
    let columns: Vec<String> = columns.into_iter().collect();
    let figures = format!("{figures}; condition: {}", condition.map_or("none", String::as_str));
    let highest =
        |column: &String| own_target(case, &table, column).is_some_and(|own| f64::from(own) >= MOST);
    let (title, change) = match columns.as_slice() {
        [] => {
            let title = "Leave the statistics target: what is off is an expression, of which the columns' statistics say nothing";
            return Some(say::leave_alone(title, figures, Basis::Inferred));
        }
        [column] if target >= MOST || highest(column) => {
            let title = "Leave the statistics target: it is as high as can be; values that came since ANALYZE are not in it";
            return Some(say::leave_alone(title, figures, Basis::Inferred));
        }
        [column] => {
            (format!("Give {column} of {table} more statistics"), finer(case, &table, column, target))
        }
        several => (
            format!("Tell the planner how {} of {table} depend on one another", several.join(" and ")),
            together(&table, several),
        ),
    };
    Some(Recommendation {
        title,
        evidence: figures,
        change: Some(change),
        expected: "the estimate comes nearer; the plan may change".to_owned(),
        risk: "ANALYZE and planning take a little longer".to_owned(),
        verify: "run again: the estimate is near, p95 is not worse".to_owned(),
        effect: 0.05,
        ..say::change()
    })
}

/// The statistics target that a column has of its own.
fn own_target(case: &Case, table: &str, column: &str) -> Option<i32> {
    let columns = case.record.evidence.table(table).into_iter().flat_map(|table| &table.columns);
    let mut named = columns.filter(|known| known.name == column.trim_matches('"'));
    named.next().and_then(|known| known.statistics_target)
}

/// A higher target for one column than it has, or than the server's.
fn finer(case: &Case, table: &str, column: &str, target: f64) -> Change {
    let own = own_target(case, table, column);
    let before = own.map_or(target, f64::from);
    let more = (before.max(target) * 5.0).min(MOST);
    let alter = |to: &str| {
        format!("ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {to};\nANALYZE {table};")
    };
    Change {
        setting: format!("statistics target of {column}"),
        from: format!("{before:.0}"),
        to: format!("{more:.0}"),
        restart: false,
        apply: alter(&format!("{more:.0}")),
        undo: alter(&own.unwrap_or(-1).to_string()),
    }
}

/// Statistics over several columns: how often values come together, and which decide others.
fn together(table: &str, columns: &[String]) -> Change {
    let (schema, bare) =
        table.rsplit_once('.').map_or((String::new(), table), |(schema, bare)| (format!("{schema}."), bare));
    let plain: Vec<String> = columns.iter().map(|column| column.replace('"', "")).collect();
    let name = format!(
        "{schema}{}",
        sql::readable_name(&format!("stat_{}_{}", bare.trim_matches('"'), plain.join("_")))
    );
    Change {
        setting: format!("statistics over {}", columns.join(", ")),
        from: "of each column alone".to_owned(),
        to: "of all together".to_owned(),
        restart: false,
        apply: format!(
            "CREATE STATISTICS {name} (ndistinct, dependencies, mcv) ON {} FROM {table};\nANALYZE {table};",
            columns.join(", ")
        ),
        undo: format!("DROP STATISTICS {name};"),
    }
}

/// A target so low that the planner knows hardly a common value.
fn coarse(case: &Case, target: f64, figures: &str) -> Recommendation {
    Recommendation {
        title: format!("Set default_statistics_target back to {DEFAULT_TARGET:.0}, and ANALYZE"),
        evidence: format!(
            "default_statistics_target is {target:.0}: the planner knows that many common values of a column; {figures}"
        ),
        change: apply::set(case, "default_statistics_target", "100").map(|mut change| {
            change.apply.push_str("\nANALYZE;");
            change.undo.push_str("\nANALYZE;");
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
