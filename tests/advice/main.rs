//! The advisor's rules, each on the sample record with one thing about it changed. One file for each family of rules; the
//! others hold what all of them promise.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

use common::{sample, set};
use loist_bench::{
    advise::{advise, rules},
    record::Stance,
};
use std::path::Path;

mod apply;
mod budget;
mod common;
mod connections;
mod corners;
mod gin;
mod indexes;
mod locks;
mod logging;
mod memory;
mod missing;
mod planner;
mod plans;
mod platform;
mod property;
mod statements;
mod statistics;
mod trials;
mod vacuum;
mod wal;

/// What to change comes before what to leave alone, the larger effect first.
#[test]
fn advice_is_ordered() {
    let mut record = sample();
    set(&mut record.evidence, "log_statement", "all");
    set(&mut record.evidence, "enable_sort", "off");
    let advice = advise(&record);
    let stances: Vec<u8> = advice.iter().map(|piece| piece.stance as u8).collect();
    assert!(stances.is_sorted(), "{stances:?}");
    let changes: Vec<f64> =
        advice.iter().filter(|piece| piece.stance == Stance::Change).map(|piece| piece.effect).collect();
    assert!(changes.is_sorted_by(|a, b| a >= b), "{changes:?}");
    let place = |rule: &str| advice.iter().position(|piece| piece.rule == rule).unwrap();
    assert!(place("planner/enable-off") < place("logging/statements"));
}

/// The table of the documentation is that of the program.
#[test]
fn the_rules_are_documented() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/advice.md")).unwrap();
    let documented: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `") && line.contains('/')).collect();
    let rules: Vec<String> =
        rules().map(|(name, threshold, source)| format!("| `{name}` | {threshold} | {source} |")).collect();
    assert_eq!(documented, rules);
}
