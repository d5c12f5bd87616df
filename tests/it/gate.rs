//! `gate`: pass or fail, of records that a test makes up and of one real measurement.

use crate::{
    common::{Answer, Bench},
    compare::{block, noise},
};
use chrono::{DateTime, TimeDelta, Utc};
use loist_bench::gate::{CheckResult, Outcome, Verdict};
use serde_json::Value;
use std::fs;

/// A night of three blocks, so many days after the first, `factor` times as slow.
fn night(bench: &Bench, day: usize, factor: f64) -> String {
    let directory = format!("night-{day}");
    fs::create_dir(bench.path(&directory)).unwrap();
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000 + day as i64);
    for number in 1..=3 {
        let by = factor * noise(day * 5 + number);
        let record = block("new", number, by, |record| {
            record["run"]["started_at"] = (at + TimeDelta::minutes(number as i64)).to_rfc3339().into();
        });
        bench.write(&format!("{directory}/{number}.json"), &record.to_string());
    }
    directory
}

fn gate(bench: &Bench, code: i32, arguments: &str) -> Answer {
    bench.expect(code, &format!("gate {arguments} --quiet"))
}

fn verdict(answer: &Answer) -> Verdict {
    serde_json::from_str(&answer.stdout).unwrap()
}

/// The newest directory of a gate.
fn gate_directory(bench: &Bench) -> std::path::PathBuf {
    let entries = fs::read_dir(bench.path("reports")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).max().unwrap()
}

#[test]
fn a_step_fails_with_the_night_it_began() {
    let bench = Bench::new();
    let history = "--history history --format json";
    for day in 0..12 {
        let directory = night(&bench, day, 1.0);
        let answer = gate(&bench, 0, &format!("{history} --records {directory} --revision r{day}"));
        assert_eq!(verdict(&answer).outcome, Outcome::Pass);
    }
    let mut last = None;
    for day in 12..15 {
        let directory = night(&bench, day, 1.4);
        // A night alone is no change, two are too new to be sure of.
        let code = i32::from(day == 14);
        last = Some(gate(&bench, code, &format!("{history} --records {directory} --revision r{day}")));
    }
    let verdict = verdict(&last.unwrap());
    let search = |check: &&loist_bench::gate::Check| {
        check.operation == "search_library" && check.result == CheckResult::Failed
    };
    let check = verdict.checks.iter().find(search).unwrap();
    assert!(check.sentence.contains("(r12)") && check.sentence.contains("3 nights since"), "{check:?}");
    assert!(
        verdict.shifts.iter().all(|shift| shift.revision.as_deref() == Some("r12")),
        "{:?}",
        verdict.shifts
    );
    // Whoever accepts it passes again.
    bench.expect(0, "history baseline accepted latest --history history");
    let directory = night(&bench, 15, 1.4);
    gate(&bench, 0, &format!("{history} --records {directory}"));
    // What is only looked at is not added.
    let before = fs::read(bench.path("history").join("2024-10.jsonl")).unwrap();
    let directory = night(&bench, 16, 1.4);
    gate(&bench, 0, &format!("{history} --records {directory} --no-append"));
    assert_eq!(fs::read(bench.path("history").join("2024-10.jsonl")).unwrap(), before);
}

#[test]
fn a_torn_line_of_the_history_is_told_and_costs_that_night_alone() {
    let bench = Bench::new();
    for day in 0..3 {
        let directory = night(&bench, day, 1.0);
        gate(&bench, 0, &format!("--history history --records {directory}"));
    }
    let file = bench.path("history").join("2024-10.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{}\n{{\"torn", text.trim_end())).unwrap();
    let directory = night(&bench, 3, 1.0);
    let answer = gate(&bench, 0, &format!("--history history --records {directory} --format json"));
    let verdict = verdict(&answer);
    assert!(verdict.cautions[0].contains("2024-10.jsonl:4: it is torn"), "{:?}", verdict.cautions);
    let listed: Value =
        serde_json::from_str(&bench.expect(0, "history list --history history --format json").stdout)
            .unwrap();
    assert_eq!(listed["nights"].as_array().unwrap().len(), 4, "{listed}");
}

#[test]
fn each_output_says_it_in_its_own_way() {
    let bench = Bench::new();
    let run = block("new", 1, 1.0, |record| {
        record["overall"]["slo"]["misses"] = 50_000.into();
        record["overall"]["failed"] = 20_000.into();
    });
    bench.write("bad.json", &run.to_string());
    let files = "--junit junit.xml --markdown gate.md --json gate.json --html gate.html";
    let text = gate(&bench, 1, &format!("--records bad.json {files}"));
    assert!(text.stdout.starts_with("FAIL: "), "{}", text.stdout);
    let read = |name: &str| fs::read_to_string(bench.path(name)).unwrap();
    assert!(read("junit.xml").contains("<testsuite name=") && read("junit.xml").contains("<failure"));
    assert!(read("gate.md").lines().any(|line| line.contains("FAIL")), "{}", read("gate.md"));
    assert!(read("gate.html").starts_with("<!DOCTYPE html>"));
    // It knows its own files again.
    gate(&bench, 1, &format!("--records bad.json {files}"));
    let schema: Value = serde_json::from_str(&bench.expect(0, "schema gate").stdout).unwrap();
    jsonschema::validate(&schema, &serde_json::from_str(&read("gate.json")).unwrap()).unwrap();
    let annotations = gate(&bench, 1, "--records bad.json --format github");
    assert!(annotations.stdout.starts_with("::error"), "{}", annotations.stdout);
    let list = read("reports/index.html");
    assert!(list.contains("Comparisons and gates") && list.contains("FAIL"), "{list}");
    fs::write(gate_directory(&bench).join("gate.json"), "{\"format\": \"loist-bench/gate\", \"version\": 9}")
        .unwrap();
    bench.expect(0, "report reports");
    assert!(read("reports/index.html").contains("it has version 9"), "listed as what cannot be read");
    // From the verdict alone they are made again.
    bench.expect(0, "report gate.json --out again.html");
    assert_eq!(read("again.html"), read("gate.html"));
    assert_eq!(bench.expect(0, "report gate.json --format markdown").stdout, read("gate.md"));
    let newer = read("gate.json").replacen("\"version\": 1", "\"version\": 9", 1);
    bench.write("newer.json", &newer);
    bench
        .expect(2, "report newer.json")
        .one_sentence("newer.json: it has version 9, this loist-bench reads up to 1");
    bench.write("cut.json", "{\"format\": \"loist-bench/gate\", \"version\": 1}");
    bench.expect(2, "report cut.json").one_sentence("cut.json:1: it is not whole: missing field");
    // What somebody else wrote stays.
    bench.write("mine.xml", "<mine/>");
    gate(&bench, 2, "--records bad.json --junit mine.xml")
        .one_sentence("mine.xml was not made by loist-bench");
    assert_eq!(read("mine.xml"), "<mine/>");
}

#[test]
fn the_policy_decides_and_its_mistakes_name_the_line() {
    let bench = Bench::new();
    let run = block("new", 1, 1.0, |record| record["overall"]["failed"] = 5_000.into());
    bench.write("errors.json", &run.to_string());
    gate(&bench, 1, "--records errors.json");
    bench.write("loist-gate.toml", "[errors]\nmost = '50%'\n");
    let passed = gate(&bench, 0, "--records errors.json --format json");
    assert_eq!(verdict(&passed).policy, "loist-gate.toml");
    bench.write("other.toml", "[errors]\nmost = 50\n");
    gate(&bench, 2, "--records errors.json --policy other.toml").one_sentence("other.toml:2: ");
    gate(&bench, 2, "--records errors.json --policy nowhere.toml")
        .one_sentence("nowhere.toml: cannot be read");
    gate(&bench, 2, "--history history")
        .one_sentence("nights can only be compared at one load: name it, as in --rate 100");
    gate(&bench, 2, "--records nowhere.json").one_sentence("nowhere.json: cannot read the record");
    let other = block("new", 2, 1.0, |record| record["catalog"]["tracks"] = 5.into());
    bench.write("other.json", &other.to_string());
    gate(&bench, 2, "--records errors.json --records other.json").one_sentence("the number of tracks: ");
    gate(&bench, 2, &format!("--records errors.json --history history --revision {}", "x".repeat(201)))
        .one_sentence("the revision is too long");
    for (policy, sentence) in [
        ("metrics = []", "without metrics nothing is judged"),
        ("[history]\nmost_p = 5.0", "5 is no probability"),
        ("[history]\nconfirmed_after = 1", "write 2 or more"),
        ("confidence = '99.999%'", "cannot be had"),
    ] {
        bench.write("wrong.toml", policy);
        gate(&bench, 2, "--records errors.json --policy wrong.toml").one_sentence(sentence);
    }
    // The command line wins over the environment.
    let mut named = bench.command("gate --records errors.json --quiet");
    named.env("LOIST_BENCH_GATE_BASE", "git:nowhere");
    assert_eq!(named.output().unwrap().status.code(), Some(0));
}

#[test]
fn it_measures_and_keeps_what_it_measured() {
    let bench = Bench::new();
    let small =
        "--workload search --tracks 50 --rate 40 --duration 300ms --warmup 100ms --pairs 9 --budget 6s";
    let answer = bench.output(&format!("gate --base as-is {small} --quiet --format json"));
    let code = answer.status.code();
    let stdout = String::from_utf8(answer.stdout).unwrap();
    assert!([Some(0), Some(1), Some(4)].contains(&code), "{stdout}");
    let verdict: Verdict = serde_json::from_str(&stdout).unwrap();
    assert!(verdict.effects.is_some() && !verdict.checks.is_empty());
    let directory = gate_directory(&bench);
    for name in ["base-001.json", "new-001.json", "gate.json", "gate.md", "junit.xml", "gate.html"] {
        assert!(directory.join(name).is_file(), "{name}");
    }
    // One side alone is a night.
    let alone = bench.output(&format!("gate --history history {small} --quiet"));
    let said = String::from_utf8_lossy(&alone.stdout).into_owned();
    assert!(said.contains("of this kind: it takes 10 to tell a change"), "{said}");
    let listed = bench.expect(0, "history list --history history");
    assert!(listed.stdout.contains("1 night"), "{}", listed.stdout);
}
