//! The server's counters before and after the window, and their difference.

use super::{
    ObserveError, facts,
    join::StatementNames,
    relations::{self, RelationCounters},
    server_counters::{self, ServerCounters},
    statements::{self, StatementCounters},
    surroundings,
};
use crate::flags::Setting;
use crate::record::{Evidence, GinIndex};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// The server's counters at one moment.
#[derive(Debug, Clone)]
pub struct Counters {
    server: ServerCounters,
    relations: Result<RelationCounters, String>,
    statements: Result<StatementCounters, String>,
    gin_pending: Result<BTreeMap<String, u64>, String>,
}

impl Counters {
    /// Reads the counters. What cannot be had is remembered with its reason, not guessed.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn read(client: &Client) -> Result<Self, ObserveError> {
        let version = facts::version_number(client).await.map_err(ObserveError::of("version"))?;
        // Views without an entry for a moment (pg_stat_clear_snapshot is for transactions alone) are always current.
        Ok(Self {
            statements: statements::read(client).await,
            relations: relations::read(client).await,
            gin_pending: relations::gin_pending(client).await,
            server: server_counters::read(client, version).await,
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
    let (window, anew) = server_counters::window(&before.server, &after.server, &mut missing);
    let statements = both(&before.statements, &after.statements)
        .and_then(|(before, after)| statements::difference(before, after, names));
    let gin = both(&before.gin_pending, &after.gin_pending).map(|(before, after)| gin_indexes(before, after));
    let counted = both(&before.relations, &after.relations);
    // They are reset with the database's.
    let relations_before = counted.as_ref().ok().filter(|_| !anew).map(|(before, _)| *before);
    let nothing = RelationCounters::default();
    let relations =
        relations::after(client, relations_before, after.relations.as_ref().unwrap_or(&nothing)).await;
    let mut evidence = Evidence {
        window,
        statements: or_missing(statements, "statement statistics", &mut missing),
        gin: or_missing(gin, "GIN pending lists", &mut missing),
        database_bytes: or_missing(database_bytes(client).await, "size of the database", &mut missing),
        role: or_missing(surroundings::role(client).await, "role", &mut missing),
        extensions: or_missing(surroundings::extensions(client).await, "extensions", &mut missing)
            .unwrap_or_default(),
        horizon: or_missing(surroundings::horizon(client).await, "what holds dead rows back", &mut missing)
            .flatten(),
        data_checksums: settings.iter().find(|s| s.name == "data_checksums").map(|s| s.value == "on"),
        settings,
        ..Evidence::default()
    };
    or_missing(counted, "counters of tables and indexes", &mut missing);
    if let Some(relations) = or_missing(relations, "tables and indexes", &mut missing) {
        (evidence.tables, evidence.indexes) = (relations.tables, Some(relations.indexes));
        missing.extend(relations.missing);
    }
    if anew {
        missing.push("counters of tables and indexes: they began anew in the window".to_owned());
    }
    evidence.missing = missing;
    evidence
}

/// Two moments can be compared where both are known.
fn both<'a, T>(
    before: &'a Result<T, String>,
    after: &'a Result<T, String>,
) -> Result<(&'a T, &'a T), String> {
    match (before, after) {
        (Ok(before), Ok(after)) => Ok((before, after)),
        (Err(reason), _) | (_, Err(reason)) => Err(reason.clone()),
    }
}

/// What could not be read is said, and does not cost the rest.
fn or_missing<T>(read: Result<T, String>, what: &str, missing: &mut Vec<String>) -> Option<T> {
    read.map_err(|reason| missing.push(format!("{what}: {reason}"))).ok()
}

async fn database_bytes(client: &Client) -> Result<u64, String> {
    let row = client.query_one("SELECT pg_database_size(current_database())", &[]).await;
    row.map(|row| unsigned(row.get(0))).map_err(|error| crate::target::describe(&error))
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
    // One that was made or dropped in the window has no difference.
    let pages = before.iter().filter_map(|(name, before)| Some((name, before, after.get(name)?)));
    pages
        .map(|(name, before, after)| GinIndex {
            name: name.clone(),
            pending_pages_before: *before,
            pending_pages_after: *after,
        })
        .collect()
}

/// PostgreSQL counts in signed numbers that are never negative.
pub(super) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
