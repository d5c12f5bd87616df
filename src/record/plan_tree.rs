//! A typed view of a plan that EXPLAIN printed: what the advisor reads of it.

use super::{plan_spill::Spill, plans::StatementPlan};
use serde_json::Value;

/// One node of a plan. Figures with a dimension are those of PostgreSQL; rows and times are per loop.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanNode {
    /// As in `Seq Scan`.
    pub kind: String,
    /// Name of the table that is scanned or changed.
    pub relation: Option<String>,
    /// Name of the index that is scanned.
    pub index: Option<String>,
    /// Condition that was checked on each row read; rows that fail it are thrown away.
    pub filter: Option<String>,
    /// Condition that the index answered.
    pub index_condition: Option<String>,
    /// Keys of a sort.
    pub sort_keys: Vec<String>,
    /// The planner's cost of the node with all below it.
    pub total_cost: f64,
    /// Rows that the planner expected.
    pub planned_rows: f64,
    /// Rows that came, per loop; `None` where the plan was not executed.
    pub actual_rows: Option<f64>,
    /// How often the node was executed.
    pub loops: f64,
    /// Time until its last row, with all below it, in milliseconds per loop.
    pub actual_ms: Option<f64>,
    /// Rows thrown away by the filter, per loop.
    pub removed_by_filter: f64,
    /// Rows thrown away because the index answers lossily, per loop.
    pub removed_by_recheck: f64,
    /// As in `external merge`.
    pub sort_method: Option<String>,
    /// Whether the sort's space was on disk, in the leader or in a worker.
    pub sort_on_disk: bool,
    /// Space of the sort in bytes.
    pub sort_bytes: u64,
    /// Batches of a hash; more than one are on disk.
    pub hash_batches: u64,
    /// Memory of a hash, a hashed aggregate, or what a node stores of its input, in bytes.
    pub peak_memory_bytes: u64,
    /// Disk that a hashed aggregate, or a node that stores its input, used, in bytes.
    pub disk_bytes: u64,
    /// Heap blocks that a bitmap named exactly.
    pub exact_blocks: u64,
    /// Heap blocks of which a bitmap only knew that something in them may match.
    pub lossy_blocks: u64,
    /// Blocks found in shared buffers, with all below it.
    pub blocks_hit: u64,
    /// Blocks read, with all below it.
    pub blocks_read: u64,
    /// Blocks of temporary files written, with all below it.
    pub temp_written: u64,
    /// Parallel workers planned and launched.
    pub workers: (u64, u64),
    /// What it reads from.
    pub children: Vec<PlanNode>,
}

impl PlanNode {
    /// The node that EXPLAIN (FORMAT JSON) printed; missing figures are 0.
    #[must_use]
    pub fn parse(node: &Value) -> Self {
        let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
        let float = |name: &str| node.get(name).and_then(Value::as_f64);
        let count = |name: &str| node.get(name).and_then(Value::as_u64).unwrap_or_default();
        let list = |name: &str| node.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let spill = Spill::of_all(node);
        Self {
            kind: text("Node Type").unwrap_or_default(),
            relation: text("Relation Name"),
            index: text("Index Name"),
            filter: text("Filter"),
            index_condition: text("Index Cond").or_else(|| text("Recheck Cond")),
            sort_keys: list("Sort Key").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            total_cost: float("Total Cost").unwrap_or_default(),
            planned_rows: float("Plan Rows").unwrap_or_default(),
            actual_rows: float("Actual Rows"),
            loops: float("Actual Loops").unwrap_or(1.0),
            actual_ms: float("Actual Total Time"),
            removed_by_filter: float("Rows Removed by Filter").unwrap_or_default(),
            removed_by_recheck: float("Rows Removed by Index Recheck").unwrap_or_default(),
            sort_method: spill.sort_method,
            sort_on_disk: spill.sort_on_disk,
            sort_bytes: spill.sort_bytes,
            hash_batches: spill.hash_batches,
            peak_memory_bytes: spill.peak_memory_bytes,
            disk_bytes: spill.disk_bytes,
            exact_blocks: count("Exact Heap Blocks"),
            lossy_blocks: count("Lossy Heap Blocks"),
            blocks_hit: count("Shared Hit Blocks"),
            blocks_read: count("Shared Read Blocks"),
            temp_written: count("Temp Written Blocks"),
            workers: (count("Workers Planned"), count("Workers Launched")),
            children: list("Plans").iter().map(Self::parse).collect(),
        }
    }

    /// The node and all below it, the upper ones first.
    pub fn nodes(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(node) = all.get(next) {
            all.extend(&node.children);
            next += 1;
        }
        all
    }

    /// Whether it reads a table from end to end.
    #[must_use]
    pub fn is_sequential_scan(&self) -> bool {
        self.kind == "Seq Scan"
    }

    /// Whether it did not fit in memory: a sort or hash on disk, or a bitmap of whole blocks.
    #[must_use]
    pub fn spills(&self) -> bool {
        self.sort_on_disk || self.hash_batches > 1 || self.disk_bytes > 0 || self.lossy_blocks > 0
    }

    /// By what factor the planner's rows were off, 1 or more; `None` where the plan was not executed or the node
    /// never ran. Rows below one count as one.
    #[must_use]
    pub fn misestimate(&self) -> Option<f64> {
        let actual = self.actual_rows.filter(|_| self.loops > 0.0)?.max(1.0);
        let planned = self.planned_rows.max(1.0);
        Some((actual / planned).max(planned / actual))
    }
}

impl StatementPlan {
    /// The plan's uppermost node.
    #[must_use]
    pub fn root(&self) -> PlanNode {
        self.explained.get("Plan").map(PlanNode::parse).unwrap_or_default()
    }

    /// Time of planning, in milliseconds.
    #[must_use]
    pub fn planning_ms(&self) -> Option<f64> {
        self.explained.get("Planning Time").and_then(Value::as_f64)
    }

    /// Time of execution, in milliseconds, that of EXPLAIN's own measuring included; `None` where it was not executed.
    #[must_use]
    pub fn execution_ms(&self) -> Option<f64> {
        self.explained.get("Execution Time").and_then(Value::as_f64)
    }

    /// Time of just-in-time compilation, in milliseconds, part of the execution time; `None` where there was none.
    #[must_use]
    pub fn jit_ms(&self) -> Option<f64> {
        self.explained.get("JIT")?.get("Timing")?.get("Total").and_then(Value::as_f64)
    }
}
