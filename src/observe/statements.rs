//! pg_stat_statements: per-statement counters and their difference.

use super::{counters::unsigned, join::StatementNames};
use crate::record::StatementStatistics;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::Client;

/// What the extension had counted at one moment.
#[derive(Debug, Clone)]
pub(super) struct StatementCounters {
    rows: HashMap<Key, StatementStatistics>,
    /// Times at which rows were thrown away for want of room, and when all were.
    losses: (i64, Option<DateTime<Utc>>),
}

/// What identifies a row of pg_stat_statements.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    user: u32,
    query_id: i64,
    top_level: bool,
}

/// Reads this database's rows, or says why they cannot be had.
pub(super) async fn read(client: &Client) -> Result<StatementCounters, String> {
    let installed = client
        .query_opt("SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'", &[])
        .await
        .map_err(|error| crate::target::describe(&error))?;
    if installed.is_none() {
        return Err("the extension pg_stat_statements is not installed in this database".to_owned());
    }
    let losses = client
        .query_one("SELECT dealloc, stats_reset FROM pg_stat_statements_info", &[])
        .await
        .map_err(|error| crate::target::describe(&error))?;
    // The column `toplevel` came with version 1.9 of the extension (PostgreSQL 14).
    let rows = client
        .query(
            "SELECT userid, queryid, toplevel, query, calls, total_exec_time, total_plan_time, rows,
                    shared_blks_hit, shared_blks_read, temp_blks_written, wal_bytes::bigint
             FROM pg_stat_statements
             WHERE queryid IS NOT NULL
               AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
            &[],
        )
        .await
        .map_err(|error| crate::target::describe(&error))?;
    let rows = rows
        .iter()
        .map(|row| {
            let key = Key { user: row.get(0), query_id: row.get(1), top_level: row.get(2) };
            let count = |index: usize| unsigned(row.get(index));
            let statistics = StatementStatistics {
                query_id: key.query_id.to_string(),
                query: row.get(3),
                statements: Vec::new(),
                calls: count(4),
                total_ms: row.get(5),
                plan_ms: row.get(6),
                rows: count(7),
                blocks_hit: count(8),
                blocks_read: count(9),
                temp_blocks_written: count(10),
                wal_bytes: count(11),
            };
            (key, statistics)
        })
        .collect();
    Ok(StatementCounters { rows, losses: (losses.get(0), losses.get(1)) })
}

/// What was executed between the two moments, the costliest first, joined to the workload's statements; or why that
/// cannot be known.
pub(super) fn difference(
    before: &StatementCounters,
    after: &StatementCounters,
    names: &StatementNames,
) -> Result<Vec<StatementStatistics>, String> {
    if before.losses != after.losses {
        return Err(
            "pg_stat_statements threw rows away in the window: raise pg_stat_statements.max".to_owned()
        );
    }
    let mut changed: Vec<StatementStatistics> = after
        .rows
        .iter()
        .filter_map(|(key, after)| {
            let mut change = after.clone();
            if let Some(before) = before.rows.get(key) {
                change.calls = after.calls.saturating_sub(before.calls);
                change.total_ms = (after.total_ms - before.total_ms).max(0.0);
                change.plan_ms = (after.plan_ms - before.plan_ms).max(0.0);
                change.rows = after.rows.saturating_sub(before.rows);
                change.blocks_hit = after.blocks_hit.saturating_sub(before.blocks_hit);
                change.blocks_read = after.blocks_read.saturating_sub(before.blocks_read);
                change.temp_blocks_written =
                    after.temp_blocks_written.saturating_sub(before.temp_blocks_written);
                change.wal_bytes = after.wal_bytes.saturating_sub(before.wal_bytes);
            }
            change.statements = names.of(key.query_id, &after.query);
            (change.calls > 0).then_some(change)
        })
        .collect();
    if changed.iter().all(|row| row.statements.is_empty()) {
        return Err("pg_stat_statements counted no statement of the load: see compute_query_id and pg_stat_statements.track".to_owned());
    }
    changed.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms).then_with(|| a.query_id.cmp(&b.query_id)));
    Ok(changed)
}
