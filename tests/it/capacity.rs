//! `capacity` against a server: what is measured is kept, and the same answer comes from the records again.

use crate::common::{Answer, Bench, KeptServer};
use loist_bench::capacity::{Capacity, Outcome, growth::Basis};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::Stdio,
};

/// The floor takes as long as two hundred calls do.
const SMALL: &str = "capacity read --warmup 0s --duration 1s --max-rate 400";

fn answered(output: std::process::Output, code: i32, what: &str) -> Capacity {
    serde_json::from_str(&Answer::of(output, code, what).stdout).unwrap()
}

/// The answer's own directory.
fn directory(bench: &Bench) -> std::path::PathBuf {
    let entries = std::fs::read_dir(bench.path("reports")).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.join("capacity.json").exists()).unwrap()
}

#[test]
fn sizes_are_measured_and_the_records_answer_again() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let run = format!(
        "{SMALL} --sizes 200,400 --repeats 2 --check 600 --no-knee --growth 400,600 --format json --quiet"
    );
    let output = bench.command(&run).env("DATABASE_URL", &server.url).output().unwrap();
    // Whether the predictions held is for the machine to say.
    let code = if output.status.code() == Some(4) { 4 } else { 0 };
    let found = answered(output, code, &run);
    let sizes: Vec<(u64, usize)> = found.sizes.iter().map(|size| (size.tracks, size.runs)).collect();
    assert_eq!(sizes, [(200, 2), (400, 2)]);
    let schema = loist_bench::capacity::schema();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&serde_json::to_value(&found).unwrap()));
    for operation in &found.operations {
        assert_eq!(operation.response.measured.len(), 2, "{}", operation.response.name);
        assert_eq!(operation.response.at(400).unwrap().basis, Basis::Measured);
    }
    let bytes: Vec<f64> = found.sizes.iter().filter_map(|size| size.database_bytes).collect();
    assert!(bytes.len() == 2 && bytes[0] < bytes[1], "{bytes:?}");
    let check = found.check.as_ref().unwrap();
    assert_eq!((check.tracks, check.runs, check.rows.len()), (600, 2, found.operations.len() + 1));

    let records = bench.records();
    assert_eq!(records.len(), 6);
    let seeds: BTreeSet<u64> = records.iter().map(|record| record.run.seed).collect();
    assert_eq!(seeds.len(), 6, "each run has a library of its own");
    for record in &records {
        assert_eq!((record.load.clients, record.load.max_rate_per_second), (1, Some(400.0)));
        assert!(record.operations.iter().all(|operation| operation.weight == 1.0));
    }
    let directory = directory(&bench);
    for name in ["capacity.html", "capacity.md"] {
        assert!(directory.join(name).is_file(), "{name}");
    }
    let list = std::fs::read_to_string(bench.path("reports/index.html")).unwrap();
    assert!(list.contains("capacity.html"), "it is listed among the runs");

    let again = "capacity --from reports --check 600 --growth 400,600 --format json";
    let again = answered(bench.output(again), code, again);
    assert_eq!(
        (again.operations, again.database, again.check),
        (found.operations, found.database, found.check)
    );
    // Ten thousand tracks and more, which are asked for by default, are too far away.
    let text = bench.expect(4, "capacity --from reports --check 600 --load 20/s --instances 3").stdout;
    assert!(text.contains("20.0 calls a second") && text.contains("3 instances with pools of 10"), "{text}");
}

#[test]
fn a_single_run_with_its_knee_predicts_nothing() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let run = format!("{SMALL} --sizes 200 --repeats 1 --knee-budget 6s --format json --quiet");
    let output = bench.command(&run).env("DATABASE_URL", &server.url).output().unwrap();
    let found = answered(output, 4, &run);
    assert_eq!(found.outcome, Outcome::Unknown);
    assert!(found.sentence.contains("measured once"), "{}", found.sentence);
    assert!(found.sizes[0].knee.is_some(), "{:?}", found.sizes);
    let searches = bench.records().into_iter().filter(|record| record.knee.is_some());
    for record in searches {
        let weights: BTreeSet<String> = record.operations.iter().map(|one| one.weight.to_string()).collect();
        assert!(weights.len() > 1, "the knee is that of the workload's own mix");
    }
}

#[test]
fn what_was_measured_before_an_interrupt_is_kept() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let mut command = bench.command(&format!("{SMALL} --sizes 100,200 --repeats 9 --no-knee"));
    command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("about ")), "how long it takes is told first");
    assert!(lines.any(|line| line.starts_with("record: ")));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:#?}");
    assert!(said.iter().any(|line| line.contains("--from RECORD...")), "{said:#?}");
    assert!(!bench.records().is_empty());
    let again = bench.expect(4, "capacity --from reports");
    assert!(again.stdout.contains("cannot tell"), "{}", again.stdout);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let bench = Bench::new();
    bench.write("prices.toml", "name = \"x\"\n");
    for (arguments, part) in [
        ("--sizes 1k,1000", "--sizes has 1k twice"),
        ("--sizes 1x", "as in 1000, 10k or 1M"),
        ("--sizes 1k,2k --check 2k", "not among --sizes"),
        ("--tracks 500", "leave --tracks out"),
        ("--load 0/s", "as in 10/s"),
        ("--busy 0%", "as in 60%"),
        ("--knee-budget 1s", "--knee-budget must be at least 6s"),
        ("--no-knee --knee-budget 1min", "--no-knee leaves out"),
        ("--from nothing", "cannot read the record"),
        ("--from x --sizes 1k", "--from measures nothing: leave --sizes out"),
        ("--prices prices.toml", "prices.toml:"),
        ("--prices missing.toml", "missing.toml: cannot be read"),
        ("--use-existing --database-url postgres://nobody@localhost:1/x", "leave it out"),
        ("--rate 10 --think 1s", "cannot both be meant"),
    ] {
        bench.expect(2, &format!("capacity --quiet {arguments}")).one_sentence(part);
    }
    assert!(bench.records().is_empty());
}
