//! The planner's costs, switches and helpers.

use super::common::{change, changed, left, said, scan, searched_by, set, small_machine, to, trial, what_if};
use loist_bench::record::{Basis, Disk, Record};
use serde_json::{Value, json};

#[test]
fn the_planner_gets_statistics_and_its_switches_back() {
    let table = |record: &mut Record| record.evidence.tables[0].analyzed = false;
    let piece = said("planner/never-analyzed", table).unwrap();
    assert_eq!(piece.change.unwrap().apply, "ANALYZE loist_bench.audio_tracks;");
    assert_eq!(said("planner/estimates", table), None, "one ANALYZE is enough");
    assert_eq!(said("planner/never-analyzed", |_| {}), None);
    let off = |record: &mut Record| set(&mut record.evidence, "enable_hashjoin", "off");
    assert_eq!(
        said("planner/enable-off", off).unwrap().change.unwrap().apply,
        "ALTER SYSTEM SET enable_hashjoin = 'on';\nSELECT pg_reload_conf();"
    );
    assert_eq!(said("planner/enable-off", |_| {}), None);
}

#[test]
fn a_random_page_costs_what_trials_show() {
    let piece = change("planner/random-page-cost", |record| {
        record.what_ifs = vec![what_if("random_page_cost=1.1", vec![trial(12.0, 3.0)])];
    });
    assert!(piece.evidence.contains("took 12.0 ms as it is, 3.00 ms with it"), "{}", piece.evidence);
    assert_eq!(piece.basis, Basis::Measured);
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
    let partitions = json!({"Node Type": "Append", "Plans": vec![leaf.clone(); 30]});
    let one_table = left("planner/collapse-limits", searched_by(partitions));
    assert!(one_table.title.contains("no statement reaches them"), "partitions are no joins");
    let fixed = change("planner/collapse-limits", |record| {
        set(&mut record.evidence, "join_collapse_limit", "1");
        searched_by(joins(3))(record);
    });
    assert_eq!(changed(&fixed), [("join_collapse_limit", "8")]);
}

#[test]
fn a_random_page_costs_no_less_than_one_in_a_row() {
    let cheap = |record: &mut Record| set(&mut record.evidence, "random_page_cost", "0.5");
    let piece = change("planner/random-page-cost", cheap);
    assert!(
        piece.evidence.contains("random_page_cost is 0.5; that is less than seq_page_cost"),
        "{}",
        piece.evidence
    );
    assert_eq!(piece.basis, Basis::Convention);
    assert_eq!(changed(&piece), [("random_page_cost", "1.1")]);
    left("planner/random-page-cost", |record| {
        cheap(record);
        record.what_ifs = vec![what_if("random_page_cost=1.1", vec![trial(3.0, 12.0)])];
    });
    left("planner/random-page-cost", |record| set(&mut record.evidence, "random_page_cost", "1"));
}

#[test]
fn more_workers_than_processors_are_halved() {
    let piece = change("planner/parallel-workers", |record| {
        record.host.cpus = 6;
        set(&mut record.evidence, "max_parallel_workers_per_gather", "8");
    });
    assert_eq!(changed(&piece), [("max_parallel_workers_per_gather", "3")]);
    let faster = change("planner/parallel-workers", |record| {
        record.host.cpus = 64;
        record.what_ifs = vec![what_if("max_parallel_workers_per_gather=0", vec![trial(12.0, 3.0)])];
    });
    assert_eq!(changed(&faster), [("max_parallel_workers_per_gather", "0")]);
    assert!(faster.title.ends_with("plans are faster without workers"), "{}", faster.title);
}
