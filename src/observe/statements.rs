//! pg_stat_statements: per-statement counters and their difference.

use super::{counters::unsigned, join::StatementNames};
use crate::record::StatementStatistics;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::Client;

/// Stands for the text of a statement that is not the workload's: it is somebody else's, and a command that sets a
/// password is kept as it was written.
const NOT_OURS: &str = "(not a statement of the workload)";

/// What the extension had counted at one moment.
#[derive(Debug, Clone)]
pub(super) struct StatementCounters {
    rows: HashMap<Key, StatementStatistics>,
    /// Times at which rows were thrown away for want of room, and when all were; unknown before PostgreSQL 14.
    losses: Option<(i64, Option<DateTime<Utc>>)>,
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
    // Version 1.9 of the extension, which came with PostgreSQL 14, says more.
    let says_more: bool = client
        .query_one("SELECT to_regclass('pg_stat_statements_info') IS NOT NULL", &[])
        .await
        .map_err(|error| crate::target::describe(&error))?
        .get(0);
    let losses = if says_more { Some(losses(client).await?) } else { None };
    let top_level = if says_more { "toplevel" } else { "true" };
    let rows = client
        .query(
            &format!(
                "SELECT userid, queryid, {top_level}, query, calls, total_exec_time, total_plan_time, rows,
                        shared_blks_hit, shared_blks_read, temp_blks_written, wal_bytes::bigint
                 FROM pg_stat_statements
                 WHERE queryid IS NOT NULL
                   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
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
                // It has no text where the server could not read its file of texts.
                query: row.get::<_, Option<String>>(3).unwrap_or_default(),
                statements: Vec::new(),
                calls: count(4),
                total_ms: row.get(5),
                plan_ms: row.get(6),
                rows: count(7),
                blocks_hit: count(8),
                blocks_read: count(9),
                temp_blocks_written: count(10),
                wal_bytes: count(11),
                ..StatementStatistics::default()
            };
            (key, statistics)
        })
        .collect();
    Ok(StatementCounters { rows, losses })
}

async fn losses(client: &Client) -> Result<(i64, Option<DateTime<Utc>>), String> {
    let row = client.query_one("SELECT dealloc, stats_reset FROM pg_stat_statements_info", &[]).await;
    row.map(|row| (row.get(0), row.get(1))).map_err(|error| crate::target::describe(&error))
}

/// Why the rows of two moments cannot be compared, if they cannot.
fn incomparable(before: &StatementCounters, after: &StatementCounters) -> Option<&'static str> {
    match before.losses.zip(after.losses) {
        Some((before, after)) if before.1 != after.1 => {
            Some("pg_stat_statements began anew in the window: the server crashed, or somebody reset it")
        }
        Some((before, after)) if before.0 != after.0 => {
            Some("pg_stat_statements threw rows away in the window: raise pg_stat_statements.max")
        }
        Some(_) => None,
        None => {
            let calls = |key| after.rows.get(key).map_or(0, |row| row.calls);
            before.rows.iter().any(|(key, row)| calls(key) < row.calls).then_some(
                "pg_stat_statements lost rows in the window: they were thrown away, or all were reset",
            )
        }
    }
}

/// What was executed between the two moments, the costliest first, joined to the workload's statements; or why that
/// cannot be known.
pub(super) fn difference(
    before: &StatementCounters,
    after: &StatementCounters,
    names: &StatementNames,
) -> Result<Vec<StatementStatistics>, String> {
    if let Some(reason) = incomparable(before, after) {
        return Err(reason.to_owned());
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
            if change.statements.is_empty() {
                NOT_OURS.clone_into(&mut change.query);
            }
            (change.calls > 0).then_some(change)
        })
        .collect();
    if changed.iter().all(|row| row.statements.is_empty()) {
        return Err("pg_stat_statements counted no statement of the load: see compute_query_id and pg_stat_statements.track".to_owned());
    }
    changed.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms).then_with(|| a.query_id.cmp(&b.query_id)));
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn counted(rows: &[(i64, &str, u64)], losses: Option<(i64, Option<DateTime<Utc>>)>) -> StatementCounters {
        let row = |&(query_id, query, calls): &(i64, &str, u64)| {
            let statistics = StatementStatistics {
                query_id: query_id.to_string(),
                query: query.to_owned(),
                statements: Vec::new(),
                calls,
                total_ms: 1.0,
                plan_ms: 0.0,
                rows: 0,
                blocks_hit: 0,
                blocks_read: 0,
                temp_blocks_written: 0,
                wal_bytes: 0,
                ..StatementStatistics::default()
            };
            (Key { user: 10, query_id, top_level: true }, statistics)
        };
        StatementCounters { rows: rows.iter().map(row).collect(), losses }
    }

    fn names() -> StatementNames {
        StatementNames {
            by_id: BTreeMap::from([(1, BTreeSet::from(["search.page".to_owned()]))]),
            by_command: BTreeMap::new(),
        }
    }

    #[test]
    fn only_texts_of_the_workload_are_kept() {
        let before = counted(&[(1, "SELECT $1", 5)], Some((0, None)));
        let after =
            counted(&[(1, "SELECT $1", 8), (2, "ALTER ROLE owner PASSWORD 'secret'", 1)], Some((0, None)));
        let found = difference(&before, &after, &names()).unwrap();
        let said: BTreeSet<(&str, u64)> = found.iter().map(|row| (row.query.as_str(), row.calls)).collect();
        assert_eq!(said, BTreeSet::from([("SELECT $1", 3), (NOT_OURS, 1)]));
    }

    #[test]
    fn each_loss_has_its_cause() {
        let rows = [(1, "SELECT $1", 5)];
        let reason = |before, after| {
            difference(&counted(&rows, before), &counted(&rows, after), &names()).unwrap_err()
        };
        let begun = DateTime::from_timestamp(1, 0);
        assert!(reason(Some((0, begun)), Some((3, begun))).contains("pg_stat_statements.max"));
        let later = DateTime::from_timestamp(2, 0);
        for after in [(0, later), (3, later)] {
            let said = reason(Some((3, begun)), Some(after));
            assert!(said.contains("crashed, or somebody reset it"), "{said}");
        }
    }

    /// PostgreSQL 13 says nothing of losses.
    #[test]
    fn counters_that_step_back_were_lost() {
        let with = |calls| counted(&[(1, "SELECT $1", calls)], None);
        assert_eq!(difference(&with(5), &with(7), &names()).unwrap()[0].calls, 2);
        assert!(difference(&with(5), &with(4), &names()).unwrap_err().contains("lost rows"));
        assert!(difference(&with(5), &counted(&[], None), &names()).unwrap_err().contains("lost rows"));
    }
}
