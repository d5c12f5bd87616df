//! Verdicts as people read them.

use super::*;
use crate::{
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
