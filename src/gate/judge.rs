//! From what was measured to checks, and from checks to the verdict. Pure.

use super::{
    policy::{Policy, Unresolved},
    verdict::{Against, Check, CheckResult, FORMAT, Latency, Outcome, Shift, VERSION, Verdict},
};
use crate::{
    compare::{Answer, Effect, Effects, unknown_exemptions},
    history::{is_disturbed, why_disturbed},
    record::{
        DisturbanceKind, Ended, Metric, Record, Summary,
        amount::{change, interval, size, value},
    },
    stats::clustered_share,
    text::{counted, percent},
    workload::ALL,
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
    /// What each operation took, where no comparison tells it.
    pub latencies: Vec<Latency>,
    /// What makes it less than it seems.
    pub cautions: Vec<String>,
    /// Why the measurement did not come to its end, if it did not: then nothing passes.
    pub cut_short: Option<CutShort>,
}

/// Why a measurement did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// The user ended it.
    Interrupted,
    /// A server went away.
    ServerLost,
    /// The brake ended the load.
    Braked,
}

impl CutShort {
    fn said(self) -> &'static str {
        match self {
            Self::Interrupted => "the measurement was cut short: it was interrupted",
            Self::ServerLost => "the measurement was cut short: a server went away",
            Self::Braked => "the measurement was cut short: the brake ended the load for others' sake",
        }
    }
}

/// The verdict. `origin` is where the policy came from.
#[must_use]
pub fn judge(evidence: Evidence<'_>, policy: &Policy, origin: &str, at: DateTime<Utc>) -> Verdict {
    let mut checks = Vec::new();
    if let Some(effects) = &evidence.effects {
        let awaited = policy.confirm && evidence.confirmation.is_none() && evidence.cut_short.is_some();
        checks.extend(against_base(effects, evidence.confirmation.as_ref(), awaited));
    }
    let (of_history, shifts) = evidence.history.unwrap_or_default();
    checks.extend(of_history);
    let (bad, good): (Vec<&Record>, Vec<&Record>) =
        evidence.runs.iter().copied().partition(|run| is_disturbed(run));
    let set_aside = bad.len();
    // Where no other is left they may fail, and prove nothing.
    let no_measure = good.is_empty() && set_aside > 0;
    let runs = if no_measure { evidence.runs.clone() } else { good };
    checks.extend(against_objective(&runs, policy));
    checks.sort_by_key(|check| (check.against, check.result));
    let half = evidence.effects.as_ref().zip(evidence.confirmation.as_ref()).is_some_and(is_slower_once);
    let ground = ground(&checks, half, policy);
    let outcome = match (ground.outcome(), evidence.cut_short) {
        (Outcome::Pass, why) if why.is_some() || no_measure => Outcome::Inconclusive,
        (outcome, _) => outcome,
    };
    let told = evidence.cut_short.map(|why| why.said().to_owned()).or_else(|| {
        let all = counted(set_aside, "run");
        let causes = || causes(&bad).join("; ");
        no_measure
            .then(|| format!("{all}, and each was cut short or disturbed: they prove nothing: {}", causes()))
    });
    let unknown = match &evidence.effects {
        // The comparison says so itself.
        Some(_) => None,
        None => unknown_exemptions(&policy.exempt, &evidence.runs),
    };
    let aside = (set_aside > 0 && !no_measure).then(|| not_held(&bad, evidence.runs.len()));
    let workload = evidence.runs.first().map(|run| run.workload.name.clone());
    Verdict {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        outcome,
        sentence: match &told {
            Some(told) if outcome == Outcome::Inconclusive => told.clone(),
            _ => sentence(ground, &checks, evidence.effects.as_ref()),
        },
        workload: workload
            .or_else(|| evidence.effects.as_ref().map(|effects| effects.workload.clone()))
            .unwrap_or_default(),
        policy: origin.to_owned(),
        checks,
        latencies: evidence.latencies,
        effects: evidence.effects,
        confirmation: evidence.confirmation,
        shifts,
        cautions: evidence.cautions.into_iter().chain(told).chain(unknown).chain(aside).collect(),
    }
}

/// Why these blocks are no measure: each cause once, with the figures of the first.
fn causes<'a>(bad: &[&'a Record]) -> Vec<&'a str> {
    let mut causes: Vec<(Option<DisturbanceKind>, &'a str)> = Vec::new();
    for record in bad {
        let decisive = record.disturbances.iter().find(|disturbance| disturbance.decisive);
        let kind = decisive.filter(|_| record.run.ended == Ended::AsPlanned).map(|found| found.kind);
        if !causes.iter().any(|(known, _)| *known == kind) {
            causes.extend(why_disturbed(record).map(|why| (kind, why)));
        }
    }
    causes.into_iter().map(|(_, why)| why).collect()
}

/// How many of `all` blocks are not held against the objective, and why.
fn not_held(bad: &[&Record], all: usize) -> String {
    let (was, is) = if bad.len() == 1 { ("was", "is") } else { ("were", "are") };
    format!(
        "{} of {all} blocks {was} disturbed, and {is} not held against the objective: {}",
        bad.len(),
        causes(bad).join("; ")
    )
}

/// Each answer of the comparison. What is slower fails, unless it was measured once more and was not so then; `awaited` says
/// that it was to be measured once more, and was not. Of what is not resolved, that which was slower once comes first.
fn against_base(effects: &Effects, confirmation: Option<&Effects>, awaited: bool) -> Vec<Check> {
    let again = |operation: &str, metric: Metric| {
        let mut all = confirmation?.operations.iter().filter(|one| one.name == operation);
        all.find_map(|one| one.metrics.iter().find(|effect| effect.metric == metric)).map(|one| one.answer)
    };
    let check = |(operation, effect): (&str, &Effect)| {
        let seen = seen_of(effect);
        let (result, said) = match (effect.answer, again(operation, effect.metric)) {
            (Answer::Slower, None) if awaited => {
                (CheckResult::NotResolved, "slower, but it could not be measured once more".to_owned())
            }
            (Answer::Slower, None) => (CheckResult::Failed, "slower".to_owned()),
            (Answer::Slower, Some(Answer::Slower)) => (CheckResult::Failed, "slower, twice".to_owned()),
            (Answer::Slower, Some(Answer::NotResolved)) => (
                CheckResult::NotResolved,
                "slower, but not resolved when it was measured once more".to_owned(),
            ),
            (Answer::Slower, Some(Answer::Equivalent | Answer::Faster)) => {
                (CheckResult::Excused, "slower, but not so when it was measured once more".to_owned())
            }
            (Answer::Faster, _) => (CheckResult::Passed, "faster".to_owned()),
            (Answer::Equivalent, _) => {
                (CheckResult::Passed, format!("equivalent within {}", size(effect.metric, effect.least)))
            }
            (Answer::NotResolved, Some(Answer::Slower)) => (
                CheckResult::NotResolved,
                "slower when it was measured once more, not resolved before".to_owned(),
            ),
            (Answer::NotResolved, _) => (CheckResult::NotResolved, String::new()),
        };
        Check {
            against: Against::Base,
            operation: operation.to_owned(),
            metric: effect.metric,
            result,
            sentence: if said.is_empty() { seen + &why_open(effect) } else { format!("{said}: {seen}") },
        }
    };
    let was_slower = |check: &Check| check.sentence.starts_with("slower");
    let (first, rest): (Vec<Check>, Vec<Check>) = effects.gated().map(check).partition(was_slower);
    first.into_iter().chain(rest).collect()
}

/// `+21 % (+15..+28 %), 4.19 ms -> 5.08 ms`.
fn seen_of(effect: &Effect) -> String {
    let metric = effect.metric;
    let estimate = effect.change.map_or_else(|| "no estimate".to_owned(), |by| change(metric, Some(by)));
    let ends = effect.low.zip(effect.high);
    let ends = ends
        .map_or_else(String::new, |(low, high)| format!(" ({})", interval(metric, Some(low), Some(high))));
    let values = effect.base.zip(effect.new).map_or_else(String::new, |(base, new)| {
        format!(", {} -> {}", value(metric, Some(base)), value(metric, Some(new)))
    });
    format!("{estimate}{ends}{values}")
}

/// Whether something was slower one time and not resolved the other: neither a pass, nor slower twice.
fn is_slower_once((first, again): (&Effects, &Effects)) -> bool {
    let is_open = |effects: &Effects, operation: &str, metric: Metric| {
        let own = effects.operations.iter().filter(|one| one.name == operation).flat_map(|one| &one.metrics);
        own.filter(|effect| effect.metric == metric).any(|effect| effect.answer == Answer::NotResolved)
    };
    let half = |one: &Effects, other: &Effects| {
        one.answered(Answer::Slower).any(|(operation, effect)| is_open(other, operation, effect.metric))
    };
    half(first, again) || half(again, first)
}

/// What an answer that is not resolved says behind its figures: why, or what could have been seen.
fn why_open(effect: &Effect) -> String {
    match (&effect.reason, effect.detectable) {
        (Some(reason), _) => format!("; {reason}"),
        (None, Some(seen)) => format!("; could have seen {}", size(effect.metric, seen)),
        (None, None) => String::new(),
    }
}

/// The objective of each operation and of all together, and the budget of errors, over all runs.
fn against_objective(runs: &[&Record], policy: &Policy) -> Vec<Check> {
    let Some(first) = runs.first() else { return Vec::new() };
    let mut checks = Vec::new();
    let names = first.operations.iter().map(|operation| operation.name.as_str()).chain([ALL]);
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
        "{} of the calls missed {} ({}..{} {}), {} may miss it",
        percent(found.share),
        slo.objective,
        percent(found.interval.low),
        percent(found.interval.high),
        if found.between { "between runs" } else { "within this run" },
        percent(allowed)
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
    let lost = |one: &&Summary| (one.lost(), one.calls);
    let clusters: Vec<(u64, u64)> = summaries.iter().map(lost).collect();
    let found = clustered_share(&clusters)?;
    let seen = format!(
        "{} of the calls failed ({}..{}), {} may fail",
        percent(found.share),
        percent(found.interval.low),
        percent(found.interval.high),
        percent(most)
    );
    Some(Check {
        against: Against::Errors,
        operation: ALL.to_owned(),
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

/// What an outcome rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// A check failed.
    Failed,
    /// Something was slower one time, and not resolved the other.
    SlowerOnce,
    /// What was measured to be compared with a base could not be compared.
    Blind,
    /// No check passed.
    NonePassed,
    /// Not all is resolved, and the policy wants that.
    Strict,
    /// None failed, and some passed.
    Passed,
}

impl Ground {
    fn outcome(self) -> Outcome {
        match self {
            Self::Failed => Outcome::Fail,
            Self::SlowerOnce | Self::Blind | Self::NonePassed | Self::Strict => Outcome::Inconclusive,
            Self::Passed => Outcome::Pass,
        }
    }
}

/// The first of these that holds decides. Only [`Ground::Strict`] is the policy's: what cannot be told at all is no pass.
fn ground(checks: &[Check], slower_once: bool, policy: &Policy) -> Ground {
    let has = |result| checks.iter().any(|check| check.result == result);
    let mut of_base = checks.iter().filter(|check| check.against == Against::Base).peekable();
    let is_blind = of_base.peek().is_some() && of_base.all(|check| check.result == CheckResult::NotResolved);
    match () {
        () if has(CheckResult::Failed) => Ground::Failed,
        () if slower_once => Ground::SlowerOnce,
        () if is_blind => Ground::Blind,
        () if !has(CheckResult::Passed) && !has(CheckResult::Excused) => Ground::NonePassed,
        () if has(CheckResult::NotResolved) && policy.unresolved == Unresolved::Inconclusive => {
            Ground::Strict
        }
        () => Ground::Passed,
    }
}

/// Failures that are named in the first line.
const MOST_NAMED: usize = 2;

/// The outcome's reason.
fn sentence(ground: Ground, checks: &[Check], effects: Option<&Effects>) -> String {
    let of = |result| checks.iter().filter(|check| check.result == result).count();
    let open = of(CheckResult::NotResolved);
    let passed = of(CheckResult::Passed) + of(CheckResult::Excused);
    let why = match ground {
        Ground::Failed => return failures(checks),
        Ground::Passed if open == 0 => return format!("all {passed} checks passed"),
        Ground::Passed => {
            return format!(
                "{passed} checks passed, {open} could not be resolved, which the policy lets pass"
            );
        }
        Ground::NonePassed if checks.is_empty() => {
            return "nothing was measured that could be judged".to_owned();
        }
        Ground::SlowerOnce => "what was slower one time was not resolved the other".to_owned(),
        Ground::Blind => {
            let few = effects.and_then(Effects::too_few_pairs);
            let few = few.map_or_else(String::new, |few| format!(" ({few})"));
            format!("nothing could be told against the base{few}")
        }
        Ground::NonePassed => "not one passed".to_owned(),
        Ground::Strict => "the policy wants all of them resolved".to_owned(),
    };
    format!("{open} of {} checks could not be resolved, and none failed: {why}", checks.len())
}

fn failures(checks: &[Check]) -> String {
    let failed: Vec<&Check> = checks.iter().filter(|check| check.result == CheckResult::Failed).collect();
    let name = |check: &&Check| {
        format!("{} {} {}: {}", check.operation, check.metric.title(), check.against.name(), check.sentence)
    };
    let named: Vec<String> = failed.iter().take(MOST_NAMED).map(name).collect();
    let more = match failed.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{} of {} checks failed: {}{more}", failed.len(), checks.len(), named.join("; "))
}
