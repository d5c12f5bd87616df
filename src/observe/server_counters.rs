//! The counters of the database and of the whole server at one moment, and their difference.
//!
//! Each view is read by a query of its own: one that is refused does not cost the others.

use super::server_views::{
    checkpointer, checkpointer_sql, database, database_sql, io, io_sql, wal, wal_sql, writers, writers_sql,
};
use crate::record::{
    BufferWriters, CheckpointCounters, IoCounters, SessionCounters, WalCounters, WindowCounters,
};
use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Row};

/// What a view counted up to one moment.
#[derive(Debug, Clone, PartialEq)]
struct Since<T> {
    /// When it began to count; null until it first began anew.
    began: Option<DateTime<Utc>>,
    counted: T,
}

/// Or why it could not be read.
type Read<T> = Result<Since<T>, String>;

/// Everything at one moment. `None` is what this version of PostgreSQL does not have.
#[derive(Debug, Clone)]
pub(super) struct ServerCounters {
    database: Read<WindowCounters>,
    checkpointer: Read<CheckpointCounters>,
    writers: Read<BufferWriters>,
    wal: Option<Read<WalCounters>>,
    io: Option<Read<Vec<IoCounters>>>,
}

/// Reads all of them.
pub(super) async fn read(client: &Client, version: i32) -> ServerCounters {
    ServerCounters {
        database: one(client, &database_sql(version), database).await,
        checkpointer: one(client, checkpointer_sql(version), checkpointer).await,
        writers: one(client, writers_sql(version), writers).await,
        wal: match wal_sql(version) {
            Some(sql) => Some(one(client, sql, wal).await),
            None => None,
        },
        io: match io_sql(version) {
            Some(sql) => Some(every(client, sql, io).await),
            None => None,
        },
    }
}

/// What the server counted up to one moment, each view by itself or why it could not be read.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Counters of the current database.
    pub database: Result<WindowCounters, String>,
    /// Checkpoints.
    pub checkpointer: Result<CheckpointCounters, String>,
    /// Who else wrote buffers.
    pub writers: Result<BufferWriters, String>,
    /// Write-ahead log; `None` before PostgreSQL 14.
    pub wal: Option<Result<WalCounters, String>>,
}

/// Reads the counters that a server of that version has, over one connection at once.
pub async fn totals(client: &Client, version: i32) -> Totals {
    let database_sql = database_sql(version);
    let log = async {
        match wal_sql(version) {
            Some(sql) => Some(one(client, sql, wal).await),
            None => None,
        }
    };
    let (database, checkpointer, writers, wal) = tokio::join!(
        one(client, &database_sql, database),
        one(client, checkpointer_sql(version), checkpointer),
        one(client, writers_sql(version), writers),
        log
    );
    Totals {
        database: database.map(|since| since.counted),
        checkpointer: checkpointer.map(|since| since.counted),
        writers: writers.map(|since| since.counted),
        wal: wal.map(|wal| wal.map(|since| since.counted)),
    }
}

/// One row; the first column of each query says when the view began to count.
async fn one<T>(client: &Client, sql: &str, of: fn(&Row) -> T) -> Read<T> {
    let row = client.query_one(sql, &[]).await.map_err(|error| crate::target::describe(&error))?;
    Ok(Since { began: row.get(0), counted: of(&row) })
}

async fn every<T>(client: &Client, sql: &str, of: fn(&Row) -> T) -> Read<Vec<T>> {
    let rows = client.query(sql, &[]).await.map_err(|error| crate::target::describe(&error))?;
    let began = rows.iter().filter_map(|row| row.get::<_, Option<_>>(0)).max();
    Ok(Since { began, counted: rows.iter().map(of).collect() })
}

/// What the window changed; what cannot be known is said. The second value tells whether the database's counters,
/// those of its tables among them, began anew in the window.
pub(super) fn window(
    before: &ServerCounters,
    after: &ServerCounters,
    missing: &mut Vec<String>,
) -> (WindowCounters, bool) {
    let crashed = anew(&before.writers, &after.writers)
        && before.wal.as_ref().zip(after.wal.as_ref()).is_some_and(|(before, after)| anew(before, after));
    let (mut window, database_anew) = database_window(before, after, crashed, missing);
    window.checkpointer =
        between("checkpoints", &before.checkpointer, &after.checkpointer, fewer_checkpoints, missing);
    window.checkpoints = window.checkpointer.map_or(0, |counted| counted.timed + counted.requested);
    window.writers = between("buffer writers", &before.writers, &after.writers, fewer_writes, missing);
    if let (Some(before), Some(after)) = (&before.wal, &after.wal) {
        window.wal = between("write-ahead log", before, after, less_wal, missing);
    }
    if let (Some(before), Some(after)) = (&before.io, &after.io) {
        let io = |before: &Vec<IoCounters>, after: &Vec<IoCounters>| io_between(before, after);
        window.io = between("I/O of the server", before, after, io, missing).unwrap_or_default();
    }
    (window, database_anew)
}

fn database_window(
    before: &ServerCounters,
    after: &ServerCounters,
    crashed: bool,
    missing: &mut Vec<String>,
) -> (WindowCounters, bool) {
    match (&before.database, &after.database) {
        (Ok(then), Ok(now)) => {
            let same = !crashed && then.began == now.began;
            let less = fewer(&then.counted, &now.counted).filter(|_| same);
            let anew = less.is_none();
            if anew {
                missing.push(
                    "the database's counters of the whole window: they began anew in it, and are those since then"
                        .to_owned(),
                );
            }
            let since = || WindowCounters { sessions: None, ..now.counted.clone() };
            (less.unwrap_or_else(since), anew)
        }
        (Err(reason), _) | (_, Err(reason)) => {
            missing.push(format!("the database's counters: {reason}"));
            (WindowCounters::default(), false)
        }
    }
}

fn anew<T>(before: &Read<T>, after: &Read<T>) -> bool {
    matches!((before, after), (Ok(before), Ok(after)) if before.began != after.began)
}

/// `less` gives none where a counter ran backwards.
fn between<T, D>(
    what: &str,
    before: &Read<T>,
    after: &Read<T>,
    less: impl Fn(&T, &T) -> Option<D>,
    missing: &mut Vec<String>,
) -> Option<D> {
    let found = match (before, after) {
        (Ok(then), Ok(now)) if then.began == now.began => less(&then.counted, &now.counted)
            .ok_or_else(|| "the counters began anew in the window".to_owned()),
        (Ok(_), Ok(_)) => Err("the counters began anew in the window".to_owned()),
        (Err(reason), _) | (_, Err(reason)) => Err(reason.clone()),
    };
    found.map_err(|reason| missing.push(format!("{what}: {reason}"))).ok()
}

/// Time that was counted between; sums of fractions may come out a little too small.
fn less_ms(before: f64, after: f64) -> Option<f64> {
    (after >= before - 1e-3).then(|| (after - before).max(0.0))
}

/// Time that may not be counted at all.
fn less_timed(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    less_ms(before?, after?)
}

fn fewer(before: &WindowCounters, after: &WindowCounters) -> Option<WindowCounters> {
    let less = |pick: fn(&WindowCounters) -> u64| pick(after).checked_sub(pick(before));
    Some(WindowCounters {
        commits: less(|c| c.commits)?,
        rollbacks: less(|c| c.rollbacks)?,
        blocks_hit: less(|c| c.blocks_hit)?,
        blocks_read: less(|c| c.blocks_read)?,
        temp_files: less(|c| c.temp_files)?,
        temp_bytes: less(|c| c.temp_bytes)?,
        deadlocks: less(|c| c.deadlocks)?,
        read_ms: less_timed(before.read_ms, after.read_ms),
        write_ms: less_timed(before.write_ms, after.write_ms),
        sessions: match before.sessions.zip(after.sessions) {
            Some((before, after)) => Some(fewer_sessions(&before, &after)?),
            None => None,
        },
        ..WindowCounters::default()
    })
}

fn fewer_sessions(before: &SessionCounters, after: &SessionCounters) -> Option<SessionCounters> {
    Some(SessionCounters {
        begun: after.begun.checked_sub(before.begun)?,
        abandoned: after.abandoned.checked_sub(before.abandoned)?,
        fatal: after.fatal.checked_sub(before.fatal)?,
        killed: after.killed.checked_sub(before.killed)?,
        active_ms: less_ms(before.active_ms, after.active_ms)?,
        idle_in_transaction_ms: less_ms(before.idle_in_transaction_ms, after.idle_in_transaction_ms)?,
    })
}

fn fewer_checkpoints(before: &CheckpointCounters, after: &CheckpointCounters) -> Option<CheckpointCounters> {
    Some(CheckpointCounters {
        timed: after.timed.checked_sub(before.timed)?,
        requested: after.requested.checked_sub(before.requested)?,
        write_ms: less_ms(before.write_ms, after.write_ms)?,
        sync_ms: less_ms(before.sync_ms, after.sync_ms)?,
        buffers_written: after.buffers_written.checked_sub(before.buffers_written)?,
    })
}

fn fewer_writes(before: &BufferWriters, after: &BufferWriters) -> Option<BufferWriters> {
    Some(BufferWriters {
        background_written: after.background_written.checked_sub(before.background_written)?,
        background_halts: after.background_halts.checked_sub(before.background_halts)?,
        backend_written: match before.backend_written.zip(after.backend_written) {
            Some((before, after)) => Some(after.checked_sub(before)?),
            None => None,
        },
        allocated: after.allocated.checked_sub(before.allocated)?,
    })
}

fn less_wal(before: &WalCounters, after: &WalCounters) -> Option<WalCounters> {
    let counted = |before: Option<u64>, after: Option<u64>| before.zip(after).map(|(b, a)| a.checked_sub(b));
    Some(WalCounters {
        records: after.records.checked_sub(before.records)?,
        page_images: after.page_images.checked_sub(before.page_images)?,
        bytes: after.bytes.checked_sub(before.bytes)?,
        buffers_full: after.buffers_full.checked_sub(before.buffers_full)?,
        writes: counted(before.writes, after.writes).flatten(),
        syncs: counted(before.syncs, after.syncs).flatten(),
        sync_ms: less_timed(before.sync_ms, after.sync_ms),
    })
}

/// The rows that counted something in the window.
fn io_between(before: &[IoCounters], after: &[IoCounters]) -> Option<Vec<IoCounters>> {
    let key = |row: &IoCounters| (row.backend.clone(), row.object.clone(), row.context.clone());
    let nothing = IoCounters::default();
    let less = |now: &IoCounters| {
        let then = before.iter().find(|then| key(then) == key(now)).unwrap_or(&nothing);
        let count = |pick: fn(&IoCounters) -> u64| pick(now).checked_sub(pick(then));
        Some(IoCounters {
            backend: now.backend.clone(),
            object: now.object.clone(),
            context: now.context.clone(),
            reads: count(|row| row.reads)?,
            writes: count(|row| row.writes)?,
            extends: count(|row| row.extends)?,
            read_bytes: count(|row| row.read_bytes)?,
            written_bytes: count(|row| row.written_bytes)?,
            extended_bytes: count(|row| row.extended_bytes)?,
            hits: count(|row| row.hits)?,
            evictions: count(|row| row.evictions)?,
            syncs: count(|row| row.syncs)?,
            read_ms: less_timed(then.read_ms, now.read_ms),
            write_ms: less_timed(then.write_ms, now.write_ms),
        })
    };
    let rows: Option<Vec<_>> = after.iter().map(less).collect();
    let counted = |row: &IoCounters| {
        [row.reads, row.writes, row.extends, row.hits, row.evictions, row.syncs]
            .iter()
            .any(|count| *count > 0)
    };
    Some(rows?.into_iter().filter(counted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since<T>(second: i64, counted: T) -> Read<T> {
        Ok(Since { began: DateTime::from_timestamp(second, 0), counted })
    }

    fn counters(began: i64, commits: u64, writes: u64) -> ServerCounters {
        let io = IoCounters { backend: "checkpointer".to_owned(), writes, ..IoCounters::default() };
        let wal = WalCounters { records: writes, syncs: Some(writes), ..WalCounters::default() };
        let sessions = Some(SessionCounters::default());
        ServerCounters {
            database: since(began, WindowCounters { commits, sessions, ..WindowCounters::default() }),
            checkpointer: since(1, CheckpointCounters { timed: writes, ..CheckpointCounters::default() }),
            writers: Err("permission denied".to_owned()),
            wal: Some(since(1, wal)),
            io: Some(since(1, vec![io, IoCounters::default()])),
        }
    }

    #[test]
    fn each_group_stands_for_itself() {
        let mut missing = Vec::new();
        let (window, anew) = window(&counters(1, 10, 3), &counters(1, 14, 8), &mut missing);
        assert!(!anew);
        assert_eq!((window.commits, window.checkpoints), (4, 5));
        assert_eq!(window.wal.unwrap().syncs, Some(5));
        assert_eq!((window.io.len(), window.io[0].writes), (1, 5), "only what counted something");
        assert_eq!(window.writers, None);
        assert_eq!(missing, ["buffer writers: permission denied"]);
    }

    #[test]
    fn counters_that_began_anew_are_said() {
        let mut missing = Vec::new();
        let (window, anew) = window(&counters(1, 10, 8), &counters(2, 14, 3), &mut missing);
        assert!(anew);
        assert_eq!((window.commits, window.sessions), (14, None), "those since then");
        assert_eq!((window.checkpointer, window.wal, window.io.len()), (None, None, 0));
        assert_eq!(missing.iter().filter(|line| line.contains("began anew")).count(), 4, "{missing:?}");
    }

    /// A crash resets everything, though the counters may have caught up since.
    #[test]
    fn a_crash_is_seen_by_what_else_was_reset() {
        let mut before = counters(1, 10, 3);
        let mut after = counters(1, 14, 8);
        before.writers = since(1, BufferWriters::default());
        after.writers = since(2, BufferWriters::default());
        assert!(!window(&before, &after, &mut Vec::new()).1);
        after.wal = Some(since(2, WalCounters::default()));
        assert!(window(&before, &after, &mut Vec::new()).1);
    }
}
