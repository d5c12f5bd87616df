//! `compare`: two sets of records, and the three answers.

use crate::common::{Answer, Bench};
use loist_bench::compare;
use serde_json::Value;
use std::fs;

/// The sample as a block of a side, its latencies `factor` times as long, and something else in it.
pub(crate) fn block(side: &str, pair: usize, factor: f64, change: impl FnOnce(&mut Value)) -> Value {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/sample/record.json");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(sample).unwrap()).unwrap();
    record["block"] = serde_json::json!({ "experiment": "x", "side": side, "pair": pair, "first": true });
    record["disturbances"] = serde_json::json!([]);
    let longer = |summary: &mut Value| {
        for percentile in ["p50_us", "p95_us", "p99_us", "mean_us"] {
            let value = summary["response"][percentile].as_f64().unwrap();
            summary["response"][percentile] = (value * factor).into();
        }
    };
    record["operations"].as_array_mut().unwrap().iter_mut().for_each(longer);
    longer(&mut record["overall"]);
    change(&mut record);
    record
}

/// Noise of two per cent that differs from block to block.
pub(crate) fn noise(number: usize) -> f64 {
    1.0 + (number * 37 % 17) as f64 / 17.0 * 0.02
}

/// Writes so many pairs, the new side `factor` times as slow.
fn pairs(bench: &Bench, directory: &str, count: usize, factor: f64) {
    fs::create_dir(bench.path(directory)).unwrap();
    for pair in 1..=count {
        for (side, by) in [("base", noise(pair)), ("new", factor * noise(pair * 3 + 1))] {
            let record = block(side, pair, by, |_| {});
            bench.write(&format!("{directory}/{side}-{pair:03}.json"), &record.to_string());
        }
    }
}

fn first_line(answer: &Answer) -> &str {
    answer.stdout.lines().next().unwrap()
}

#[test]
fn a_slower_side_is_found_and_the_same_one_is_not() {
    let bench = Bench::new();
    pairs(&bench, "slow", 14, 1.3);
    let slower = bench.expect(1, "compare slow");
    assert!(first_line(&slower).starts_with("new is slower than base in 1"), "{}", slower.stdout);
    assert!(slower.stdout.contains("search_library"), "{}", slower.stdout);
    pairs(&bench, "same", 14, 1.0);
    let json = bench.output("compare same --format json");
    let effects: compare::Effects = serde_json::from_slice(&json.stdout).unwrap();
    assert!(effects.answered(compare::Answer::Slower).next().is_none());
    assert!(effects.answered(compare::Answer::Equivalent).count() > 20, "{effects:?}");
    let schema = bench.expect(0, "schema comparison").stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let value: Value = serde_json::from_slice(&json.stdout).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    let markdown = bench.expect(1, "compare slow --format markdown").stdout;
    assert!(markdown.contains("| search_library |"), "{markdown}");
    let page = bench.expect(1, "compare slow --format html --out page.html");
    assert!(page.stdout.contains("page.html"), "{}", page.stdout);
    assert!(fs::read_to_string(bench.path("page.html")).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn one_run_a_side_is_shown_and_decides_nothing() {
    let bench = Bench::new();
    for (name, factor) in [("a.json", 1.0), ("b.json", 3.0)] {
        let record = block("base", 0, factor, |record| record["block"] = Value::Null);
        bench.write(name, &record.to_string());
    }
    let compared = bench.expect(4, "compare a.json b.json");
    assert!(compared.stdout.contains("one run a side"), "{}", compared.stdout);
    assert!(compared.stdout.contains("+200 %"), "{}", compared.stdout);
}

#[test]
fn what_cannot_be_compared_is_refused_in_a_sentence() {
    let bench = Bench::new();
    pairs(&bench, "pairs", 2, 1.0);
    let whole = block("base", 0, 1.0, |_| {}).to_string();
    bench.write("whole.json", &whole);
    bench.write("torn.json", &whole[..whole.len() / 2]);
    bench.write("note.json", "{\"hello\": 1}");
    bench.write("new.json", &block("base", 0, 1.0, |record| record["version"] = 99.into()).to_string());
    let other = block("base", 0, 1.0, |record| record["workload"]["name"] = "search".into());
    bench.write("search.json", &other.to_string());
    fs::create_dir(bench.path("mixed")).unwrap();
    fs::create_dir(bench.path("empty")).unwrap();
    bench.write("mixed/a.json", &block("base", 0, 1.1, |_| {}).to_string());
    bench.write("mixed/b.json", &other.to_string());
    for (arguments, sentence) in [
        ("whole.json torn.json", "torn.json:1: this is not a loist-bench record"),
        ("whole.json note.json", "note.json:1: this is not a loist-bench record"),
        ("whole.json new.json", "new.json: the record has version 99, this loist-bench reads up to 1"),
        ("whole.json search.json", "the records replay different workloads (mcp-mix, search)"),
        ("whole.json mixed", "new: its records are not of one kind (workload: mcp-mix, search)"),
        ("whole.json empty", "empty: there is no record in it"),
        ("whole.json nowhere", "nowhere: cannot read the record"),
        ("mixed", "mixed: it holds one side only, as a gate without a base does"),
        ("whole.json whole.json", "whole.json and whole.json hold the same record"),
        ("pairs pairs --confidence 100%", "write a percentage from 50 to 99.99"),
        ("pairs --least-change much", "write a percentage"),
    ] {
        bench.expect(2, &format!("compare {arguments}")).one_sentence(sentence);
    }
}
