//! From what was measured to checks, and from checks to the verdict. Pure.

use super::{
    policy::{Policy, Unresolved},
    say,
    verdict::{Against, Check, CheckResult, FORMAT, Outcome, Shift, VERSION, Verdict},
};
use crate::{
    compare::{Answer, Effect, Effects},
    record::{Metric, Record, Summary},
    stats::clustered_share,
};
use chrono::{DateTime, Utc};

/// What a gate has before it.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The comparison with the base.
    pub effects: Option<Effects>,
    /// Its repetition.
    pub confirmation: Option<Effects>,
    /// Runs or blocks of what is new.
    pub runs: Vec<&'a Record>,
    /// Checks against the nights before, and what they found.
    pub history: Option<(Vec<Check>, Vec<Shift>)>,
    /// What makes it less than it seems.
    pub cautions: Vec<String>,
}

/// The verdict. `origin` is where the policy came from.
#[must_use]
pub fn judge(evidence: Evidence<'_>, policy: &Policy, origin: &str, at: DateTime<Utc>) -> Verdict {
    let mut checks = Vec::new();
    if let Some(effects) = &evidence.effects {
        checks.extend(against_base(effects, evidence.confirmation.as_ref()));
    }
    let (of_history, shifts) = evidence.history.unwrap_or_default();
    checks.extend(of_history);
    checks.extend(against_objective(&evidence.runs, policy));
    let gravity = |check: &Check| match check.result {
        CheckResult::Failed => 0,
        CheckResult::NotResolved => 1,
        CheckResult::Excused => 2,
        CheckResult::Passed => 3,
    };
    checks.sort_by_key(|check| (check.against, gravity(check)));
    let outcome = outcome(&checks, policy);
    let workload = evidence.runs.first().map(|run| run.workload.name.clone());
    Verdict {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        outcome,
        sentence: sentence(outcome, &checks),
        workload: workload
            .or_else(|| evidence.effects.as_ref().map(|effects| effects.workload.clone()))
            .unwrap_or_default(),
        policy: origin.to_owned(),
        checks,
        effects: evidence.effects,
        confirmation: evidence.confirmation,
        shifts,
        cautions: evidence.cautions,
    }
}

/// Each answer of the comparison. What is slower fails, unless it was measured once more and was not so then.
fn against_base(effects: &Effects, confirmation: Option<&Effects>) -> Vec<Check> {
    let confirmed = |operation: &str, metric: Metric| {
        let again = confirmation?;
        let found = again.gated().find(|(name, effect)| *name == operation && effect.metric == metric);
        Some(found.is_some_and(|(_, effect)| effect.answer == Answer::Slower))
    };
    let check = |(operation, effect): (&str, &Effect)| {
        let seen = say::effect(effect);
        let (result, said) = match effect.answer {
            Answer::Slower => match confirmed(operation, effect.metric) {
                Some(false) => {
                    (CheckResult::Excused, "slower, but not so when it was measured once more".to_owned())
                }
                Some(true) => (CheckResult::Failed, "slower, twice".to_owned()),
                None => (CheckResult::Failed, "slower".to_owned()),
            },
            Answer::Faster => (CheckResult::Passed, "faster".to_owned()),
            Answer::Equivalent => {
                let least = say::change(effect.metric, effect.least);
                (CheckResult::Passed, format!("equivalent within {}", least.trim_start_matches('+')))
            }
            Answer::NotResolved => (CheckResult::NotResolved, unresolved(effect)),
        };
        Check {
            against: Against::Base,
            operation: operation.to_owned(),
            metric: effect.metric,
            result,
            sentence: format!("{said}: {seen}"),
        }
    };
    effects.gated().map(check).collect()
}

fn unresolved(effect: &Effect) -> String {
    match (&effect.reason, effect.detectable) {
        (Some(reason), _) => format!("not resolved ({reason})"),
        (None, Some(seen)) => {
            format!("not resolved (could have seen {})", say::change(effect.metric, seen))
        }
        (None, None) => "not resolved".to_owned(),
    }
}

/// The objective of each operation and of all together, and the budget of errors, over all runs.
fn against_objective(runs: &[&Record], policy: &Policy) -> Vec<Check> {
    let Some(first) = runs.first() else { return Vec::new() };
    let mut checks = Vec::new();
    let names = first.operations.iter().map(|operation| operation.name.as_str()).chain(["all"]);
    for name in names.filter(|name| policy.slo.judge && !policy.exempt.iter().any(|exempt| exempt == name)) {
        let summaries: Vec<&Summary> =
            runs.iter().filter_map(|run| crate::compare::summary(run, name)).collect();
        checks.extend(objective(name, &summaries));
    }
    let all: Vec<&Summary> = runs.iter().map(|run| &run.overall).collect();
    checks.extend(errors(&all, policy.errors.most));
    checks
}

fn objective(name: &str, summaries: &[&Summary]) -> Option<Check> {
    let slo = &summaries.first()?.slo;
    let allowed = 1.0 - slo.quantile;
    let clusters: Vec<(u64, u64)> = summaries.iter().map(|one| (one.slo.misses, one.calls)).collect();
    let found = clustered_share(&clusters)?;
    let seen = format!(
        "{} of the calls missed {} ({}..{} {}), {} may",
        say::percent(found.share),
        slo.objective,
        say::percent(found.interval.low),
        say::percent(found.interval.high),
        if found.between { "between runs" } else { "within this run" },
        say::percent(allowed)
    );
    Some(Check {
        against: Against::Slo,
        operation: name.to_owned(),
        metric: Metric::MissShare,
        result: within(found.interval.low, found.interval.high, allowed),
        sentence: seen,
    })
}

fn errors(summaries: &[&Summary], most: f64) -> Option<Check> {
    let lost = |one: &&Summary| (one.failed + one.shed + one.unfinished, one.calls);
    let clusters: Vec<(u64, u64)> = summaries.iter().map(lost).collect();
    let found = clustered_share(&clusters)?;
    let seen = format!(
        "{} of the calls failed ({}..{}), {} may",
        say::percent(found.share),
        say::percent(found.interval.low),
        say::percent(found.interval.high),
        say::percent(most)
    );
    Some(Check {
        against: Against::Errors,
        operation: "all".to_owned(),
        metric: Metric::ErrorShare,
        result: within(found.interval.low, found.interval.high, most),
        sentence: seen,
    })
}

/// Whether a share is within what is allowed, as far as its interval tells.
fn within(low: f64, high: f64, allowed: f64) -> CheckResult {
    if low > allowed {
        CheckResult::Failed
    } else if high <= allowed {
        CheckResult::Passed
    } else {
        CheckResult::NotResolved
    }
}

fn outcome(checks: &[Check], policy: &Policy) -> Outcome {
    let has = |result| checks.iter().any(|check| check.result == result);
    let unresolved =
        checks.iter().any(|c| c.result == CheckResult::NotResolved && c.against == Against::Base);
    // What was measured to be compared, and could not be, is no pass.
    let blind = checks.iter().any(|check| check.against == Against::Base)
        && !checks.iter().any(|c| c.against == Against::Base && c.result != CheckResult::NotResolved);
    match () {
        () if has(CheckResult::Failed) => Outcome::Fail,
        () if blind || !(has(CheckResult::Passed) || has(CheckResult::Excused)) => Outcome::Inconclusive,
        () if unresolved && policy.unresolved == Unresolved::Inconclusive => Outcome::Inconclusive,
        () => Outcome::Pass,
    }
}

/// Failures that are named in the first line.
const MOST_NAMED: usize = 2;

fn sentence(outcome: Outcome, checks: &[Check]) -> String {
    let of = |result| -> Vec<&Check> { checks.iter().filter(|check| check.result == result).collect() };
    let (failed, open) = (of(CheckResult::Failed), of(CheckResult::NotResolved).len());
    let passed = of(CheckResult::Passed).len() + of(CheckResult::Excused).len();
    match outcome {
        Outcome::Fail => {
            let name = |check: &&Check| {
                format!(
                    "{} {} {}: {}",
                    check.operation,
                    check.metric.title(),
                    check.against.name(),
                    check.sentence
                )
            };
            let named: Vec<String> = failed.iter().take(MOST_NAMED).map(name).collect();
            let more = match failed.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            format!("{} of {} checks failed: {}{more}", failed.len(), checks.len(), named.join("; "))
        }
        Outcome::Pass if open == 0 => format!("all {passed} checks passed"),
        Outcome::Pass => format!("{passed} checks passed, {open} could not be resolved"),
        Outcome::Inconclusive if checks.is_empty() => "nothing was measured that could be judged".to_owned(),
        Outcome::Inconclusive => {
            format!("{open} of {} checks could not be resolved, and none failed", checks.len())
        }
    }
}
