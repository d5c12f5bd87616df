//! Sweeps, the knee, and what others may watch during a run.

use crate::common::{Answer, Bench, KeptServer, wait_until};
use loist_bench::record::{Ended, Outcome, Record};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

const SWEEP: &str = "run read --tracks 50 --clients 2 --warmup 0s --duration 500ms --sweep pool=1,2 --sweep protocol=simple,prepared";

/// The verdict of a point may be taken back on a busy machine; the table does not say why.
fn swept(server: &KeptServer, bench: &Bench, arguments: &str) -> Answer {
    let output = bench.command(arguments).env("DATABASE_URL", &server.url).output().unwrap();
    let code = if output.status.code() == Some(4) { 4 } else { 0 };
    Answer::of(output, code, arguments)
}

fn points(records: &[Record]) -> Vec<(usize, &str)> {
    records.iter().map(|record| (record.load.connections, record.workload.protocol.as_str())).collect()
}

const POINTS: [(usize, &str); 4] = [(1, "simple"), (1, "prepared"), (2, "simple"), (2, "prepared")];

#[test]
fn a_sweep_visits_every_point() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let answer = swept(&server, &bench, SWEEP);
    let rows: Vec<Vec<&str>> = answer
        .stdout
        .lines()
        .map(|line| line.split_whitespace().take(2).collect())
        .filter(|row: &Vec<&str>| row.len() == 2 && ["1", "2"].contains(&row[0]))
        .collect();
    assert_eq!(
        rows,
        [["1", "simple"], ["1", "prepared"], ["2", "simple"], ["2", "prepared"]],
        "{}",
        answer.stdout
    );
    let records = bench.records();
    let mut found = points(&records);
    found.sort_unstable();
    let mut expected = POINTS;
    expected.sort_unstable();
    assert_eq!(found, expected, "one record a point");
    assert_eq!(
        answer.stderr.lines().filter(|line| line.starts_with("record: ")).count(),
        4,
        "{}",
        answer.stderr
    );
    assert!(records.iter().filter(|record| record.catalog.reused).count() == 3, "one server, one catalog");
}

#[test]
fn a_sweep_is_one_json_document() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let answer = swept(&server, &bench, &format!("{SWEEP} --format json --quiet"));
    let records: Vec<Record> = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(points(&records), POINTS, "in the order in which they were asked for");
    assert_eq!(answer.stderr, "");
}

/// Every run finds the catalog as it was asked for, whatever the run before wrote.
#[test]
fn a_sweep_makes_the_catalog_anew_where_it_must() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    swept(
        &server,
        &bench,
        "run ingest --warmup 0s --duration 500ms --sweep tracks=50,80 --sweep clients=1,2 --quiet",
    );
    let records = bench.records();
    let mut found: Vec<_> =
        records.iter().map(|r| (r.catalog.tracks, r.load.clients, r.catalog.reused)).collect();
    found.sort_unstable();
    assert_eq!(found, [(50, 1, false), (50, 2, false), (80, 1, false), (80, 2, false)]);
}

/// What was measured before the end is shown: the third point's pool is larger than the server.
#[test]
fn a_sweep_that_fails_shows_the_points_that_ended() {
    let server = KeptServer::start("--set max_connections=8");
    let bench = Bench::new();
    let run =
        "run read --tracks 50 --clients 2 --warmup 0s --duration 500ms --sweep pool=1,2,20 --seed 4 --quiet";
    let output = bench.command(run).env("DATABASE_URL", &server.url).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    let records = bench.records();
    assert_eq!(records.len(), 2, "with this seed the third point is the last to run: {shown}");
    assert_eq!(shown.matches("record.json").count(), records.len(), "{shown}");
    let page = shown.lines().find_map(|line| line.strip_prefix("Report: ")).unwrap();
    assert!(page.ends_with("/sweep.html") && bench.path(page).exists(), "{page}");
    let list = std::fs::read_to_string(bench.path("reports/index.html")).unwrap();
    assert_eq!(list.matches("/report.html\"").count(), records.len(), "each point has its page");
    assert!(String::from_utf8_lossy(&output.stderr).contains("smaller --pool"));
    for record in records {
        let row = format!("{}", record.load.connections);
        assert!(shown.lines().any(|line| line.split_whitespace().next() == Some(&row)), "{shown}");
    }
}

#[test]
fn bad_sweeps_are_refused() {
    let bench = Bench::new();
    for (arguments, part) in [
        ("--sweep pool=0", "from 1 to 10000"),
        ("--sweep pool", "NAME=VALUES"),
        ("--sweep speed=1", "clients, pool, rate, tracks or protocol"),
        ("--sweep protocol=fast", "simple, extended or prepared"),
        ("--sweep pool=2,2", "stands twice"),
        ("--sweep pool=2 --sweep pool=3", "`pool` twice"),
        ("--sweep pool=2 --knee", "cannot be used with"),
        ("--sweep rate=5 --think 1s", "closed loop"),
        (
            "--sweep tracks=5,6 --use-existing --database-url postgres://nobody@localhost:1/x",
            "tracks that are there",
        ),
    ] {
        bench.expect(2, &format!("run --quiet {arguments}")).one_sentence(part);
    }
    assert!(bench.records().is_empty());
}

const NAPS: &str =
    "name = 'naps'\n[[operation]]\nname = 'nap'\nweight = 1.0\n[[operation.transaction]]\nend = 'none'\n
     [[operation.transaction.statement]]\nname = 'nap'\nsql = 'SELECT pg_sleep(0.01)'\n";

/// Two clients that sleep for ten milliseconds a call answer at most two hundred calls a second.
#[test]
fn the_knee_is_searched_for_and_the_window_measured_there() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("naps.toml", NAPS);
    let run = "run naps.toml --tracks 10 --clients 2 --arrivals uniform --warmup 0s --duration 1s --knee --knee-budget 24s --slo 100ms@p95 --quiet";
    let output = bench.command(run).env("DATABASE_URL", &server.url).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let record = bench.record();
    let knee = record.knee.as_ref().expect("it was searched for");
    assert!(!knee.trials.is_empty());
    assert_eq!(knee.block_seconds, 2.0);
    for trial in &knee.trials {
        assert!(trial.rate_per_second > 0.0 && (0.0..=1.0).contains(&trial.miss_share), "{trial:?}");
        let asked = trial.rate_per_second * knee.block_seconds;
        assert!((trial.calls as f64 - asked).abs() <= 1.0, "{trial:?}");
        assert!(trial.answered_per_second <= 210.0, "{trial:?}");
    }
    assert!(knee.low_per_second <= knee.rate_per_second && knee.rate_per_second <= knee.high_per_second);
    assert!(knee.bracketed && (100.0..=250.0).contains(&knee.rate_per_second), "{knee:?}");
    let promised = knee.low_per_second.floor();
    assert_eq!(knee.promised_per_second, if promised >= 100.0 { promised } else { knee.low_per_second });
    assert_eq!(record.load.model, "open");
    let asked = record.schedule.unwrap().asked_per_second.unwrap();
    assert!((asked - promised).abs() < 0.01 * promised, "{asked}, {promised}");
    assert!((record.overall.calls as f64 - promised).abs() <= 1.0, "one second of it");
}

/// The record of a search that the user ends with Ctrl-C when `line` is seen.
fn interrupted_at(line: &str, options: &str) -> Record {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write("naps.toml", NAPS);
    let mut command =
        bench.command(&format!("run naps.toml --tracks 10 --clients 2 --slo 100ms@p95 --knee {options}"));
    command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|seen| seen.contains(line)), "{line}");
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    bench.record()
}

#[test]
fn a_search_that_is_interrupted_keeps_its_blocks() {
    for (line, options) in [
        // In the search, and between it and the window.
        ("the objective", "--knee-budget 60s --warmup 0s"),
        (" floor", "--knee-budget 6s --warmup 1min"),
    ] {
        let record = interrupted_at(line, options);
        assert_eq!(record.run.ended, Ended::Interrupted);
        assert_eq!((record.overall.calls, record.verdict.outcome), (0, Outcome::Inconclusive));
        let knee = record.knee.expect("it was searched for");
        assert!(!knee.trials.is_empty(), "{line}");
    }
}

#[test]
fn metrics_are_served_during_a_run() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let mut child = bench
        .command("run read --tracks 50 --warmup 0s --duration 3s --metrics 127.0.0.1:0")
        .env("DATABASE_URL", &server.url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let note = lines.find(|line| line.contains("metrics: http://")).expect("where they are");
    std::thread::spawn(move || lines.for_each(drop));
    let address = note.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let fetch = || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    wait_until("the calls", || {
        let text = fetch();
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        text.contains("loist_bench_calls_total{operation=\"get_audio_metadata\",outcome=\"completed\"}")
            && text.contains("phase=\"measuring\"")
    });
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 4)));
}

#[test]
fn an_address_that_is_in_use_is_an_environment_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let bench = Bench::new();
    for more in ["", "--sweep pool=1,2"] {
        let answer = bench.expect(3, &format!("run read --quiet --metrics {address} {more}"));
        answer.one_sentence(&address.to_string());
    }
}
