//! pg_stat_statements: per-statement counters and their difference.

use super::{counters::unsigned, join::StatementNames};
use crate::record::{JitStatistics, StatementStatistics};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::{Client, Error, Row};

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
    super::instruments::look_for(client, "pg_stat_statements").await?;
    let columns = columns(client).await.map_err(|error| crate::target::describe(&error))?;
    // Version 1.9 of the extension, which came with PostgreSQL 14, says more.
    let losses = if columns.contains("toplevel") { Some(losses(client).await?) } else { None };
    let rows = client.query(&query(&columns), &[]).await.map_err(|error| crate::target::describe(&error))?;
    Ok(StatementCounters { rows: rows.iter().map(counted).collect(), losses })
}

/// Columns of the view. They depend on the extension's version in this database, which may be older than the server's.
async fn columns(client: &Client) -> Result<BTreeSet<String>, Error> {
    let rows = client
        .query(
            "SELECT attname::text FROM pg_attribute
             WHERE attrelid = to_regclass('pg_stat_statements') AND attnum > 0 AND NOT attisdropped",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The query for a view that has those columns, from version 1.8 of the extension (PostgreSQL 13) on.
fn query(columns: &BTreeSet<String>) -> String {
    let has = |column: &str| columns.contains(column);
    let top_level = if has("toplevel") { "toplevel" } else { "true" };
    let timed = if has("shared_blk_read_time") { "shared_blk" } else { "blk" };
    let jit = if has("jit_functions") {
        // The time of deforming is part of that of generating.
        "jit_functions, jit_generation_time + jit_inlining_time + jit_optimization_time + jit_emission_time"
    } else {
        "NULL::bigint, NULL::float8"
    };
    format!(
        "SELECT userid, queryid, {top_level}, query, calls, total_exec_time, total_plan_time, rows,
                shared_blks_hit, shared_blks_read, shared_blks_dirtied, shared_blks_written,
                temp_blks_read, temp_blks_written, wal_records, wal_fpi, wal_bytes::bigint,
                CASE WHEN current_setting('track_io_timing')::bool THEN {timed}_read_time END,
                CASE WHEN current_setting('track_io_timing')::bool THEN {timed}_write_time END,
                {jit}
         FROM pg_stat_statements
         WHERE queryid IS NOT NULL
           AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

fn counted(row: &Row) -> (Key, StatementStatistics) {
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
        blocks_dirtied: count(10),
        blocks_written: count(11),
        temp_blocks_read: count(12),
        temp_blocks_written: count(13),
        wal_records: count(14),
        wal_page_images: count(15),
        wal_bytes: count(16),
        read_ms: row.get(17),
        write_ms: row.get(18),
        jit: row
            .get::<_, Option<i64>>(19)
            .zip(row.get(20))
            .map(|(functions, total_ms)| JitStatistics { functions: unsigned(functions), total_ms }),
    };
    (key, statistics)
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
            let mut change = match before.rows.get(key) {
                Some(before) => less(before, after),
                None => after.clone(),
            };
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

/// What one row counted between the two moments.
fn less(before: &StatementStatistics, after: &StatementStatistics) -> StatementStatistics {
    let count = |pick: fn(&StatementStatistics) -> u64| pick(after).saturating_sub(pick(before));
    let ms = |before: f64, after: f64| (after - before).max(0.0);
    let timed = |pick: fn(&StatementStatistics) -> Option<f64>| Some(ms(pick(before)?, pick(after)?));
    let jit = before.jit.zip(after.jit).map(|(before, after)| JitStatistics {
        functions: after.functions.saturating_sub(before.functions),
        total_ms: ms(before.total_ms, after.total_ms),
    });
    StatementStatistics {
        query_id: after.query_id.clone(),
        query: after.query.clone(),
        statements: Vec::new(),
        calls: count(|row| row.calls),
        total_ms: ms(before.total_ms, after.total_ms),
        plan_ms: ms(before.plan_ms, after.plan_ms),
        rows: count(|row| row.rows),
        blocks_hit: count(|row| row.blocks_hit),
        blocks_read: count(|row| row.blocks_read),
        blocks_dirtied: count(|row| row.blocks_dirtied),
        blocks_written: count(|row| row.blocks_written),
        read_ms: timed(|row| row.read_ms),
        write_ms: timed(|row| row.write_ms),
        temp_blocks_read: count(|row| row.temp_blocks_read),
        temp_blocks_written: count(|row| row.temp_blocks_written),
        wal_records: count(|row| row.wal_records),
        wal_page_images: count(|row| row.wal_page_images),
        wal_bytes: count(|row| row.wal_bytes),
        jit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn counted(rows: &[(i64, &str, u64)], losses: Option<(i64, Option<DateTime<Utc>>)>) -> StatementCounters {
        let row = |&(query_id, query, calls): &(i64, &str, u64)| {
            let statistics = StatementStatistics {
                query_id: query_id.to_string(),
                query: query.to_owned(),
                calls,
                total_ms: 1.0,
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

    #[test]
    fn each_version_of_the_extension_is_asked_for_what_it_has() {
        let columns = |added: &[&str]| added.iter().map(|&name| name.to_owned()).collect();
        let old = query(&columns(&[]));
        assert!(old.contains("THEN blk_read_time") && old.contains("queryid, true,"), "{old}");
        assert!(old.contains("NULL::bigint, NULL::float8"), "{old}");
        let newer = query(&columns(&["toplevel", "jit_functions"]));
        assert!(newer.contains("THEN blk_write_time") && newer.contains("queryid, toplevel,"), "{newer}");
        assert!(newer.contains("jit_emission_time") && !newer.contains("jit_deform"), "{newer}");
        let new = query(&columns(&["toplevel", "jit_functions", "shared_blk_read_time", "jit_deform_time"]));
        assert!(new.contains("THEN shared_blk_read_time") && !new.contains("jit_deform"), "{new}");
    }

    #[test]
    fn every_counter_is_of_the_window() {
        let row = |times: u64| StatementStatistics {
            calls: times,
            blocks_dirtied: 2 * times,
            blocks_written: 3 * times,
            temp_blocks_read: 4 * times,
            wal_records: 5 * times,
            wal_page_images: 6 * times,
            read_ms: Some(7.0 * times as f64),
            jit: Some(JitStatistics { functions: 8 * times, total_ms: 9.0 * times as f64 }),
            ..StatementStatistics::default()
        };
        assert_eq!(less(&row(10), &row(13)), row(3));
        let untimed = StatementStatistics { read_ms: None, ..row(10) };
        assert_eq!(less(&untimed, &row(13)).read_ms, None, "timing was switched on within the window");
    }
}
