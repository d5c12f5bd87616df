//! Verdicts as people read them.

use super::*;
use crate::{
    compare::Design,
    gate::Outcome,
    report::fixture::{self, harmless, snapshot},
};

/// What a terminal without styles shows.
fn shown(verdict: &Verdict) -> String {
    anstream::adapter::strip_str(&render(verdict)).to_string()
}

#[test]
fn each_outcome_on_the_terminal() {
    for (outcome, word) in
        [(Outcome::Pass, "PASS: "), (Outcome::Fail, "FAIL: "), (Outcome::Inconclusive, "INCONCLUSIVE: ")]
    {
        let verdict = fixture::verdict(outcome);
        let text = shown(&verdict);
        assert!(text.starts_with(&format!("{word}{}\n", verdict.sentence)), "{text}");
        assert_eq!(text.lines().next(), Some(words::line(&verdict).as_str()));
    }
    snapshot("gate_that_fails", &shown(&fixture::verdict(Outcome::Fail)));
    snapshot("gate_that_passes", &shown(&fixture::verdict(Outcome::Pass)));
}

#[test]
fn failures_come_first_in_their_group() {
    let verdict = fixture::verdict(Outcome::Fail);
    let groups = words::groups(&verdict);
    let results: Vec<CheckResult> = groups[0].checks.iter().map(|check| check.result).collect();
    use CheckResult::{Excused, Failed, NotResolved, Passed};
    assert_eq!(results, [Failed, NotResolved, Excused, Passed]);
    assert_eq!(groups[0].counts(), "1 failed, 1 not resolved, 1 excused, 1 passed");
    assert!(shown(&verdict).contains("   and 4 more passed\n"));
}

#[test]
fn what_is_not_resolved_is_shortened_and_its_reason_is_said_once() {
    let mut verdict = fixture::verdict(Outcome::Inconclusive);
    let mut effects = fixture::groups();
    effects.design = Design::Pairs { pairs: 3, set_aside: Vec::new() };
    let reason = "3 pairs are too few for this confidence";
    for effect in effects.operations.iter_mut().flat_map(|operation| &mut operation.metrics) {
        effect.reason = Some(reason.to_owned());
    }
    verdict.effects = Some(effects);
    verdict.checks.retain(|check| check.result == CheckResult::NotResolved);
    verdict.checks[0].sentence = format!("+1.9 %, 0.904 ms -> 0.871 ms; {reason}");
    verdict.checks = vec![verdict.checks[0].clone(); 9];
    let text = shown(&verdict);
    let line = "   not resolved facets p95: +1.9 %, 0.904 ms -> 0.871 ms\n";
    assert_eq!(text.matches(line).count(), 4, "{text}");
    let below = "   and 5 more not resolved\n   A change is estimated from all pairs or runs, and need not be the ratio of the medians beside it.\n   Not resolved: 3 pairs count, and it takes 9.\n";
    assert!(text.contains(below) && !text.contains(reason), "{text}");
    let page = crate::report::html::gate(&verdict);
    assert_eq!(page.matches("0.871 ms; 3 pairs are too few").count(), 9, "the page has them all");
    assert!(page.contains("need not be the ratio of the medians beside it. Not resolved: 3 pairs count"));
}

#[test]
fn what_each_operation_took_has_its_unit() {
    let text = shown(&fixture::verdict(Outcome::Fail));
    let row = text.lines().find(|line| line.starts_with("search_library  0.904 ms")).unwrap();
    let cells: Vec<&str> = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells, ["search_library", "0.904 ms", "1.81 ms", "0.814 ms", "1.72 ms", "12"]);
    let mut alone = fixture::verdict(Outcome::Fail);
    alone.latencies.iter_mut().for_each(|latency| latency.nights = 0);
    let names: Vec<String> = words::latencies(&alone).columns.iter().map(|one| one.name.clone()).collect();
    assert_eq!(names, ["operation", "p50", "p95"]);
    assert!(crate::report::html::gate(&alone).contains("id=\"latencies\""));
}

#[test]
fn a_verdict_of_nothing_is_still_one() {
    let mut verdict = fixture::verdict(Outcome::Inconclusive);
    verdict.checks.clear();
    verdict.shifts.clear();
    (verdict.effects, verdict.cautions) = (None, Vec::new());
    let text = shown(&verdict);
    assert!(text.starts_with("INCONCLUSIVE: ") && text.contains("nothing was checked"), "{text}");
}

#[test]
fn nothing_is_obeyed() {
    harmless(&shown(&fixture::hostile_verdict()));
}
