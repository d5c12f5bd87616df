//! The memory that the settings promise, against what there is.

use super::common::{
    SEARCH, change, changed, contradictions, plan, said, sample, searched_by, set, small_machine,
};
use loist_bench::{advise::advise, record::Record};
use serde_json::json;

#[test]
fn memory_that_is_promised_twice_is_found() {
    let piece = change("memory/overcommit", |record| {
        small_machine(record);
        record.load.connections = 100;
        set(&mut record.evidence, "work_mem", "65536");
    });
    assert!(piece.evidence.contains("x 100 connections"), "{}", piece.evidence);
    assert!(piece.change.is_some());
    assert_eq!(said("memory/overcommit", small_machine), None);
}

/// So many connections, all of one pool.
fn connections(record: &mut Record, number: usize) {
    small_machine(record);
    record.load.connections = number;
}

#[test]
fn what_is_largest_is_lowered_and_nothing_else() {
    let upkeep = change("memory/overcommit", |record| {
        small_machine(record);
        set(&mut record.evidence, "maintenance_work_mem", "2097152");
    });
    assert_eq!(changed(&upkeep), [("maintenance_work_mem", "192MB")], "a twentieth of 3840 MB");
    assert_eq!(upkeep.title, "Lower maintenance_work_mem to 192MB: memory is promised more than once");
    let sessions = change("memory/overcommit", |record| {
        connections(record, 100);
        set(&mut record.evidence, "work_mem", "65536");
    });
    // 3840 MB less 128 MB of buffers, four times 64 MB of maintenance, and 8 MB of temporary tables each, over 100.
    assert_eq!(changed(&sessions), [("work_mem", "26MB")]);
    assert_eq!(sessions.change.unwrap().undo, "ALTER SYSTEM RESET work_mem;\nSELECT pg_reload_conf();");
}

/// Where one of them does not do, both go down, and work_mem to what is left beside the other's share.
#[test]
fn what_is_not_enough_alone_is_lowered_together() {
    let both = change("memory/overcommit", |record| {
        connections(record, 100);
        set(&mut record.evidence, "work_mem", "65536");
        set(&mut record.evidence, "maintenance_work_mem", "1048576");
    });
    // 3840 MB less 128 MB of buffers, four times 192 MB of maintenance, and 8 MB of temporary tables each, over 100.
    assert_eq!(changed(&both), [("work_mem", "21MB"), ("maintenance_work_mem", "192MB")]);
    let upkeep_first = change("memory/overcommit", |record| {
        connections(record, 100);
        set(&mut record.evidence, "work_mem", "65536");
        set(&mut record.evidence, "maintenance_work_mem", "4194304");
    });
    assert_eq!(changed(&upkeep_first), [("maintenance_work_mem", "192MB"), ("work_mem", "21MB")]);
}

#[test]
fn every_process_of_an_event_loop_has_a_pool() {
    let pools = |model: &'static str| {
        said("memory/overcommit", |record| {
            connections(record, 10);
            record.load.clients = 10;
            model.clone_into(&mut record.load.client_model);
            set(&mut record.evidence, "work_mem", "65536");
        })
    };
    assert_eq!(pools("pool"), None, "ten connections fit");
    let piece = pools("event-loop").unwrap();
    assert!(piece.evidence.contains("x 100 connections"), "{}", piece.evidence);
    assert_eq!(changed(&piece), [("work_mem", "26MB")]);
}

#[test]
fn autovacuum_may_have_memory_of_its_own() {
    let piece = change("memory/overcommit", |record| {
        small_machine(record);
        set(&mut record.evidence, "autovacuum_work_mem", "2097152");
    });
    assert!(
        piece.evidence.contains("+ maintenance_work_mem 64.0 MB + autovacuum_work_mem 2.00 GB x 3 ="),
        "{}",
        piece.evidence
    );
    assert_eq!(changed(&piece), [("autovacuum_work_mem", "64MB")]);
    // With a bound of their own, three workers do not take what an index build may.
    let bounded = said("memory/overcommit", |record| {
        small_machine(record);
        set(&mut record.evidence, "maintenance_work_mem", "1048576");
        set(&mut record.evidence, "autovacuum_work_mem", "65536");
    });
    assert_eq!(bounded, None);
}

#[test]
fn hashes_count_as_often_as_their_multiplier_says() {
    let sessions = |record: &mut Record| {
        connections(record, 100);
        set(&mut record.evidence, "work_mem", "24576");
    };
    assert_eq!(said("memory/overcommit", sessions), None, "one sort for each session fits");
    let hashed = |record: &mut Record| {
        sessions(record);
        let node = json!({"Node Type": "Sort", "Plans": [{"Node Type": "Hash Join", "Plans": [{"Node Type": "Hash"}]}]});
        searched_by(node)(record);
    };
    let piece = change("memory/overcommit", hashed);
    assert!(
        piece.evidence.contains("work_mem 24.0 MB x 3 ("),
        "a sort, and a hash of twice: {}",
        piece.evidence
    );
    assert_eq!(changed(&piece), [("work_mem", "8MB")], "2656 MB over three times 100");
    let more = change("memory/overcommit", |record| {
        hashed(record);
        set(&mut record.evidence, "hash_mem_multiplier", "5");
    });
    assert!(more.evidence.contains("work_mem 24.0 MB x 6 ("), "{}", more.evidence);
    assert_eq!(changed(&more), [("hash_mem_multiplier", "2"), ("work_mem", "8MB")]);
}

/// What is far from its default, and takes most, is what is put right.
#[test]
fn the_cause_is_lowered_and_not_what_stands_beside_it() {
    let multiplied = change("memory/overcommit", |record| {
        connections(record, 4);
        searched_by(json!({"Node Type": "Hash"}))(record);
        set(&mut record.evidence, "hash_mem_multiplier", "1000");
    });
    assert_eq!(changed(&multiplied), [("hash_mem_multiplier", "2")]);
    let temporary = change("memory/overcommit", |record| {
        connections(record, 4);
        set(&mut record.evidence, "temp_buffers", "131072");
    });
    assert_eq!(changed(&temporary), [("temp_buffers", "8MB")]);
}

#[test]
fn where_no_setting_is_enough_connections_are() {
    let piece = change("memory/overcommit", |record| connections(record, 5_000));
    assert_eq!(changed(&piece), [("work_mem", "1MB")]);
    assert_eq!(
        piece.title,
        "Lower work_mem to 1MB, and use at most 384 connections: memory is promised more than once"
    );
    let piece = change("memory/overcommit", |record| {
        connections(record, 5_000);
        set(&mut record.evidence, "work_mem", "1024");
    });
    assert_eq!(piece.change, None);
    assert_eq!(piece.title, "Use at most 384 connections: memory is promised more than once");
}

/// Buffers beyond their share are another rule's; what is left once they have their share is this one's.
#[test]
fn buffers_are_not_lowered_twice() {
    let large = |record: &mut Record| {
        small_machine(record);
        set(&mut record.evidence, "shared_buffers", "491520");
    };
    assert_eq!(said("memory/overcommit", large), None, "with 960 MB of buffers all fits");
    let piece = change("memory/overcommit", |record| {
        large(record);
        record.load.connections = 100;
        set(&mut record.evidence, "work_mem", "65536");
    });
    assert_eq!(changed(&piece), [("work_mem", "18MB")], "1824 MB over 100");
}

/// What spills asks for more memory; what is promised already has the first word.
#[test]
fn no_rule_raises_what_another_lowers() {
    let spilling = |bytes: u64| {
        json!({
            "Node Type": "Sort", "Sort Method": "external merge", "Sort Space Used": bytes >> 10, "Sort Space Type": "Disk",
            "Actual Rows": 5000, "Plan Rows": 5000, "Actual Loops": 1, "Actual Total Time": 9.0,
        })
    };
    let mut lowered = 0;
    for work_mem in ["1024", "4096", "32768", "262144"] {
        for (number, memory) in [(4, 1_u64 << 30), (100, 4 << 30), (800, 4 << 30), (100, 64 << 30)] {
            for spilled in [3_u64 << 20, 300 << 20] {
                let mut record = sample();
                connections(&mut record, number);
                record.server.machine.as_mut().unwrap().memory_bytes = memory;
                set(&mut record.evidence, "work_mem", work_mem);
                record.plans = vec![plan(SEARCH, "SELECT", spilling(spilled))];
                record.evidence.window.temp_files = 10_000;
                record.evidence.window.temp_bytes = 10_000 * spilled;
                let advice = advise(&record);
                assert_eq!(contradictions(&advice), Vec::<String>::new(), "{work_mem}, {number}, {memory}");
                lowered += u32::from(advice.iter().any(|piece| piece.rule == "memory/overcommit"));
            }
        }
    }
    assert_eq!(lowered, 14, "some of them promise too much");
}
