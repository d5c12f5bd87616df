//! What merging makes of the records of shards. They are made up from calls (`fixture`), so that it is known what the merged
//! record must hold.

mod fixture;

use super::{MergeError, Options, Piece, merge, part, sum};
use crate::{
    engine::Measured,
    lab::{
        Run,
        results::{latency, results, stages},
    },
    record::{self, Ended, Record},
    stats::LatencyHistogram,
};
use chrono::TimeDelta;
use fixture::{Call, RATE, SEED, any_call, kinds, measured, run, slo, some_calls};
use proptest::prelude::*;
use std::time::Duration;

/// Something done to a record.
type Change = fn(&mut Record);

fn options() -> Options {
    Options { partial: false, tolerance: Duration::from_millis(100) }
}

fn merged(pieces: Vec<Piece>) -> Run {
    merge(pieces, &options()).unwrap()
}

fn refused(pieces: Vec<Piece>, options: &Options) -> String {
    merge(pieces, options).unwrap_err().to_string()
}

fn changed(mut pieces: Vec<Piece>, change: impl FnOnce(&mut Record)) -> Vec<Piece> {
    change(&mut pieces[1].record);
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Counts, percentiles, intervals, series and heat are those of one process that made all calls.
    #[test]
    fn shards_come_to_what_one_process_measures(
        of in 1_usize..5,
        calls in prop::collection::vec(any_call(), 0..250),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let mut pieces = run(of, &calls);
        pieces.sort_by_key(|piece| order[piece.record.shard.as_ref().unwrap().number - 1]);
        let Run { record, interval_log } = merged(pieces);
        let all: Vec<Call> = calls.iter().map(|(_, call)| *call).collect();
        let one = measured(&all);
        let expected = results(&kinds(), &one, slo(), SEED);
        prop_assert_eq!(&record.operations, &expected.operations);
        prop_assert_eq!(&record.overall, &expected.overall);
        prop_assert_eq!(&record.series, &expected.series);
        prop_assert_eq!(&record.stages, &stages(&[format!("steady {RATE} 10s").parse().unwrap()], &one, slo()));
        prop_assert_eq!(interval_log, crate::lab::interval_log(&one, record.window.started_at));
        let schedule = record.schedule.unwrap();
        prop_assert_eq!(schedule.asked_per_second, Some(RATE));
        prop_assert_eq!(schedule.start_error, latency(&one.release_error));
        prop_assert_eq!((record.load.clients, record.load.threads), (of, of));
        prop_assert_eq!(record.connections.failed, of as u64);
    }

    #[test]
    fn sums_do_not_depend_on_the_order(calls in prop::collection::vec(any_call(), 0..120)) {
        let parts: Vec<Measured> = run(3, &calls)
            .iter()
            .map(|piece| part::measured(&piece.record, piece.record.shard.as_ref().unwrap()).unwrap())
            .collect();
        let added = |one: Measured, other: &Measured| {
            let mut whole = one;
            sum::add(&mut whole, other);
            whole
        };
        let again = |index: usize| {
            let mut empty = measured(&[]);
            empty.connect_failures = 0;
            empty.connect = LatencyHistogram::default();
            added(empty, &parts[index])
        };
        let shown = |measured: &Measured| {
            let results = results(&kinds(), measured, slo(), SEED);
            (results.operations, results.overall, results.series, latency(&measured.connect))
        };
        let left = added(added(again(0), &parts[1]), &parts[2]);
        let right = added(again(0), &added(again(1), &parts[2]));
        let turned = added(added(again(2), &parts[0]), &parts[1]);
        prop_assert_eq!(shown(&left), shown(&right));
        prop_assert_eq!(shown(&left), shown(&turned));
    }
}

#[test]
fn each_shard_is_told_by_itself() {
    let pieces = changed(run(3, &some_calls()), |record| {
        let own = &mut record.shard.as_mut().unwrap().cautions;
        own.extend(["the server was away".to_owned()]);
        record.samples.missing = vec!["steal".to_owned()];
        record.disturbances = vec![record::Disturbance {
            kind: record::DisturbanceKind::Steal,
            sentence: "the hypervisor took 9 %".to_owned(),
            decisive: true,
        }];
    });
    let record = merged(pieces).record;
    let merged = record.merged.as_ref().unwrap();
    assert_eq!((merged.of, merged.observer, merged.missing.len()), (3, 1, 0));
    assert_eq!(merged.apart_us, 800.0, "two times 300 us, and the doubts of both");
    assert_eq!(merged.shards.iter().map(|shard| shard.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(merged.shards.iter().map(|shard| shard.calls).sum::<u64>(), record.overall.calls);
    assert!(merged.shards.iter().all(|shard| shard.cpus_used.is_some() && shard.start_error.is_some()));
    assert_eq!(record.verdict.sentence, "shard 2: the hypervisor took 9 %");
    let said = |text: &str| record.verdict.cautions.iter().any(|caution| caution == text);
    assert!(said("shard 2: the server was away") && said("shard 2: not seen: steal"), "{:?}", record.verdict);
    assert_eq!(record.shard, None);
}

#[test]
fn what_all_say_is_said_once() {
    let mut pieces = run(2, &some_calls());
    for piece in &mut pieces {
        piece.record.shard.as_mut().unwrap().cautions.push("not measured: facets".to_owned());
    }
    let cautions = merged(pieces).record.verdict.cautions;
    assert_eq!(
        cautions.iter().filter(|caution| caution.contains("facets")).collect::<Vec<_>>(),
        ["not measured: facets"]
    );
}

#[test]
fn records_of_different_runs_are_refused() {
    let changes: [(&str, Change); 8] = [
        ("the run's name differs, a run and another", |r| {
            r.shard.as_mut().unwrap().run_id = "another".to_owned();
        }),
        ("the seed differs, 42 and 43", |record| record.run.seed = 43),
        ("the SHA-256 of the workload differs", |record| record.workload.sha256.clear()),
        ("the server differs, a server and b", |r| r.shard.as_mut().unwrap().server = "b".to_owned()),
        ("the length of the window differs, 10 and 20", |record| record.load.duration_seconds = 20.0),
        ("the version of loist-bench differs", |record| record.tool_version = "0.0.1".to_owned()),
        ("the number of shards differs, 3 and 4", |record| record.shard.as_mut().unwrap().of = 4),
        ("the catalog differs", |record| record.catalog.checksum = None),
    ];
    for (part, change) in changes {
        let said = refused(changed(run(3, &some_calls()), change), &options());
        assert!(said.starts_with("shard-1.json and shard-2.json are not of one run: "), "{said}");
        assert!(said.contains(part), "`{part}` in: {said}");
    }
}

#[test]
fn what_is_no_shard_is_refused() {
    assert!(matches!(merge(Vec::new(), &options()), Err(MergeError::Nothing)));
    let said = refused(changed(run(2, &some_calls()), |record| record.shard = None), &options());
    assert!(said.starts_with("shard-2.json is of a run that one process made"), "{said}");
    let record = merged(run(2, &some_calls())).record;
    let said = refused(vec![Piece { name: "whole.json".to_owned(), record }], &options());
    assert!(said.starts_with("whole.json is merged already"), "{said}");
    let said = refused(changed(run(2, &some_calls()), |r| r.shard.as_mut().unwrap().number = 3), &options());
    assert!(said.contains("there is no shard 3 of 2"), "{said}");
}

#[test]
fn a_shard_is_there_once() {
    let mut pieces = run(3, &some_calls());
    pieces.push(Piece { name: "again.json".to_owned(), ..pieces[1].clone() });
    let said = refused(pieces, &Options { partial: true, ..options() });
    assert_eq!(said, "shard 2 is there twice: shard-2.json and again.json; leave one out");
}

#[test]
fn a_missing_shard_is_refused_or_said() {
    let without = |number: usize| {
        let mut pieces = run(4, &some_calls());
        pieces.remove(number - 1);
        pieces
    };
    let said = refused(without(3), &options());
    assert!(said.starts_with("no record of shard 3 of 4: "), "{said}");
    let partial = Options { partial: true, ..options() };
    let record = merge(without(3), &partial).unwrap().record;
    let caution = &record.verdict.cautions[0];
    assert!(caution.starts_with("shard 3 of 4 is not in it"), "{caution}");
    assert_eq!(record.merged.as_ref().unwrap().missing, [3]);
    assert_eq!((record.load.clients, record.load.queue), (3, Some(300)));
    assert_eq!(record.load.stages, ["steady 22.5 10s"]);
    assert_eq!(record.schedule.unwrap().asked_per_second, Some(22.5));
    let record = merge(without(1), &partial).unwrap().record;
    assert_eq!(record.merged.unwrap().observer, 2);
    assert!(record.evidence.missing[0].contains("shard 1"), "{:?}", record.evidence.missing);
}

#[test]
fn a_shard_that_was_cut_short_is_refused_or_left_out() {
    let cut = || changed(run(3, &some_calls()), |record| record.run.ended = Ended::Interrupted);
    let said = refused(cut(), &options());
    assert!(said.starts_with("shard-2.json: shard 2 did not run to its end, it was interrupted"), "{said}");
    let partial = Options { partial: true, ..options() };
    let record = merge(cut(), &partial).unwrap().record;
    assert_eq!(record.merged.unwrap().missing, [2]);
    let said = &record.verdict.cautions;
    assert!(said.iter().any(|caution| caution == "shard 2 was left out: it was interrupted"), "{said:?}");
    let mut all = cut();
    all.iter_mut().for_each(|piece| piece.record.run.ended = Ended::Braked);
    assert!(refused(all, &partial).contains("the brake ended its load"));
}

#[test]
fn windows_that_were_apart_are_refused() {
    let late = |ms: i64| {
        changed(run(2, &some_calls()), |record| {
            let clock = &mut record.shard.as_mut().unwrap().clock;
            clock.began_at += TimeDelta::milliseconds(ms);
        })
    };
    assert!(merge(late(99), &options()).is_ok());
    let said = refused(late(100), &options());
    let begins = "the windows began up to 100.5 ms apart by the server's clock (shard-1.json first, shard-2.json last)";
    assert!(said.starts_with(begins) && said.contains("--tolerance 100ms"), "{said}");
    let unsure = changed(run(2, &some_calls()), |record| {
        record.shard.as_mut().unwrap().clock.uncertain_us = 200e3;
    });
    assert!(refused(unsure, &options()).contains("apart"), "where the clocks do not tell, nobody knows");
    // More is allowed, and said; what was never at one time is no load of all.
    let wide = Options { tolerance: Duration::from_secs(60), ..options() };
    let said = |ms: i64| -> Vec<String> {
        let cautions = merge(late(ms), &wide).unwrap().record.verdict.cautions;
        cautions.into_iter().filter(|caution| caution.starts_with("the windows began")).collect()
    };
    assert_eq!(said(50), [""; 0]);
    let said = said(150).remove(0);
    assert!(said.starts_with("the windows began up to 150.5 ms apart, 1.5 % of their length"), "{said}");
    let said = refused(late(10_000), &wide);
    let begins = "the window of shard-1.json was over when that of shard-2.json began";
    assert!(said.starts_with(begins), "{said}");
}

#[test]
fn a_run_lasts_until_its_last_shard_is_done() {
    let pieces = changed(run(2, &some_calls()), |record| {
        record.run.started_at -= TimeDelta::seconds(2);
        record.run.finished_at += TimeDelta::seconds(9);
    });
    let own = pieces[1].record.run.clone();
    let run = merged(pieces).record.run;
    assert_eq!((run.started_at, run.finished_at), (own.started_at, own.finished_at));
}

#[test]
fn damage_is_told_and_not_summed() {
    for (part, damage) in [
        ("base64", (|r: &mut Record| r.operations[0].summary.response.histogram = "?".to_owned()) as Change),
        ("do not hold its calls", |record| record.shard.as_mut().unwrap().slices[0].answered[1] = None),
        ("not as many", |record| drop(record.shard.as_mut().unwrap().slices[1].answered.pop())),
        ("one series of slices", |record| drop(record.shard.as_mut().unwrap().slices.pop())),
        ("no length of time", |record| record.series.late_seconds = -1.0),
    ] {
        let said = refused(changed(run(2, &some_calls()), damage), &options());
        assert!(said.starts_with("shard-2.json: ") && said.contains(part), "`{part}` in: {said}");
    }
}

/// The sample of a run by one process does not know of shards, and stays as it is.
#[test]
fn a_merged_record_keeps_the_schema() {
    let record = merged(run(3, &some_calls())).record;
    let validator = jsonschema::validator_for(&record::schema()).unwrap();
    for record in [record, run(3, &some_calls()).remove(1).record] {
        let value = serde_json::to_value(&record).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(serde_json::from_value::<Record>(value).unwrap(), record);
    }
}
