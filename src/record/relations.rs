//! Tables and indexes: what they are, and what the window did with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table after the window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Rows changed since it was last analysed.
    #[serde(default)]
    pub rows_changed_since_analyze: u64,
    /// Vacuums and autovacuums of it, ever.
    #[serde(default)]
    pub vacuums: u64,
    /// Autovacuums among them.
    #[serde(default)]
    pub autovacuums: u64,
    /// Storage parameters, as in `autovacuum_enabled=false`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Its columns, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// Columns that triggers set in every update, as far as their text says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_by_triggers: Vec<String>,
    /// The window's share of its counters; absent when they began anew in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<RelationWindow>,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as in `character varying(20)`.
    pub kind: String,
    /// Its own statistics target; absent where it has that of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_target: Option<i32>,
    /// Its collation, where that is not the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

/// What the window did with a table (`pg_stat_user_tables`, `pg_statio_user_tables`), after minus before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelationWindow {
    /// Sequential scans.
    pub sequential_scans: u64,
    /// Rows that they read.
    pub sequential_rows: u64,
    /// Index scans.
    pub index_scans: u64,
    /// Rows that they fetched.
    pub index_rows: u64,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows among them whose update needed no new index entries (heap-only tuples, HOT).
    pub hot_updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Blocks of the heap found in shared buffers.
    pub heap_hit: u64,
    /// Blocks of the heap read from outside shared buffers.
    pub heap_read: u64,
}

/// An index after the window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// Schema and name.
    pub name: String,
    /// Schema and name of its table.
    pub table: String,
    /// Access method, as in `btree`.
    pub method: String,
    /// Key columns or expressions, as PostgreSQL writes them, in order; those of INCLUDE not.
    pub keys: Vec<String>,
    /// Operator class of each key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operator_classes: Vec<String>,
    /// Order and collation of each key, as in `DESC NULLS FIRST`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orderings: Vec<String>,
    /// Columns of INCLUDE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub included: Vec<String>,
    /// Every column that its keys, expressions and condition name: an update that changes one is not HOT.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Storage parameters, as in `fastupdate=off`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Condition of a partial index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// SQL that makes it.
    pub definition: String,
    /// Whether it enforces uniqueness or another constraint.
    pub is_constraint: bool,
    /// Whether it is a partition's part of an index of the whole table, and cannot be dropped by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_partition: bool,
    /// Whether the planner may use it.
    pub is_valid: bool,
    /// Its size.
    pub bytes: u64,
    /// Scans in the window; absent when the counters began anew in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scans: Option<u64>,
    /// Scans since the counters were reset.
    pub scans_ever: u64,
    /// Blocks found in shared buffers, in the window.
    #[serde(default)]
    pub blocks_hit: u64,
    /// Blocks read from outside shared buffers, in the window.
    #[serde(default)]
    pub blocks_read: u64,
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
