//! The history on the command line: nights go in, are listed, named, exported, imported and pruned.

use crate::common::{Answer, Bench};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// A bench with the sample as a run, so many days before now.
struct Desk {
    bench: Bench,
}

impl Desk {
    fn new() -> Self {
        Self { bench: Bench::new() }
    }

    /// The sample with something else in it, as `NAME/record.json`.
    fn record(&self, name: &str, days_ago: i64, change: impl FnOnce(&mut Value)) {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/sample/record.json");
        let mut record: Value = serde_json::from_str(&fs::read_to_string(sample).unwrap()).unwrap();
        let at: DateTime<Utc> = Utc::now() - TimeDelta::days(days_ago);
        record["run"]["started_at"] = at.to_rfc3339().into();
        change(&mut record);
        fs::create_dir(self.bench.path(name)).unwrap();
        self.bench.write(&format!("{name}/record.json"), &record.to_string());
    }

    fn history(&self, code: i32, arguments: &str) -> Answer {
        self.bench.expect(code, &format!("history {arguments}"))
    }

    fn said(&self, arguments: &str) -> String {
        self.history(0, arguments).stdout
    }

    fn listed(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.said(&format!("list --format json {arguments}"))).unwrap()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.bench.path(name)).unwrap()
    }

    /// The files of a history, by name.
    fn files(&self, directory: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.bench.path(directory)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

#[test]
fn nights_are_added_listed_and_named() {
    let desk = Desk::new();
    assert!(desk.said("list").contains("reports/history: no nights yet; `loist-bench history add RECORD`"));
    desk.record("a", 2, |_| {});
    desk.record("b", 2, |_| {});
    desk.record("c", 1, |record| record["catalog"]["tracks"] = 20_000.into());
    let added = desk.said("add a b/record.json --revision 3f2a1b0 --baseline main");
    assert!(added.contains("revision 3f2a1b0 is added: 2 blocks, in reports/history"), "{added}");
    assert!(added.contains("Baseline main: night "), "{added}");
    assert!(desk.said("add b a").contains("was there already: 2 blocks"));
    assert!(desk.said("add c").contains("is added: 1 block,"));
    let text = desk.said("list");
    assert!(text.starts_with("reports/history: 2 nights of 2 kinds\n\nmcp-mix "), "{text}");
    for part in ["on 10,000 tracks", "on 20,000 tracks", "date, UTC", "p95 ms", "3f2a1b0", "11.1", "main"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.lines().all(|line| line.trim_end() == line), "{text:?}");
    let listed = desk.listed("");
    assert_eq!(listed["nights"][0]["baselines"], serde_json::json!(["main"]));
    assert_eq!(listed["nights"][0]["blocks"], 2);
    assert_eq!(listed["nights"][0]["p95_us"], 11_083.775);
    assert_eq!(listed["nights"][1]["kind"]["tracks"], 20_000);
    let id = listed["nights"][1]["id"].as_str().unwrap();
    assert!(
        desk.said(&format!("baseline main {}", &id[..6]))
            .starts_with(&format!("Baseline main: night {id} of "))
    );
    assert_eq!(desk.listed("")["nights"][1]["baselines"], serde_json::json!(["main"]));
    assert!(desk.said("baseline other").contains(id), "the latest");
    assert!(desk.said("baseline main --remove").contains("no longer the name of a night"));
    assert_eq!(desk.listed("")["nights"][1]["baselines"], serde_json::json!(["other"]));
}

#[test]
fn the_history_may_be_elsewhere() {
    let desk = Desk::new();
    desk.record("a", 0, |_| {});
    let output = desk.bench.command("history add a").env("LOIST_BENCH_HISTORY", "there").output().unwrap();
    assert!(Answer::of(output, 0, "the environment").stdout.contains("in there\n"));
    assert_eq!(desk.listed("--history there")["nights"].as_array().unwrap().len(), 1);
    assert_eq!(desk.listed("")["nights"].as_array().unwrap().len(), 0);
    assert!(!desk.bench.path("reports").exists(), "reading makes nothing");
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let desk = Desk::new();
    desk.record("a", 0, |_| {});
    desk.record("b", 0, |record| record["server"]["version_number"] = 160_002.into());
    for (arguments, part) in [
        ("add a b", "records 1 and 2 are not of one kind, the major version of the server: 15 and 16"),
        ("add a a", "records 1 and 2 are the same run"),
        ("add nowhere", "nowhere: cannot read the record"),
        ("add a --baseline -", "is no name for a baseline"),
        ("baseline main", "there is no night in it"),
        ("export --format csv", "there is no night in it"),
    ] {
        desk.history(2, arguments).one_sentence(part);
        assert!(!desk.bench.path("reports").exists(), "{arguments} leaves nothing");
    }
    desk.said("add a");
    for (arguments, part) in [
        ("baseline main 0000", "reports/history: there is no night `0000`"),
        ("baseline a,b", "`a,b` is no name for a baseline"),
        ("baseline main --remove", "there is no baseline `main`"),
        ("baseline main latest --remove", "cannot be used with"),
        ("prune", "nothing says what to keep: write --keep 400d"),
        ("prune --keep 400", "write a time with its unit"),
        ("prune --keep-nights 0", "write a whole number from 1"),
        ("export", "required arguments"),
        ("export --format bencher --metric throughput", "write one of p50, p95, p99, mean"),
        ("export --format jsonl --out reports/history/x.jsonl", "is in the history itself"),
        ("import a/record.json", "a/record.json:1: "),
        ("import nowhere", "nowhere: cannot be read"),
    ] {
        desk.history(2, arguments).one_sentence(part);
    }
    desk.bench.write("file", "");
    desk.history(2, "add a --history file").one_sentence("file: cannot be read: Not a directory");
    desk.history(3, "add a --history /proc/history").one_sentence("/proc/history: cannot make the directory");
}

#[test]
fn exports_are_read_back_without_loss() {
    let desk = Desk::new();
    for (name, days) in [("a", 40), ("b", 1)] {
        desk.record(name, days, |_| {});
        desk.said(&format!("add {name} --revision {name} --baseline {name}"));
    }
    assert!(desk.files("reports/history").len() > 2, "a file a month, and one for the names");
    for format in ["csv", "jsonl"] {
        let out = format!("nights.{format}");
        assert_eq!(desk.said(&format!("export --format {format} --out {out}")), format!("Export: {out}\n"));
        assert_eq!(desk.said(&format!("export --format {format}")), desk.read(&out));
        let said = desk.said(&format!("import {out} --history {format}"));
        assert!(said.starts_with(&format!("Imported 2 of 2 nights into {format}, and ")), "{said}");
        let said = desk.said(&format!("import {out} --history {format}"));
        assert!(
            said.starts_with(&format!("Imported 0 of 2 nights into {format}, and 0 baselines")),
            "{said}"
        );
        assert_eq!(
            desk.said(&format!("export --format csv --history {format}")),
            desk.said("export --format csv")
        );
    }
    assert_eq!(desk.listed("--history jsonl")["nights"][0]["baselines"], serde_json::json!(["a"]));
    let files: Vec<String> =
        desk.files("reports/history").iter().map(|path| path.display().to_string()).collect();
    let said = desk.said(&format!("import --history all {}", files.join(" ")));
    assert_eq!(said, "Imported 2 of 2 nights into all, and 2 baselines\n");
    // One night alone, for others.
    let one = desk.said("export --format csv --night latest");
    assert!(one.lines().skip(1).all(|row| row.contains(",b,0.1.0,")), "{one}");
    let hyperfine: Value = serde_json::from_str(&desk.said("export --format hyperfine")).unwrap();
    assert_eq!(hyperfine["results"][0]["times"].as_array().unwrap().len(), 1);
    let bencher: Value = serde_json::from_str(&desk.said("export --format bencher --metric p50")).unwrap();
    assert_eq!(bencher["loist-bench mcp-mix (all)"]["latency"]["value"], 744_959.0);
}

#[test]
fn what_loist_bench_did_not_make_stays() {
    let desk = Desk::new();
    desk.record("a", 0, |_| {});
    desk.said("add a");
    for format in ["csv", "jsonl", "hyperfine", "bencher"] {
        desk.bench.write("notes", "mine");
        desk.history(2, &format!("export --format {format} --out notes"))
            .one_sentence("notes was not made by loist-bench and is left as it is");
        assert_eq!(desk.read("notes"), "mine");
        for _ in 0..2 {
            desk.said(&format!("export --format {format} --out {format}.out"));
        }
    }
}

#[test]
fn a_bad_line_is_told_and_costs_nothing_else() {
    let desk = Desk::new();
    desk.record("a", 1, |_| {});
    desk.said("add a");
    let file = desk.files("reports/history").remove(0);
    let good = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        format!("{good}{}\n{}", good.replace("\"version\":1,", "\"version\":7,").trim_end(), &good[..99]),
    )
    .unwrap();
    desk.record("b", 1, |_| {});
    let added = desk.history(0, "add b");
    let answer = desk.history(0, "list");
    let place = format!("left out: reports/history/{}", file.file_name().unwrap().to_string_lossy());
    for stderr in [added.stderr, answer.stderr] {
        assert!(
            stderr.contains(&format!("{place}:2: it has version 7, and this loist-bench reads up to 1")),
            "{stderr}"
        );
        assert!(stderr.contains(&format!("{place}:3: it is torn")), "{stderr}");
        assert_eq!(stderr.lines().count(), 2, "{stderr}");
    }
    assert_eq!(desk.listed("")["nights"].as_array().unwrap().len(), 2);
    assert_eq!(desk.listed("")["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn pruning_says_what_it_removes_and_keeps_baselines() {
    let desk = Desk::new();
    for (name, days) in [("a", 500), ("b", 450), ("c", 10), ("d", 1)] {
        desk.record(name, days, |_| {});
        desk.said(&format!("add {name} --revision {name}"));
    }
    let oldest = desk.listed("")["nights"][0]["id"].as_str().unwrap().to_owned();
    desk.said(&format!("baseline release {oldest}"));
    assert_eq!(desk.said("prune --keep-nights 9"), "Nothing to remove from reports/history: 4 nights kept\n");
    let would = desk.said("prune --keep 400d --dry-run");
    assert!(would.starts_with("Would remove 1 of 4 nights from reports/history:\n  "), "{would}");
    assert!(would.ends_with(", revision b\n"), "{would}");
    assert_eq!(desk.listed("")["nights"].as_array().unwrap().len(), 4);
    assert_eq!(desk.said("prune --keep 400d"), would.replace("Would remove", "Removed"));
    let left = desk.listed("");
    let revisions: Vec<&Value> =
        left["nights"].as_array().unwrap().iter().map(|night| &night["revision"]).collect();
    assert_eq!(revisions, ["a", "c", "d"]);
}

/// Processes that add at once, each a night of its own.
#[test]
fn processes_at_once_lose_nothing() {
    let desk = Desk::new();
    let children: Vec<_> = (0..8)
        .map(|number| {
            desk.record(&number.to_string(), number, |_| {});
            desk.bench.spawn(&format!("history add {number} --baseline n{number}"))
        })
        .collect();
    for child in children {
        Answer::of(child.wait_with_output().unwrap(), 0, "history add");
    }
    let answer = desk.history(0, "list --format json");
    let listed: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(listed["nights"].as_array().unwrap().len(), 8);
    assert!(listed["nights"].as_array().unwrap().iter().all(|night| night["baselines"][0].is_string()));
    assert_eq!(answer.stderr, "");
}

#[test]
fn help_says_where_and_how() {
    let bench = Bench::new();
    let help = bench.expect(0, "history --help").stdout;
    for command in ["add", "list", "baseline", "export", "import", "prune"] {
        assert!(help.contains(command), "{command} in {help}");
        let own = bench.expect(0, &format!("history {command} --help")).stdout;
        assert!(own.contains("--history <DIR>"), "{own}");
        assert!(own.contains("[default: reports/history]") && own.contains("LOIST_BENCH_HISTORY"), "{own}");
    }
    bench.write("loist-bench.toml", "history = \"there\"\n");
    assert!(bench.expect(0, "history list").stdout.starts_with("there: no nights yet"));
}

#[test]
fn the_lines_are_as_the_schema_says() {
    let desk = Desk::new();
    let schema: Value = serde_json::from_str(&desk.bench.expect(0, "schema history").stdout).unwrap();
    jsonschema::meta::validate(&schema).expect("a valid JSON Schema");
    let validator = jsonschema::validator_for(&schema).unwrap();
    desk.record("a", 0, |_| {});
    desk.said("add a --revision x --baseline main");
    desk.said("baseline main --remove");
    let mut lines = 0;
    for file in desk.files("reports/history") {
        for line in fs::read_to_string(file).unwrap().lines() {
            assert!(validator.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
            lines += 1;
        }
    }
    assert_eq!(lines, 3);
}
