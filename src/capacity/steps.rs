//! Steps between sizes: a statement that is executed in another way, that no longer fits in memory, or that is compiled. What
//! was measured before a step says nothing of what comes after it. Pure.

use super::{alike::skeleton, tracks::short_tracks};
use crate::record::{PlanCase, Record};
use std::collections::{BTreeMap, BTreeSet};

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The first size after it.
    pub(super) from: u64,
    /// What changed, in a sentence without a full stop.
    pub(super) what: String,
}

/// A statement without its literals, and the kind of parameters.
type Key = (String, String, PlanCase);

/// How a statement was executed in the runs of one size.
#[derive(Default)]
struct Seen {
    /// Shapes by their fingerprints.
    shapes: BTreeMap<String, String>,
    /// Whether its plans spilled: both where some did and some did not.
    spills: BTreeSet<bool>,
    /// Whether they were compiled.
    compiled: BTreeSet<bool>,
}

/// The last step of an operation among sizes that are given from the smallest to the largest, each with its runs.
pub(super) fn last(sizes: &[(u64, Vec<&Record>)], operation: &str) -> Option<Step> {
    let seen: Vec<BTreeMap<Key, Seen>> = sizes.iter().map(|(_, runs)| plans(runs, operation)).collect();
    (1..sizes.len()).rev().find_map(|at| {
        let what = change(&seen[at - 1], &seen[at], (sizes[at - 1].0, sizes[at].0))?;
        Some(Step { from: sizes[at].0, what })
    })
}

fn plans(runs: &[&Record], operation: &str) -> BTreeMap<Key, Seen> {
    let mut found: BTreeMap<Key, Seen> = BTreeMap::new();
    for plan in runs.iter().flat_map(|record| &record.plans) {
        // What the fastest call does decides no percentile, and the generic plan is no call's.
        if !matches!(plan.case, PlanCase::Typical | PlanCase::Heavy) {
            continue;
        }
        let is_own =
            |name: &&String| name.strip_prefix(operation).is_some_and(|statement| statement.starts_with('.'));
        for name in plan.statements.iter().filter(is_own) {
            let seen = found.entry((name.clone(), skeleton(&plan.sql), plan.case)).or_default();
            seen.shapes.insert(plan.fingerprint.clone(), plan.shape.clone());
            if plan.executed {
                seen.spills.insert(plan.root().nodes().iter().any(|node| node.spills()));
                seen.compiled.insert(plan.jit_ms().is_some());
            }
        }
    }
    found
}

/// The first statement that is certainly executed in another way: no plan of the one size was seen at the other.
fn change(before: &BTreeMap<Key, Seen>, after: &BTreeMap<Key, Seen>, sizes: (u64, u64)) -> Option<String> {
    let (below, from) = (short_tracks(sizes.0), short_tracks(sizes.1));
    before.iter().find_map(|(key, old)| {
        let new = after.get(key)?;
        let (name, _, case) = key;
        let case = case.name();
        if new.shapes.keys().all(|fingerprint| !old.shapes.contains_key(fingerprint)) {
            let shape = |seen: &Seen| seen.shapes.values().next().cloned().unwrap_or_default();
            return Some(format!(
                "the plan of {name} ({case}) is `{}` at {below} tracks and `{}` at {from}",
                shape(old),
                shape(new)
            ));
        }
        let begins =
            |of: fn(&Seen) -> &BTreeSet<bool>| of(old).iter().eq([&false]) && of(new).iter().eq([&true]);
        if begins(|seen| &seen.spills) {
            return Some(format!(
                "{name} ({case}) fits in memory at {below} tracks and no longer does at {from} (work_mem)"
            ));
        }
        begins(|seen| &seen.compiled).then(|| {
            format!("{name} ({case}) is compiled at {from} tracks and is not at {below} (jit_above_cost)")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capacity::fixture, record::StatementPlan};
    use serde_json::json;

    fn run(tracks: u64, plans: Vec<StatementPlan>) -> Record {
        Record { plans, ..fixture::record(tracks, 1, |_, _| 1e3) }
    }

    fn step(runs: &[Record]) -> Option<Step> {
        let sizes: Vec<(u64, Vec<&Record>)> =
            runs.iter().map(|run| (run.catalog.tracks, vec![run])).collect();
        last(&sizes, "search_library")
    }

    fn plan(kind: &str) -> StatementPlan {
        fixture::plan("search_library", kind, json!({}))
    }

    #[test]
    fn another_plan_is_a_step() {
        let runs = [
            run(1_000, vec![plan("Seq Scan")]),
            run(10_000, vec![plan("Bitmap Heap Scan")]),
            run(100_000, vec![plan("Bitmap Heap Scan")]),
        ];
        let found = step(&runs).unwrap();
        assert_eq!(found.from, 10_000);
        assert!(found.what.contains("`Seq Scan on audio_tracks` at 1k tracks"), "{}", found.what);
        assert_eq!(step(&runs[1..]), None);
    }

    #[test]
    fn the_last_step_counts() {
        let kinds = ["Seq Scan", "Bitmap Heap Scan", "Gather"];
        let runs: Vec<Record> = [1_000, 10_000, 100_000]
            .into_iter()
            .zip(kinds)
            .map(|(tracks, kind)| run(tracks, vec![plan(kind)]))
            .collect();
        assert_eq!(step(&runs).unwrap().from, 100_000);
    }

    #[test]
    fn plans_that_come_and_go_are_no_step() {
        let both = vec![plan("Seq Scan"), plan("Bitmap Heap Scan")];
        assert_eq!(step(&[run(1_000, both), run(10_000, vec![plan("Bitmap Heap Scan")])]), None);
        // Of another statement, other parameters, or another operation.
        let mut other = plan("Seq Scan");
        other.sql = "SELECT 2 ORDER BY 1".to_owned();
        let mut rare = plan("Seq Scan");
        rare.case = PlanCase::Rare;
        let foreign = fixture::plan("search_library_2", "Seq Scan", json!({}));
        for changed in [other, rare, foreign] {
            assert_eq!(step(&[run(1_000, vec![plan("Index Scan")]), run(10_000, vec![changed])]), None);
        }
    }

    #[test]
    fn a_plan_that_is_compiled_is_a_step() {
        let compiled = || {
            let mut compiled = plan("Seq Scan");
            compiled.explained["JIT"] = json!({"Timing": {"Total": 90.0}});
            compiled
        };
        let found = step(&[run(10_000, vec![plan("Seq Scan")]), run(100_000, vec![compiled()])]).unwrap();
        assert!(found.from == 100_000 && found.what.contains("jit_above_cost"), "{}", found.what);
        assert_eq!(step(&[run(10_000, vec![compiled()]), run(100_000, vec![compiled()])]), None);
    }

    #[test]
    fn a_sort_that_spills_is_a_step() {
        let sort = |space: &str| {
            fixture::plan(
                "search_library",
                "Sort",
                json!({"Sort Method": "x", "Sort Space Type": space, "Sort Space Used": 9}),
            )
        };
        let found = step(&[run(1_000, vec![sort("Memory")]), run(10_000, vec![sort("Disk")])]).unwrap();
        assert!(found.from == 10_000 && found.what.contains("work_mem"), "{}", found.what);
        assert_eq!(step(&[run(1_000, vec![sort("Disk")]), run(10_000, vec![sort("Disk")])]), None);
    }
}
