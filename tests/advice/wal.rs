//! The write-ahead log and what writes buffers.

use super::common::{change, left, said, set, to};
use loist_bench::record::{BufferWriters, CheckpointCounters, IoCounters, Record, WalCounters};

#[test]
fn the_log_has_room_between_checkpoints() {
    let wal = |bytes: u64| WalCounters { records: 1000, bytes, ..WalCounters::default() };
    let piece = change("wal/max-wal-size", |record| {
        record.evidence.window.wal = Some(wal(2 << 30));
        record.evidence.window.checkpointer =
            Some(CheckpointCounters { requested: 9, ..CheckpointCounters::default() });
    });
    assert!(piece.evidence.contains("9 checkpoints by size"), "{}", piece.evidence);
    left("wal/max-wal-size", |record| {
        record.evidence.window.checkpointer =
            Some(CheckpointCounters { timed: 1, ..CheckpointCounters::default() });
    });
    let full = |times: u64| {
        move |record: &mut Record| {
            record.evidence.window.wal = Some(WalCounters { buffers_full: times, ..wal(1 << 30) });
        }
    };
    assert_eq!(to(Some(change("wal/wal-buffers", full(50)))), "16MB");
    left("wal/wal-buffers", full(0));
    let images = |pages: u64| {
        move |record: &mut Record| {
            record.window.seconds = 300.0;
            record.evidence.window.wal = Some(WalCounters { page_images: pages, ..wal(1 << 30) });
        }
    };
    assert_eq!(to(Some(change("wal/page-images", images(100_000)))), "on");
    left("wal/page-images", images(10));
}

#[test]
fn durability_is_the_owners_to_trade() {
    let piece = change("wal/durability", |record| set(&mut record.evidence, "fsync", "off"));
    assert_eq!(to(Some(piece)), "on");
    let piece = change("wal/durability", |record| {
        set(&mut record.evidence, "fsync", "off");
        set(&mut record.evidence, "full_page_writes", "off");
    });
    assert_eq!(piece.changes().count(), 2);
    let piece = change("wal/durability", |record| set(&mut record.evidence, "synchronous_commit", "off"));
    assert_eq!(to(Some(piece)), "on");
    let piece = left("wal/durability", |_| {});
    assert!(piece.title.contains("synchronous_commit"), "{}", piece.title);
}

#[test]
fn buffers_are_written_in_the_background() {
    let writers = |backend: u64, halts: u64| {
        move |record: &mut Record| {
            record.evidence.window.io.clear();
            record.evidence.window.writers = Some(BufferWriters {
                background_written: 500,
                background_halts: halts,
                backend_written: Some(backend),
                allocated: backend * 2,
            });
            record.evidence.window.checkpointer = Some(CheckpointCounters::default());
        }
    };
    change("wal/backend-writes", writers(5000, 9));
    left("wal/backend-writes", writers(5000, 0));
    left("wal/backend-writes", writers(10, 9));
    // From PostgreSQL 17 on, pg_stat_io knows it.
    change("wal/backend-writes", |record| {
        writers(0, 9)(record);
        let writers = record.evidence.window.writers.as_mut().unwrap();
        (writers.backend_written, writers.allocated) = (None, 100_000);
        record.evidence.window.io = vec![IoCounters {
            backend: "client backend".to_owned(),
            object: "relation".to_owned(),
            writes: 9000,
            ..IoCounters::default()
        }];
    });
}

#[test]
fn a_pause_before_each_commit_is_named_where_commits_wait_for_it() {
    let delayed = |us: &'static str| move |record: &mut Record| set(&mut record.evidence, "commit_delay", us);
    assert_eq!(said("wal/commit-delay", |_| {}), None);
    left("wal/commit-delay", delayed("90000"));
    let piece = change("wal/commit-delay", |record| {
        delayed("5000")(record);
        let commits = record.operations.iter_mut().flat_map(|operation| &mut operation.statements);
        commits.filter(|one| one.name == "commit").for_each(|one| one.service.mean_us = Some(4_900.0));
    });
    assert_eq!(to(Some(piece)), "0");
}

#[test]
fn a_background_writer_that_is_off_is_switched_on() {
    let off = |backend: u64| {
        move |record: &mut Record| {
            set(&mut record.evidence, "bgwriter_lru_maxpages", "0");
            record.evidence.window.io.clear();
            record.evidence.window.writers = Some(BufferWriters {
                backend_written: Some(backend),
                allocated: backend * 2,
                ..BufferWriters::default()
            });
            record.evidence.window.checkpointer = Some(CheckpointCounters::default());
        }
    };
    assert_eq!(to(Some(change("wal/backend-writes", off(11_359)))), "100");
    left("wal/backend-writes", off(10));
}
