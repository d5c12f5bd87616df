//! Logging and instrumentation.

use super::common::{change, left, said, set, to, trial, what_if};
use loist_bench::record::{Basis, Record};

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
    assert_eq!(piece.basis, Basis::Measured);
}

#[test]
fn reads_are_timed_where_there_are_many() {
    left("logging/io-timing", |_| {});
    change("logging/io-timing", |record| {
        (record.evidence.window.blocks_hit, record.evidence.window.blocks_read) = (900, 100);
    });
}
