//! Several processes that make one run together, and the record that is merged from theirs.

use crate::{
    care::database,
    common::{Answer, Bench, KeptServer, ask, calls, wait_until},
    run::{assert_consistent, assert_counts_are_the_servers},
};
use chrono::{TimeDelta, Utc};
use loist_bench::record::{self, Record};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

/// Databases of one server are as good as servers: shards see those of their own alone.
#[test]
fn several_processes_make_one_run() {
    let server = KeptServer::start("");
    let [three, killed, braked, timed, guarded, alone] =
        ["three", "killed", "braked", "timed", "guarded", "alone"].map(|name| database(&server, name));
    std::thread::scope(|scope| {
        scope.spawn(|| three_are_as_one(&three));
        scope.spawn(|| one_that_is_killed_ends_alone(&killed));
        scope.spawn(|| a_brake_ends_the_load_of_all(&braked));
        scope.spawn(|| they_begin_at_a_time(&timed));
        scope.spawn(|| who_is_not_of_the_run_is_refused(&guarded));
        scope.spawn(|| nobody_waits_for_ever(&alone));
    });
}

/// A process that goes on.
fn spawn(bench: &Bench, url: &str, shard: &str, arguments: &str) -> Child {
    bench
        .command(&format!("run {arguments} --shard {shard} --quiet"))
        .env("DATABASE_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child, code: i32) -> Answer {
    Answer::of(child.wait_with_output().unwrap(), code, "a shard")
}

/// One that ends by itself.
fn refused(bench: &Bench, url: &str, code: i32, arguments: &str, part: &str) {
    let output =
        bench.command(&format!("run {arguments} --quiet")).env("DATABASE_URL", url).output().unwrap();
    Answer::of(output, code, arguments).one_sentence(part);
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// The directories of a bench's shards that have a record, by number.
fn directories(bench: &Bench) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(bench.path("reports")).unwrap();
    let all = entries.map(|entry| entry.unwrap().path()).filter(|path| path.join("record.json").exists());
    let mut all: Vec<PathBuf> = all.collect();
    let number = |path: &PathBuf| path.to_string_lossy().split_once("-shard-").unwrap().1.to_owned();
    all.sort_by_key(number);
    all
}

/// The one run in a directory of runs.
fn only_in(directory: &Path) -> PathBuf {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut runs: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = runs.remove(0);
    assert!(run.join("report.html").exists() && run.join("latency.hlog").exists());
    run
}

/// Locks by which shards tell how far they have come.
fn marks(url: &str, mark: u32) -> usize {
    let own = "database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let sql = format!(
        "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND {own}
             AND objid::int8 / 65536 = {mark} AND classid::int8 <> {}",
        0x6c6f_6973
    );
    ask(url, &sql).unwrap().len()
}

const PRESENT: u32 = 0;
const READY: u32 = 2;
const BRAKED: u32 = 5;

/// Each call of the schedule is made by one of them, and all are in the merged record and in the server's counters.
fn three_are_as_one(url: &str) {
    ask(url, "CREATE EXTENSION pg_stat_statements").unwrap();
    let bench = Bench::new();
    let load = "mcp-mix --tracks 500 --rate 150 --clients 7 --warmup 300ms --duration 3s --seed 7";
    let shards: Vec<Child> = (1..=3).map(|number| spawn(&bench, url, &format!("{number}/3"), load)).collect();
    shards.into_iter().for_each(|shard| drop(end(shard, 0)));
    let parts = directories(&bench);
    let own: Vec<Record> = parts.iter().map(|part| record::load(part).unwrap()).collect();
    own.iter().for_each(assert_consistent);
    assert_eq!(own.iter().map(|record| record.load.clients).collect::<Vec<_>>(), [3, 2, 2]);
    let shown = bench.expect(0, "merge reports --tolerance 2s --out merged").stdout;
    for part in ["merged from the records of 3 shards", "7 clients on 7 connections", "Record: merged/"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let directory = only_in(&bench.path("merged"));
    let merged = record::load(&directory).unwrap();
    assert_consistent(&merged);
    assert_counts_are_the_servers(&merged);
    assert_eq!(merged.overall.calls, own.iter().map(|record| record.overall.calls).sum::<u64>());
    assert_eq!(
        merged.overall.failed,
        0,
        "{:?}",
        merged.operations.iter().flat_map(|o| &o.errors).collect::<Vec<_>>()
    );
    assert!(!merged.plans.is_empty() && merged.floor.is_some(), "shard 1 looks at the server for all");
    let shards = merged.merged.as_ref().unwrap();
    assert_eq!((shards.of, shards.observer, shards.shards.len()), (3, 1, 3));
    assert!(shards.apart_us > 0.0, "{shards:?}");
    assert!(shards.shards.iter().all(|shard| shard.clock.after.is_some()), "{shards:?}");

    let alone = Bench::new();
    let output = alone.command(&format!("run {load} --quiet")).env("DATABASE_URL", url).output().unwrap();
    Answer::of(output, 0, load);
    let single = alone.record();
    assert_eq!(calls(&merged), calls(&single), "the schedule of one process, neither more nor less");
    assert_eq!(merged.load, record::Load { threads: merged.load.threads, ..single.load.clone() });
    let schedules = [&merged, &single].map(|record| record.schedule.as_ref().unwrap().asked_per_second);
    assert_eq!(schedules[0], schedules[1]);

    what_cannot_be_merged(&bench, &alone, &parts);
    for command in ["report", "advise"] {
        bench.expect(0, &format!("{command} {}", directory.display()));
    }
}

fn what_cannot_be_merged(bench: &Bench, alone: &Bench, parts: &[PathBuf]) {
    let merge = |records: &[&PathBuf], more: &str| {
        let mut command = bench.command(&format!("merge --out refused {more}"));
        let output = command.args(records).output().unwrap();
        Answer::of(output, 2, "merge")
    };
    let [one, two, three] = parts else { panic!("{parts:?}") };
    merge(&[one, three], "").one_sentence("no record of shard 2 of 3");
    merge(&[one, two, three, two], "").one_sentence("shard 2 is there twice");
    let single = alone.run_directory();
    merge(&[one, two, &single], "").one_sentence("is of a run that one process made");
    merge(&[one, two, three], "--tolerance 0s").one_sentence("above --tolerance 0s");
    let mut other = record::load(three).unwrap();
    other.shard.as_mut().unwrap().run_id = "another".to_owned();
    let other = bench.write("other.json", &serde_json::to_string(&other).unwrap());
    merge(&[one, two, &other], "").one_sentence("are not of one run: the run's name differs");
    assert!(!bench.path("refused").exists());
}

/// The others finish, and whoever merges is told.
fn one_that_is_killed_ends_alone(url: &str) {
    let bench = Bench::new();
    let load = "ingest --tracks 300 --clients 6 --warmup 0s --duration 3s --run-id nightly";
    let mut shards: Vec<Child> =
        (1..=3).map(|number| spawn(&bench, url, &format!("{number}/3"), load)).collect();
    // Only calls of the window insert.
    let rows = || {
        ask(url, "SELECT count(*) FROM loist_bench.audio_tracks").ok().and_then(|rows| rows[0].parse().ok())
    };
    wait_until("the window", || rows().is_some_and(|rows: u64| rows > 310));
    let mut third = shards.pop().unwrap();
    signal(&third, Signal::SIGKILL);
    third.wait().unwrap();
    shards.into_iter().for_each(|shard| drop(end(shard, 0)));
    bench.expect(2, "merge reports").one_sentence("no record of shard 3 of 3");
    let shown = bench.expect(0, "merge reports --partial --tolerance 2s --out merged").stdout;
    assert!(shown.contains("caution: shard 3 of 3 is not in it"), "{shown}");
    let merged = record::load(&only_in(&bench.path("merged"))).unwrap();
    assert_consistent(&merged);
    let shards = merged.merged.as_ref().unwrap();
    assert_eq!(
        (shards.run_id.as_str(), shards.missing.as_slice(), merged.load.clients),
        ("nightly", &[3][..], 4)
    );
    // Clients of different processes make tracks of their own.
    assert_eq!((merged.overall.failed, merged.run.ended), (0, record::Ended::AsPlanned));
    assert!(merged.overall.completed > 0);
}

/// A mark of a shard that only this test has, where it stands for one whose brake tripped.
fn a_brake_ends_the_load_of_all(url: &str) {
    let bench = Bench::new();
    let load = "read --tracks 50 --clients 2 --warmup 0s --duration 40s";
    let shards = ["1/2", "2/2"].map(|shard| spawn(&bench, url, shard, load));
    let calls = "SELECT 1 FROM pg_stat_activity
         WHERE datname = current_database() AND query IN ('BEGIN', 'ROLLBACK') AND pid <> pg_backend_pid()";
    wait_until("the window", || ask(url, calls).is_ok_and(|calls| !calls.is_empty()));
    let lock = format!(
        "SELECT pg_advisory_lock((classid::int8 - (classid::int8 >> 31) * 4294967296)::int4, {}), pg_sleep(3)
         FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid = 1
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        BRAKED * 65_536 + 3
    );
    ask(url, &lock).unwrap();
    shards.into_iter().for_each(|shard| drop(end(shard, 4)));
    for part in directories(&bench) {
        let record = record::load(&part).unwrap();
        assert_eq!(record.run.ended, record::Ended::Braked);
        let why = record.brake.unwrap().tripped.unwrap();
        assert!(why.contains("that of shard 3 ended the load of all"), "{why}");
        assert!(record.window.seconds < 40.0);
    }
    let said = "shard 1 did not run to its end, the brake ended its load";
    bench.expect(2, "merge reports --partial").one_sentence(said);
}

fn they_begin_at_a_time(url: &str) {
    let bench = Bench::new();
    let start = Utc::now() + TimeDelta::seconds(15);
    let load = format!(
        "read --tracks 50 --clients 2 --warmup 0s --duration 1s --start-at {}",
        start.format("%Y-%m-%dT%H:%M:%SZ")
    );
    let shards = ["1/2", "2/2"].map(|shard| spawn(&bench, url, shard, &load));
    shards.into_iter().for_each(|shard| drop(end(shard, 0)));
    for part in directories(&bench) {
        let record = record::load(&part).unwrap();
        let shard = record.shard.unwrap();
        assert_eq!(shard.start_at.timestamp(), start.timestamp());
        let late = shard.clock.began_at - shard.start_at;
        let doubt = TimeDelta::microseconds(shard.clock.uncertain_us as i64 + 1);
        assert!(late >= -doubt, "none begins before its time: {late}, {doubt}");
    }
    bench.expect(0, "merge reports --tolerance 2s --out merged");
    let past = "read --tracks 50 --shard 1/2 --start-at 2020-01-31T12:00:00+01:00";
    refused(&bench, url, 3, past, "too late for the start at 2020-01-31T11:00:00.000Z by the server's clock");
}

fn who_is_not_of_the_run_is_refused(url: &str) {
    let bench = Bench::new();
    let load = "read --tracks 50 --clients 3 --duration 1s";
    let waiting = spawn(&bench, url, "1/2", load);
    wait_until("a shard that waits", || marks(url, READY) == 1);
    let busy = "another loist-bench is at work in this database";
    refused(&bench, url, 3, load, busy);
    let seed = bench.command("seed --remove").env("DATABASE_URL", url).output().unwrap();
    Answer::of(seed, 3, "seed").one_sentence(busy);
    let others = "shards of another run, or of this run with other options";
    refused(&bench, url, 3, &format!("{load} --seed 9 --shard 2/2"), others);
    refused(&bench, url, 3, &format!("{load} --shard 2/3"), others);
    refused(
        &bench,
        url,
        3,
        &format!("{load} --shard 1/2"),
        "shard 1 of 2 is at work in this database already",
    );
    signal(&waiting, Signal::SIGTERM);
    end(waiting, 130);
    assert!(!bench.path("reports").exists(), "nothing was measured");
    wait_until("nobody's lock", || marks(url, PRESENT) == 0);
    refused(
        &bench,
        url,
        3,
        &format!("{load} --shard 2/3 --wait-for-shards 200ms"),
        "shard 1 has not made the library",
    );
}

fn nobody_waits_for_ever(url: &str) {
    let bench = Bench::new();
    let load = "read --tracks 50 --clients 3 --duration 1s";
    let short = format!("{load} --shard 1/3 --wait-for-shards 200ms");
    refused(&bench, url, 3, &short, "shards 2, 3 of 3 not ready within 200ms");
    wait_until("nobody's lock", || marks(url, PRESENT) == 0);
    let [one, mut two] = ["1/3", "2/3"].map(|shard| spawn(&bench, url, shard, load));
    wait_until("two shards that wait", || marks(url, READY) == 2);
    // They have looked for each other many times by then.
    std::thread::sleep(Duration::from_millis(500));
    signal(&two, Signal::SIGKILL);
    two.wait().unwrap();
    end(one, 3).one_sentence("shard 2 of 3 ended before the windows began");
    assert!(bench.records().is_empty());
}

#[test]
fn what_contradicts_itself_is_told_before_anything_starts() {
    let bench = Bench::new();
    let database = "--database-url postgres://user@localhost:1/none";
    let too_many = format!("--shard 1/8 {database}");
    let too_wide = format!("--shard 1/2 --clients 2 --max-connections 8 {database}");
    for (arguments, part) in [
        ("--shard 3/2", "write NUMBER/ALL, as in 2/8"),
        ("--shard 2", "write NUMBER/ALL"),
        ("--start-at together", "--start-at is for --shard"),
        ("--run-id x", "--run-id is for --shard"),
        ("--shard 1/2 --start-at 12:00:00", "a time with its zone"),
        ("--shard 1/2", "shards load one database together: name it by --database-url"),
        ("--shard 1/2 --knee", "--knee cannot be used with --shard"),
        ("--shard 1/2 --sweep clients=2,4", "--sweep cannot be used with --shard"),
        (too_many.as_str(), "8 shards cannot share 4 clients on 4 connections"),
        (
            too_wide.as_str(),
            "2 shards open up to 2 connections for the load and 7 of their own: 9 together, above --max-connections 8",
        ),
    ] {
        bench.expect(2, &format!("run read --quiet {arguments}")).one_sentence(part);
    }
    bench.expect(2, "merge").one_sentence("required arguments");
    bench.expect(2, "merge nothing.json").one_sentence("nothing.json: cannot read the record");
    let output = bench.command("run read --quiet").env("LOIST_BENCH_SHARD", "9/8").output().unwrap();
    Answer::of(output, 2, "LOIST_BENCH_SHARD").one_sentence("LOIST_BENCH_SHARD: ");
    assert!(bench.records().is_empty());
}
