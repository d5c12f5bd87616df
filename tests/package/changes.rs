//! The list of changes keeps its form, and has the version that is built.

use crate::text;
use chrono::NaiveDate;

/// What kinds of changes there are (keepachangelog.com).
const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

#[test]
fn the_version_that_is_built_has_its_changes() {
    let text = text("CHANGELOG.md");
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings[0], "[Unreleased]");
    let mut dates = Vec::new();
    for heading in &headings[1..] {
        let (version, date) = heading.split_once(" - ").unwrap();
        assert!(version.starts_with('[') && version.ends_with(']'), "{heading}");
        dates.push(date.parse::<NaiveDate>().unwrap());
    }
    assert!(dates.is_sorted_by(|newer, older| newer >= older), "the newest comes first: {dates:?}");
    let own = format!("[{}] - ", env!("CARGO_PKG_VERSION"));
    assert!(headings[1].starts_with(&own), "the newest version is the one that is built: {}", headings[1]);
}

#[test]
fn changes_are_of_the_kinds_that_there_are() {
    let text = text("CHANGELOG.md");
    let kinds: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| KINDS.contains(kind)), "{kinds:?}");
}
