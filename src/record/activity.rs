//! What the server as a whole did in the window: checkpoints, background writer, WAL, I/O, sessions.
//!
//! Every count is after minus before. Which of them a server has depends on its version; what it has not is `None`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Checkpoints (`pg_stat_checkpointer`, before PostgreSQL 17 `pg_stat_bgwriter`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckpointCounters {
    /// Begun because `checkpoint_timeout` was over.
    pub timed: u64,
    /// Begun for another reason: `max_wal_size` was reached, or somebody asked.
    pub requested: u64,
    /// Time of writing files.
    pub write_ms: f64,
    /// Time of syncing files.
    pub sync_ms: f64,
    /// Buffers written by checkpoints.
    pub buffers_written: u64,
}

/// Who else wrote buffers (`pg_stat_bgwriter`; from PostgreSQL 17 on, backends' writes are in [`IoCounters`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BufferWriters {
    /// Buffers written by the background writer.
    pub background_written: u64,
    /// Times at which it stopped because it had written `bgwriter_lru_maxpages`.
    pub background_halts: u64,
    /// Buffers that backends had to write themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_written: Option<u64>,
    /// Buffers allocated.
    pub allocated: u64,
}

/// Write-ahead log (`pg_stat_wal`, from PostgreSQL 14 on).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WalCounters {
    /// Records.
    pub records: u64,
    /// Images of whole pages.
    pub page_images: u64,
    /// Bytes.
    pub bytes: u64,
    /// Times at which WAL went to disk because `wal_buffers` was full.
    pub buffers_full: u64,
    /// Writes to disk; `None` where `pg_stat_wal` no longer counts them (PostgreSQL 18).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<u64>,
    /// Syncs; `None` as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syncs: Option<u64>,
    /// Time of syncing; `None` as above, or where `track_wal_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_ms: Option<f64>,
}

/// One row of `pg_stat_io` (from PostgreSQL 16 on) that counted something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IoCounters {
    /// Whose, as in `client backend`.
    pub backend: String,
    /// On what, as in `relation`.
    pub object: String,
    /// In which context, as in `normal`.
    pub context: String,
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Extensions of a relation.
    pub extends: u64,
    /// Bytes read; from PostgreSQL 18 on, a read may be of several blocks.
    #[serde(default)]
    pub read_bytes: u64,
    /// Bytes written.
    #[serde(default)]
    pub written_bytes: u64,
    /// Bytes by which relations were extended.
    #[serde(default)]
    pub extended_bytes: u64,
    /// Blocks found in shared buffers.
    pub hits: u64,
    /// Buffers given up for another block.
    pub evictions: u64,
    /// Syncs.
    pub syncs: u64,
    /// Time of reading; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<f64>,
    /// Time of writing; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_ms: Option<f64>,
}

/// Sessions of the database (`pg_stat_database`, from PostgreSQL 14 on).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionCounters {
    /// Sessions begun.
    pub begun: u64,
    /// Sessions lost because the client went away.
    pub abandoned: u64,
    /// Sessions ended by a fatal error.
    pub fatal: u64,
    /// Sessions ended by an operator.
    pub killed: u64,
    /// Time that sessions spent executing.
    pub active_ms: f64,
    /// Time that sessions spent idle in a transaction.
    pub idle_in_transaction_ms: f64,
}

/// What keeps dead rows from being taken away longest: nothing that was deleted since may go before it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HorizonHolder {
    /// `session`, `prepared transaction` or `replication slot`.
    pub kind: String,
    /// Its `application_name`, its identifier, or its name; empty where this role may not see it.
    pub name: String,
    /// As in `idle in transaction`; of sessions alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Age of its transaction; absent for slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_ms: Option<f64>,
    /// Transactions that began since (`age(xmin)`).
    pub transactions_since: u64,
}
