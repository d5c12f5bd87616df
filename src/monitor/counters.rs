//! What the database and the server counted.

use super::{
    metric::Readings,
    metrics::{
        BLOCK_TIME, BLOCKS, BUFFERS_WRITTEN, CHECKPOINT_TIME, CHECKPOINTS, DEADLOCKS, SESSION_TIME, SESSIONS,
        SESSIONS_LOST, TEMPORARY_BYTES, TEMPORARY_FILES, TRANSACTIONS, WAL_WRITTEN,
    },
};
use crate::{
    observe::{Totals, totals},
    record::{BufferWriters, CheckpointCounters, SessionCounters, WindowCounters},
};
use tokio_postgres::Client;

/// Reads the counters that a server of that version has.
pub(super) async fn look(client: &Client, version: i32) -> Result<Readings, String> {
    readings(totals(client, version).await)
}

/// All of them are everybody's to read: one that is refused makes the part fail.
fn readings(totals: Totals) -> Result<Readings, String> {
    let mut readings = Readings::default();
    database(&mut readings, &totals.database?);
    checkpoints(&mut readings, &totals.checkpointer?);
    writers(&mut readings, &totals.writers?);
    if let Some(wal) = totals.wal {
        readings.put(&WAL_WRITTEN, wal?.bytes as f64);
    }
    Ok(readings)
}

fn database(readings: &mut Readings, counted: &WindowCounters) {
    readings.put_for(&TRANSACTIONS, ["commit"], counted.commits as f64);
    readings.put_for(&TRANSACTIONS, ["rollback"], counted.rollbacks as f64);
    readings.put_for(&BLOCKS, ["shared_buffers"], counted.blocks_hit as f64);
    readings.put_for(&BLOCKS, ["outside"], counted.blocks_read as f64);
    for (of, milliseconds) in [("read", counted.read_ms), ("write", counted.write_ms)] {
        if let Some(milliseconds) = milliseconds {
            readings.put_for(&BLOCK_TIME, [of], milliseconds / 1e3);
        }
    }
    readings.put(&TEMPORARY_FILES, counted.temp_files as f64);
    readings.put(&TEMPORARY_BYTES, counted.temp_bytes as f64);
    readings.put(&DEADLOCKS, counted.deadlocks as f64);
    if let Some(counted) = &counted.sessions {
        sessions(readings, counted);
    }
}

fn sessions(readings: &mut Readings, counted: &SessionCounters) {
    readings.put(&SESSIONS, counted.begun as f64);
    for (reason, sessions) in
        [("abandoned", counted.abandoned), ("fatal", counted.fatal), ("killed", counted.killed)]
    {
        readings.put_for(&SESSIONS_LOST, [reason], sessions as f64);
    }
    readings.put_for(&SESSION_TIME, ["active"], counted.active_ms / 1e3);
    readings.put_for(&SESSION_TIME, ["idle_in_transaction"], counted.idle_in_transaction_ms / 1e3);
}

fn checkpoints(readings: &mut Readings, counted: &CheckpointCounters) {
    readings.put_for(&CHECKPOINTS, ["time"], counted.timed as f64);
    readings.put_for(&CHECKPOINTS, ["request"], counted.requested as f64);
    readings.put_for(&CHECKPOINT_TIME, ["write"], counted.write_ms / 1e3);
    readings.put_for(&CHECKPOINT_TIME, ["sync"], counted.sync_ms / 1e3);
    readings.put_for(&BUFFERS_WRITTEN, ["checkpoints"], counted.buffers_written as f64);
}

fn writers(readings: &mut Readings, counted: &BufferWriters) {
    readings.put_for(&BUFFERS_WRITTEN, ["background_writer"], counted.background_written as f64);
    if let Some(buffers) = counted.backend_written {
        readings.put_for(&BUFFERS_WRITTEN, ["sessions"], buffers as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{page::Page, server::Exposed};

    fn counted() -> Totals {
        Totals {
            database: Ok(WindowCounters {
                commits: 7,
                read_ms: Some(1_500.0),
                sessions: Some(SessionCounters { begun: 5, killed: 1, ..SessionCounters::default() }),
                ..WindowCounters::default()
            }),
            checkpointer: Ok(CheckpointCounters {
                timed: 2,
                sync_ms: 250.0,
                ..CheckpointCounters::default()
            }),
            writers: Ok(BufferWriters::default()),
            wal: None,
        }
    }

    #[test]
    fn seconds_are_told_and_what_is_not_counted_is_left_out() {
        let text = Page(readings(counted()).unwrap()).exposition();
        for line in [
            "loist_pg_transactions_total{end=\"commit\"} 7.0\n",
            "loist_pg_block_time_seconds_total{of=\"read\"} 1.5\n",
            "loist_pg_checkpoint_time_seconds_total{of=\"sync\"} 0.25\n",
            "loist_pg_sessions_lost_total{reason=\"killed\"} 1.0\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        for absent in ["block_time_seconds_total{of=\"write\"}", "wal_written", "by=\"sessions\""] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
    }

    #[test]
    fn a_view_that_is_refused_is_told() {
        let refused = Totals { writers: Err("permission denied".to_owned()), ..counted() };
        assert_eq!(readings(refused).unwrap_err(), "permission denied");
    }
}
