//! What the server and its statistics showed around the measured window.

use super::{
    activity::{BufferWriters, CheckpointCounters, HorizonHolder, IoCounters, SessionCounters, WalCounters},
    platform::{Disk, Extension, Role},
    relations::{GinIndex, Index, Relation},
    statements::StatementStatistics,
};
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
    /// The user's tables after the window, the largest first, at most 100 of them.
    pub tables: Vec<Relation>,
    /// Their indexes; absent in a record that was made before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexes: Option<Vec<Index>>,
    /// GIN indexes with their pending lists before and after the window; absent when they cannot be looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gin: Option<Vec<GinIndex>>,
    /// The role that the load used; absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Extensions that are installed, and those among the helpful ones that could be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// What held dead rows back longest, after the window; absent where nothing did, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<HorizonHolder>,
    /// Whether data pages have checksums; absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_checksums: Option<bool>,
    /// The disk that holds an embedded server's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// What could not be read, and why.
    pub missing: Vec<String>,
}

impl Evidence {
    /// The setting of that name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// The table of that name, with or without its schema. Of several in different schemas, the one that the window
    /// used most; of those that it used equally, the largest.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Relation> {
        let is_meant = |table: &&Relation| {
            let bare = table.name.rsplit_once('.').map_or(table.name.as_str(), |(_, bare)| bare);
            table.name == name || bare == name
        };
        // Of equals the last is taken, and the largest stand first.
        self.tables.iter().rev().filter(is_meant).max_by_key(|table| {
            table.window.map_or(0, |window| window.sequential_scans + window.index_scans + window.inserted)
        })
    }
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
    /// Time of reading blocks; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_ms: Option<f64>,
    /// Time of writing blocks; `None` where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_ms: Option<f64>,
    /// Checkpoints of the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpointer: Option<CheckpointCounters>,
    /// Who wrote buffers, of the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writers: Option<BufferWriters>,
    /// Write-ahead log of the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal: Option<WalCounters>,
    /// I/O of the whole server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub io: Vec<IoCounters>,
    /// Sessions of this database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionCounters>,
}

impl WindowCounters {
    /// Share of block accesses that shared buffers served, 0..=1; `None` when there were none.
    #[must_use]
    pub fn hit_share(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all > 0).then(|| self.blocks_hit as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RelationWindow;

    #[test]
    fn tables_are_found_by_either_name() {
        let table = |name: &str, index_scans| Relation {
            name: name.to_owned(),
            window: Some(RelationWindow { index_scans, ..RelationWindow::default() }),
            ..Relation::default()
        };
        let tables = vec![table("public.tracks", 0), table("own.tracks", 7), table("own.other", 0)];
        let mut evidence = Evidence { tables, ..Evidence::default() };
        let found = |evidence: &Evidence, name| evidence.table(name).map(|table| table.name.clone());
        assert_eq!(found(&evidence, "public.tracks").as_deref(), Some("public.tracks"));
        assert_eq!(found(&evidence, "tracks").as_deref(), Some("own.tracks"), "the one in use");
        assert_eq!(found(&evidence, "track"), None);
        evidence.tables[1].window = None;
        assert_eq!(found(&evidence, "tracks").as_deref(), Some("public.tracks"), "the larger one");
    }
}
