//! `docs/architecture.md` names what is there, and all of it; `docs/reference.md` has every format and metric.

use crate::pages::{self, root};
use loist_bench::cli;
use pulldown_cmark::{Event, Parser};
use std::{collections::BTreeSet, fs};

/// Whatever stands between backticks.
fn codes(text: &str) -> BTreeSet<String> {
    let code = |event| match event {
        Event::Code(code) => Some(code.into_string()),
        _ => None,
    };
    Parser::new(text).filter_map(code).collect()
}

/// Directories that paths begin with.
const PLACES: [&str; 11] = [
    "benches/",
    "docs/",
    "examples/",
    "fuzz/",
    "reports/",
    "schema/",
    "scripts/",
    "src/",
    "templates/",
    "tests/",
    "workloads/",
];
/// What a run makes.
const MADE: [&str; 4] = ["fuzz/artifacts", "fuzz/target", "reports/history", "reports/index.html"];
/// What stands for something in a path.
const STANDS: [&str; 5] = ["NAME", "*", "<", " ", "MONTH"];

#[test]
fn every_floor_is_named() {
    let codes = codes(&pages::page("docs/architecture.md").text);
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let name = format!("src/{}", entry.file_name().to_str().unwrap());
            assert!(codes.contains(&name), "docs/architecture.md does not name `{name}`");
        }
    }
}

#[test]
fn every_path_is_there() {
    let begins = |path: &String, beginnings: &[&str]| beginnings.iter().any(|place| path.starts_with(place));
    let mut seen = 0;
    for name in ["README.md", "docs/architecture.md", "fuzz/README.md"] {
        let paths = codes(&pages::page(name).text).into_iter();
        let named = |path: &String| {
            begins(path, &PLACES) && !begins(path, &MADE) && !STANDS.iter().any(|sign| path.contains(sign))
        };
        for path in paths.filter(named) {
            seen += 1;
            assert!(root().join(&path).exists(), "{name}: there is no {path}");
        }
    }
    assert!(seen > 60, "{seen} paths were found");
}

/// The metrics are those of the exposition, which a snapshot keeps, each with its type.
#[test]
fn every_metric_is_in_the_reference() {
    let snapshots = root().join("src/lab/metrics/snapshots");
    let files =
        fs::read_dir(snapshots).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let text: String = files.collect();
    let metrics: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert!(metrics.len() > 10, "{metrics:?}");
    let reference = pages::page("docs/reference.md").text;
    for (name, kind) in &metrics {
        assert!(reference.contains(&format!("| `{name}` | {kind} |")), "docs/reference.md: {name}, a {kind}");
    }
    let rows = reference.lines().filter(|line| line.starts_with("| `loist_bench_")).count();
    assert_eq!(rows, metrics.len(), "docs/reference.md has as many metrics as there are");
}

/// Every benchmark is explained.
#[test]
fn every_benchmark_is_in_the_readme() {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let readme = pages::page("README.md").text;
    let benches = manifest["bench"].as_array().unwrap();
    assert!(benches.len() > 4);
    for bench in benches {
        let name = bench["name"].as_str().unwrap();
        assert!(readme.contains(&format!("`cargo bench --bench {name}")), "README.md lacks {name}");
    }
}

/// Every format that `schema` prints has a row.
#[test]
fn every_format_is_in_the_reference() {
    let codes = codes(&pages::page("docs/reference.md").text);
    let command = cli::command();
    let schema = command.find_subcommand("schema").unwrap();
    let format = schema.get_arguments().find(|argument| argument.get_id() == "format").unwrap();
    let names: Vec<String> =
        format.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(codes.contains(&format!("schema {name}")), "docs/reference.md lacks `schema {name}`");
    }
}
