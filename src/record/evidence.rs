//! What the server and its statistics showed around the measured window.

use crate::flags::Setting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that explains a run, and what could not be had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Every setting of the server, as the workload's sessions see it.
    pub settings: Vec<Setting>,
    /// pg_stat_statements, the window's share; absent when the extension is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<StatementStatistics>>,
    /// The database's counters, the window's share.
    pub window: WindowCounters,
    /// Size of the whole database after the window; absent when it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_bytes: Option<u64>,
    /// Tables after the window.
    pub tables: Vec<Relation>,
    /// GIN indexes with their pending lists before and after the window; absent when they cannot be looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gin: Option<Vec<GinIndex>>,
    /// What could not be read, and why.
    pub missing: Vec<String>,
}

impl Evidence {
    /// The setting of that name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }
}

/// One row of pg_stat_statements, after minus before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementStatistics {
    /// The query identifier, as text because JSON readers lose digits of 64-bit numbers.
    pub query_id: String,
    /// The normalised text, of the workload's statements only.
    pub query: String,
    /// The workload's statements that it stands for, as `operation.statement`.
    pub statements: Vec<String>,
    /// Executions that ended well.
    pub calls: u64,
    /// Execution time in the server.
    pub total_ms: f64,
    /// Planning time in the server; 0 where `pg_stat_statements.track_planning` is off.
    pub plan_ms: f64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Blocks found in shared buffers.
    pub blocks_hit: u64,
    /// Blocks read from outside shared buffers.
    pub blocks_read: u64,
    /// Blocks of temporary files written.
    pub temp_blocks_written: u64,
    /// Write-ahead log written.
    pub wal_bytes: u64,
}

/// The database's counters (`pg_stat_database`), after minus before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowCounters {
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back.
    pub rollbacks: u64,
    /// Blocks found in shared buffers.
    pub blocks_hit: u64,
    /// Blocks read from outside shared buffers.
    pub blocks_read: u64,
    /// Temporary files made.
    pub temp_files: u64,
    /// Bytes written to them.
    pub temp_bytes: u64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Checkpoints begun in the window, by time and on request.
    pub checkpoints: u64,
}

impl WindowCounters {
    /// Share of block accesses that shared buffers served, 0..=1; `None` when there were none.
    #[must_use]
    pub fn hit_share(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all > 0).then(|| self.blocks_hit as f64 / all as f64)
    }
}

/// A table after the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Relation {
    /// Schema and name.
    pub name: String,
    /// Its heap, with TOAST.
    pub heap_bytes: u64,
    /// Its indexes.
    pub index_bytes: u64,
    /// Live rows, as the statistics estimate them.
    pub live_rows: u64,
    /// Dead rows, as the statistics estimate them.
    pub dead_rows: u64,
    /// Whether the planner has statistics for it.
    pub analyzed: bool,
}

/// A GIN index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GinIndex {
    /// Schema and name.
    pub name: String,
    /// Pages of its pending list before the window.
    pub pending_pages_before: u64,
    /// Pages of its pending list after the window.
    pub pending_pages_after: u64,
}
