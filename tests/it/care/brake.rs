//! Neighbours of the load: it takes no more than it may, and stops when they suffer.

use super::{database, run};
use crate::common::{Answer, Bench, KeptServer, ask, runtime, wait_until};
use loist_bench::record::{Ended, Outcome, Record};
use std::{process::Output, thread::JoinHandle};
use tokio_postgres::{Client, NoTls};

#[test]
fn a_load_on_a_shared_server_keeps_to_its_limits_and_yields() {
    let server = KeptServer::start("");
    calls_are_capped(&server);
    limits_are_told_before_anything_begins(&server);
    many_connections_end_it(&server);
    a_canary_that_waits_ends_it(&server);
    a_neighbour_that_waits_for_it_ends_it(&server);
    a_duet_ends_with_it(&server);
}

fn calls_are_capped(server: &KeptServer) {
    let bench = Bench::new();
    let options = "--tracks 50 --clients 4 --threads 2 --warmup 0s --duration 2s --max-rate 50 --quiet";
    let shown = run(&bench, &server.url, 0, &format!("run read {options}")).stdout;
    assert!(shown.contains("closed loop, at most 50.0 calls/s, 4 clients"), "{shown}");
    let record = bench.record();
    assert_eq!(record.load.max_rate_per_second, Some(50.0));
    // Each thread may begin with a call at once.
    let most = 50.0 * record.window.seconds + 2.0;
    let calls = record.overall.calls;
    assert!(calls > 10 && calls as f64 <= most, "{calls} calls in {} s", record.window.seconds);
    let cautions = &record.verdict.cautions;
    assert!(cautions.iter().any(|caution| caution.contains("capped at 50 calls/s")), "{cautions:?}");
    // Waiting for leave to call is no response time.
    assert!(record.overall.response.p50_us.unwrap() < 1e6 / 50.0, "{:?}", record.overall.response.p50_us);
}

fn limits_are_told_before_anything_begins(server: &KeptServer) {
    let bench = Bench::new();
    for (arguments, part) in [
        ("--rate 100 --max-rate 50", "up to 100 calls a second, above --max-rate 50"),
        (
            "--clients 4 --max-connections 7",
            "up to 4 connections and loist-bench 4 more (one looks on, one keeps others of its kind out, one minds the brake, one asks for plans): 8 together, above --max-connections 7",
        ),
        ("--clients 1 --brake none --max-connections 3", "4 together"),
        ("--sweep pool=2,20 --clients 2 --max-connections 12", "24 together"),
        ("--brake neighbours-p95>50ms", "write canary-p95"),
    ] {
        run(&bench, &server.url, 2, &format!("run read --tracks 50 --quiet {arguments}")).one_sentence(part);
    }
    assert!(bench.records().is_empty());
}

/// A run that goes on until the brake ends it, while `plant` does its work.
fn braked<T>(server: &KeptServer, arguments: &str, plant: impl FnOnce() -> T) -> (Record, Output, T) {
    let bench = Bench::new();
    bench.write("locks.toml", LOCKS);
    let mut command =
        bench.command(&format!("run {arguments} --tracks 50 --clients 2 --warmup 0s --duration 60s"));
    command.env("DATABASE_URL", &server.url);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    // What only calls of the load send.
    let load = "SELECT 1 FROM pg_stat_activity WHERE query IN ('BEGIN', 'ROLLBACK') OR query LIKE 'SELECT pg_advisory_xact%'";
    wait_until("the load", || !server.sql(load).is_empty() || child.try_wait().unwrap().is_some());
    let planted = plant();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let record = bench.record();
    assert_eq!(record.run.ended, Ended::Braked);
    assert_eq!(record.verdict.outcome, Outcome::Inconclusive);
    assert!(record.verdict.sentence.starts_with("The brake ended the load"), "{}", record.verdict.sentence);
    assert!(record.window.seconds < 60.0);
    let missing = &record.evidence.missing;
    assert!(missing.iter().any(|line| line.contains("the brake ended the load")), "{missing:?}");
    assert!(said.contains("cut short") && said.contains("The brake ended the load"), "{said}");
    (record, output, planted)
}

/// Takes a lock of its own in every call, for a while.
const LOCKS: &str = "
name = 'locks'
[[operation]]
name = 'lock'
weight = 1.0
[[operation.transaction]]
end = 'rollback'
[[operation.transaction.statement]]
name = 'lock'
sql = 'SELECT pg_advisory_xact_lock(42), pg_sleep(0.3)'
";

fn tripped(record: &Record) -> &str {
    record.brake.as_ref().unwrap().tripped.as_deref().unwrap()
}

/// A session that does something and then stays.
async fn session(url: &str, sql: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    client
}

fn many_connections_end_it(server: &KeptServer) {
    let runtime = runtime();
    let hog = || {
        runtime.block_on(async {
            let mut sessions = Vec::new();
            for _ in 0..12 {
                sessions.push(session(&server.url, "SELECT 1").await);
            }
            sessions
        })
    };
    let (record, _, _sessions) = braked(server, "read --brake connections>12", hog);
    let why = tripped(&record);
    assert!(why.contains("of the server's 300 connections were taken in the phase"), "{why}");
    assert!(record.brake.as_ref().unwrap().watched[0].worst.unwrap() > 12.0);
}

fn a_canary_that_waits_ends_it(server: &KeptServer) {
    let runtime = runtime();
    let lock = "BEGIN; LOCK TABLE loist_bench.audio_tracks IN ACCESS EXCLUSIVE MODE";
    let plant = || runtime.block_on(session(&server.url, lock));
    let (record, _, _holder) = braked(server, "read --brake canary-p95>100x", plant);
    let watched = &record.brake.as_ref().unwrap().watched;
    let canary = watched.iter().find(|watched| watched.condition == "canary-p95>100x").unwrap();
    assert!(canary.before.unwrap() * 100.0 < canary.worst.unwrap(), "{canary:?}");
    assert!(tripped(&record).contains("p95 of the canary's reads"), "{}", tripped(&record));
}

/// The load's own sessions wait for each other all the time, which is nobody's harm.
fn a_neighbour_that_waits_for_it_ends_it(server: &KeptServer) {
    let url = server.address_of("loist", "postgres");
    let plant = || -> JoinHandle<()> {
        std::thread::spawn(move || drop(ask(&url, "SELECT pg_advisory_lock(42)").unwrap()))
    };
    let (record, _, neighbour) = braked(server, "locks.toml --brake blocked>0", plant);
    neighbour.join().unwrap();
    assert!(
        tripped(&record).contains("1 sessions of others waited for locks of the load"),
        "{}",
        tripped(&record)
    );
}

/// The databases of both sides are on one server, whose neighbours count.
fn a_duet_ends_with_it(server: &KeptServer) {
    let (left, right) = (database(server, "left_side"), database(server, "right_side"));
    let bench = Bench::new();
    let options = "--tracks 50 --rate 20 --warmup 0s --duration 1s --brake connections>1 --quiet";
    let output = bench.output(&format!("duet {left} {right} {options}"));
    Answer::of(output, 4, "a duet").one_sentence("the brake ended the load");
}
