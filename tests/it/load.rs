//! Open and closed loops: every call is accounted for, arrivals keep to their schedule, and the files say the same.

use crate::{
    common::{Answer, Bench, KeptServer, calls},
    run::{assert_consistent, assert_counts_are_the_servers, in_series},
};
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use loist_bench::{
    record::{Latency, Summary},
    stats::LatencyHistogram,
};
use std::collections::BTreeMap;

/// Two operations, one in four of which is the quick one; each makes four round trips.
fn two(nap: &str) -> String {
    let operation = |name: &str, weight: f64, sql: &str| {
        format!(
            "[[operation]]\nname = '{name}'\nweight = {weight:.1}\n[[operation.transaction]]\nend = 'rollback'\n
             [[operation.transaction.statement]]\nname = 'only'\nsql = \"{sql}\"\n"
        )
    };
    let slow = operation("slow", 3.0, &format!("SELECT pg_sleep({nap})"));
    format!("name = 'two'\n{slow}{}", operation("quick", 1.0, "SELECT 'quick'"))
}

fn assert_all_accounted_for(summary: &Summary) {
    let ended = summary.completed + summary.expected_failures + summary.failed;
    assert_eq!(summary.calls, ended + summary.shed + summary.unfinished);
}

/// Two clients answer ten calls a second of the fifty that arrive; thirty may wait.
#[test]
fn every_arrival_is_accounted_for() {
    let server = KeptServer::start("");
    server.sql("CREATE EXTENSION pg_stat_statements");
    for arrivals in ["poisson", "uniform"] {
        let bench = Bench::new();
        bench.write("two.toml", &two("0.2"));
        let run = format!(
            "run two.toml --tracks 10 --rate 50 --arrivals {arrivals} --clients 2 --queue 30 --warmup 0s --duration 2s --slo 100ms@p50 --quiet"
        );
        let record = bench.measure(&server, 1, &run);
        assert_consistent(&record);
        assert_counts_are_the_servers(&record);
        let overall = &record.overall;
        assert!(overall.shed > 0, "{overall:?}");
        assert!(overall.unfinished > 0 && overall.completed > 0, "{overall:?}");
        assert_eq!(overall.failed, 0);
        record.operations.iter().for_each(|operation| assert_all_accounted_for(&operation.summary));
        assert_all_accounted_for(overall);
        let [stage] = record.stages.as_slice() else { panic!("one stage") };
        assert_eq!(stage.calls, stage.answered + stage.failed + stage.shed + stage.unfinished);
        assert_eq!((stage.calls, stage.shed), (overall.calls, overall.shed));
        assert_eq!(stage.unfinished, overall.unfinished);
        assert_eq!(stage.response.count, overall.response.count);
        let lost = in_series(&record).1;
        assert_eq!(lost, overall.shed + overall.unfinished, "the slices hold what was lost");
        let schedule = record.schedule.as_ref().expect("an open loop has one");
        assert_eq!(schedule.start_error.count, overall.calls, "every call was let in, if only to be shed");
        assert_eq!(schedule.asked_per_second, Some(50.0));
        assert_eq!(record.load.arrivals.as_deref(), Some(arrivals));
        assert_eq!((record.load.model.as_str(), record.load.queue), ("open", Some(30)));
        if arrivals == "uniform" {
            assert_eq!(overall.calls, 100);
        }
    }
}

/// The last of 101 arrivals is due at the very end.
#[test]
fn an_arrival_at_the_end_belongs_to_the_last_stage() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("two.toml", &two("0"));
    let run = "run two.toml --tracks 10 --rate 201 --arrivals uniform --warmup 0s --duration 500ms --quiet";
    let record = bench.measure(&server, 0, run);
    assert_eq!(record.overall.calls, 101);
    assert_eq!(record.stages[0].calls, 101);
}

#[test]
fn the_seed_decides_what_arrives() {
    let server = KeptServer::start("");
    let of = |arrivals: &str, model: &str, seed: u32| {
        let bench = Bench::new();
        bench.write("two.toml", &two("0"));
        let run = format!(
            "run two.toml --tracks 10 --rate 300 --arrivals {arrivals} --client-model {model} --clients 4 --seed {seed} --warmup 100ms --duration 1s --quiet"
        );
        let record = bench.measure(&server, 0, &run);
        assert_eq!(record.overall.completed, record.overall.calls, "nobody is turned away");
        calls(&record).into_iter().map(|(_, calls)| calls).collect::<Vec<_>>()
    };
    for (arrivals, model) in [("uniform", "pool"), ("poisson", "pool"), ("poisson", "event-loop")] {
        let seven = of(arrivals, model, 7);
        assert_eq!(seven, of(arrivals, model, 7), "{arrivals}, {model}");
        assert_ne!(seven, of(arrivals, model, 8), "{arrivals}, {model}");
    }
}

#[test]
fn stages_follow_each_other() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("two.toml", &two("0"));
    let stages = "ramp 20..200 1s, steady 100 1s, spike 50..400 1s";
    let output = bench
        .command("run two.toml --tracks 10 --arrivals uniform --warmup 0s --quiet")
        .args(["--stages", stages])
        .env("DATABASE_URL", &server.url)
        .output()
        .unwrap();
    Answer::of(output, 0, stages);
    let record = bench.record();
    let names: Vec<&str> = record.stages.iter().map(|stage| stage.stage.as_str()).collect();
    assert_eq!(names, ["ramp 20..200 1s", "steady 100 1s", "spike 50..400 1s"]);
    assert_eq!(record.load.stages, names);
    let times: Vec<(f64, f64)> = record.stages.iter().map(|s| (s.begins_seconds, s.seconds)).collect();
    assert_eq!(times, [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]);
    // The areas below the lines; a fifth of the spike is at its height.
    let calls: Vec<u64> = record.stages.iter().map(|stage| stage.calls).collect();
    assert_eq!(calls, [110, 100, 120]);
    assert_eq!(record.overall.calls, 330);
    assert_eq!(record.load.duration_seconds, 3.0);
    assert!(record.window.seconds <= 3.0);
    assert_eq!(record.schedule.unwrap().asked_per_second, Some(110.0));
}

#[test]
fn a_workload_brings_its_stages_and_the_command_line_wins() {
    let server = KeptServer::start("");
    let of = |more: &str| {
        let bench = Bench::new();
        bench.write("two.toml", &format!("stages = ['steady 60 1s']\n{}", two("0")));
        let run = format!("run two.toml --tracks 10 --arrivals uniform --warmup 0s --quiet {more}");
        bench.measure(&server, 0, &run)
    };
    let record = of("");
    assert_eq!((record.overall.calls, record.load.stages), (60, vec!["steady 60 1s".to_owned()]));
    let record = of("--rate 80 --duration 500ms");
    assert_eq!((record.overall.calls, record.stages.len()), (40, 1));
}

#[test]
fn what_contradicts_itself_is_refused_before_anything_starts() {
    let bench = Bench::new();
    bench.write("two.toml", &format!("stages = ['steady 60 1s']\n{}", two("0")));
    for (arguments, part) in [
        ("--rate 5 --stages soak", "SHAPE"),
        ("--rate 0", "above 0"),
        ("--think 1s --rate 5", "cannot both be meant"),
        ("--think 1s", "closed loop"),
        ("--think 1s --knee", "closed loop"),
        ("--queue many", "whole number"),
        ("--knee --knee-budget 5s", "at least 6s"),
        ("--knee-budget 20s", "is for --knee"),
        ("--duration 5s", "leave out --duration"),
        ("--client-model threaded --recycle clean", "for --client-model pool"),
        ("--client-model event-loop --pool-timeout 1s", "for --client-model pool"),
        ("--client-model threaded --threads 2", "leave out --threads"),
        ("--client-model threaded --pool 2 --pool-min 3", "above --pool"),
        ("--pool-min 1", "psycopg2 pool"),
        ("--client-model thread", "possible values"),
        ("--round-trip-delay 11s", "10s"),
    ] {
        bench.expect(2, &format!("run two.toml --quiet {arguments}")).one_sentence(part);
    }
    for (arguments, part) in [("--queue 5", "is for an open loop"), ("--arrivals uniform", "leave it out")] {
        bench.expect(2, &format!("run read --quiet {arguments}")).one_sentence(part);
    }
    for (arguments, part) in [
        ("run --quiet --rate 5", "cannot both be meant"),
        ("run --quiet --knee", "leave out --stages"),
        ("run --quiet --sweep rate=1,2", "cannot both be meant"),
    ] {
        let output = bench.command(arguments).args(["--stages", "steady 5 1s"]).output().unwrap();
        Answer::of(output, 2, arguments).one_sentence(part);
    }
    let output = bench.command("run --quiet").args(["--stages", "steady 0 1s"]).output().unwrap();
    Answer::of(output, 2, "a pause alone").one_sentence("make no calls");
    // The command line wins over the environment: only what is still wrong is told.
    let output = bench
        .command("run --quiet --rate 5 --client-model threaded --threads 2")
        .env("LOIST_BENCH_STAGES", "steady 5 1s")
        .env("LOIST_BENCH_THINK", "1s")
        .output()
        .unwrap();
    Answer::of(output, 2, "a nearer rate").one_sentence("leave out --threads");
    assert!(bench.records().is_empty());
}

/// The mean of a histogram of so many values.
fn mean(latency: &Latency) -> f64 {
    latency.mean_us.unwrap_or_default()
}

fn assert_parts_make_the_whole(summary: &Summary) {
    let (response, service) = (&summary.response, &summary.service);
    for (whole, part) in [
        (response.min_us, service.min_us),
        (response.p50_us, service.p50_us),
        (response.p95_us, service.p95_us),
        (response.max_us, service.max_us),
    ] {
        assert!(whole >= part, "no call is answered sooner than it is served: {whole:?}, {part:?}");
    }
    let parts = mean(&summary.queue_wait) + mean(service) + mean(&summary.pool_wait);
    let off = (mean(response) - parts).abs();
    assert!(off <= 0.05 * mean(response) + 50.0, "{} us, in parts {parts} us", mean(response));
}

/// However few calls there are, the window is as long as was asked for, and the rate is what came in it.
#[test]
fn a_window_ends_when_its_time_is_up() {
    let server = KeptServer::start("");
    for (stages, calls) in [("steady 1 2s", 2), ("steady 20 500ms, steady 0 1500ms", 10)] {
        let bench = Bench::new();
        bench.write(
            "two.toml",
            &format!("stages = [{stages:?}]\n{}", two("0")).replace(", steady", "\", \"steady"),
        );
        let run = "run two.toml --tracks 10 --arrivals uniform --clients 2 --warmup 0s --quiet";
        // So few calls tell nothing of the objective.
        let record = bench.measure(&server, 4, run);
        assert_eq!((record.overall.calls, record.window.seconds), (calls, 2.0), "{stages}");
        assert_eq!(record.overall.calls_per_second, calls as f64 / 2.0);
        assert_eq!(record.series.operations[0].answered.len(), 20);
    }
}

#[test]
fn waiting_and_service_make_the_response_time() {
    let server = KeptServer::start("");
    for load in
        ["--rate 150 --pool 1", "--pool 2", "--pool 4 --think 20ms", "--client-model threaded --pool-min 1"]
    {
        let bench = Bench::new();
        bench.write("two.toml", &two("0.005"));
        let run = format!("run two.toml --tracks 10 --clients 4 --warmup 0s --duration 1s --quiet {load}");
        let record = bench.measure(&server, 0, &run);
        assert_consistent(&record);
        assert_parts_make_the_whole(&record.overall);
        let planned = load.contains("--rate") || load.contains("--think");
        let expected = if planned { record.overall.response.count } else { 0 };
        assert_eq!(record.overall.queue_wait.count, expected, "{load}");
        assert_eq!(record.schedule.is_some(), planned, "{load}");
    }
}

/// Who has drawn a long pause takes no place from those who draw shorter ones after that.
#[test]
fn a_cap_far_above_what_is_asked_for_changes_nothing() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("two.toml", &two("0.001"));
    let run = "run two.toml --tracks 10 --clients 20 --think 200ms --max-rate 400 --warmup 0s --duration 2s --quiet";
    let record = bench.measure(&server, 0, run);
    // Nearly 200; a quarter of that if each waited for the longest pause that was drawn before.
    assert!(record.overall.calls > 110, "{:?}", record.overall);
    let late = record.schedule.unwrap().start_error.p95_us.unwrap();
    assert!(late < 100_000.0, "{late} us");
}

#[test]
fn the_files_beside_the_record_say_the_same() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("two.toml", &two("0.001"));
    let run = "run two.toml --tracks 10 --rate 200 --warmup 100ms --duration 2s --quiet";
    let record = bench.measure(&server, 0, run);
    let directory = bench.run_directory();
    let log = std::fs::read(directory.join("latency.hlog")).unwrap();
    let mut logged: BTreeMap<String, u64> = BTreeMap::new();
    for entry in IntervalLogIterator::new(&log) {
        if let LogEntry::Interval(interval) = entry.unwrap() {
            let histogram = LatencyHistogram::decode(interval.encoded_histogram()).unwrap();
            *logged.entry(interval.tag().unwrap().as_str().to_owned()).or_default() += histogram.count();
        }
    }
    let counted = record.operations.iter().map(|o| (o.name.clone(), o.summary.response.count)).collect();
    assert_eq!(logged, counted);
    let text = std::fs::read_to_string(directory.join("series.csv")).unwrap();
    let slices: usize = record.series.operations.iter().map(|operation| operation.answered.len()).sum();
    let late = record.series.operations.iter().filter(|operation| operation.late.is_some()).count();
    assert_eq!(text.lines().count(), 1 + slices + late);
    assert!(text.starts_with("begins_seconds,ends_seconds,operation,answered,lost,"), "{text}");
    assert!(record.samples.samples.iter().any(|sample| sample.client_cpus > 0.0), "{:?}", record.samples);
    let floor = record.floor.expect("the floor was measured");
    assert!(floor.round_trip.count > 0 && floor.seconds > 0.0);
}
