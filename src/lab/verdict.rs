//! Whether the objectives were met, and how sure that is. Pure.

use crate::{
    record::{Disturbance, OperationResult, Outcome, QuantileInterval, SloResult, Summary, Verdict},
    stats::{Interval, LatencyHistogram, wilson},
    text::{grouped, milliseconds, percent},
    workload::Slo,
};

/// Judges one operation; `misses_by_slice` is the interval of the share of misses by block bootstrap, if there is one. Every call is in the
/// denominator: one that took longer than the target is a miss, as is one that failed without being expected to, was
/// shed or remained unfinished; of those there are `lost`.
pub(super) fn judge(
    slo: Slo,
    response: &LatencyHistogram,
    intervals: &[QuantileInterval],
    misses_by_slice: Option<Interval>,
    calls: u64,
    lost: u64,
) -> SloResult {
    let misses = response.count_above(slo.target) + lost;
    let share = misses as f64 / calls.max(1) as f64;
    let allowed = 1.0 - slo.quantile;
    // Few calls leave a share open, and so do misses that came together: the wider interval decides.
    let wilson = wilson(misses, calls).unwrap_or(Interval { low: 0.0, high: 1.0 });
    let by_slice = misses_by_slice.unwrap_or(wilson);
    let (low, high) = (wilson.low.min(by_slice.low), wilson.high.max(by_slice.high));
    let target_us = slo.target.as_secs_f64() * 1e6;
    let (outcome, reason) = if calls == 0 {
        (Outcome::Inconclusive, Some("no calls were made".to_owned()))
    } else if low > allowed {
        (Outcome::Missed, None)
    } else if high > allowed {
        let reason = format!(
            "{} calls with {} misses cannot tell whether {} holds",
            grouped(calls),
            grouped(misses),
            slo.percentile()
        );
        (Outcome::Inconclusive, Some(reason))
    } else if let Some(interval) = intervals
        .iter()
        .find(|i| (i.quantile - slo.quantile).abs() < 1e-9 && i.low_us <= target_us && target_us < i.high_us)
    {
        let reason = format!(
            "the interval of {}, {:.1} to {:.1} ms, holds the target",
            slo.percentile(),
            interval.low_us / 1e3,
            interval.high_us / 1e3
        );
        (Outcome::Inconclusive, Some(reason))
    } else {
        (Outcome::Met, None)
    };
    SloResult {
        objective: slo.to_string(),
        target_us,
        quantile: slo.quantile,
        observed_us: response.quantile_us(slo.quantile),
        misses,
        miss_share: share,
        miss_share_low: low,
        miss_share_high: high,
        outcome,
        reason,
    }
}

/// Share of the calls whose operations must be known to meet their objective before the run as a whole does.
const MOST_CALLS: f64 = 0.9;

/// The whole run's verdict. An operation with too few calls to tell and no miss among them does not make
/// the run inconclusive, but is named.
pub(super) fn conclude(
    operations: &[OperationResult],
    overall: &Summary,
    mut cautions: Vec<String>,
) -> Verdict {
    let of = |outcome: Outcome| operations.iter().filter(move |o| o.summary.slo.outcome == outcome);
    let names = |chosen: Vec<&OperationResult>| {
        chosen.iter().map(|operation| operation.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let missed: Vec<_> = of(Outcome::Missed).collect();
    let (in_doubt, too_few): (Vec<_>, Vec<_>) = of(Outcome::Inconclusive)
        .partition(|operation| operation.summary.slo.misses > 0 || too_close(&operation.summary));
    if !too_few.is_empty() {
        cautions.push(format!("too few calls to tell, none of them a miss: {}; run longer", names(too_few)));
    }
    let met = of(Outcome::Met).count();
    let calls_of_met: u64 = of(Outcome::Met).map(|operation| operation.summary.calls).sum();
    let most_is_told = calls_of_met as f64 >= MOST_CALLS * overall.calls as f64;
    let (outcome, sentence) = if overall.calls == 0 {
        (Outcome::Inconclusive, "No call was made, so nothing can be said".to_owned())
    } else if let Some(worst) = missed.iter().max_by(|a, b| miss_ratio(a).total_cmp(&miss_ratio(b))) {
        let many = operations.len() > 1;
        let sentence = if many {
            several_missed(&missed, operations.len(), worst)
        } else {
            format!("The objective is missed by {}", one_missed(worst))
        };
        (Outcome::Missed, sentence)
    } else if !in_doubt.is_empty() {
        let doubt = names(in_doubt);
        (Outcome::Inconclusive, format!("This run cannot tell whether the objective is met for: {doubt}"))
    } else if !most_is_told {
        let sentence = "This run is too short to tell for most of the calls".to_owned();
        (Outcome::Inconclusive, sentence)
    } else {
        (Outcome::Met, all_met(operations, met))
    };
    Verdict { outcome, sentence, cautions }
}

/// Takes a verdict back if a disturbance forbids to believe it; the cause takes its place, and what it said becomes a
/// caution.
pub(super) fn doubt(verdict: &mut Verdict, disturbances: &[Disturbance]) {
    let mut causes = disturbances.iter().filter(|disturbance| disturbance.decisive);
    let Some(first) = causes.next() else { return };
    let said = match verdict.outcome {
        Outcome::Met => "met",
        Outcome::Missed => "missed",
        Outcome::Inconclusive => "unclear",
    };
    let withdrawn = format!("but for that, the objective would seem {said}: {}", verdict.sentence);
    verdict.outcome = Outcome::Inconclusive;
    verdict.sentence = first.sentence.clone();
    let others = causes.map(|disturbance| disturbance.sentence.clone());
    let cautions = others.chain([withdrawn]).chain(verdict.cautions.drain(..)).collect();
    verdict.cautions = cautions;
}

fn several_missed(missed: &[&OperationResult], of: usize, worst: &OperationResult) -> String {
    let names: Vec<&str> = missed.iter().map(|operation| operation.name.as_str()).collect();
    format!(
        "{} of {of} operations miss their objective: {}; the worst is {}",
        missed.len(),
        names.join(", "),
        one_missed(worst)
    )
}

fn one_missed(operation: &OperationResult) -> String {
    let slo = &operation.summary.slo;
    let lost = if operation.summary.lost() > 0 { "lost or " } else { "" };
    format!("{} with {} of its calls {lost}over {}", operation.name, percent(slo.miss_share), slo.objective)
}

fn too_close(summary: &Summary) -> bool {
    summary.slo.observed_us.is_some_and(|observed| observed > summary.slo.target_us / 2.0)
}

fn miss_ratio(operation: &OperationResult) -> f64 {
    operation.summary.slo.miss_share / (1.0 - operation.summary.slo.quantile)
}

fn all_met(operations: &[OperationResult], met: usize) -> String {
    let slowest = operations
        .iter()
        .filter(|operation| operation.summary.slo.outcome == Outcome::Met)
        .filter_map(|operation| Some((operation, operation.summary.slo.headroom()?)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b));
    let Some((slowest, headroom)) = slowest else {
        return format!("All {met} operations meet their objective");
    };
    let slo = &slowest.summary.slo;
    let observed = milliseconds(slo.observed_us);
    if operations.len() == 1 {
        return format!(
            "{} meets {}: {observed} ms, {headroom:.1} times faster than the target",
            slowest.name, slo.objective
        );
    }
    let who = match operations.len() {
        2 if met == 2 => "Both".to_owned(),
        all if met == all => format!("All {all}"),
        all => format!("{met} of {all}"),
    };
    let others = if met < operations.len() { ", the others had too few calls to tell" } else { "" };
    let same = operations.iter().all(|operation| operation.summary.slo.objective == slo.objective);
    let what = if same { slo.objective.as_str() } else { "their objectives" };
    format!(
        "{who} operations meet {what}{others}; the closest to it is {} with {observed} ms, {headroom:.1} times faster than the target",
        slowest.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::IntervalHistogram;
    use std::time::Duration;

    fn latencies(fast: u64, slow: u64) -> LatencyHistogram {
        let mut part = IntervalHistogram::default();
        (0..fast).for_each(|_| part.record(Duration::from_millis(10)));
        (0..slow).for_each(|_| part.record(Duration::from_millis(300)));
        let mut whole = LatencyHistogram::default();
        whole.add(&part);
        whole
    }

    fn outcome(fast: u64, slow: u64, failed: u64) -> Outcome {
        judge(Slo::default(), &latencies(fast, slow), &[], None, fast + slow + failed, failed).outcome
    }

    #[test]
    fn counts_decide() {
        assert_eq!(outcome(1_000, 10, 0), Outcome::Met);
        assert_eq!(outcome(1_000, 100, 0), Outcome::Missed);
        assert_eq!(outcome(1_000, 55, 0), Outcome::Inconclusive, "5.2 % of 1,055 may be 5 %");
        assert_eq!(outcome(20, 0, 0), Outcome::Inconclusive, "20 calls cannot show p95");
        assert_eq!(outcome(100, 0, 0), Outcome::Met);
        assert_eq!(outcome(0, 0, 0), Outcome::Inconclusive);
    }

    #[test]
    fn failed_calls_are_misses() {
        assert_eq!(outcome(1_000, 0, 100), Outcome::Missed);
        let slo = judge(Slo::default(), &latencies(90, 5), &[], None, 100, 5);
        assert_eq!((slo.misses, slo.miss_share), (10, 0.1));
    }

    #[test]
    fn misses_that_came_together_prove_nothing() {
        let together = Some(Interval { low: 0.0, high: 0.2 });
        let slo = judge(Slo::default(), &latencies(1_000, 100), &[], together, 1_100, 0);
        assert_eq!(slo.outcome, Outcome::Inconclusive);
        assert_eq!((slo.miss_share_low, slo.miss_share_high), (0.0, 0.2));
    }

    #[test]
    fn an_interval_around_the_target_is_not_resolved() {
        let around = QuantileInterval { quantile: 0.95, low_us: 190e3, high_us: 210e3 };
        let slo = judge(Slo::default(), &latencies(1_000, 10), std::slice::from_ref(&around), None, 1_010, 0);
        assert_eq!(slo.outcome, Outcome::Inconclusive);
        assert!(slo.reason.unwrap().contains("190.0 to 210.0 ms"));
    }
}
