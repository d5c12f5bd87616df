//! Corners: where two rules meet, where trials contradict, and values that are written in other words.

use super::common::{
    SEARCH, change, changed, index, left, plan, said, sample, scan, searched_by, set, setting, small_machine,
    tracks, trial, what_if,
};
use loist_bench::{
    advise::advise,
    record::{Basis, Record, RelationWindow, Stance, WhatIf},
};
use serde_json::json;

/// Buffers that are raised are no longer there for sessions.
#[test]
fn memory_that_one_rule_gives_away_another_does_not() {
    let mut record = sample();
    small_machine(&mut record);
    record.load.connections = 100;
    set(&mut record.evidence, "work_mem", "65536");
    record.evidence.database_bytes = Some(3 << 30);
    (record.evidence.window.blocks_hit, record.evidence.window.blocks_read) = (900_000, 100_000);
    let advice = advise(&record);
    let of = |rule: &str| advice.iter().find(|piece| piece.rule == rule).unwrap();
    assert_eq!(changed(of("memory/shared-buffers")), [("shared_buffers", "960MB")]);
    // 3840 MB less 960 MB of buffers, four times 64 MB of maintenance and 8 MB of temporary tables each, over 100.
    assert_eq!(changed(of("memory/overcommit")), [("work_mem", "18MB")]);
}

/// Where nothing lowers maintenance, work_mem is raised into what is left beside all of it.
#[test]
fn work_mem_is_raised_beside_maintenance_as_it_is() {
    let mut record = sample();
    small_machine(&mut record);
    record.load.connections = 100;
    set(&mut record.evidence, "maintenance_work_mem", "524288");
    (record.evidence.window.temp_files, record.evidence.window.temp_bytes) = (42_059, 42_059 * (100 << 20));
    let advice = advise(&record);
    assert!(advice.iter().all(|piece| piece.rule != "memory/overcommit"), "all fits as it is");
    let piece = advice.iter().find(|piece| piece.rule == "memory/work-mem").unwrap();
    // 3840 MB less 128 MB of buffers, four times 512 MB of maintenance and 8 MB of temporary tables each, over 100.
    assert_eq!(changed(piece), [("work_mem", "8MB")]);
}

/// Where there is no room for a megabyte, there is none to raise work_mem to.
#[test]
fn a_small_work_mem_is_not_raised_where_nothing_is_left() {
    let mut record = sample();
    small_machine(&mut record);
    record.server.machine.as_mut().unwrap().memory_bytes = 256 << 20;
    record.load.connections = 2_900;
    set(&mut record.evidence, "shared_buffers", "2048");
    set(&mut record.evidence, "work_mem", "64");
    set(&mut record.evidence, "maintenance_work_mem", "1048576");
    (record.evidence.window.temp_files, record.evidence.window.temp_bytes) = (42_059, 42_059 << 20);
    let advice = advise(&record);
    let all: Vec<_> =
        advice.iter().flat_map(changed).filter(|(name, _)| name.ends_with("work_mem")).collect();
    assert_eq!(all, [("maintenance_work_mem", "16MB")]);
}

#[test]
fn lossy_bitmaps_do_not_raise_what_trials_left_alone() {
    let lossy = json!({
        "Node Type": "Bitmap Heap Scan", "Relation Name": "audio_tracks", "Lossy Heap Blocks": 90_000, "Exact Heap Blocks": 500,
        "Rows Removed by Index Recheck": 9000, "Actual Rows": 10, "Plan Rows": 10, "Actual Loops": 1, "Actual Total Time": 9.0,
    });
    let slower = |record: &mut Record| {
        record.plans = vec![plan(SEARCH, "SELECT", lossy.clone())];
        (record.evidence.window.temp_files, record.evidence.window.temp_bytes) = (42_059, 42_059 << 20);
        record.what_ifs = vec![what_if("work_mem=64MB", vec![trial(3.0, 12.0)])];
    };
    left("memory/work-mem", slower);
    let lossy = said("memory/lossy-bitmaps", slower);
    assert!(lossy.as_ref().is_none_or(|piece| piece.stance == Stance::LeaveAlone), "{lossy:?}");
}

#[test]
fn effective_cache_size_that_trials_left_alone_says_so() {
    let piece = left("memory/effective-cache-size", |record| {
        set(&mut record.evidence, "effective_cache_size", "100");
        record.what_ifs = vec![what_if("effective_cache_size=18GB", vec![trial(3.0, 12.0)])];
    });
    assert_eq!(piece.basis, Basis::Measured);
    assert!(!piece.title.contains("lies between"), "it is below shared_buffers: {}", piece.title);
    assert!(piece.evidence.contains("effective_cache_size=18GB"), "{}", piece.evidence);
}

#[test]
fn workers_that_trials_left_alone_say_so() {
    let piece = left("planner/parallel-workers", |record| {
        small_machine(record);
        record.what_ifs = vec![what_if("max_parallel_workers_per_gather=0", vec![trial(3.0, 12.0)])];
    });
    assert!(!piece.title.contains("no plan of the workload uses any"), "{}", piece.title);
}

#[test]
fn a_random_page_is_not_set_to_what_it_is() {
    let cheaper = |random: &&str| {
        let piece = said("planner/random-page-cost", |record| {
            set(&mut record.evidence, "seq_page_cost", "2");
            set(&mut record.evidence, "random_page_cost", random);
        });
        piece.and_then(|piece| piece.change).is_some_and(|change| change.to.parse::<f64>().unwrap() < 2.0)
    };
    let wrong: Vec<&str> = ["1.1", "1.5"].into_iter().filter(cheaper).collect();
    assert_eq!(wrong, Vec::<&str>::new(), "still less than seq_page_cost, which is 2");
}

#[test]
fn a_setting_of_all_roles_is_changed_for_all_roles() {
    let change = change("logging/statements", |record| {
        let setting = setting(record, "log_statement");
        "all".clone_into(&mut setting.value);
        "global".clone_into(&mut setting.source);
    })
    .change
    .unwrap();
    assert!(change.apply.starts_with("ALTER ROLE ALL SET log_statement = 'none';"), "{}", change.apply);
}

#[test]
fn the_servers_environment_is_read_when_it_starts() {
    let piece = change("logging/statements", |record| {
        let setting = setting(record, "log_statement");
        "all".clone_into(&mut setting.value);
        "environment variable".clone_into(&mut setting.source);
    });
    assert!(piece.change.unwrap().restart);
}

/// What is set for a role in one database goes before what is set for the role.
#[test]
fn timeouts_go_where_they_take_effect() {
    let applied = ["database user", "client"].map(|source| {
        let piece = change("connections/timeouts", |record| {
            source.clone_into(&mut setting(record, "statement_timeout").source);
        });
        piece.change.unwrap().apply
    });
    assert!(
        applied[0].contains(" IN DATABASE ")
            && applied[1].starts_with("-- statement_timeout is set in the client's connection options"),
        "{applied:?}"
    );
}

#[test]
fn many_dead_rows_are_not_hardly_one() {
    let piece = left("vacuum/autovacuum", |record| {
        let table = tracks(record);
        (table.live_rows, table.dead_rows, table.vacuums) = (12_136, 2_373, 0);
    });
    assert!(!piece.title.contains("hardly a dead row"), "{}; {}", piece.title, piece.evidence);
}

#[test]
fn dead_rows_of_one_table_do_not_hide_another_without_autovacuum() {
    let piece = change("vacuum/autovacuum", |record| {
        let table = tracks(record);
        (table.live_rows, table.dead_rows) = (10_000, 20_000);
        table.window = Some(RelationWindow { updated: 20_000, ..RelationWindow::default() });
        let other = record.evidence.tables.iter_mut().find(|table| table.name.ends_with("catalog"));
        other.unwrap().options = vec!["autovacuum_enabled=false".to_owned()];
    });
    assert!(piece.title.contains("loist_bench.catalog"), "{}", piece.title);
}

#[test]
fn autovacuum_that_comes_sooner_already_is_not_made_later() {
    let piece = said("vacuum/autovacuum", |record| {
        let table = tracks(record);
        (table.live_rows, table.dead_rows) = (10_000, 20_000);
        table.window = Some(RelationWindow::default());
        table.options = vec!["autovacuum_vacuum_scale_factor=0.01".to_owned()];
    });
    let applied = piece.and_then(|piece| piece.change).map_or_else(String::new, |change| change.apply);
    assert!(!applied.contains("autovacuum_vacuum_scale_factor = 0.02"), "{applied}");
}

/// PostgreSQL keeps a storage parameter as it was written, and takes several words for off.
#[test]
fn fastupdate_is_off_in_other_words_too() {
    let piece = change("gin/pending-list", |record| {
        for index in record.evidence.indexes.as_mut().unwrap() {
            index.options = vec!["fastupdate=false".to_owned()];
        }
    });
    let applied: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
    assert_eq!(applied, ["VACUUM loist_bench.audio_tracks;"]);
}

#[test]
fn the_table_that_is_vacuumed_is_that_of_the_index() {
    let piece = change("gin/pending-list", |record| {
        for index in record.evidence.indexes.as_mut().unwrap() {
            "loist_bench.catalog".clone_into(&mut index.table);
        }
    });
    let flush = piece.changes().last().unwrap();
    assert_eq!(flush.apply, "VACUUM loist_bench.catalog;");
}

#[test]
fn an_index_that_made_its_search_slower_is_not_advised() {
    left("indexes/missing", |record| {
        record.evidence.indexes = Some(Vec::new());
        searched_by(scan("(year = 5)", 9_950.0, 5.0))(record);
        let settings =
            vec!["CREATE INDEX idx_audio_tracks_year ON loist_bench.audio_tracks (year)".to_owned()];
        record.what_ifs = vec![WhatIf { settings, ..what_if("", vec![trial(3.0, 12.0)]) }];
    });
}

/// An index on one arm alone helps nobody: the other asks for the whole table.
#[test]
fn each_arm_needs_an_index_or_none_helps() {
    let helped = |filter: &&str| {
        let piece = said("indexes/missing", |record| {
            record.evidence.indexes = Some(vec![index("idx_title", "gin", &["title"])]);
            searched_by(scan(filter, 9_950.0, 5.0))(record);
        });
        piece.is_some_and(|piece| piece.change.is_some())
    };
    let filters = [
        "((year = 5) OR (title IS NULL))",
        "((year = 5) OR ((status)::text <> 'FAILED'::text))",
        "((year = 5) OR ((bitrate = 1) AND (duration > 9)))",
    ];
    assert_eq!(filters.iter().filter(|filter| helped(filter)).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn a_literal_with_a_per_cent_sign_is_no_text_search() {
    let piece = change("planner/estimates", |record| {
        tracks(record).rows_changed_since_analyze = 0;
        searched_by(json!({
            "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": "((status)::text = '100% done'::text)",
            "Actual Rows": 5000, "Plan Rows": 50, "Actual Loops": 1, "Actual Total Time": 9.0,
        }))(record);
    });
    assert!(piece.change.unwrap().apply.contains("ALTER COLUMN status SET STATISTICS 500"));
}
