//! Verdicts of records and histories that a test makes up.

use super::{
    Against, Check, CheckResult, CutShort, Evidence, Outcome, Policy, Verdict, judge, latencies, nights,
};
use crate::{
    compare::{
        self, Effects, Experiment, Judgement, Set, Stop,
        fixture::{pairs, record},
    },
    history::{History, Night},
    record::{Metric, Record},
};
use chrono::{DateTime, TimeDelta, Utc};

fn effects(factor: f64) -> Effects {
    let (base, new) = pairs(12, factor);
    let base = Set { label: "base".to_owned(), records: base.iter().collect() };
    let new = Set { label: "new".to_owned(), records: new.iter().collect() };
    let judgement = Judgement::default();
    compare::effects(&base, &new, &judgement, judgement.tail()).unwrap()
}

fn verdict(evidence: Evidence<'_>, policy: &Policy) -> Verdict {
    judge(evidence, policy, "built-in", DateTime::UNIX_EPOCH)
}

fn of<'a>(verdict: &'a Verdict, operation: &str, metric: Metric, against: Against) -> &'a Check {
    let is_meant =
        |check: &&Check| check.operation == operation && check.metric == metric && check.against == against;
    verdict.checks.iter().find(is_meant).unwrap()
}

#[test]
fn what_is_slower_fails_and_says_so_first() {
    let evidence = Evidence { effects: Some(effects(1.3)), ..Evidence::default() };
    let verdict = verdict(evidence, &Policy::default());
    assert_eq!(verdict.outcome, Outcome::Fail);
    assert!(
        verdict.sentence.starts_with("4 of 8 checks failed: search p50 against the base: slower: +30 % (+"),
        "{}",
        verdict.sentence
    );
    assert!(verdict.sentence.ends_with("; and 2 more"), "{}", verdict.sentence);
    assert_eq!(verdict.checks[0].result, CheckResult::Failed, "failures come first");
}

#[test]
fn what_is_not_confirmed_is_excused() {
    let with = |again: f64| {
        let evidence = Evidence {
            effects: Some(effects(1.3)),
            confirmation: Some(effects(again)),
            ..Evidence::default()
        };
        verdict(evidence, &Policy::default())
    };
    let twice = with(1.25);
    assert_eq!(twice.outcome, Outcome::Fail);
    assert!(of(&twice, "search", Metric::P50, Against::Base).sentence.starts_with("slower, twice: +30 %"));
    let once = with(1.0);
    assert_eq!(once.outcome, Outcome::Pass);
    let check = of(&once, "search", Metric::P50, Against::Base);
    assert_eq!(check.result, CheckResult::Excused);
    assert!(check.sentence.starts_with("slower, but not so when it was measured once more"));
}

#[test]
fn what_is_slower_one_time_and_open_the_other_is_no_pass() {
    let of_both = |first: f64, again: f64| {
        let evidence = Evidence {
            effects: Some(effects(first)),
            confirmation: Some(effects(again)),
            ..Evidence::default()
        };
        verdict(evidence, &Policy::default())
    };
    for (first, again, said) in [
        (1.3, 1.05, "slower, but not resolved when it was measured once more: "),
        (1.05, 1.3, "slower when it was measured once more, not resolved before: "),
    ] {
        let verdict = of_both(first, again);
        assert_eq!(verdict.outcome, Outcome::Inconclusive, "{}", verdict.sentence);
        let check = of(&verdict, "search", Metric::P50, Against::Base);
        assert_eq!(check.result, CheckResult::NotResolved);
        assert!(check.sentence.starts_with(said), "{}", check.sentence);
        let why = "and none failed: what was slower one time was not resolved the other";
        assert!(verdict.sentence.ends_with(why), "{}", verdict.sentence);
    }
}

#[test]
fn what_was_cut_short_passes_nothing() {
    let cut = |factor: f64, why: CutShort| {
        let evidence =
            Evidence { effects: Some(effects(factor)), cut_short: Some(why), ..Evidence::default() };
        verdict(evidence, &Policy::default())
    };
    for (why, said) in
        [(CutShort::ServerLost, "a server went away"), (CutShort::Braked, "the brake ended the load")]
    {
        let same = cut(1.0, why);
        assert_eq!(same.outcome, Outcome::Inconclusive);
        assert!(same.sentence.starts_with(&format!("the measurement was cut short: {said}")), "{same:?}");
        assert_eq!(same.cautions, [same.sentence]);
    }
    let slower = cut(1.3, CutShort::ServerLost);
    let check = of(&slower, "search", Metric::P50, Against::Base);
    assert_eq!(check.result, CheckResult::NotResolved, "it was to be measured once more");
    assert!(check.sentence.starts_with("slower, but it could not be measured once more"), "{check:?}");
}

#[test]
fn disturbed_blocks_are_not_held_against_the_objective() {
    let mut bad = record(10.0);
    bad.overall.failed = 9_000;
    bad.run.ended = crate::record::Ended::Interrupted;
    let good = [record(10.0), record(10.0)];
    let runs: Vec<&Record> = good.iter().chain([&bad]).collect();
    let judged = |runs: Vec<&Record>| verdict(Evidence { runs, ..Evidence::default() }, &Policy::default());
    let passed = judged(runs);
    assert_eq!(passed.outcome, Outcome::Pass);
    assert_eq!(
        passed.cautions,
        ["1 of 3 blocks was disturbed, and is not held against the objective: it was cut short"]
    );
    assert_eq!(judged(vec![&bad]).outcome, Outcome::Fail, "where there is no other it stands");
    bad.overall.failed = 0;
    let nothing = judged(vec![&bad, &bad]);
    assert_eq!(nothing.outcome, Outcome::Inconclusive, "{nothing:?}");
    assert_eq!(
        nothing.sentence,
        "2 runs, and each was cut short or disturbed: they prove nothing: it was cut short"
    );
}

#[test]
fn what_is_the_same_passes() {
    let evidence = Evidence { effects: Some(effects(1.0)), ..Evidence::default() };
    let verdict = verdict(evidence, &Policy::default());
    assert_eq!((verdict.outcome, verdict.sentence.as_str()), (Outcome::Pass, "all 8 checks passed"));
    let p50 = of(&verdict, "search", Metric::P50, Against::Base);
    assert!(p50.sentence.starts_with("equivalent within 5 %: "), "{}", p50.sentence);
}

#[test]
fn what_could_not_be_resolved_is_told_and_the_policy_decides() {
    let unclear = || Evidence { effects: Some(effects(1.05)), ..Evidence::default() };
    let passed = verdict(unclear(), &Policy::default());
    assert_eq!(passed.outcome, Outcome::Pass);
    assert!(passed.sentence.ends_with("could not be resolved, which the policy lets pass"), "{passed:?}");
    let check = of(&passed, "search", Metric::P50, Against::Base);
    assert!(check.sentence.starts_with('+') && check.sentence.contains("; could have seen "), "{check:?}");
    let strict = Policy::parse("unresolved = 'inconclusive'", "x").unwrap();
    let open = verdict(unclear(), &strict);
    assert_eq!(open.outcome, Outcome::Inconclusive);
    assert!(open.sentence.ends_with("none failed: the policy wants all of them resolved"), "{open:?}");
    let few = judged(&[10.0; 5]);
    let new_history =
        || Evidence { history: Some(few.clone()), effects: Some(effects(1.0)), ..Evidence::default() };
    assert_eq!(verdict(new_history(), &Policy::default()).outcome, Outcome::Pass);
    assert_eq!(verdict(new_history(), &strict).outcome, Outcome::Inconclusive);
    let nothing = verdict(Evidence::default(), &Policy::default());
    assert_eq!(nothing.outcome, Outcome::Inconclusive);
    assert_eq!(nothing.sentence, "nothing was measured that could be judged");
}

#[test]
fn too_few_pairs_are_no_pass() {
    let (base, new) = pairs(4, 1.0);
    let base = Set { label: "base".to_owned(), records: base.iter().collect() };
    let new = Set { label: "new".to_owned(), records: new.iter().collect() };
    let judgement = Judgement::default();
    let mut effects = compare::effects(&base, &new, &judgement, judgement.tail()).unwrap();
    effects.experiment = Some(Experiment {
        id: "x".to_owned(),
        planned_pairs: 4,
        looks: 1,
        budget_seconds: 40.0,
        took_seconds: 38.0,
        block_seconds: 3.0,
        ended: Stop::Budget,
    });
    let run = record(10.0);
    let evidence = Evidence { effects: Some(effects), runs: vec![&run], ..Evidence::default() };
    let verdict = verdict(evidence, &Policy::default());
    assert_eq!(verdict.outcome, Outcome::Inconclusive, "{}", verdict.sentence);
    let why = "nothing could be told against the base (4 pairs count, and it takes 9: raise --budget)";
    assert!(verdict.sentence.ends_with(why), "{}", verdict.sentence);
    let p50 = of(&verdict, "search", Metric::P50, Against::Base);
    assert!(p50.sentence.ends_with(" ms; 4 pairs are too few for this confidence"), "{p50:?}");
}

#[test]
fn the_objective_and_the_errors_are_judged_over_all_runs() {
    let run = |misses: u64, failed: u64| {
        let mut run = record(10.0);
        for summary in [&mut run.operations[0].summary, &mut run.overall] {
            (summary.slo.misses, summary.failed) = (misses, failed);
            summary.slo.quantile = 0.95;
        }
        run
    };
    let judged = |runs: &[Record]| {
        verdict(Evidence { runs: runs.iter().collect(), ..Evidence::default() }, &Policy::default())
    };
    let good = judged(&[run(10, 0), run(20, 0), run(0, 0)]);
    assert_eq!(good.outcome, Outcome::Pass);
    let slo = of(&good, "search", Metric::MissShare, Against::Slo);
    assert!(slo.sentence.contains("between runs") && slo.sentence.ends_with(", 5 % may miss it"), "{slo:?}");
    let errors = of(&good, "all", Metric::ErrorShare, Against::Errors);
    assert!(
        errors.sentence.starts_with("0 % of the calls failed (0 %..")
            && errors.sentence.ends_with(" may fail")
    );
    let missed = judged(&[run(900, 0), run(1_000, 0), run(800, 0)]);
    assert_eq!(of(&missed, "all", Metric::MissShare, Against::Slo).result, CheckResult::Failed);
    // Four per cent on average, but one of three runs was above: that may be chance or not.
    let unsteady = judged(&[run(1_200, 0), run(0, 0), run(0, 0)]);
    assert_eq!(of(&unsteady, "all", Metric::MissShare, Against::Slo).result, CheckResult::NotResolved);
    let failing = judged(&[run(0, 100), run(0, 90), run(0, 110)]);
    assert_eq!(of(&failing, "all", Metric::ErrorShare, Against::Errors).result, CheckResult::Failed);
    assert_eq!(failing.outcome, Outcome::Fail);
    let one = judged(&[run(10, 0)]);
    assert!(of(&one, "all", Metric::MissShare, Against::Slo).sentence.contains("within this run"));
}

/// A history of nights whose latencies are `ms`, one a day.
fn history(ms: &[f64]) -> (History, Night) {
    let begin = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
    let night = |(number, ms): (usize, &f64)| {
        let mut run = record(*ms);
        run.run.started_at = begin + TimeDelta::days(number as i64);
        run.run.finished_at = run.run.started_at + TimeDelta::minutes(5);
        Night::of(&[&run], Some(format!("r{number}"))).unwrap()
    };
    let all: Vec<Night> = ms.iter().enumerate().map(night).collect();
    let tonight = all.last().unwrap().clone();
    (all.into_iter().fold(History::default(), History::with), tonight)
}

#[test]
fn tonight_s_latencies_stand_beside_those_of_the_nights_before() {
    let (nights, tonight) = history(&[10.0, 12.0, 11.0, 20.0]);
    let found = latencies(&nights, &tonight);
    assert_eq!(found.iter().map(|one| one.operation.as_str()).collect::<Vec<_>>(), ["search", "all"]);
    for one in &found {
        assert_eq!((one.p50_us, one.p95_us), (Some(20_000.0), Some(40_000.0)));
        assert_eq!((one.nights, one.nights_p50_us, one.nights_p95_us), (3, Some(11_000.0), Some(22_000.0)));
    }
    let alone = latencies(&History::default(), &tonight);
    assert_eq!((alone[0].p50_us, alone[0].nights, alone[0].nights_p50_us), (Some(20_000.0), 0, None));
}

/// Noise of two per cent that has no trend.
fn noisy(level: f64, number: usize) -> f64 {
    level * (1.0 + ((number * 37 % 17) as f64 / 17.0 - 0.5) * 0.04)
}

fn judged(ms: &[f64]) -> (Vec<Check>, Vec<super::Shift>) {
    let (history, tonight) = history(ms);
    nights(&history, &tonight, &Policy::default())
}

fn p50((checks, _): &(Vec<Check>, Vec<super::Shift>)) -> &Check {
    checks.iter().find(|check| check.operation == "search" && check.metric == Metric::P50).unwrap()
}

#[test]
fn a_step_is_found_with_the_night_it_began() {
    let level = |night: usize| if night < 25 { 10.0 } else { 11.5 };
    let ms: Vec<f64> = (0..30).map(|night| noisy(level(night), night)).collect();
    let found = judged(&ms);
    let check = p50(&found);
    assert_eq!(check.result, CheckResult::Failed, "{check:?}");
    assert!(
        check.sentence.contains("(r25)") && check.sentence.contains("5 nights since"),
        "{}",
        check.sentence
    );
    let shift =
        found.1.iter().find(|shift| shift.metric == Metric::P50 && shift.operation == "search").unwrap();
    assert!(shift.worse && (shift.change - 0.15).abs() < 0.02 && shift.p < 0.001, "{shift:?}");
}

#[test]
fn a_slow_creep_is_found() {
    let ms: Vec<f64> =
        (0..40).map(|night| noisy(10.0 * 1.01_f64.powi(night.max(20) - 20), night as usize)).collect();
    let found = judged(&ms);
    assert_eq!(p50(&found).result, CheckResult::Failed, "{found:?}");
}

#[test]
fn quiet_nights_and_a_lone_bad_one_pass() {
    let mut ms: Vec<f64> = (0..40).map(|night| noisy(10.0, night)).collect();
    assert_eq!(p50(&judged(&ms)).result, CheckResult::Passed);
    ms[30] = 20.0;
    assert_eq!(p50(&judged(&ms)).result, CheckResult::Passed);
    // For the better is no failure.
    let faster: Vec<f64> = (0..30).map(|night| noisy(if night < 20 { 10.0 } else { 8.0 }, night)).collect();
    let found = judged(&faster);
    assert_eq!(p50(&found).result, CheckResult::Passed);
    assert!(found.1.iter().any(|shift| !shift.worse), "{found:?}");
}

#[test]
fn the_newest_nights_are_provisional_and_old_changes_are_known() {
    let stepped = |at: usize, nights: usize| -> Vec<f64> {
        (0..nights).map(|night| noisy(if night < at { 10.0 } else { 13.0 }, night)).collect()
    };
    let new = judged(&stepped(28, 30));
    assert_eq!(p50(&new).result, CheckResult::Excused, "{:?}", p50(&new));
    assert!(p50(&new).sentence.contains("too new to be sure of"));
    let old = judged(&stepped(20, 40));
    assert_eq!(p50(&old).result, CheckResult::Passed, "twenty nights ago");
    assert!(old.1.iter().any(|shift| shift.worse), "it is told all the same");
}

/// Levels one after the other: so many nights of so many milliseconds.
fn levels(all: &[(usize, f64)]) -> Vec<f64> {
    let each = all.iter().flat_map(|(nights, ms)| std::iter::repeat_n(*ms, *nights));
    each.enumerate().map(|(night, ms)| noisy(ms, night)).collect()
}

#[test]
fn what_was_repaired_fails_no_more() {
    let broken = judged(&levels(&[(30, 10.0), (6, 12.0)]));
    assert_eq!(p50(&broken).result, CheckResult::Failed);
    let repaired = judged(&levels(&[(30, 10.0), (6, 12.0), (5, 10.0)]));
    assert_eq!(p50(&repaired).result, CheckResult::Passed, "{:?}", p50(&repaired));
    let half = judged(&levels(&[(30, 10.0), (6, 12.0), (5, 11.3)]));
    assert_eq!(p50(&half).result, CheckResult::Failed, "most of it is still there");
}

#[test]
fn what_gets_worse_still_does_not_hide_what_was_sure() {
    let worse = judged(&levels(&[(30, 10.0), (6, 12.0), (2, 16.0)]));
    let check = p50(&worse);
    assert_eq!(check.result, CheckResult::Failed, "{check:?}");
    assert!(check.sentence.contains("(r30)"), "{}", check.sentence);
}

/// Small changes among large noise take long to be seen: they are new then, and known so many nights later.
#[test]
fn a_change_is_known_from_when_it_was_seen() {
    let rough = |level: f64, night: usize| level * (1.0 + ((night * 37 % 17) as f64 / 17.0 - 0.5) * 0.2);
    let of = |nights: usize| {
        let ms: Vec<f64> =
            (0..nights).map(|night| rough(if night < 30 { 10.0 } else { 10.7 }, night)).collect();
        p50(&judged(&ms)).clone()
    };
    assert_eq!(of(40).result, CheckResult::Passed, "ten nights do not tell");
    let late = of(50);
    assert_eq!(late.result, CheckResult::Failed, "{}", late.sentence);
    assert!(late.sentence.ends_with("19 nights since"), "{}", late.sentence);
    assert_eq!(of(65).result, CheckResult::Passed);
}

#[test]
fn a_change_that_does_not_matter_is_none() {
    let of = |metric: Metric, level: &dyn Fn(usize) -> u64| {
        let begin = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000);
        let nights_of = (0..25).map(|number| {
            let mut run = record(10.0);
            run.run.started_at = begin + TimeDelta::days(number as i64);
            run.operations[0].summary.failed = level(number);
            Night::of(&[&run], None).unwrap()
        });
        let all: Vec<Night> = nights_of.collect();
        let tonight = all.last().unwrap().clone();
        let history = all.into_iter().fold(History::default(), History::with);
        let (checks, _) = nights(&history, &tonight, &Policy::default());
        checks.into_iter().find(|check| check.operation == "search" && check.metric == metric).unwrap()
    };
    // One call in ten thousand, and one in ten.
    let rare = of(Metric::ErrorShare, &|night| u64::from(night >= 20));
    assert_eq!(rare.result, CheckResult::Passed, "{rare:?}");
    let many = of(Metric::ErrorShare, &|night| if night >= 20 { 1_000 + night as u64 } else { 0 });
    assert_eq!(many.result, CheckResult::Failed, "{many:?}");
}

#[test]
fn few_nights_tell_nothing() {
    let (checks, shifts) = judged(&[10.0; 5]);
    assert_eq!((checks.len(), shifts.len(), checks[0].result), (1, 0, CheckResult::NotResolved));
    assert!(checks[0].sentence.starts_with("5 nights of this kind: it takes 10"), "{checks:?}");
}
