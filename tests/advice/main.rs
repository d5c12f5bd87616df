//! The advisor's rules, each on the sample record with one thing about it changed.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use loist_bench::{
    advise::{advise, rules},
    record::{self, Evidence, Recommendation, Record, Stance},
};
use std::path::Path;

mod families;

/// The sample without plans and trials: what it happened to see must not decide a test.
fn sample() -> Record {
    let mut record = record::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample")).unwrap();
    record.plans.clear();
    record.what_ifs.clear();
    record
}

/// What `rule` says of the sample once `change` was made to it.
fn said(rule: &str, change: impl FnOnce(&mut Record)) -> Option<Recommendation> {
    let mut record = sample();
    change(&mut record);
    advise(&record).into_iter().find(|piece| piece.rule == rule)
}

fn set(evidence: &mut Evidence, name: &str, value: &str) {
    evidence.settings.iter_mut().find(|setting| setting.name == name).unwrap().value = value.to_owned();
}

/// The value that is recommended.
fn to(piece: Option<Recommendation>) -> String {
    piece.expect("the rule speaks").change.expect("it names a value").to
}

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
    assert!(change.undo.contains("'128MB'"), "{}", change.undo);
    let elsewhere = said("memory/shared-buffers", |record| {
        starved(record);
        record.server.kind = record::ServerKind::External;
    });
    let elsewhere = elsewhere.unwrap();
    assert_eq!(elsewhere.change, None, "the memory of a server elsewhere is not known");
    assert!(elsewhere.verify.contains("--machine"), "{}", elsewhere.verify);
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
        "what shared_buffers, maintenance and temporary tables leave, over ten connections"
    );
    for few in [0, 5] {
        let dry = |record: &mut Record| record.evidence.window.temp_files = few;
        assert_eq!(said("memory/work-mem", dry).unwrap().stance, Stance::LeaveAlone);
    }
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
fn logging_of_every_statement_is_named() {
    let all = |record: &mut Record| set(&mut record.evidence, "log_statement", "all");
    assert_eq!(to(said("logging/statements", all)), "none");
    let slow = |record: &mut Record| set(&mut record.evidence, "log_min_duration_statement", "0");
    assert_eq!(to(said("logging/statements", slow)), "-1");
    assert_eq!(said("logging/statements", |_| {}), None);
}

#[test]
fn missing_statistics_are_said_not_guessed() {
    let blind = |record: &mut Record| {
        record.evidence.statements = None;
        record.evidence.gin = None;
        record.evidence.missing = vec!["statement statistics: no rights".to_owned()];
    };
    assert_eq!(
        said("logging/pg-stat-statements", blind).unwrap().evidence,
        "statement statistics: no rights"
    );
    assert_eq!(said("gin/pending-list", blind), None);
}

#[test]
fn pending_gin_pages_are_named_with_their_index() {
    let pending = |record: &mut Record| {
        let gin = record.evidence.gin.as_mut().unwrap();
        gin.iter_mut().for_each(|index| (index.pending_pages_before, index.pending_pages_after) = (0, 0));
        gin[0].pending_pages_before = 77;
    };
    let piece = said("gin/pending-list", pending).unwrap();
    assert!(piece.title.contains("77 pages") && piece.stance == Stance::Change, "{}", piece.title);
    let none = |record: &mut Record| {
        let gin = record.evidence.gin.as_mut().unwrap();
        gin.iter_mut().for_each(|index| (index.pending_pages_before, index.pending_pages_after) = (0, 0));
    };
    assert_eq!(said("gin/pending-list", none).unwrap().stance, Stance::LeaveAlone);
}

#[test]
fn waiting_for_the_pool_is_weighed_against_the_objective() {
    let waiting = |record: &mut Record| record.overall.pool_wait.p95_us = Some(50_000.0);
    assert_eq!(said("connections/pool-wait", waiting).unwrap().stance, Stance::Change);
    assert_eq!(said("connections/pool-wait", |_| {}).unwrap().stance, Stance::LeaveAlone);
}

#[test]
fn round_trips_without_work_are_counted() {
    let piece = said("connections/round-trips", |_| {}).unwrap();
    assert!(piece.evidence.contains("4 to 12 round trips"), "{}", piece.evidence);
    let lean = said("connections/round-trips", |record| {
        record
            .operations
            .iter_mut()
            .for_each(|operation| operation.statements.retain(|s| s.name != "validate"));
    });
    assert_eq!(lean, None);
}

/// What to change comes before what to leave alone, the larger effect first.
#[test]
fn advice_is_ordered() {
    let mut record = sample();
    set(&mut record.evidence, "log_statement", "all");
    set(&mut record.evidence, "enable_sort", "off");
    let advice = advise(&record);
    let stances: Vec<u8> = advice.iter().map(|piece| piece.stance as u8).collect();
    assert!(stances.is_sorted(), "{stances:?}");
    let changes: Vec<f64> =
        advice.iter().filter(|piece| piece.stance == Stance::Change).map(|piece| piece.effect).collect();
    assert!(changes.is_sorted_by(|a, b| a >= b), "{changes:?}");
    let place = |rule: &str| advice.iter().position(|piece| piece.rule == rule).unwrap();
    assert!(place("planner/enable-off") < place("logging/statements"));
}

/// The table of the documentation is that of the program.
#[test]
fn the_rules_are_documented() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/advice.md")).unwrap();
    let documented: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `") && line.contains('/')).collect();
    let rules: Vec<String> =
        rules().map(|(name, threshold, source)| format!("| `{name}` | {threshold} | {source} |")).collect();
    assert_eq!(documented, rules);
}
