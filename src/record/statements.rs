//! Statement statistics: what pg_stat_statements counted in the window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One row of pg_stat_statements, after minus before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Blocks made dirty.
    #[serde(default)]
    pub blocks_dirtied: u64,
    /// Blocks that this statement itself had to write out.
    #[serde(default)]
    pub blocks_written: u64,
    /// Time of reading blocks; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<f64>,
    /// Time of writing blocks; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_ms: Option<f64>,
    /// Blocks of temporary files read.
    #[serde(default)]
    pub temp_blocks_read: u64,
    /// Blocks of temporary files written.
    pub temp_blocks_written: u64,
    /// Records of write-ahead log.
    #[serde(default)]
    pub wal_records: u64,
    /// Images of whole pages in it.
    #[serde(default)]
    pub wal_page_images: u64,
    /// Write-ahead log written.
    pub wal_bytes: u64,
    /// Just-in-time compilation; `None` before PostgreSQL 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jit: Option<JitStatistics>,
}

/// What just-in-time compilation did for one statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JitStatistics {
    /// Functions compiled.
    pub functions: u64,
    /// Time of generating, inlining, optimising and emitting code, part of the execution time.
    pub total_ms: f64,
}
