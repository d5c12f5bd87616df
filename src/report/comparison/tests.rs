//! Several records side by side.

use super::*;
use crate::flags::Setting;
use crate::{
    record::QuantileInterval,
    report::picture::fixture::{sample, texts},
};

/// Records made from the sample, each by a change.
fn sources(changes: &[&dyn Fn(&mut Record)]) -> Vec<Source> {
    let base = sample();
    let of = |change: &&dyn Fn(&mut Record)| {
        let mut record = base.clone();
        change(&mut record);
        Source { record, text: String::new(), name: "record.json".to_owned() }
    };
    changes.iter().map(of).collect()
}

fn labels_of(changes: &[&dyn Fn(&mut Record)]) -> Vec<String> {
    Comparison::of(&sources(changes)).labels
}

fn clients(count: usize) -> impl Fn(&mut Record) {
    move |record| record.load.clients = count
}

fn set(record: &mut Record, name: &str, value: &str) {
    let setting = Setting { name: name.to_owned(), value: value.to_owned(), ..Setting::default() };
    record.evidence.settings.retain(|setting| setting.name != name);
    record.evidence.settings.push(setting);
}

/// A p95 in an interval of 10 % on each side.
fn summary(p95_us: f64) -> Summary {
    let mut summary = sample().overall;
    summary.response.p95_us = Some(p95_us);
    summary.response_intervals =
        vec![QuantileInterval { quantile: 0.95, low_us: p95_us * 0.9, high_us: p95_us * 1.1 }];
    summary
}

#[test]
fn two_are_the_base_and_the_new_one() {
    assert_eq!(labels_of(&[&clients(8), &clients(2)]), ["base", "new"]);
}

#[test]
fn runs_of_a_sweep_stand_in_its_order_and_are_called_by_it() {
    let labels = labels_of(&[&clients(8), &clients(2), &clients(4)]);
    assert_eq!(labels, ["clients 2", "clients 4", "clients 8"]);
}

#[test]
fn runs_that_nothing_tells_apart_are_numbered() {
    assert_eq!(labels_of(&[&|_| (), &|_| (), &|_| ()]), ["run 1", "run 2", "run 3"]);
    assert_eq!(labels_of(&[&clients(2), &clients(2), &clients(4)]), ["run 1", "run 2", "run 3"]);
}

#[test]
fn what_was_chosen_differently_is_told_and_nothing_else() {
    let sources = sources(&[&|_| (), &|record| record.run.seed = 7]);
    let comparison = Comparison::of(&sources);
    let names: Vec<&str> = comparison.differences.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["seed"]);
    assert_eq!(comparison.differences[0].1[1], "7");
}

#[test]
fn a_setting_that_only_one_server_knows_differs() {
    let known = |record: &mut Record| set(record, "some.setting", "on");
    for changes in [[&|_: &mut Record| (), &known as &dyn Fn(&mut Record)], [&known, &|_| ()]] {
        let sources = sources(&changes);
        let comparison = Comparison::of(&sources);
        assert_eq!(texts(&comparison.settings()).len(), 1);
        assert!(comparison.differences.iter().any(|(name, _)| *name == "settings"));
    }
}

#[test]
fn where_a_server_stands_is_no_difference() {
    let sources = sources(&[&|record| set(record, "port", "1"), &|record| set(record, "port", "2")]);
    assert!(Comparison::of(&sources).settings().rows.is_empty());
}

#[test]
fn no_secret_is_shown() {
    let with = |secret: &'static str| {
        move |record: &mut Record| {
            set(record, "primary_conninfo", secret);
            set(record, "some.list", secret);
        }
    };
    let sources = sources(&[&with("postgres://u:hunter2@h/d"), &with("postgres://u:other33@h/e")]);
    let comparison = Comparison::of(&sources);
    let all = format!("{:?} {:?}", texts(&comparison.settings()), texts(&comparison.differences()));
    assert!(all.contains("some.list"), "{all}");
    assert!(!all.contains("hunter2") && !all.contains("other33"), "{all}");
}

#[test]
fn only_intervals_that_do_not_meet_are_read() {
    let read = |base: f64, new: f64| reading(&summary(base), &summary(new)).1;
    assert_eq!(read(100.0, 50.0), "lower");
    assert_eq!(read(100.0, 150.0), "higher");
    assert_eq!(read(100.0, 115.0), "not clear");
    let mut short = summary(50.0);
    short.response_intervals.clear();
    assert_eq!(reading(&summary(100.0), &short).1, "too short to say");
}

#[test]
fn there_is_no_ratio_to_nothing() {
    let ratio = |base: Option<f64>, new: Option<f64>| {
        let (mut a, mut b) = (summary(1.0), summary(1.0));
        (a.response.p95_us, b.response.p95_us) = (base, new);
        latency_row("x", &[&a, &b]).cells[3].text.clone()
    };
    assert_eq!(ratio(Some(4.0), Some(1.0)), "0.25");
    for (base, new) in [(Some(0.0), Some(1.0)), (None, Some(1.0)), (Some(1.0), None)] {
        assert_eq!(ratio(base, new), "-");
    }
}

#[test]
fn operations_that_one_of_them_lacks_are_not_compared() {
    let sources = sources(&[&|_| (), &|record| drop(record.operations.remove(0))]);
    let comparison = Comparison::of(&sources);
    let names: Vec<&str> = comparison.operations().into_iter().map(|(name, _)| name).collect();
    assert!(!names.contains(&sources[0].record.operations[0].name.as_str()));
    assert_eq!(names.len() + 1, sources[0].record.operations.len());
}

#[test]
fn records_of_other_workloads_have_nothing_in_common() {
    let other = |record: &mut Record| {
        record.workload.name = "other".to_owned();
        record.operations.iter_mut().for_each(|operation| operation.name.push_str(" of another"));
    };
    let sources = sources(&[&|_| (), &other]);
    let comparison = Comparison::of(&sources);
    assert_eq!(comparison.sentence(), "These records have no operation in common");
    assert_eq!(texts(&comparison.latencies()).len(), 1);
}

#[test]
fn the_sentence_counts_the_operations_that_differ() {
    let with = |p95: f64| {
        move |record: &mut Record| {
            record.operations.truncate(2);
            record.operations[0].summary = summary(p95);
        }
    };
    let said = |base: f64, new: f64| Comparison::of(&sources(&[&with(base), &with(new)])).sentence();
    assert!(said(100.0, 50.0).contains("lower p95 than base in 1 of 2 operations"), "{}", said(100.0, 50.0));
    assert!(said(100.0, 200.0).contains("higher p95 than base in 1 of 2 operations"));
    assert_eq!(
        said(100.0, 105.0),
        "Each was run once, and what differs is shown and not judged: no operation's p95 differs between base and new by more than its interval within a run"
    );
}

#[test]
fn statements_are_matched_by_name() {
    let turned = |record: &mut Record| {
        let statements = record.evidence.statements.as_mut().unwrap();
        statements.reverse();
        statements.iter_mut().for_each(|one| one.total_ms *= 3.0);
    };
    let sources = sources(&[&|_| (), &turned]);
    let grid = Comparison::of(&sources).statements();
    let ratios: Vec<&str> = texts(&grid).into_iter().map(|row| row[3]).collect();
    assert!(!ratios.is_empty() && ratios.iter().all(|ratio| *ratio == "3.00"), "{ratios:?}");
}

#[test]
fn a_statement_of_several_texts_has_the_mean_of_all() {
    let of = |entries: [(f64, u64); 2]| {
        move |record: &mut Record| {
            let all = record.evidence.statements.as_mut().unwrap();
            all.retain(|one| !one.statements.is_empty());
            let first = all[0].clone();
            let entry = |(total_ms, calls): &(f64, u64)| {
                let mut one = first.clone();
                (one.total_ms, one.calls) = (*total_ms, *calls);
                one
            };
            *all = entries.iter().map(entry).collect();
        }
    };
    let sources = sources(&[&of([(10.0, 1), (20.0, 2)]), &of([(60.0, 2), (0.0, 1)])]);
    let grid = Comparison::of(&sources).statements();
    assert_eq!(texts(&grid).iter().map(|row| &row[1..]).collect::<Vec<_>>(), [["10.0", "20.0", "2.00"]]);
}

#[test]
fn the_worst_of_several_checks_of_one_name_counts() {
    use crate::record::{Disturbance, DisturbanceKind::LockWaits};
    let disturbed = |record: &mut Record| {
        let seen =
            |decisive: bool| Disturbance { kind: LockWaits, sentence: format!("{decisive}"), decisive };
        record.disturbances = vec![seen(false), seen(true)];
    };
    let sources = sources(&[&|_| (), &disturbed]);
    let trust = Comparison::of(&sources).trust();
    let row = trust.rows.iter().find(|row| row.cells[0].text == "Lock waits").unwrap();
    assert_eq!((row.cells[2].tone, row.cells[2].text.as_str()), (Tone::Bad, "false; true"));
}
