//! Plans as trees: what each node took, where the time went, and where the planner was wrong.

use super::parts::rendered;
use crate::{
    record::{PlanNode, StatementPlan},
    text::{bytes, grouped, three_digits},
};
use askama::Template;

/// From this factor on a wrong estimate is marked.
const MISESTIMATE: f64 = 10.0;

#[derive(Template)]
#[template(path = "report/plan.html")]
struct Plan<'a> {
    plan: &'a StatementPlan,
    times: String,
    lines: Vec<Line>,
}

/// One node.
struct Line {
    depth: usize,
    name: String,
    /// What it took by itself, without what is below it, as a share of the whole, 0..=1.
    share: f64,
    /// The same in words.
    took: String,
    rows: String,
    misestimate: Option<String>,
    is_costliest: bool,
    details: Vec<String>,
}

/// One plan.
pub(super) fn part(plan: &StatementPlan) -> String {
    rendered(&Plan { plan, times: times(plan), lines: lines(plan) })
}

fn lines(plan: &StatementPlan) -> Vec<Line> {
    let root = plan.root();
    let unit = if root.actual_ms.is_some() { "ms" } else { "of cost" };
    let mut lines = Vec::new();
    let place = Place { depth: 0, workers: 1.0, is_cut_short: false };
    walk(&root, place, all(&root), unit, &mut lines);
    let costliest = lines.iter().enumerate().max_by(|(_, a), (_, b)| a.share.total_cmp(&b.share));
    if let Some(index) = costliest.map(|(index, _)| index).filter(|_| lines.len() > 1) {
        lines[index].is_costliest = true;
    }
    lines
}

fn times(plan: &StatementPlan) -> String {
    let ms = |name: &str, value: Option<f64>| value.map(|ms| format!("{name} {} ms", three_digits(ms)));
    let all = [
        ms("planned in", plan.planning_ms()),
        ms("executed in", plan.execution_ms()),
        ms("of which compilation", plan.jit_ms()),
        ms("its call held a connection for", plan.call_ms),
    ];
    let said: Vec<String> = all.into_iter().flatten().collect();
    let idle = (!plan.executed).then(|| "not executed".to_owned());
    said.into_iter().chain(idle).collect::<Vec<_>>().join(", ")
}

/// What shares are of: the time of the root, or the highest cost, since a Limit costs less than what it cuts short.
fn all(root: &PlanNode) -> f64 {
    let highest = || root.nodes().iter().map(|node| node.total_cost).fold(0.0, f64::max);
    let all = if root.actual_ms.is_some() { whole(root, 1.0) } else { highest() };
    all.max(f64::MIN_POSITIVE)
}

/// Time of a node with all below it, over all its loops; the planner's cost where it was not executed.
///
/// EXPLAIN counts the loops of all processes that execute a node, and gives the mean time of one. Processes run beside
/// each other, so what passes by the clock is the share of one of them.
fn whole(node: &PlanNode, processes: f64) -> f64 {
    node.actual_ms.map_or(node.total_cost, |ms| ms * node.loops.max(1.0) / processes)
}

/// How many processes execute a child, if `above` execute its parent. Each of a Gather's begins its child once for each
/// of the Gather's loops; what the leader executes before, an InitPlan, has no loop for the workers.
fn processes(parent: &PlanNode, child: &PlanNode, above: f64) -> f64 {
    if parent.kind.starts_with("Gather") { (child.loops / parent.loops.max(1.0)).max(1.0) } else { above }
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Processes that execute it.
    workers: f64,
    /// Whether it may have been stopped before its last row, as what a Limit reads is.
    is_cut_short: bool,
}

impl Place {
    fn of_child(self, parent: &PlanNode, child: &PlanNode) -> Self {
        // These read all of their input before they give their first row.
        let reads_all = ["Sort", "Aggregate", "Hash"].contains(&parent.kind.as_str());
        Self {
            depth: self.depth + 1,
            workers: processes(parent, child, self.workers),
            is_cut_short: parent.kind == "Limit" || (self.is_cut_short && !reads_all),
        }
    }
}

/// By what factor the planner's rows were off, in words, where that is much. Bitmaps that are combined count no rows, and
/// what was stopped early says nothing of how many rows there are.
fn misestimate(node: &PlanNode, is_cut_short: bool) -> Option<String> {
    let is_few = node.actual_rows.unwrap_or_default() > node.planned_rows;
    let is_counted = !node.kind.starts_with("Bitmap") || node.kind.ends_with("Scan");
    let factor = node.misestimate().filter(|factor| *factor >= MISESTIMATE)?;
    (is_counted && (is_few || !is_cut_short)).then(|| {
        format!("estimated {} times too {}", three_digits(factor), if is_few { "few" } else { "many" })
    })
}

/// A share in whole percent; not nothing where there is something.
fn of_all(share: f64) -> String {
    if 0.0 < share && share < 0.005 { "<1 %".to_owned() } else { format!("{:.0} %", share * 100.0) }
}

/// Adds a line for the node at this place, and for each below it.
fn walk(node: &PlanNode, place: Place, all: f64, unit: &str, lines: &mut Vec<Line>) {
    let below: f64 =
        node.children.iter().map(|child| whole(child, processes(node, child, place.workers))).sum();
    let own = (whole(node, place.workers) - below).max(0.0);
    let share = (own / all).clamp(0.0, 1.0);
    lines.push(Line {
        depth: place.depth,
        name: name(node),
        share,
        took: format!("{} {unit}, {}", three_digits(own), of_all(share)),
        rows: rows(node),
        misestimate: misestimate(node, place.is_cut_short),
        is_costliest: false,
        details: details(node),
    });
    for child in &node.children {
        walk(child, place.of_child(node, child), all, unit, lines);
    }
}

fn name(node: &PlanNode) -> String {
    let relation = node.relation.as_ref().map(|relation| format!(" on {relation}")).unwrap_or_default();
    let index = node.index.as_ref().map(|index| format!(" using {index}")).unwrap_or_default();
    format!("{}{index}{relation}", node.kind)
}

fn rows(node: &PlanNode) -> String {
    let planned = grouped(node.planned_rows.round() as u64);
    match node.actual_rows {
        Some(actual) => {
            let loops = if node.loops > 1.0 {
                format!(" × {} loops", grouped(node.loops as u64))
            } else {
                String::new()
            };
            format!("{} rows{loops}, {planned} expected", rows_of(actual))
        }
        None => format!("{planned} rows expected"),
    }
}

/// A mean number of rows: of few, the part of one counts.
fn rows_of(mean: f64) -> String {
    if mean >= 10.0 || mean.fract() == 0.0 { grouped(mean.round() as u64) } else { three_digits(mean) }
}

fn details(node: &PlanNode) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |what: &str, text: &Option<String>| {
        all.extend(text.as_ref().map(|text| format!("{what}: {text}")));
    };
    say("index condition", &node.index_condition);
    say("filter", &node.filter);
    if !node.sort_keys.is_empty() {
        all.push(format!("sorted by {}", node.sort_keys.join(", ")));
    }
    if node.removed_by_filter > 0.0 {
        let removed = grouped((node.removed_by_filter * node.loops.max(1.0)).round() as u64);
        all.push(format!("{removed} rows thrown away by the filter"));
    }
    if node.removed_by_recheck > 0.0 {
        let removed = grouped((node.removed_by_recheck * node.loops.max(1.0)).round() as u64);
        all.push(format!("{removed} rows thrown away when looked at again"));
    }
    if let Some(method) = &node.sort_method {
        let place = if node.sort_on_disk { "on disk" } else { "in memory" };
        all.push(format!("{method} {place}, {}", bytes(node.sort_bytes)));
    }
    if node.hash_batches > 1 {
        all.push(format!("hash in {} batches, all but one on disk", node.hash_batches));
    }
    if node.lossy_blocks > 0 {
        all.push(format!(
            "bitmap: {} blocks exact, {} lossy",
            grouped(node.exact_blocks),
            grouped(node.lossy_blocks)
        ));
    }
    if node.workers.0 > 0 {
        all.push(format!("{} of {} workers launched", node.workers.1, node.workers.0));
    }
    let block = |count: u64| bytes(count * 8_192);
    if node.blocks_hit + node.blocks_read > 0 {
        let read =
            if node.blocks_read > 0 { format!(", {} read", block(node.blocks_read)) } else { String::new() };
        all.push(format!("{} from shared buffers{read}, with what is below", block(node.blocks_hit)));
    }
    if node.temp_written > 0 {
        all.push(format!("{} of temporary files written", block(node.temp_written)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::PlanCase;
    use serde_json::{Value, json};

    fn plan(root: &Value) -> StatementPlan {
        StatementPlan {
            statements: vec!["read.one".to_owned()],
            case: PlanCase::Typical,
            sql: "SELECT 1".to_owned(),
            parameters: Vec::new(),
            call_ms: None,
            executed: root.get("Actual Total Time").is_some(),
            fingerprint: String::new(),
            shape: String::new(),
            explained: json!({ "Plan": root }),
        }
    }

    /// A node that was executed.
    fn node(kind: &str, ms: f64, loops: u64, below: &[Value]) -> Value {
        json!({"Node Type": kind, "Actual Total Time": ms, "Actual Loops": loops, "Actual Rows": 1, "Plan Rows": 1,
            "Plans": below})
    }

    /// Nodes with their own share in percent.
    fn shares(root: &Value) -> Vec<(String, i64)> {
        let percent = |line: Line| (line.name, (line.share * 100.0).round() as i64);
        lines(&plan(root)).into_iter().map(percent).collect()
    }

    fn expect(root: &Value, expected: &[(&str, i64)]) {
        let owned: Vec<(String, i64)> =
            expected.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
        assert_eq!(shares(root), owned);
    }

    #[test]
    fn a_node_takes_its_time_over_all_loops_without_what_is_below() {
        let inner = node("Index Scan", 0.06, 1_000, &[]);
        let outer = node("Seq Scan", 30.0, 1, &[]);
        expect(
            &node("Nested Loop", 100.0, 1, &[outer, inner]),
            &[("Nested Loop", 10), ("Seq Scan", 30), ("Index Scan", 60)],
        );
    }

    #[test]
    fn processes_below_a_gather_run_beside_each_other() {
        let inner = node("Index Scan", 0.1, 1_500, &[]);
        let scan = node("Seq Scan", 20.0, 3, &[]);
        let join = node("Nested Loop", 80.0, 3, &[scan, inner]);
        let before = node("Result", 5.0, 1, &[]);
        expect(
            &node("Gather Merge", 100.0, 1, &[before, join]),
            &[("Gather Merge", 15), ("Result", 5), ("Nested Loop", 10), ("Seq Scan", 20), ("Index Scan", 50)],
        );
    }

    #[test]
    fn a_gather_in_a_loop_has_as_many_processes_as_one_alone() {
        let scan = node("Seq Scan", 8.0, 30, &[]);
        let gather = node("Gather", 10.0, 10, &[scan]);
        expect(
            &node("Nested Loop", 100.0, 1, &[gather]),
            &[("Nested Loop", 0), ("Gather", 20), ("Seq Scan", 80)],
        );
    }

    #[test]
    fn no_node_takes_less_than_nothing() {
        let below = node("CTE Scan", 120.0, 1, &[]);
        let lines = lines(&plan(&node("Aggregate", 100.0, 1, &[below])));
        assert_eq!((lines[0].share, lines[1].share), (0.0, 1.0));
        assert_eq!(lines[0].took, "0.000 ms, 0 %");
    }

    #[test]
    fn the_costliest_node_is_the_one_with_the_most_time_of_its_own() {
        let lines = lines(&plan(&node("Limit", 10.0, 1, &[node("Sort", 9.0, 1, &[])])));
        let costliest: Vec<bool> = lines.iter().map(|line| line.is_costliest).collect();
        assert_eq!(costliest, [false, true]);
    }

    #[test]
    fn a_node_alone_is_not_called_the_costliest() {
        assert!(!lines(&plan(&node("Result", 1.0, 1, &[])))[0].is_costliest);
    }

    #[test]
    fn what_was_not_executed_goes_by_its_cost() {
        let of = |kind: &str, cost: f64, below: &[Value]| json!({"Node Type": kind, "Total Cost": cost, "Plans": below});
        let root = of("Limit", 5.0, &[of("Sort", 200.0, &[of("Seq Scan", 150.0, &[])])]);
        expect(&root, &[("Limit", 0), ("Sort", 25), ("Seq Scan", 75)]);
        let plan = plan(&root);
        assert_eq!(lines(&plan)[2].took, "150 of cost, 75 %");
        assert_eq!(times(&plan), "not executed");
    }

    #[test]
    fn estimates_are_wrong_from_ten_times_on() {
        let said = |planned: u64, actual: u64| {
            let root = json!({"Node Type": "Seq Scan", "Actual Total Time": 1.0, "Actual Loops": 1,
                "Plan Rows": planned, "Actual Rows": actual});
            lines(&plan(&root)).remove(0).misestimate
        };
        assert_eq!(said(10, 99), None);
        assert_eq!(said(10, 100).unwrap(), "estimated 10.0 times too few");
        assert_eq!(said(500, 0).unwrap(), "estimated 500 times too many");
    }

    #[test]
    fn what_was_stopped_early_or_counts_nothing_is_not_called_wrong() {
        let of = |kind: &str, rows: u64, below: &[Value]| {
            json!({"Node Type": kind, "Actual Total Time": 1.0, "Actual Loops": 1, "Plan Rows": 1_000,
                "Actual Rows": rows, "Plans": below})
        };
        let wrong = |root: &Value| -> Vec<bool> {
            lines(&plan(root)).iter().map(|line| line.misestimate.is_some()).collect()
        };
        // A Limit stops what it reads; a Sort below it has read all of its input before.
        let scan = of("Seq Scan", 20, &[]);
        assert_eq!(wrong(&of("Limit", 1_000, std::slice::from_ref(&scan))), [false, false]);
        assert_eq!(
            wrong(&of("Limit", 1_000, &[of("Sort", 20, std::slice::from_ref(&scan))])),
            [false, false, true]
        );
        assert_eq!(
            wrong(&of("Limit", 1_000, &[of("Seq Scan", 10_000, &[])])),
            [false, true],
            "more came all the same"
        );
        let maps = [of("Bitmap Index Scan", 20, &[]), of("Bitmap Index Scan", 900, &[])];
        let bitmaps = of("Bitmap Heap Scan", 1_000, &[of("BitmapOr", 0, &maps)]);
        assert_eq!(wrong(&bitmaps), [false, false, true, false]);
    }
}
