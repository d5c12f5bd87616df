//! `loist-bench run` from end to end, on servers of its own.

use crate::common::{Bench, outcome};
use loist_bench::{
    record::{Outcome, Record, SeriesOperation, Stance},
    stats::LatencyHistogram,
};
use std::collections::BTreeMap;

const SMALL: &str = "--tracks 500 --warmup 300ms --duration 2s --quiet";

/// What must hold of any record, whatever ran.
pub(crate) fn assert_consistent(record: &Record) {
    let mut answered = 0;
    for operation in &record.operations {
        let summary = &operation.summary;
        let answered_not = summary.failed + summary.shed + summary.unfinished;
        assert_eq!(summary.calls, summary.completed + summary.expected_failures + answered_not);
        assert_eq!(summary.response.count, summary.completed + summary.expected_failures);
        assert_eq!(summary.service.count, summary.response.count);
        let histogram = LatencyHistogram::decode(&summary.response.histogram).unwrap();
        assert_eq!(histogram.count(), summary.response.count);
        assert_eq!(histogram.quantile_us(0.95), summary.response.p95_us);
        answered += summary.response.count;
        // Each statement of a completed call ran once: one round trip each. A psycopg2 pool rolls back only what it
        // keeps.
        let trips: u64 =
            operation.statements.iter().map(|statement| statement.calls + statement.errors).sum();
        if summary.failed == 0 && summary.expected_failures == 0 && record.load.client_model == "pool" {
            assert_eq!(trips, summary.completed * operation.round_trips as u64, "{}", operation.name);
        }
    }
    assert_eq!(record.overall.response.count, answered);
    assert_eq!(record.overall.calls, record.operations.iter().map(|o| o.summary.calls).sum::<u64>());
    assert_eq!(in_series(record).0, answered, "the slices hold every call");
    assert_heat_is_the_series(record);
}

/// The heat map holds each answer of the window once, in the slice in which the series counts it.
fn assert_heat_is_the_series(record: &Record) {
    let operations = &record.series.operations;
    let slices = operations[0].answered.len();
    let answered: Vec<u64> =
        (0..slices).map(|slice| operations.iter().map(|operation| operation.answered[slice]).sum()).collect();
    let Some(heat) = &record.series.heat else {
        assert_eq!(answered.iter().sum::<u64>(), 0, "there is none of nothing");
        return;
    };
    let rows: Vec<u64> = heat.counts.iter().map(|row| row.iter().sum()).collect();
    assert_eq!(rows, answered);
    assert!(heat.counts.iter().all(|row| row.len() + 1 == heat.bounds_us.len()));
    let longest = operations.iter().flat_map(|operation| &operation.max_us).flatten();
    let longest = longest.copied().fold(0.0, f64::max);
    let [.., begin, end] = heat.bounds_us[..] else { panic!("{:?}", heat.bounds_us) };
    assert!(begin < longest && longest <= end, "{longest} above {begin}, at most {end}");
}

/// Calls answered and lost by the time series, what ended after the window included.
pub(crate) fn in_series(record: &Record) -> (u64, u64) {
    let operations = &record.series.operations;
    let late = operations.iter().filter_map(|operation| operation.late.as_ref());
    let (answered, lost) = late.fold((0, 0), |sum, late| (sum.0 + late.answered, sum.1 + late.lost));
    let all = |pick: fn(&SeriesOperation) -> &Vec<u64>| operations.iter().flat_map(pick).sum::<u64>();
    (answered + all(|operation| &operation.answered), lost + all(|operation| &operation.lost))
}

/// Calls and rows of every statement, as counted here and by the server, by the names that share a query.
pub(crate) fn assert_counts_are_the_servers(record: &Record) {
    let mut counted: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for operation in &record.operations {
        for statement in &operation.statements {
            let name = format!("{}.{}", operation.name, statement.name);
            counted.insert(name, [statement.calls, statement.rows]);
        }
    }
    let statistics = record.evidence.statements.as_ref().expect("pg_stat_statements is there");
    let add = |a: [u64; 2], b: [u64; 2]| [a[0] + b[0], a[1] + b[1]];
    let mut joined: BTreeMap<Vec<String>, [u64; 2]> = BTreeMap::new();
    for row in statistics.iter().filter(|row| !row.statements.is_empty()) {
        let sum = joined.entry(row.statements.clone()).or_default();
        *sum = add(*sum, [row.calls, row.rows]);
    }
    let mut covered = Vec::new();
    for (names, theirs) in &joined {
        let ours = names.iter().map(|name| counted[name]).fold([0, 0], add);
        assert_eq!(ours, *theirs, "calls and rows of {names:?}");
        covered.extend(names.iter().cloned());
    }
    for (name, [calls, _]) in counted {
        assert!(calls == 0 || covered.contains(&name), "{name} with {calls} calls is unknown to the server");
    }
    let load = |query: &str| query.contains("audio_tracks") && !query.contains("pg_");
    let strange: Vec<_> =
        statistics.iter().filter(|row| row.statements.is_empty() && load(&row.query)).collect();
    assert!(strange.is_empty(), "statements of nobody: {strange:?}");
}

fn counts_equal_the_servers_at(clients: usize) {
    let bench = Bench::new();
    bench.expect(0, &format!("run {SMALL} --clients {clients}"));
    let record = bench.record();
    assert_eq!(record.load.clients, clients);
    assert_eq!(record.operations.len(), 17);
    assert_consistent(&record);
    assert_counts_are_the_servers(&record);
    assert_eq!(
        record.overall.failed,
        0,
        "{:?}",
        record.operations.iter().flat_map(|o| &o.errors).collect::<Vec<_>>()
    );
}

#[test]
fn counts_equal_the_servers_with_1_client() {
    counts_equal_the_servers_at(1);
}

#[test]
fn counts_equal_the_servers_with_8_clients() {
    counts_equal_the_servers_at(8);
}

#[test]
fn counts_equal_the_servers_with_32_clients() {
    counts_equal_the_servers_at(32);
}

/// Counts that cannot be whole are not shown as if they were.
#[test]
fn what_the_server_did_not_count_is_said() {
    for (setting, part) in [
        ("pg_stat_statements.track=none", "no statement of the load"),
        ("compute_query_id=off", "no statement of the load"),
    ] {
        let bench = Bench::new();
        bench.expect(
            0,
            &format!("run read --tracks 100 --warmup 0s --duration 500ms --quiet --set {setting}"),
        );
        let record = bench.record();
        assert_eq!(record.evidence.statements, None);
        assert!(
            record.evidence.missing.iter().any(|missing| missing.contains(part)),
            "{:?}",
            record.evidence.missing
        );
        assert!(record.verdict.cautions.iter().any(|caution| caution.contains(part)));
    }
}

#[test]
fn every_protocol_counts_the_same() {
    for protocol in ["extended", "prepared"] {
        let bench = Bench::new();
        bench.expect(0, &format!("run {SMALL} --clients 4 --protocol {protocol}"));
        let record = bench.record();
        assert_eq!(record.workload.protocol, protocol);
        assert_consistent(&record);
        assert_counts_are_the_servers(&record);
        assert_eq!(record.overall.failed, 0);
    }
}

#[test]
fn a_run_ends_with_table_verdict_and_record() {
    let bench = Bench::new();
    let answer = bench.expect(0, "run read --tracks 300 --warmup 200ms --duration 2s");
    for part in ["get_audio_metadata", "p95", "Advice", "Leave shared_buffers", "record.json"] {
        assert!(answer.stdout.contains(part), "{part} in {}", answer.stdout);
    }
    assert!(!answer.stdout.contains('\u{1b}'), "no colours where nobody sees them");
    assert!(answer.stderr.contains("initdb"), "steps are timed: {}", answer.stderr);
    let record = bench.record();
    assert_eq!(outcome(&record), Outcome::Met);
    assert!(record.overall.response_intervals.iter().all(|i| i.low_us <= i.high_us));
    assert!(!record.overall.response_intervals.is_empty());
    assert!(record.steps.iter().any(|step| step.name == "warm-up"));
    let directory = bench.run_directory();
    let name = directory.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.ends_with("Z-read"), "{name}");
    assert!(std::fs::read_to_string(directory.join("latency.svg")).unwrap().contains("get_audio_metadata"));
    let page = std::fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(page.contains("get_audio_metadata") && page.ends_with("</html>"), "the page is whole");
    let list = std::fs::read_to_string(bench.path("reports/index.html")).unwrap();
    assert!(list.contains(&format!("href=\"./{name}/report.html\"")), "{list}");
    let last = format!("\nReport: reports/{name}/report.html\nRecord: reports/{name}/record.json\n");
    assert!(answer.stdout.ends_with(&last), "{}", answer.stdout);
}

#[test]
fn json_is_one_document_that_keeps_the_schema() {
    let bench = Bench::new();
    let schema: serde_json::Value = serde_json::from_str(&bench.expect(0, "schema record").stdout).unwrap();
    let answer = bench.expect(0, "run read --tracks 100 --warmup 100ms --duration 2s --format json --quiet");
    assert_eq!(answer.stderr, "", "quiet");
    let record: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let stored = serde_json::to_value(bench.record()).unwrap();
    assert_eq!(stored, record, "what is printed is what is stored");
}

#[test]
fn a_missed_objective_is_exit_code_1() {
    let bench = Bench::new();
    let answer = bench.expect(1, "run read --tracks 100 --warmup 100ms --duration 1s --slo 1us@p50 --quiet");
    assert!(answer.stdout.contains("MISSED") || answer.stdout.contains("INCONCLUSIVE"), "{}", answer.stdout);
    assert_eq!(outcome(&bench.record()), Outcome::Missed);
}

#[test]
fn the_same_seed_gives_the_same_catalog_and_another_seed_another() {
    let checksum = |seed: u32| {
        let bench = Bench::new();
        bench.expect(0, &format!("run read --tracks 200 --seed {seed} --warmup 0s --duration 1s --quiet"));
        bench.record().catalog.checksum.unwrap()
    };
    assert_eq!(checksum(7), checksum(7));
    assert_ne!(checksum(7), checksum(8));
}

/// The un-vacuumed state shows in the evidence, and the first advice names it.
#[test]
fn a_fresh_catalog_is_recognised() {
    let bench = Bench::new();
    bench.expect(0, "run search --tracks 3000 --state fresh --warmup 0s --duration 1s --quiet");
    let record = bench.record();
    assert_eq!(record.catalog.state, "fresh");
    let pending: u64 = record.evidence.gin.unwrap().iter().map(|index| index.pending_pages_before).sum();
    assert!(pending > 0, "GIN entries are pending");
    let rules: Vec<&str> = record.advice.iter().take(2).map(|piece| piece.rule.as_str()).collect();
    assert!(rules.contains(&"gin/pending-list"), "{rules:?}");
    assert_eq!(record.advice[0].stance, Stance::Change);
}

/// Every odd search is an answer: a normal one, or a syntax error that the workload expects.
#[test]
fn odd_searches_are_answers() {
    let bench = Bench::new();
    bench.write("odd.toml", &include_str!("../../workloads/search.toml").replace("odd = 0.03", "odd = 1.0"));
    bench.expect(0, "run odd.toml --tracks 300 --warmup 0s --duration 2s --quiet");
    let record = bench.record();
    assert_consistent(&record);
    assert!(record.overall.expected_failures > 0 && record.overall.completed > 0);
    assert_eq!(record.overall.failed, 0);
    let errors: Vec<_> = record.operations.iter().flat_map(|operation| &operation.errors).collect();
    assert!(errors.iter().all(|error| error.expected && error.code == "42601"), "{errors:?}");
}

#[test]
fn clients_that_share_connections_wait_for_them() {
    let bench = Bench::new();
    bench.expect(0, "run read --tracks 100 --clients 8 --pool 2 --warmup 100ms --duration 2s --quiet");
    let record = bench.record();
    assert_consistent(&record);
    assert_eq!(record.load.connections, 2);
    let overall = &record.overall;
    assert!(overall.pool_wait.p50_us.unwrap() > overall.service.p50_us.unwrap(), "three of four calls wait");
}

/// A list that is somebody else's, and a run that is kept and shown all the same.
#[test]
fn a_page_that_cannot_be_made_hides_nothing() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("reports")).unwrap();
    bench.write("reports/index.html", "my own notes");
    let answer = bench.expect(0, "run read --tracks 100 --warmup 0s --duration 500ms --quiet");
    assert!(answer.stderr.contains("reports/index.html was not made by loist-bench"), "{}", answer.stderr);
    assert_eq!(std::fs::read_to_string(bench.path("reports/index.html")).unwrap(), "my own notes");
    assert!(answer.stdout.contains("Record: reports/"), "{}", answer.stdout);
    bench.record();
}

#[test]
fn advice_comes_from_the_record_alone() {
    let bench = Bench::new();
    bench.expect(0, "run read --tracks 100 --warmup 0s --duration 1s --quiet --set enable_indexscan=off");
    let stored = bench.record();
    let directory = bench.run_directory();
    let again = bench.expect(0, &format!("advise {} --format json", directory.display()));
    let again: Vec<loist_bench::record::Recommendation> = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again, stored.advice);
    // Of a hundred rows, chance may put another trial first.
    let rules: Vec<&str> = again.iter().take(3).map(|piece| piece.rule.as_str()).collect();
    assert!(rules.contains(&"planner/enable-off"), "{rules:?}");
    let text = bench.expect(0, &format!("advise {}", directory.display())).stdout;
    assert!(text.contains("ALTER SYSTEM SET enable_indexscan = 'on'"), "{text}");
}

/// Sessions hand their statistics in before they are read: what spilled in half a second is seen.
#[test]
fn what_happened_in_a_short_window_is_seen() {
    let bench = Bench::new();
    bench.expect(0, "run browse --tracks 3000 --warmup 0s --duration 500ms --set work_mem=64kB --quiet");
    let record = bench.record();
    let window = &record.evidence.window;
    assert!(window.temp_files > 0, "{window:?}");
    // Each call is one transaction that rolls back; looking on adds none that do.
    let calls: u64 = record.operations.iter().map(|operation| operation.summary.calls).sum();
    assert_eq!(window.rollbacks, calls);
    let rules: Vec<_> = record.advice.iter().map(|piece| (piece.rule.as_str(), piece.stance)).collect();
    assert!(rules.contains(&("memory/work-mem", Stance::Change)), "{rules:?}");
}

/// SQL that only the server can refuse is reported with file and line, before any load.
#[test]
fn what_the_server_refuses_is_reported_with_file_and_line() {
    let bench = Bench::new();
    let text =
        include_str!("../../workloads/read.toml").replacen("FROM audio_tracks", "FROM audio_trakcs", 1);
    let line = text.lines().position(|line| line.contains("audio_trakcs")).unwrap() + 1;
    bench.write("typo.toml", &text);
    let answer = bench.expect(2, "run typo.toml --tracks 10 --quiet");
    answer.one_sentence(&format!(
        "typo.toml:{line}: the server refuses the SQL of `track`: relation \"audio_trakcs\""
    ));
    let envelope = format!("{text}\n[envelope]\nvalidate = \"SELECT nonsense\"\n")
        .replace("audio_trakcs", "audio_tracks");
    let line = envelope.lines().position(|line| line.contains("nonsense")).unwrap() + 1;
    bench.write("envelope.toml", &envelope);
    let answer = bench.expect(2, "run envelope.toml --tracks 10 --quiet");
    answer.one_sentence(&format!("envelope.toml:{line}: the server refuses this part of the envelope"));
    // Of the wrong type, within the text and beside it.
    let integer = text.replace("audio_trakcs", "audio_tracks").replacen(
        "{ draw = \"track_id\"",
        "{ draw = \"integer\", min = 1, max = 9 } # ",
        1,
    );
    let line = integer.lines().position(|line| line.starts_with("SELECT")).unwrap() + 1;
    bench.write("integer.toml", &integer);
    for (protocol, why) in [
        ("simple", "operator does not exist: uuid = integer"),
        ("extended", "invalid input syntax for type uuid: "),
    ] {
        let answer = bench.expect(2, &format!("run integer.toml --tracks 10 --quiet --protocol {protocol}"));
        answer.one_sentence(&format!(
            "integer.toml:{line}: the server refuses the SQL of `track`: with values as they are drawn, {why}"
        ));
    }
    assert!(bench.records().is_empty());
}

#[test]
fn a_single_track_is_a_catalog_too() {
    let bench = Bench::new();
    bench.expect(0, "run --tracks 1 --clients 2 --warmup 0s --duration 1s --quiet");
    assert_consistent(&bench.record());
}
