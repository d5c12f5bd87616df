//! What the rules say of shared_buffers, huge pages, the cache, and the memory of each sort and hash.

use super::common::{change, left, plan, said, searched_by, set, small_machine, to};
use loist_bench::record::{Record, ServerKind, Stance};
use serde_json::json;

#[test]
fn shared_buffers_are_left_alone_when_everything_is_cached() {
    let piece = said("memory/shared-buffers", |_| {}).unwrap();
    assert_eq!(piece.stance, Stance::LeaveAlone);
    assert!(piece.evidence.contains("128MB"), "{}", piece.evidence);
}

#[test]
fn shared_buffers_are_raised_to_a_quarter_of_memory_when_blocks_are_read() {
    let starved = |record: &mut Record| {
        record.host.memory_bytes = 4 << 30;
        record.evidence.database_bytes = Some(3 << 30);
        (record.evidence.window.blocks_hit, record.evidence.window.blocks_read) = (900_000, 100_000);
    };
    let piece = said("memory/shared-buffers", starved).unwrap();
    assert!(piece.evidence.contains("90.0 %"), "{}", piece.evidence);
    let change = piece.change.unwrap();
    assert_eq!((change.from.as_str(), change.to.as_str(), change.restart), ("128MB", "1GB", true));
    assert!(change.undo.starts_with("ALTER SYSTEM RESET shared_buffers;"), "{}", change.undo);
    let elsewhere = said("memory/shared-buffers", |record| {
        starved(record);
        record.server.kind = ServerKind::External;
    });
    let elsewhere = elsewhere.unwrap();
    assert_eq!(elsewhere.change, None, "the memory of a server elsewhere is not known");
    assert!(elsewhere.verify.contains("--machine"), "{}", elsewhere.verify);
}

#[test]
fn buffers_beyond_two_fifths_of_memory_are_lowered() {
    let piece = change("memory/too-many-buffers", |record| {
        small_machine(record);
        set(&mut record.evidence, "shared_buffers", "262144");
    });
    assert_eq!(to(Some(piece)), "960MB");
    assert_eq!(said("memory/too-many-buffers", small_machine), None);
}

#[test]
fn huge_pages_are_for_large_buffers() {
    left("memory/huge-pages", |_| {});
    let piece = change("memory/huge-pages", |record| {
        set(&mut record.evidence, "shared_buffers", "2097152");
        set(&mut record.evidence, "huge_pages", "off");
    });
    assert_eq!(to(Some(piece)), "try");
}

#[test]
fn effective_cache_size_lies_between_shared_buffers_and_memory() {
    let below = |record: &mut Record| {
        set(&mut record.evidence, "effective_cache_size", "100");
        record.host.memory_bytes = 8 << 30;
    };
    assert_eq!(to(said("memory/effective-cache-size", below)), "6GB");
    let fits = said("memory/effective-cache-size", |_| {}).unwrap();
    assert_eq!(fits.stance, Stance::LeaveAlone);
}

#[test]
fn work_mem_follows_what_spilled_and_what_there_is() {
    let spilled = |record: &mut Record| {
        (record.evidence.window.temp_files, record.evidence.window.temp_bytes) = (1_000, 1_000 * (6 << 20));
        record.load.connections = 10;
        record.host.memory_bytes = 16 << 30;
    };
    assert_eq!(to(said("memory/work-mem", spilled)), "32MB");
    let bounded = |record: &mut Record| {
        spilled(record);
        record.host.memory_bytes = 400 << 20;
    };
    assert_eq!(
        to(said("memory/work-mem", bounded)),
        "11MB",
        "what a quarter for shared_buffers and the maintenance's share leave, over ten connections"
    );
    for few in [0, 5] {
        let dry = |record: &mut Record| record.evidence.window.temp_files = few;
        assert_eq!(said("memory/work-mem", dry).unwrap().stance, Stance::LeaveAlone);
    }
}

#[test]
fn sorts_that_spill_get_their_memory() {
    let spilling = json!({
        "Node Type": "Sort", "Sort Method": "external merge", "Sort Space Used": 3000, "Sort Space Type": "Disk",
        "Actual Rows": 5000, "Plan Rows": 5000, "Actual Loops": 1, "Actual Total Time": 9.0,
    });
    let piece = change("memory/work-mem", |record| {
        record.host.memory_bytes = 16 << 30;
        record.plans = vec![plan("browse.page", "SELECT", spilling)];
    });
    assert_eq!(
        to(Some(piece.clone())),
        "16MB",
        "twice what a sort of 3 MB on disk needs in memory, as a power of two"
    );
    assert!(piece.evidence.contains("external merge of browse.page"), "{}", piece.evidence);
}

#[test]
fn lossy_bitmaps_and_hashes_in_batches_ask_for_memory() {
    let lossy = json!({
        "Node Type": "Bitmap Heap Scan", "Relation Name": "audio_tracks", "Lossy Heap Blocks": 90_000, "Exact Heap Blocks": 500,
        "Rows Removed by Index Recheck": 9000, "Actual Rows": 10, "Plan Rows": 10, "Actual Loops": 1, "Actual Total Time": 9.0,
    });
    let piece = change("memory/lossy-bitmaps", searched_by(lossy));
    assert_eq!(to(Some(piece)), "16MB");
    assert_eq!(said("memory/lossy-bitmaps", |_| {}), None);
    let batches = json!({
        "Node Type": "Hash", "Hash Batches": 4, "Peak Memory Usage": 4096,
        "Actual Rows": 10, "Plan Rows": 10, "Actual Loops": 1, "Actual Total Time": 9.0,
    });
    let piece = change("memory/hash-mem-multiplier", searched_by(batches.clone()));
    assert_eq!(to(Some(piece)), "5", "4 batches of 4 MB, a fifth more, against 4 MB of work_mem");
    left("memory/work-mem", searched_by(batches));
    left("memory/hash-mem-multiplier", |record| record.plans.clear());
}

#[test]
fn maintenance_has_its_minimum() {
    left("memory/maintenance-work-mem", |_| {});
    let piece = change("memory/maintenance-work-mem", |record| {
        set(&mut record.evidence, "maintenance_work_mem", "1024");
    });
    assert!(piece.evidence.contains("minimum"), "{}", piece.evidence);
}

#[test]
fn effective_cache_size_may_exceed_memory_that_the_database_does_not_fill() {
    let large = |database: u64| {
        move |record: &mut Record| {
            small_machine(record);
            record.evidence.database_bytes = Some(database);
        }
    };
    let covered = left("memory/effective-cache-size", large(2 << 30));
    assert_eq!(covered.title, "Leave effective_cache_size: it already covers the database");
    let filled = change("memory/effective-cache-size", large(3500 << 20));
    assert_eq!(
        to(Some(filled)),
        "2688MB",
        "of 3840 MB Cloud SQL takes 70 %, which is less than three quarters"
    );
}

#[test]
fn effective_cache_size_has_its_default_where_memory_is_not_known() {
    let elsewhere = |buffers: &'static str| {
        move |record: &mut Record| {
            record.server.kind = ServerKind::External;
            set(&mut record.evidence, "effective_cache_size", "100");
            set(&mut record.evidence, "shared_buffers", buffers);
        }
    };
    assert_eq!(to(Some(change("memory/effective-cache-size", elsewhere("16384")))), "4GB");
    let large = change("memory/effective-cache-size", elsewhere("262144"));
    assert_eq!(to(Some(large)), "6GB", "shared_buffers of 2 GB are the usual quarter of 8 GB");
}
