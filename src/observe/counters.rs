//! The server's counters before and after the window, and their difference.

use super::{
    ObserveError, facts,
    join::StatementNames,
    statements::{self, StatementCounters},
};
use crate::flags::Setting;
use crate::record::{Evidence, GinIndex, Relation, WindowCounters};
use std::collections::BTreeMap;
use tokio_postgres::{Client, Error};

/// The server's counters at one moment.
#[derive(Debug, Clone)]
pub struct Counters {
    database: WindowCounters,
    statements: Result<StatementCounters, String>,
    gin_pending: Result<BTreeMap<String, u64>, String>,
}

impl Counters {
    /// Reads the counters. What cannot be had is remembered with its reason, not guessed.
    ///
    /// # Errors
    /// When the connection fails or the server's own statistics views cannot be read.
    pub async fn read(client: &Client) -> Result<Self, ObserveError> {
        // Views without an entry for a moment (pg_stat_clear_snapshot is for transactions alone) are always current.
        Ok(Self {
            statements: statements::read(client).await,
            gin_pending: gin_pending(client).await,
            database: database(client).await?,
        })
    }
}

/// What the window changed, with what the server looked like after it. What cannot be read is said in the evidence.
pub async fn evidence(
    client: &Client,
    before: &Counters,
    after: &Counters,
    names: &StatementNames,
    settings: Vec<Setting>,
) -> Evidence {
    let mut missing = Vec::new();
    if after.database.commits + after.database.rollbacks < before.database.commits + before.database.rollbacks
    {
        missing.push("the database's counters of the window: they began anew in it".to_owned());
    }
    let statements = match (&before.statements, &after.statements) {
        (Ok(before), Ok(after)) => statements::difference(before, after, names)
            .map_err(|reason| missing.push(format!("statement statistics: {reason}")))
            .ok(),
        (Err(reason), _) | (_, Err(reason)) => {
            missing.push(format!("statement statistics: {reason}"));
            None
        }
    };
    let gin = match (&before.gin_pending, &after.gin_pending) {
        (Ok(before), Ok(after)) => Some(gin_indexes(before, after)),
        (Err(reason), _) | (_, Err(reason)) => {
            missing.push(format!("GIN pending lists: {reason}"));
            None
        }
    };
    let database_bytes =
        or_missing(database_bytes(client).await.map_err(ObserveError::of("database size")), &mut missing);
    let tables = or_missing(tables(client).await, &mut missing).unwrap_or_default();
    Evidence {
        settings,
        statements,
        window: difference(&before.database, &after.database),
        database_bytes,
        tables,
        gin,
        missing,
        ..Evidence::default()
    }
}

/// What could not be read is said, and does not cost the rest.
fn or_missing<T>(read: Result<T, ObserveError>, missing: &mut Vec<String>) -> Option<T> {
    read.map_err(|error| missing.push(error.to_string())).ok()
}

/// Size of the database in bytes.
///
/// # Errors
/// When the connection fails or the session may not know.
pub(super) async fn database_bytes(client: &Client) -> Result<u64, Error> {
    let row = client.query_one("SELECT pg_database_size(current_database())", &[]).await?;
    Ok(unsigned(row.get(0)))
}

/// The query for the number of checkpoints begun since the counters were reset, by time and on request.
pub(super) fn checkpoints(version_number: i32) -> &'static str {
    if version_number >= 170_000 {
        "SELECT num_timed + num_requested FROM pg_stat_checkpointer"
    } else {
        "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter"
    }
}

fn gin_indexes(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<GinIndex> {
    before
        .iter()
        .map(|(name, pages)| GinIndex {
            name: name.clone(),
            pending_pages_before: *pages,
            pending_pages_after: after.get(name).copied().unwrap_or_default(),
        })
        .collect()
}

/// Counters never run backwards, unless a crash or somebody else reset them; what they counted since says little then.
fn difference(before: &WindowCounters, after: &WindowCounters) -> WindowCounters {
    let less = |pick: fn(&WindowCounters) -> u64| pick(after).saturating_sub(pick(before));
    WindowCounters {
        commits: less(|c| c.commits),
        rollbacks: less(|c| c.rollbacks),
        blocks_hit: less(|c| c.blocks_hit),
        blocks_read: less(|c| c.blocks_read),
        temp_files: less(|c| c.temp_files),
        temp_bytes: less(|c| c.temp_bytes),
        deadlocks: less(|c| c.deadlocks),
        checkpoints: less(|c| c.checkpoints),
        ..WindowCounters::default()
    }
}

async fn database(client: &Client) -> Result<WindowCounters, ObserveError> {
    let version = facts::version_number(client).await.map_err(ObserveError::of("version"))?;
    let checkpoints = checkpoints(version);
    let row = client
        .query_one(
            &format!(
                "SELECT xact_commit, xact_rollback, blks_hit, blks_read, temp_files, temp_bytes, deadlocks,
                        ({checkpoints})
                 FROM pg_stat_database WHERE datname = current_database()"
            ),
            &[],
        )
        .await
        .map_err(ObserveError::of("database counters"))?;
    let count = |index: usize| unsigned(row.get(index));
    Ok(WindowCounters {
        commits: count(0),
        rollbacks: count(1),
        blocks_hit: count(2),
        blocks_read: count(3),
        temp_files: count(4),
        temp_bytes: count(5),
        deadlocks: count(6),
        checkpoints: count(7),
        ..WindowCounters::default()
    })
}

async fn tables(client: &Client) -> Result<Vec<Relation>, ObserveError> {
    let rows = client
        .query(
            "SELECT format('%I.%I', schemaname, relname), pg_table_size(relid), pg_indexes_size(relid),
                    n_live_tup, n_dead_tup,
                    EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = t.schemaname AND s.tablename = t.relname)
             FROM pg_stat_user_tables t
             WHERE relid = to_regclass('audio_tracks')",
            &[],
        )
        .await
        .map_err(ObserveError::of("table statistics"))?;
    Ok(rows
        .iter()
        .map(|row| Relation {
            name: row.get(0),
            // The table may have been dropped since.
            heap_bytes: unsigned(row.get::<_, Option<i64>>(1).unwrap_or_default()),
            index_bytes: unsigned(row.get::<_, Option<i64>>(2).unwrap_or_default()),
            live_rows: unsigned(row.get(3)),
            dead_rows: unsigned(row.get(4)),
            analyzed: row.get(5),
            ..Relation::default()
        })
        .collect())
}

/// Pages in each GIN index's pending list, by `pgstatginindex` of the extension pgstattuple.
async fn gin_pending(client: &Client) -> Result<BTreeMap<String, u64>, String> {
    let rows = client
        .query(
            "SELECT format('%I.%I', c.relnamespace::regnamespace, c.relname), (pgstatginindex(i.indexrelid)).pending_pages
             FROM pg_index i
             JOIN pg_class c ON c.oid = i.indexrelid
             JOIN pg_am a ON a.oid = c.relam
             WHERE a.amname = 'gin' AND i.indrelid = to_regclass('audio_tracks')",
            &[],
        )
        .await
        .map_err(|error| crate::target::describe(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i32>(1)).unwrap_or_default())).collect())
}

/// PostgreSQL counts in signed numbers that are never negative.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
