//! The sample record in `reports/sample`, as people see it: text, README, picture, schema.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use loist_bench::{
    record::{self, Record},
    report::{self, source::Source},
};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sample() -> Record {
    record::load(&root().join("reports/sample")).unwrap()
}

fn without_styles(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_summary() {
    insta::assert_snapshot!(without_styles(&report::terminal::render(&sample())));
}

#[test]
fn the_advice() {
    insta::assert_snapshot!(without_styles(&report::terminal::render_advice(&sample())));
}

#[test]
fn the_readme_shows_the_sample() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let summary = without_styles(&report::terminal::render(&sample()));
    assert!(readme.contains(summary.trim_end()), "put this into README.md:\n{summary}");
}

#[test]
fn the_picture_is_drawn_from_the_record() {
    let record = sample();
    let picture = report::picture::percentiles(&record, &report::picture::Ranks::of(&record)).unwrap();
    let drawn = picture.file();
    if std::env::var_os("INSTA_UPDATE").is_some() {
        std::fs::write(root().join("reports/sample/latency.svg"), &drawn).unwrap();
    }
    let stored = std::fs::read_to_string(root().join("reports/sample/latency.svg")).unwrap();
    assert_eq!(drawn, stored);
    for part in ["search_library", "200ms@p95", "99.9", "response time, ms"] {
        assert!(drawn.contains(part), "{part}");
    }
}

fn source(change: impl FnOnce(&mut Record)) -> Source {
    let (mut record, text) = record::load_with_text(&root().join("reports/sample")).unwrap();
    change(&mut record);
    Source { record, text, name: "record.json".to_owned() }
}

/// What stands above all sections.
#[test]
fn the_head_of_the_page() {
    let page = report::html::run(&source(|_| ()));
    let head = &page[page.find("<section class=\"verdict").unwrap()..];
    insta::assert_snapshot!(head[..head.find("<details class=\"section\"").unwrap()].trim_end());
}

#[test]
fn a_comparison_as_markdown() {
    let changed = source(|record| {
        record.load.clients *= 2;
        let summary = &mut record.operations[0].summary;
        summary.response.p95_us = summary.response.p95_us.map(|us| us * 3.0);
        for interval in &mut summary.response_intervals {
            (interval.low_us, interval.high_us) = (interval.low_us * 3.0, interval.high_us * 3.0);
        }
    });
    insta::assert_snapshot!(report::markdown::compare(&[source(|_| ()), changed]));
}

#[test]
fn the_record_keeps_the_schema() {
    let text = std::fs::read_to_string(root().join("reports/sample/record.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&record::schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // The first line that differs: the whole of both would fill a screen many times over.
    let lines = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    let (read, written) = (lines(&serde_json::to_value(sample()).unwrap()), lines(&value));
    let differs = read.lines().zip(written.lines()).find(|(read, written)| read != written);
    assert_eq!(differs, None, "(read, written): nothing is lost in reading");
    assert_eq!(read.len(), written.len(), "nothing is lost in reading");
}
