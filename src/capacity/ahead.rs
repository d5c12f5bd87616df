//! What may change beyond the largest size that was measured, by what the plans there show: a scan that may go parallel, a
//! sort or hash that will not fit in memory, a plan that is dear enough to be compiled. Pure.

use crate::{
    flags::{Quantity, Setting},
    record::{PlanNode, Record, StatementPlan},
};

/// A page of PostgreSQL.
const PAGE: f64 = 8192.0;
/// With so many workers a share of 1 / (workers + what the leader does) of the work is left (PostgreSQL's
/// get_parallel_divisor).
const LEADER_SHARE_LOST: f64 = 0.3;

/// A size from which on a plan may be another one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ahead {
    pub(super) tracks: u64,
    /// What may happen, in a sentence without a full stop.
    pub(super) what: String,
}

/// The nearest of what may happen to an operation beyond `largest`, at which `runs` were made.
pub(super) fn nearest(largest: u64, runs: &[&Record], operation: &str) -> Option<Ahead> {
    let all = runs.iter().flat_map(|record| of_run(record, operation));
    let nearest = all.min_by(|a, b| a.factor.total_cmp(&b.factor))?;
    let tracks = (largest as f64 * nearest.factor).ceil() as u64;
    Some(Ahead { tracks, what: nearest.what })
}

fn of_run(record: &Record, operation: &str) -> Vec<Threshold> {
    let settings = Settings::of(record);
    let is_own =
        |name: &String| name.strip_prefix(operation).is_some_and(|statement| statement.starts_with('.'));
    let plans = record.plans.iter().filter(|plan| plan.executed && plan.statements.iter().any(is_own));
    plans.flat_map(|plan| of_plan(plan, record, &settings)).collect()
}

/// Something that may happen at so many times the size.
struct Threshold {
    factor: f64,
    what: String,
}

/// Settings that decide it.
struct Settings {
    workers: f64,
    least_scan: f64,
    setup_cost: f64,
    work_mem: f64,
    hash_mem: f64,
    /// Costs from which on a plan is compiled, and with more effort; none where none is.
    compiled_from: Vec<f64>,
}

impl Settings {
    fn of(record: &Record) -> Self {
        let number = |name: &str, usual: f64| {
            let quantity = record.evidence.setting(name).and_then(Setting::quantity);
            match quantity {
                Some(Quantity::Bytes(bytes)) => bytes as f64,
                Some(Quantity::Number(number) | Quantity::Milliseconds(number)) => number,
                None => usual,
            }
        };
        let work_mem = number("work_mem", 4.0 * 1024.0 * 1024.0);
        let compiles = record.evidence.setting("jit").is_some_and(|setting| setting.value == "on");
        let costs = [
            number("jit_above_cost", 1e5),
            number("jit_inline_above_cost", 5e5),
            number("jit_optimize_above_cost", 5e5),
        ];
        // Below 0, the first switches all of it off, and each of the others its own part.
        let is_on = compiles && costs[0] >= 0.0;
        Self {
            workers: number("max_parallel_workers_per_gather", 2.0).min(number("max_parallel_workers", 8.0)),
            least_scan: number("min_parallel_table_scan_size", 1024.0 * PAGE),
            setup_cost: number("parallel_setup_cost", 1000.0),
            work_mem,
            hash_mem: work_mem * number("hash_mem_multiplier", 2.0),
            compiled_from: costs.into_iter().filter(|cost| is_on && *cost >= 0.0).collect(),
        }
    }
}

fn of_plan(plan: &StatementPlan, record: &Record, settings: &Settings) -> Vec<Threshold> {
    let root = plan.root();
    let nodes = root.nodes();
    let mut found: Vec<Threshold> = nodes.iter().filter_map(|node| memory(node, settings)).collect();
    found.extend(parallel(&root, &nodes, record, settings));
    found.extend(compiled(root.total_cost, plan.jit_ms().is_some(), settings));
    // What is due already and did not happen has its reasons.
    found.retain(|threshold| threshold.factor > 1.0 && threshold.factor.is_finite());
    found
}

/// Parallel plans are thought of from a size of the scan on, and chosen where they save more than workers cost to start.
fn parallel(root: &PlanNode, nodes: &[&PlanNode], record: &Record, settings: &Settings) -> Option<Threshold> {
    let writes = root.kind == "ModifyTable";
    let is_parallel = nodes.iter().any(|node| node.kind.starts_with("Gather"));
    if writes || is_parallel || settings.workers < 1.0 {
        return None;
    }
    let scanned = |node: &&PlanNode| {
        let bytes = match node.kind.as_str() {
            "Seq Scan" => record.evidence.table(node.relation.as_deref()?)?.heap_bytes as f64,
            "Bitmap Heap Scan" => (node.exact_blocks + node.lossy_blocks) as f64 * PAGE,
            _ => return None,
        };
        (bytes > 0.0).then_some((bytes, node.relation.clone().unwrap_or_default()))
    };
    let (bytes, table) = nodes.iter().filter_map(scanned).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let leader = (1.0 - LEADER_SHARE_LOST * settings.workers).max(0.0);
    let saved = 1.0 - 1.0 / (settings.workers + leader);
    let worth = settings.setup_cost / saved / root.total_cost.max(f64::MIN_POSITIVE);
    Some(Threshold {
        factor: (settings.least_scan / bytes).max(worth),
        what: format!(
            "its scan of {table} may go parallel there (max_parallel_workers_per_gather, min_parallel_table_scan_size)"
        ),
    })
}

/// A plan costs about as much more as there is more to look at. One that is dear enough and was not compiled is of a server
/// that cannot.
fn compiled(cost: f64, is_compiled: bool, settings: &Settings) -> Option<Threshold> {
    let is_due = settings.compiled_from.first().is_some_and(|from| cost > *from);
    if cost <= 0.0 || is_due != is_compiled {
        return None;
    }
    let next = settings.compiled_from.iter().copied().filter(|from| *from >= cost).reduce(f64::min)?;
    Some(Threshold {
        factor: next / cost,
        what: "its plan costs enough to be compiled, or with more effort, which takes time of its own (jit, jit_above_cost)"
            .to_owned(),
    })
}

/// A sort or hash that is in memory takes about as much more as there is more to sort.
fn memory(node: &PlanNode, settings: &Settings) -> Option<Threshold> {
    let sorts = node.sort_method.as_deref() == Some("quicksort") && !node.sort_on_disk;
    if sorts && node.sort_bytes > 0 {
        let what = "its sort will no longer fit in memory (work_mem)".to_owned();
        return Some(Threshold { factor: settings.work_mem / node.sort_bytes as f64, what });
    }
    let hashes = node.hash_batches <= 1 && node.disk_bytes == 0 && node.peak_memory_bytes > 0;
    hashes.then(|| Threshold {
        factor: settings.hash_mem / node.peak_memory_bytes as f64,
        what: "its hash will no longer fit in memory (work_mem, hash_mem_multiplier)".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::fixture;
    use serde_json::json;

    fn ahead(plan: StatementPlan) -> Option<Ahead> {
        ahead_with("off", plan)
    }

    /// On a server whose setting `jit` is that.
    fn ahead_with(jit: &str, plan: StatementPlan) -> Option<Ahead> {
        let mut record = Record { plans: vec![plan], ..fixture::record(10_000, 1, |_, _| 1e3) };
        let settings = &mut record.evidence.settings;
        settings.iter_mut().find(|setting| setting.name == "jit").unwrap().value = jit.to_owned();
        nearest(10_000, &[&record], "facets")
    }

    fn plan(kind: &str, figures: serde_json::Value) -> StatementPlan {
        fixture::plan("facets", kind, figures)
    }

    /// The heap of 3.5 MB reaches 8 MB at 24,000 tracks; a plan that costs little goes on alone for longer.
    #[test]
    fn a_scan_may_go_parallel() {
        let found = ahead(plan("Seq Scan", json!({"Total Cost": 5000.0}))).unwrap();
        assert_eq!(found.tracks, 23_968);
        assert!(found.what.contains("audio_tracks may go parallel"), "{}", found.what);
        let cheap = ahead(plan("Seq Scan", json!({"Total Cost": 100.0}))).unwrap();
        assert_eq!(cheap.tracks, 171_429, "1000 / (1 - 1 / 2.4) / 100");
        assert_eq!(ahead(plan("Index Scan", json!({"Total Cost": 5000.0}))), None);
        let blocks =
            ahead(plan("Bitmap Heap Scan", json!({"Total Cost": 1e5, "Exact Heap Blocks": 100}))).unwrap();
        assert_eq!(blocks.tracks, 102_400);
    }

    #[test]
    fn what_is_parallel_or_writes_stays_so() {
        let scan = json!({"Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Parallel Aware": true});
        assert_eq!(ahead(plan("Gather", json!({"Total Cost": 5000.0, "Plans": [scan]}))), None);
        assert_eq!(ahead(plan("ModifyTable", json!({"Total Cost": 5000.0, "Plans": [scan]}))), None);
    }

    /// From a cost of 100,000 on, and with more effort from 500,000 on.
    #[test]
    fn a_dear_plan_is_compiled() {
        let index_scan = |cost: f64| plan("Index Scan", json!({ "Total Cost": cost }));
        let found = ahead_with("on", index_scan(5000.0)).unwrap();
        assert_eq!(found.tracks, 200_000);
        assert!(found.what.contains("jit_above_cost"), "{}", found.what);
        let mut compiled = index_scan(250_000.0);
        assert_eq!(ahead_with("on", compiled.clone()), None, "this server cannot");
        compiled.explained["JIT"] = json!({"Functions": 4, "Timing": {"Total": 90.0}});
        assert_eq!(ahead_with("on", compiled).unwrap().tracks, 20_000);
        assert_eq!(ahead(index_scan(5000.0)), None);
    }

    #[test]
    fn memory_runs_out() {
        let sort =
            |kb: u64| json!({"Sort Method": "quicksort", "Sort Space Type": "Memory", "Sort Space Used": kb});
        assert_eq!(ahead(plan("Sort", sort(1024))).unwrap().tracks, 40_000);
        assert_eq!(
            ahead(plan("Sort", json!({"Sort Method": "top-N heapsort", "Sort Space Used": 1024}))),
            None
        );
        let hash = json!({"Peak Memory Usage": 2048, "HashAgg Batches": 1});
        assert_eq!(ahead(plan("Aggregate", hash)).unwrap().tracks, 40_000);
        // The nearest of them.
        let both = json!({"Sort Method": "quicksort", "Sort Space Type": "Memory", "Sort Space Used": 2048,
            "Plans": [{"Node Type": "Seq Scan", "Relation Name": "audio_tracks"}], "Total Cost": 5000.0});
        assert!(ahead(plan("Sort", both)).unwrap().what.contains("work_mem"));
    }
}
