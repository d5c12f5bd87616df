//! The views of the server's own counters, by version: what they are asked, and what a row of the answer means.
//!
//! The first column of each says since when it counts.

use super::counters::unsigned;
use crate::record::{
    BufferWriters, CheckpointCounters, IoCounters, SessionCounters, WalCounters, WindowCounters,
};
use tokio_postgres::Row;

/// Sessions are counted from PostgreSQL 14 on.
pub(super) fn database_sql(version: i32) -> String {
    let sessions = if version >= 140_000 {
        "sessions, sessions_abandoned, sessions_fatal, sessions_killed, active_time, idle_in_transaction_time"
    } else {
        "NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::float8, NULL::float8"
    };
    format!(
        "SELECT stats_reset, xact_commit, xact_rollback, blks_hit, blks_read, temp_files, temp_bytes, deadlocks,
                CASE WHEN current_setting('track_io_timing')::bool THEN blk_read_time END,
                CASE WHEN current_setting('track_io_timing')::bool THEN blk_write_time END,
                {sessions}
         FROM pg_stat_database WHERE datname = current_database()"
    )
}

pub(super) fn database(row: &Row) -> WindowCounters {
    let count = |index: usize| unsigned(row.get(index));
    let sessions = row.get::<_, Option<i64>>(10).map(|begun| SessionCounters {
        begun: unsigned(begun),
        abandoned: count(11),
        fatal: count(12),
        killed: count(13),
        active_ms: row.get(14),
        idle_in_transaction_ms: row.get(15),
    });
    WindowCounters {
        commits: count(1),
        rollbacks: count(2),
        blocks_hit: count(3),
        blocks_read: count(4),
        temp_files: count(5),
        temp_bytes: count(6),
        deadlocks: count(7),
        read_ms: row.get(8),
        write_ms: row.get(9),
        sessions,
        ..WindowCounters::default()
    }
}

/// The checkpointer has a view of its own from PostgreSQL 17 on.
pub(super) fn checkpointer_sql(version: i32) -> &'static str {
    if version >= 170_000 {
        "SELECT stats_reset, num_timed, num_requested, write_time, sync_time, buffers_written
         FROM pg_stat_checkpointer"
    } else {
        "SELECT stats_reset, checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time,
                buffers_checkpoint
         FROM pg_stat_bgwriter"
    }
}

pub(super) fn checkpointer(row: &Row) -> CheckpointCounters {
    CheckpointCounters {
        timed: unsigned(row.get(1)),
        requested: unsigned(row.get(2)),
        write_ms: row.get(3),
        sync_ms: row.get(4),
        buffers_written: unsigned(row.get(5)),
    }
}

/// Writes by backends left this view with PostgreSQL 17.
pub(super) fn writers_sql(version: i32) -> &'static str {
    if version >= 170_000 {
        "SELECT stats_reset, buffers_clean, maxwritten_clean, NULL::bigint, buffers_alloc FROM pg_stat_bgwriter"
    } else {
        "SELECT stats_reset, buffers_clean, maxwritten_clean, buffers_backend, buffers_alloc FROM pg_stat_bgwriter"
    }
}

pub(super) fn writers(row: &Row) -> BufferWriters {
    BufferWriters {
        background_written: unsigned(row.get(1)),
        background_halts: unsigned(row.get(2)),
        backend_written: row.get::<_, Option<i64>>(3).map(unsigned),
        allocated: unsigned(row.get(4)),
    }
}

/// There from PostgreSQL 14 on; writes and syncs left it with PostgreSQL 18.
pub(super) fn wal_sql(version: i32) -> Option<&'static str> {
    match version {
        180_000.. => Some(
            "SELECT stats_reset, wal_records, wal_fpi, wal_bytes::bigint, wal_buffers_full,
                    NULL::bigint, NULL::bigint, NULL::float8
             FROM pg_stat_wal",
        ),
        140_000.. => Some(
            "SELECT stats_reset, wal_records, wal_fpi, wal_bytes::bigint, wal_buffers_full, wal_write, wal_sync,
                    CASE WHEN current_setting('track_wal_io_timing')::bool THEN wal_sync_time END
             FROM pg_stat_wal",
        ),
        _ => None,
    }
}

pub(super) fn wal(row: &Row) -> WalCounters {
    WalCounters {
        records: unsigned(row.get(1)),
        page_images: unsigned(row.get(2)),
        bytes: unsigned(row.get(3)),
        buffers_full: unsigned(row.get(4)),
        writes: row.get::<_, Option<i64>>(5).map(unsigned),
        syncs: row.get::<_, Option<i64>>(6).map(unsigned),
        sync_ms: row.get(7),
    }
}

/// There from PostgreSQL 16 on; before 18 every operation was of one block. What a row cannot count is null.
pub(super) fn io_sql(version: i32) -> Option<&'static str> {
    match version {
        180_000.. => Some(
            "SELECT stats_reset, backend_type, object, context,
                    reads, writes, extends, hits, evictions, fsyncs,
                    read_bytes::bigint, write_bytes::bigint, extend_bytes::bigint,
                    CASE WHEN timed THEN read_time END, CASE WHEN timed THEN write_time END
             FROM (SELECT *, current_setting(CASE object WHEN 'wal' THEN 'track_wal_io_timing'
                                                  ELSE 'track_io_timing' END)::bool AS timed
                   FROM pg_stat_io) io",
        ),
        160_000.. => Some(
            "SELECT stats_reset, backend_type, object, context,
                    reads, writes, extends, hits, evictions, fsyncs,
                    reads * op_bytes, writes * op_bytes, extends * op_bytes,
                    CASE WHEN timed THEN read_time END, CASE WHEN timed THEN write_time END
             FROM (SELECT *, current_setting('track_io_timing')::bool AS timed FROM pg_stat_io) io",
        ),
        _ => None,
    }
}

pub(super) fn io(row: &Row) -> IoCounters {
    let count = |index: usize| row.get::<_, Option<i64>>(index).map_or(0, unsigned);
    IoCounters {
        backend: row.get(1),
        object: row.get(2),
        context: row.get(3),
        reads: count(4),
        writes: count(5),
        extends: count(6),
        hits: count(7),
        evictions: count(8),
        syncs: count(9),
        read_bytes: count(10),
        written_bytes: count(11),
        extended_bytes: count(12),
        read_ms: row.get(13),
        write_ms: row.get(14),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_asked_for_what_it_has() {
        for version in [130_000, 140_000, 150_018, 160_000, 170_000, 180_004] {
            let has = |since: i32| version >= since;
            let database = database_sql(version);
            assert_eq!(database.contains("sessions_killed"), has(140_000), "{version}");
            assert_eq!(checkpointer_sql(version).contains("pg_stat_checkpointer"), has(170_000), "{version}");
            assert_eq!(writers_sql(version).contains("buffers_backend"), !has(170_000), "{version}");
            assert_eq!(wal_sql(version).is_some(), has(140_000), "{version}");
            let writes = wal_sql(version).is_some_and(|sql| sql.contains("wal_write,"));
            assert_eq!(writes, has(140_000) && !has(180_000), "{version}");
            assert_eq!(io_sql(version).is_some(), has(160_000), "{version}");
            let operations = io_sql(version).is_some_and(|sql| sql.contains("op_bytes"));
            assert_eq!(operations, has(160_000) && !has(180_000), "{version}");
        }
    }
}
