//! Faults planted in a server that is otherwise well set: the first or second recommendation names the cause, and where
//! nothing is planted, nothing is to be changed.

use crate::common::{Bench, KeptServer, wait_until_load};
use loist_bench::{
    advise,
    record::{Basis, Outcome, Recommendation, Record, Stance},
};
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

/// Settings that a careful DBA would sign for this database on this machine.
const WELL: &str = "--set random_page_cost=1.1 --set work_mem=32MB --set wal_buffers=16MB \
    --set statement_timeout=30s --set idle_in_transaction_session_timeout=30s --set gin_pending_list_limit=64kB";

/// A run on a server of its own, well set but for what `planted` says.
fn run(workload: &str, planted: &str) -> Record {
    let bench = Bench::new();
    let arguments = format!("run {workload} --quiet --warmup 1s {WELL} {planted}");
    let output = bench.output(&arguments);
    // On a busy machine it may be inconclusive; what it saw of the server is not.
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    bench.record()
}

/// A run against a server that was prepared.
fn run_on(server: &KeptServer, arguments: &str) -> Record {
    let bench = Bench::new();
    let mut command = bench.command(&format!("run {arguments} --quiet --warmup 1s"));
    let output = command.env("DATABASE_URL", &server.url).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    bench.record()
}

/// A server with a catalog, well set but for what `planted` says.
fn seeded(tracks: u32, planted: &str) -> KeptServer {
    let server = KeptServer::start(&format!("{WELL} {planted}"));
    let bench = Bench::new();
    let mut command = bench.command(&format!("seed --tracks {tracks} --quiet"));
    let output = command.env("DATABASE_URL", &server.url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // For --use-existing: tables are named without their schema.
    server.sql("ALTER DATABASE postgres SET search_path = loist_bench, public");
    server
}

fn changes(record: &Record) -> Vec<&Recommendation> {
    record.advice.iter().filter(|piece| piece.stance == Stance::Change).collect()
}

/// The recommendation of that rule, which is the first or the second.
fn named<'a>(record: &'a Record, rule: &str) -> &'a Recommendation {
    let found = changes(record).into_iter().take(2).find(|piece| piece.rule == rule);
    found.unwrap_or_else(|| panic!("{rule} is not among the first two of {:#?}", told(record)))
}

fn told(record: &Record) -> Vec<String> {
    let piece = |piece: &&Recommendation| {
        format!("{:.3} {} {}: {}", piece.effect, piece.rule, piece.title, piece.evidence)
    };
    changes(record).iter().map(piece).collect()
}

/// What `advise` says of a record, as on another machine: without a PostgreSQL, or any program at all.
fn advised_elsewhere(record: &Record) -> Vec<Recommendation> {
    let elsewhere = Bench::new();
    let mut unadvised = record.clone();
    unadvised.advice.clear();
    elsewhere.write("record.json", &serde_json::to_string(&unadvised).unwrap());
    let output = elsewhere.command("advise record.json --format json").env("PATH", "").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn where_all_is_well_nothing_is_to_be_changed() {
    // What is felt depends on the time that calls take: beside a hog, everything is.
    let quiet = |record: &Record| record.verdict.outcome == Outcome::Met;
    let again = |_| run("mcp-mix", "--tracks 10000 --duration 6s");
    let record = (0..3).map(again).find(quiet).unwrap_or_else(|| again(3));
    assert_eq!(told(&record), Vec::<String>::new());
    assert!(record.advice.len() > 10, "what was looked at is said");
    assert!(record.advice.iter().any(|piece| piece.title.contains("Leave shared_buffers")));
    assert_eq!(advised_elsewhere(&record), record.advice);
}

#[test]
fn sorts_spill_with_64_kb() {
    let record = run("browse", "--tracks 10000 --duration 3s --set work_mem=64kB");
    let piece = named(&record, "memory/work-mem");
    assert!(piece.evidence.contains("work_mem is 64kB") && piece.change.as_ref().unwrap().to != "64kB");
}

#[test]
fn random_pages_are_too_dear() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set random_page_cost=10");
    let piece = named(&record, "planner/random-page-cost");
    assert_eq!(piece.change.as_ref().unwrap().to, "1.1");
    assert_eq!(advised_elsewhere(&record), record.advice);
}

#[test]
fn shared_buffers_are_far_too_small() {
    let record = run("mcp-mix", "--tracks 100000 --duration 4s --set shared_buffers=1MB");
    let piece = named(&record, "memory/shared-buffers");
    assert!(piece.evidence.contains("shared_buffers is 1MB"), "{}", piece.evidence);
}

#[test]
fn the_search_index_was_dropped() {
    let server = seeded(10_000, "");
    server.sql("DROP INDEX loist_bench.idx_audio_tracks_search_vector");
    let record = run_on(&server, "search --tracks 10000 --duration 3s --use-existing");
    let piece = named(&record, "indexes/missing");
    let apply = &piece.change.as_ref().unwrap().apply;
    assert!(apply.contains("USING gin (search_vector)"), "{apply}");
}

#[test]
fn everything_is_compiled() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set jit=on --set jit_above_cost=0");
    if record.plans.iter().all(|plan| plan.jit_ms().is_none()) {
        // This build of PostgreSQL has no just-in-time compilation.
        return;
    }
    let piece = named(&record, "planner/jit");
    assert!(piece.evidence.contains("jit_above_cost is 0"), "{}", piece.evidence);
}

#[test]
fn statistics_are_too_coarse() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set default_statistics_target=1");
    let piece = named(&record, "planner/estimates");
    assert!(piece.title.contains("default_statistics_target"), "{}", piece.title);
}

#[test]
fn every_statement_is_logged() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set log_statement=all");
    let piece = named(&record, "logging/statements");
    assert!(piece.evidence.contains("log_statement is all"), "{}", piece.evidence);
    // What a line costs was tried; whether that can be told from noise depends on what else the machine does.
    let tried = record.what_ifs.iter().find(|what_if| what_if.settings == ["log_statement=none"]).unwrap();
    assert_eq!(tried.tried[0].base_ms.len(), tried.tried[0].changed_ms.len());
    assert!(tried.missing.is_empty(), "{:?}", tried.missing);
}

#[test]
fn autovacuum_is_off_and_the_table_bloated() {
    let server = seeded(10_000, "--set autovacuum=off");
    for _ in 0..3 {
        server.sql("UPDATE loist_bench.audio_tracks SET retry_count = retry_count");
    }
    let record = run_on(&server, "search --tracks 10000 --duration 3s --use-existing");
    let piece = named(&record, "vacuum/autovacuum");
    assert!(
        piece.evidence.contains("autovacuum is off") && piece.evidence.contains("dead rows"),
        "{}",
        piece.evidence
    );
}

#[test]
fn checkpoints_come_early() {
    let record =
        run("ingest", "--tracks 10000 --duration 8s --set max_wal_size=32MB --set min_wal_size=32MB");
    let piece = named(&record, "wal/max-wal-size");
    assert!(piece.evidence.contains("max_wal_size is 32MB"), "{}", piece.evidence);
}

#[test]
fn the_pool_keeps_no_connection() {
    let record = run("read", "--tracks 2000 --duration 3s --client-model threaded --pool-min 0");
    let piece = named(&record, "connections/churn");
    assert_eq!(piece.basis, Basis::Measured);
    assert!(piece.evidence.contains("keeps 0 idle"), "{}", piece.evidence);
}

#[test]
fn the_planner_believes_in_no_cache() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set effective_cache_size=8MB");
    let piece = named(&record, "memory/effective-cache-size");
    assert!(piece.evidence.contains("effective_cache_size is 8MB"), "{}", piece.evidence);
}

#[test]
fn index_scans_are_switched_off() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set enable_indexscan=off");
    let piece = named(&record, "planner/enable-off");
    assert!(piece.title.contains("enable_indexscan"), "{}", piece.title);
}

#[test]
fn sequential_scans_are_switched_off() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set enable_seqscan=off --set jit=on");
    let piece = named(&record, "planner/enable-off");
    assert!(piece.title.contains("enable_seqscan"), "{}", piece.title);
    assert_ne!(changes(&record)[0].rule, "planner/jit", "the cause comes before what it brings about");
}

#[test]
fn a_row_costs_a_thousand_times_as_much() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set cpu_tuple_cost=10 --set jit=on");
    let piece = named(&record, "planner/odd-constants");
    assert_eq!(piece.change.as_ref().unwrap().to, "0.01");
    assert_ne!(changes(&record)[0].rule, "planner/jit", "the cause comes before what it brings about");
}

#[test]
fn random_pages_are_said_to_be_cheaper_than_those_in_a_row() {
    let record = run("mcp-mix", "--tracks 10000 --duration 4s --set random_page_cost=0.01");
    let trial = record.what_ifs.iter().find(|what_if| what_if.settings == ["random_page_cost=1.1"]);
    assert!(trial.is_some_and(|what_if| what_if.examined > 0), "it was tried");
    let piece = record.advice.iter().find(|piece| piece.rule == "planner/random-page-cost").unwrap();
    assert!(piece.evidence.contains("with random_page_cost=1.1"), "{}", piece.evidence);
    // Only where the trials were slower it stays; else it is among the first.
    if !trial.unwrap().tried.iter().any(loist_bench::record::Trial::is_slower) {
        assert_eq!(piece.change.as_ref().unwrap().to, "1.1");
        named(&record, "planner/random-page-cost");
    }
}

#[test]
fn there_are_more_workers_than_processors() {
    let record = run(
        "browse",
        "--tracks 10000 --duration 4s --machine db-custom-2-7680 --set max_parallel_workers_per_gather=8 \
         --set min_parallel_table_scan_size=0 --set parallel_setup_cost=0 --set parallel_tuple_cost=0",
    );
    let piece = named(&record, "planner/parallel-workers");
    assert!(piece.evidence.contains("max_parallel_workers_per_gather is 8"), "{}", piece.evidence);
}

#[test]
fn maintenance_may_take_more_than_there_is() {
    let record = run(
        "mcp-mix",
        "--tracks 2000 --duration 3s --machine db-custom-1-3840 --set maintenance_work_mem=1GB \
         --set max_parallel_workers_per_gather=0",
    );
    let piece = named(&record, "memory/overcommit");
    let changed: Vec<&str> = piece.changes().map(|change| change.setting.as_str()).collect();
    assert_eq!(changed, ["maintenance_work_mem"], "{}", piece.title);
}

#[test]
fn pending_lists_are_never_flushed() {
    let server = seeded(10_000, "--set gin_pending_list_limit=64MB --set autovacuum_naptime=1h");
    // As many rows again, as single ingests would bring them, then statistics: only the pending lists are left as they are.
    server.sql(
        "INSERT INTO loist_bench.audio_tracks (status, artist, album, title, genre, year, format, audio_gcs_path)
         SELECT status, artist, album, title, genre, year, format, audio_gcs_path FROM loist_bench.audio_tracks",
    );
    server.sql("ANALYZE loist_bench.audio_tracks; CREATE EXTENSION pgstattuple WITH SCHEMA public");
    let record = run_on(&server, "search --tracks 10000 --duration 3s --use-existing");
    let piece = named(&record, "gin/pending-list");
    assert!(piece.title.starts_with("VACUUM"), "{}", piece.title);
}

/// A commit that waits for a standby and one that waits for somebody's lock look alike to the caller: here somebody holds
/// the table again and again, and has a name.
#[test]
fn writers_wait_for_somebody() {
    let server = seeded(2_000, "");
    let bench = Bench::new();
    let mut command = bench.command("run ingest --tracks 2000 --quiet --warmup 1s --duration 8s");
    let run = command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut run = run.unwrap();
    wait_until_load(&server);
    let began = Instant::now();
    while run.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(60) {
        server.sql(
            "SET application_name = 'walreceiver of the standby'; BEGIN;
             LOCK TABLE loist_bench.audio_tracks IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(1.5); COMMIT",
        );
    }
    run.wait().unwrap();
    let record = bench.record();
    let piece = named(&record, "locks/waits");
    assert!(piece.title.contains("walreceiver of the standby"), "{}", piece.title);
}

/// A workload of one's own that filters by a column without an index: on a throw-away server the index is made and tried.
#[test]
fn a_missing_index_is_tried() {
    let bench = Bench::new();
    let workload = bench.write(
        "by-duration.toml",
        "name = 'by-duration'
         description = 'Tracks of one length'
         [[operation]]
         name = 'long'
         weight = 1.0
         parameters.seconds = { draw = 'integer', min = 200, max = 210 }
         [[operation.transaction]]
         end = 'rollback'
         [[operation.transaction.statement]]
         name = 'tracks'
         sql = 'SELECT id FROM audio_tracks WHERE duration_seconds = :seconds'",
    );
    let output = bench.output(&format!(
        "run {} --tracks 10000 --quiet --warmup 1s --duration 3s {WELL}",
        workload.display()
    ));
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let record = bench.record();
    let piece = named(&record, "indexes/missing");
    assert!(piece.change.as_ref().unwrap().apply.contains("(duration_seconds)"), "{piece:?}");
    assert!(piece.evidence.contains("executions of each in turn"), "{}", piece.evidence);
    assert_eq!(piece.basis, Basis::Measured);
    assert_eq!(advise::advise(&record), record.advice);
}
