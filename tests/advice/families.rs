//! Each rule of each family, with evidence that makes it ask for a change and, where it can, to leave things alone.

use super::{said, set, to};
use loist_bench::record::{
    Blocker, BufferWriters, CheckpointCounters, Disk, Index, IoCounters, JitStatistics, OperationResult,
    Outcome, PlanCase, Recommendation, Record, RelationWindow, Sample, ServerKind, Stance, StatementPlan,
    StatementResult, TargetMachine, Trial, Wait, WalCounters, WhatIf,
};
use serde_json::{Value, json};

const SEARCH: &str = "search_library.page";

/// A plan of a statement, with typical parameters unless told otherwise.
fn plan(statement: &str, sql: &str, node: Value) -> StatementPlan {
    let ms = node.get("Actual Total Time").and_then(Value::as_f64).unwrap_or(1.0);
    let mut explained = json!({"Planning Time": 0.1, "Execution Time": ms});
    explained["Plan"] = node;
    serde_json::from_value(json!({
        "statements": [statement], "case": "typical", "sql": sql, "executed": true, "fingerprint": "0", "shape": "x",
        "explained": explained,
    }))
    .unwrap()
}

/// A sequential scan that keeps few of many rows.
fn scan(filter: &str, removed: f64, kept: f64) -> Value {
    json!({
        "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": filter, "Rows Removed by Filter": removed,
        "Actual Rows": kept, "Plan Rows": kept, "Actual Loops": 1, "Actual Total Time": 9.0, "Shared Hit Blocks": 400,
    })
}

/// Replaces all plans by one of the search's page.
fn searched_by(node: Value) -> impl FnOnce(&mut Record) {
    move |record| record.plans = vec![plan(SEARCH, "SELECT id FROM audio_tracks LIMIT 20 OFFSET 0", node)]
}

/// The objective is missed, so that whatever saves a tenth of the time is felt.
fn missed(record: &mut Record) {
    record.overall.slo.outcome = Outcome::Missed;
}

/// A statement of the search takes five times as long.
fn slow(record: &mut Record, statement: &str) {
    let search = record.operations.iter_mut().find(|operation| operation.name == "search_library").unwrap();
    let statement = search.statements.iter_mut().find(|other| other.name == statement).unwrap();
    statement.service.mean_us = statement.service.mean_us.map(|us| us * 5.0);
}

fn index(name: &str, method: &str, keys: &[&str]) -> Index {
    Index {
        name: format!("loist_bench.{name}"),
        table: "loist_bench.audio_tracks".to_owned(),
        method: method.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        definition: format!(
            "CREATE INDEX {name} ON loist_bench.audio_tracks USING {method} ({})",
            keys.join(", ")
        ),
        is_valid: true,
        bytes: 1 << 20,
        scans: Some(5),
        scans_ever: 5,
        ..Index::default()
    }
}

fn trial(base: f64, changed: f64) -> Trial {
    Trial {
        statements: vec![SEARCH.to_owned()],
        case: PlanCase::Typical,
        shape: "Seq Scan on audio_tracks".to_owned(),
        changed_shape: "Bitmap Heap Scan on audio_tracks".to_owned(),
        base_ms: vec![base; 5],
        changed_ms: vec![changed; 5],
    }
}

fn what_if(setting: &str, tried: Vec<Trial>) -> WhatIf {
    WhatIf { settings: vec![setting.to_owned()], examined: 40, tried, missing: Vec::new() }
}

fn change(rule: &str, make: impl FnOnce(&mut Record)) -> Recommendation {
    let piece = said(rule, make).unwrap_or_else(|| panic!("{rule} has nothing to say"));
    assert_eq!(piece.stance, Stance::Change, "{rule}: {} ({})", piece.title, piece.evidence);
    assert!(!piece.risk.is_empty() && !piece.verify.is_empty() && !piece.expected.is_empty(), "{rule}");
    assert!(!piece.threshold.is_empty() && !piece.source.is_empty(), "{rule}");
    piece
}

fn left(rule: &str, make: impl FnOnce(&mut Record)) -> Recommendation {
    let piece = said(rule, make).unwrap_or_else(|| panic!("{rule} has nothing to say"));
    assert_eq!(piece.stance, Stance::LeaveAlone, "{rule}: {} ({})", piece.title, piece.evidence);
    piece
}

fn small_machine(record: &mut Record) {
    record.server.machine = Some(TargetMachine {
        name: "db-custom-1-3840".to_owned(),
        platform: "cloud_sql".to_owned(),
        vcpus: 1,
        memory_bytes: 3840 << 20,
        max_connections: Some(100),
        confined_cpus: None,
        confined_memory_bytes: None,
        not_done: Vec::new(),
    });
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
fn a_random_page_costs_what_trials_show() {
    let piece = change("planner/random-page-cost", |record| {
        record.what_ifs = vec![what_if("random_page_cost=1.1", vec![trial(12.0, 3.0)])];
    });
    assert!(piece.evidence.contains("took 12.0 ms as it is, 3.00 ms with it"), "{}", piece.evidence);
    assert_eq!(piece.basis, loist_bench::record::Basis::Measured);
    left("planner/random-page-cost", |record| {
        record.what_ifs = vec![what_if("random_page_cost=1.1", vec![])];
    });
    left("planner/random-page-cost", |record| {
        record.what_ifs = vec![what_if("random_page_cost=1.1", vec![trial(3.0, 12.0)])];
    });
    let piece =
        change("planner/random-page-cost", |record| set(&mut record.evidence, "random_page_cost", "10"));
    assert!(piece.evidence.contains("default, 4"), "{}", piece.evidence);
}

#[test]
fn costs_far_from_their_defaults_are_named() {
    let piece = change("planner/odd-constants", |record| set(&mut record.evidence, "cpu_tuple_cost", "1"));
    assert_eq!(to(Some(piece)), "0.01");
    assert_eq!(said("planner/odd-constants", |_| {}), None);
}

#[test]
fn parallel_workers_need_processors() {
    left("planner/parallel-workers", |record| record.host.cpus = 2);
    let piece = change("planner/parallel-workers", small_machine);
    assert_eq!(to(Some(piece)), "0");
}

#[test]
fn prefetching_is_for_bitmap_scans_that_wait_for_a_disk() {
    let reading = json!({
        "Node Type": "Bitmap Heap Scan", "Relation Name": "audio_tracks", "Shared Read Blocks": 900,
        "Actual Rows": 10, "Plan Rows": 10, "Actual Loops": 1, "Actual Total Time": 9.0,
    });
    let waits = |record: &mut Record| {
        searched_by(reading.clone())(record);
        record.evidence.window.read_ms = Some(1e5);
        record.evidence.disk = None;
    };
    assert_eq!(to(Some(change("planner/io-concurrency", waits))), "200");
    left("planner/io-concurrency", |record| {
        waits(record);
        record.evidence.disk = Some(Disk { is_rotational: Some(true), ..Disk::default() });
    });
    left("planner/io-concurrency", |_| {});
}

#[test]
fn collapse_limits_are_left_alone() {
    let leaf = scan("(year > 1)", 0.0, 1.0);
    let join = |left: Value| json!({"Node Type": "Nested Loop", "Plans": [left, leaf.clone()]});
    let joins = |number: usize| (0..number).fold(leaf.clone(), |left, _| join(left));
    let few = left("planner/collapse-limits", searched_by(joins(3)));
    assert!(few.title.contains("no statement reaches them") && few.evidence.contains("3 joins"), "{few:?}");
    let many = left("planner/collapse-limits", searched_by(joins(12)));
    assert!(many.title.contains("in its own session"), "{}", many.title);
    let partitions = json!({"Node Type": "Append", "Plans": vec![leaf; 30]});
    let one_table = left("planner/collapse-limits", searched_by(partitions));
    assert!(one_table.title.contains("no statement reaches them"), "partitions are no joins");
}

#[test]
fn estimates_are_held_against_what_came() {
    let off = |condition: &str| {
        json!({
            "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": condition,
            "Actual Rows": 5000, "Plan Rows": 50, "Actual Loops": 1, "Actual Total Time": 9.0,
        })
    };
    let unchanged = |record: &mut Record| {
        record.evidence.tables.iter_mut().for_each(|table| table.rows_changed_since_analyze = 0);
    };
    let piece = change("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        unchanged(record);
    });
    assert!(piece.evidence.contains("off by a factor of 100"), "{}", piece.evidence);
    assert!(piece.change.unwrap().apply.contains("ALTER COLUMN year SET STATISTICS 500"));
    left("planner/estimates", |record| {
        searched_by(off("(search_vector @@ 'x'::tsquery)"))(record);
        unchanged(record);
    });
    left("planner/estimates", |record| record.plans.clear());
    let coarse = change("planner/estimates", |record| {
        searched_by(off("(search_vector @@ 'x'::tsquery)"))(record);
        set(&mut record.evidence, "default_statistics_target", "1");
    });
    assert_eq!(to(Some(coarse)), "100");
    let stale = change("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        table.rows_changed_since_analyze = table.live_rows;
        table.window = None;
    });
    assert!(stale.title.starts_with("Run ANALYZE"), "{}", stale.title);
    left("planner/estimates", |record| {
        searched_by(off("(year = 1990)"))(record);
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        table.rows_changed_since_analyze = table.live_rows;
        table.window = Some(RelationWindow { inserted: table.live_rows, ..RelationWindow::default() });
    });
    // A scan below a LIMIT is not read to its end: its rows say nothing.
    let limited =
        json!({"Node Type": "Limit", "Actual Rows": 5, "Plan Rows": 5, "Plans": [off("(year = 1990)")]});
    left("planner/estimates", searched_by(limited));
}

#[test]
fn compilation_of_short_statements_is_found() {
    left("planner/jit", |record| record.plans.clear());
    let piece = change("planner/jit", |record| {
        let statements = record.evidence.statements.as_mut().unwrap();
        let first = statements.iter_mut().find(|row| !row.statements.is_empty()).unwrap();
        first.jit = Some(JitStatistics { functions: 900, total_ms: first.total_ms * 0.8 });
    });
    assert_eq!(to(Some(piece)), "off");
}

#[test]
fn generic_plans_are_weighed_against_those_for_the_values() {
    let plans = |cost: f64, ms: f64| {
        move |record: &mut Record| {
            record.workload.protocol = "prepared".to_owned();
            let node = |cost: f64, ms: f64| json!({"Node Type": "Seq Scan", "Total Cost": cost, "Actual Total Time": ms});
            let custom = plan(SEARCH, "SELECT", node(100.0, 2.0));
            let mut generic = plan(SEARCH, "SELECT", node(cost, ms));
            generic.case = PlanCase::Generic;
            generic.fingerprint = "1".to_owned();
            record.plans = vec![custom, generic];
        }
    };
    assert_eq!(to(Some(change("planner/generic-plan", plans(101.0, 6.0)))), "force_custom_plan");
    left("planner/generic-plan", plans(101.0, 2.2));
    let seen = left("planner/generic-plan", plans(300.0, 6.0));
    assert!(seen.title.contains("PostgreSQL sees"), "a dearer generic plan is not taken: {}", seen.title);
    let forced = change("planner/generic-plan", |record| {
        plans(300.0, 6.0)(record);
        set(&mut record.evidence, "plan_cache_mode", "force_generic_plan");
    });
    assert_eq!(to(Some(forced)), "auto");
    assert_eq!(said("planner/generic-plan", |_| {}), None, "other protocols have none");
}

#[test]
fn planning_that_is_felt_is_worth_preparing() {
    let planned = |record: &mut Record| {
        let mut one = plan(SEARCH, "SELECT", json!({"Node Type": "Result", "Actual Total Time": 0.1}));
        one.explained["Planning Time"] = json!(5.0);
        record.plans = vec![one];
    };
    left("planner/planning", planned);
    change("planner/planning", |record| {
        planned(record);
        missed(record);
    });
}

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
fn dead_rows_are_vacuumed() {
    let bloat = |record: &mut Record| {
        let table =
            record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap();
        (table.live_rows, table.dead_rows) = (10_000, 20_000);
        table.window = Some(RelationWindow::default());
    };
    let piece = change("vacuum/autovacuum", |record| {
        bloat(record);
        set(&mut record.evidence, "autovacuum", "off");
    });
    assert!(piece.title.contains("autovacuum back on") && piece.effect > 0.5, "{}", piece.title);
    let piece = change("vacuum/autovacuum", bloat);
    assert!(piece.change.unwrap().apply.contains("autovacuum_vacuum_scale_factor"));
    let piece = change("vacuum/autovacuum", |record| {
        bloat(record);
        record
            .evidence
            .tables
            .iter_mut()
            .for_each(|table| table.options = vec!["autovacuum_enabled=false".to_owned()]);
    });
    assert!(piece.change.unwrap().apply.contains("RESET (autovacuum_enabled)"));
    left("vacuum/autovacuum", |record| {
        bloat(record);
        for table in &mut record.evidence.tables {
            table.window = Some(RelationWindow { updated: 20_000, ..RelationWindow::default() });
        }
    });
}

#[test]
fn updates_find_room_on_their_page() {
    let updates = |hot: u64| {
        move |record: &mut Record| {
            for table in &mut record.evidence.tables {
                table.window =
                    Some(RelationWindow { updated: 1000, hot_updated: hot, ..RelationWindow::default() });
            }
            let of = |name: &str, columns: &[&str]| Index {
                columns: columns.iter().map(|column| (*column).to_owned()).collect(),
                scans: Some(0),
                ..index(name, "btree", columns)
            };
            record.evidence.indexes = Some(vec![
                of("idx_updated_at", &["updated_at"]),
                of("idx_failed", &["last_processed_at", "status"]),
                of("idx_title", &["title"]),
            ]);
        }
    };
    left("vacuum/hot-updates", updates(900));
    left("vacuum/hot-updates", updates(0));
    let felt = |record: &mut Record| {
        updates(0)(record);
        missed(record);
        // What updates takes most of the time.
        let names = |operation: &OperationResult| {
            let name = |statement: &StatementResult| format!("{}.{}", operation.name, statement.name);
            operation.statements.iter().map(name).collect::<Vec<_>>()
        };
        let names: Vec<String> = record.operations.iter().flat_map(names).collect();
        let row = record.evidence.statements.as_mut().unwrap().first_mut().unwrap();
        row.query = "UPDATE audio_tracks SET status = $1, last_processed_at = now() WHERE id = $2".to_owned();
        row.statements = names;
        record.evidence.tables.iter_mut().for_each(|table| {
            table.set_by_triggers = vec!["updated_at".to_owned()];
            table.options = vec!["fillfactor=95".to_owned()];
        });
    };
    let piece = change("vacuum/hot-updates", felt);
    let applied: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
    assert_eq!(
        applied,
        [
            "ALTER TABLE loist_bench.audio_tracks SET (fillfactor = 90);",
            "DROP INDEX CONCURRENTLY loist_bench.idx_updated_at;",
            "DROP INDEX CONCURRENTLY loist_bench.idx_failed;",
        ],
        "every index that stands in the way, and no other"
    );
    assert!(piece.change.unwrap().undo.contains("SET (fillfactor = 95)"), "what was set comes back");
    let in_use = left("vacuum/hot-updates", |record| {
        felt(record);
        record.evidence.indexes.as_mut().unwrap()[1].scans = Some(7);
    });
    assert!(in_use.evidence.contains("idx_failed"), "{}", in_use.evidence);
}

#[test]
fn connection_logging_counts_under_churn() {
    let on = |record: &mut Record| set(&mut record.evidence, "log_connections", "on");
    left("logging/connections", on);
    let piece = change("logging/connections", |record| {
        on(record);
        record.connections.connect.count = record.overall.calls;
    });
    assert_eq!(to(Some(piece)), "off");
    assert_eq!(said("logging/connections", |_| {}), None);
}

#[test]
fn the_cost_of_logging_is_measured() {
    let piece = change("logging/statements", |record| {
        set(&mut record.evidence, "log_statement", "all");
        let mut trial = trial(0.060, 0.030);
        trial.statements = vec!["SELECT 1".to_owned()];
        record.what_ifs = vec![what_if("log_statement=none", vec![trial])];
    });
    assert!(piece.evidence.contains("took 60.0 us with it and 30.0 us without"), "{}", piece.evidence);
    assert_eq!(piece.basis, loist_bench::record::Basis::Measured);
}

#[test]
fn reads_are_timed_where_there_are_many() {
    left("logging/io-timing", |_| {});
    change("logging/io-timing", |record| {
        (record.evidence.window.blocks_hit, record.evidence.window.blocks_read) = (900, 100);
    });
}

#[test]
fn a_pool_keeps_its_connections() {
    left("connections/churn", |_| {});
    let piece = change("connections/churn", |record| {
        record.connections.connect.count = record.overall.calls;
        record.connections.connect.mean_us = Some(5_000.0);
        record.load.pool_min = Some(0);
    });
    assert!(
        piece.title.contains("minimum") && piece.evidence.contains("keeps 0 idle"),
        "{} {}",
        piece.title,
        piece.evidence
    );
}

#[test]
fn calls_that_queue_are_the_clients_matter() {
    let waits = |ms: f64| move |record: &mut Record| record.overall.queue_wait.p95_us = Some(ms * 1e3);
    left("connections/queue-wait", waits(1.0));
    change("connections/queue-wait", waits(150.0));
    assert_eq!(said("connections/pool-wait", waits(150.0)), None);
}

#[test]
fn the_pools_fit_the_server() {
    left("connections/budget", |_| {});
    let piece = change("connections/budget", |record| {
        small_machine(record);
        record.load.client_model = "event-loop".to_owned();
        (record.load.clients, record.load.connections) = (13, 10);
    });
    assert!(
        piece.evidence.contains("may open 130 connections; max_connections is 100"),
        "{}",
        piece.evidence
    );
}

#[test]
fn what_hangs_ends() {
    let piece = change("connections/timeouts", |_| {});
    let names: Vec<&str> = piece.changes().map(|change| change.setting.as_str()).collect();
    assert_eq!(names, ["statement_timeout", "idle_in_transaction_session_timeout"]);
    let bounded = |record: &mut Record| {
        set(&mut record.evidence, "statement_timeout", "10000");
        set(&mut record.evidence, "idle_in_transaction_session_timeout", "10000");
    };
    assert_eq!(said("connections/timeouts", bounded), None);
}

#[test]
fn round_trips_count_where_the_network_is_far() {
    left("connections/round-trips", |_| {});
    change("connections/round-trips", |record| {
        record.load.round_trip_delay_us = 2_000.0;
        for operation in &mut record.operations {
            for statement in &mut operation.statements {
                statement.service.mean_us = Some(2_000.0);
            }
            operation.summary.response.mean_us = Some(9_000.0);
        }
        record.overall.response.p95_us = Some(60_000.0);
    });
}

#[test]
fn who_holds_a_lock_is_named() {
    let locked = |ours: bool| {
        move |record: &mut Record| {
            record.samples.samples = vec![Sample {
                sessions_active: Some(4),
                waits: vec![
                    Wait { class: "Lock".to_owned(), event: "transactionid".to_owned(), sessions: 3 },
                    Wait { class: "cpu".to_owned(), event: String::new(), sessions: 1 },
                ],
                blockers: vec![Blocker {
                    pid: 77,
                    application: Some("nightly report".to_owned()),
                    is_ours: ours,
                    state: Some("idle in transaction".to_owned()),
                    transaction_ms: Some(9e3),
                    blocked: 3,
                    event: "transactionid".to_owned(),
                }],
                ..Sample::default()
            }];
        }
    };
    let piece = change("locks/waits", locked(false));
    assert!(piece.title.contains("session 77 of nightly report (idle in transaction)"), "{}", piece.title);
    let piece = change("locks/waits", locked(true));
    assert!(piece.title.contains("one another's locks"), "{}", piece.title);
    assert_eq!(said("locks/waits", |record| record.samples.samples.clear()), None);
    let extending = |record: &mut Record| {
        locked(false)(record);
        "extend".clone_into(&mut record.samples.samples[0].waits[0].event);
    };
    assert_eq!(said("locks/waits", extending), None, "a file that grows is nobody's transaction");
}

#[test]
fn a_standby_that_commits_wait_for_is_named() {
    let piece = change("locks/synchronous-replication", |record| {
        record.samples.samples = vec![Sample {
            sessions_active: Some(1),
            waits: vec![Wait { class: "IPC".to_owned(), event: "SyncRep".to_owned(), sessions: 1 }],
            ..Sample::default()
        }];
        set(&mut record.evidence, "synchronous_standby_names", "away");
    });
    assert!(piece.evidence.contains("'away'"), "{}", piece.evidence);
}

#[test]
fn a_search_without_its_index_wants_one() {
    let search = "((search_vector @@ '''rock'''::tsquery) AND ((status)::text = 'COMPLETED'::text))";
    let piece = change("indexes/missing", |record| {
        record.evidence.indexes = Some(vec![index("idx_status", "btree", &["status"])]);
        searched_by(scan(search, 9_950.0, 50.0))(record);
    });
    assert_eq!(
        piece.change.unwrap().apply,
        "CREATE INDEX CONCURRENTLY idx_audio_tracks_search_vector ON loist_bench.audio_tracks USING gin (search_vector);"
    );
    let there = |record: &mut Record| {
        record.evidence.indexes = Some(vec![index("idx_search", "gin", &["search_vector"])]);
        searched_by(scan(search, 9_950.0, 50.0))(record);
    };
    assert_eq!(
        said("indexes/missing", there),
        None,
        "what keeps the planner from it is another rule's matter"
    );
    let unselective = |record: &mut Record| {
        record.evidence.indexes = Some(Vec::new());
        searched_by(scan(search, 5_000.0, 5_000.0))(record);
    };
    assert_eq!(said("indexes/missing", unselective), None);
    let fuzzy = change("indexes/missing", |record| {
        record.evidence.indexes = Some(vec![index("idx_title", "gin", &["title"])]);
        searched_by(scan("(((artist)::text % 'x'::text) OR ((title)::text % 'x'::text))", 9_950.0, 5.0))(
            record,
        );
    });
    assert!(fuzzy.change.unwrap().apply.contains("gin (artist gin_trgm_ops)"));
}

#[test]
fn functions_of_columns_are_weighed() {
    let upper = |record: &mut Record| {
        record.evidence.indexes = Some(Vec::new());
        searched_by(scan("(upper((format)::text) = 'MP3'::text)", 9_950.0, 5.0))(record);
    };
    left("indexes/expressions", upper);
    let piece = change("indexes/expressions", |record| {
        upper(record);
        missed(record);
    });
    assert!(piece.change.unwrap().apply.contains("((upper((format)::text)))"));
}

#[test]
fn indexes_that_say_the_same_are_found() {
    let two = |one: Index, other: Index| {
        move |record: &mut Record| record.evidence.indexes = Some(vec![one, other])
    };
    let narrow = index("narrow", "btree", &["artist"]);
    let wide = index("wide", "btree", &["artist", "album"]);
    let piece = change("indexes/duplicates", two(narrow.clone(), wide.clone()));
    assert_eq!(piece.change.unwrap().apply, "DROP INDEX CONCURRENTLY loist_bench.narrow;");
    let unique = Index { is_constraint: true, ..narrow.clone() };
    assert_eq!(said("indexes/duplicates", two(unique.clone(), wide)), None, "a constraint stays");
    let piece = change("indexes/duplicates", two(narrow.clone(), unique));
    assert!(piece.title.contains("loist_bench.narrow:"), "{}", piece.title);
    let partial = Index { predicate: Some("(status = 'FAILED')".to_owned()), ..narrow.clone() };
    assert_eq!(said("indexes/duplicates", two(narrow.clone(), partial)), None);
    let twin = Index { name: "loist_bench.twin".to_owned(), ..narrow.clone() };
    let piece = change("indexes/duplicates", two(narrow, twin));
    assert!(piece.title.starts_with("Drop the index loist_bench.twin"), "{}", piece.title);
}

#[test]
fn indexes_that_nobody_scans_are_candidates_where_writes_are_felt() {
    let unused = |record: &mut Record| {
        let lazy = Index { scans: Some(0), scans_ever: 0, ..index("lazy", "btree", &["year"]) };
        record.evidence.indexes = Some(vec![index("busy", "btree", &["title"]), lazy]);
    };
    let piece = left("indexes/unused", unused);
    assert!(piece.evidence.contains("loist_bench.lazy"), "{}", piece.evidence);
    let piece = change("indexes/unused", |record| {
        unused(record);
        missed(record);
        for operation in &mut record.operations {
            operation.writes = true;
        }
    });
    assert!(piece.change.unwrap().undo.starts_with("CREATE INDEX lazy"));
}

#[test]
fn statements_are_rewritten_where_that_is_felt() {
    let skipping = json!({
        "Node Type": "Limit", "Actual Rows": 20, "Actual Total Time": 9.0, "Actual Loops": 1,
        "Plans": [{"Node Type": "Sort", "Actual Rows": 5020, "Actual Loops": 1, "Actual Total Time": 9.0}],
    });
    left("statements/deep-offset", searched_by(skipping.clone()));
    let piece = change("statements/deep-offset", |record| {
        searched_by(skipping)(record);
        missed(record);
    });
    assert!(piece.evidence.contains("skipped 5000 rows to return 20"), "{}", piece.evidence);

    let counting = |record: &mut Record| {
        let count =
            json!({"Node Type": "Aggregate", "Actual Rows": 1, "Actual Total Time": 3.0, "Actual Loops": 1});
        let page =
            json!({"Node Type": "Limit", "Actual Rows": 20, "Actual Total Time": 3.0, "Actual Loops": 1});
        record.plans = vec![
            plan("search_library.count", "SELECT count(*)\nFROM audio_tracks", count),
            plan(SEARCH, "SELECT id FROM audio_tracks LIMIT 20", page),
        ];
    };
    left("statements/count-before-page", counting);
    change("statements/count-before-page", |record| {
        counting(record);
        missed(record);
        slow(record, "count");
    });

    let ranking = |record: &mut Record| {
        let heap = json!({
            "Node Type": "Bitmap Heap Scan", "Relation Name": "audio_tracks", "Actual Rows": 4000, "Plan Rows": 4000,
            "Rows Removed by Filter": 100, "Actual Loops": 1, "Actual Total Time": 9.0,
        });
        record.plans = vec![plan(SEARCH, "SELECT ts_rank(search_vector, q) FROM audio_tracks", heap)];
    };
    left("statements/rank-over-many", ranking);
    let piece = change("statements/rank-over-many", |record| {
        ranking(record);
        missed(record);
        slow(record, "page");
    });
    assert!(piece.evidence.contains("ranks 4100 matches"), "{}", piece.evidence);
}

#[test]
fn what_waits_for_a_restart_is_not_in_force() {
    let piece = change("platform/pending-restart", |record| {
        let settings = &mut record.evidence.settings;
        settings.iter_mut().find(|setting| setting.name == "shared_buffers").unwrap().pending_restart = true;
    });
    assert!(piece.title.contains("shared_buffers"), "{}", piece.title);
    assert_eq!(said("platform/pending-restart", |_| {}), None);
}

#[test]
fn a_version_at_its_end_and_a_server_without_checksums_are_named_where_they_stay() {
    let old = |record: &mut Record| {
        record.server.kind = ServerKind::External;
        (record.server.version, record.server.version_number) = ("13.22".to_owned(), 130_022);
    };
    assert!(change("platform/end-of-life", old).title.contains("its support ended on 2025-11-13"));
    assert_eq!(said("platform/end-of-life", |record| record.server.version_number = 180_000), None);
    let bare = |record: &mut Record| record.evidence.data_checksums = Some(false);
    assert_eq!(said("platform/checksums", bare), None, "an embedded server is thrown away");
    change("platform/checksums", |record| {
        bare(record);
        record.server.kind = ServerKind::External;
    });
}

#[test]
fn a_control_groups_limit_is_the_memory_there_is() {
    let piece = change("platform/memory-limit", |record| {
        record.host.memory_bytes = 16 << 30;
        record.host.memory_limit_bytes = Some(1 << 30);
    });
    assert!(piece.evidence.contains("effective_cache_size is 4.0 GB"), "{}", piece.evidence);
    assert_eq!(said("platform/memory-limit", |_| {}), None);
}
