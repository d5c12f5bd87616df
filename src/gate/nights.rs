//! Tonight against the nights before: has the level changed, and since when? Pure.

use super::{
    policy::{HistoryPolicy, Policy},
    say,
    verdict::{Against, Check, CheckResult, Shift},
};
use crate::{
    history::{History, Night, Point},
    record::Metric,
    stats::{ChangePoint, Detection, change_points},
};

/// Name of all operations together in a verdict.
const ALL: &str = "all";

/// What the nights of tonight's kind say, tonight being the last of them: a check for each operation and metric, and
/// every change that was found, the newest first.
#[must_use]
pub fn nights(history: &History, tonight: &Night, policy: &Policy) -> (Vec<Check>, Vec<Shift>) {
    let count = history.of_kind(&tonight.kind).count();
    if count < policy.history.nights {
        let sentence = format!(
            "{count} nights of this kind are too few to tell a change: it takes {}",
            policy.history.nights
        );
        return (vec![check(ALL, Metric::P95, CheckResult::NotResolved, sentence)], Vec::new());
    }
    if tonight.disturbed {
        let sentence = "every block of tonight was disturbed, so that it is no measure".to_owned();
        return (vec![check(ALL, Metric::P95, CheckResult::NotResolved, sentence)], Vec::new());
    }
    let accepted = history.baseline(&policy.history.accepted).map(|night| night.at);
    let (mut checks, mut shifts) = (Vec::new(), Vec::new());
    for (operation, _) in tonight.parts() {
        let name = operation.unwrap_or(ALL);
        for metric in policy.metrics.iter().filter(|metric| policy.judgement().gates(name, **metric)) {
            let mut points = history.series(&tonight.kind, operation, *metric);
            points.retain(|point| !point.disturbed);
            let found = found(&points, name, *metric, &policy.history);
            checks.push(judged(name, *metric, &points, &found, accepted, &policy.history));
            shifts.extend(found);
        }
    }
    shifts.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| b.change.abs().total_cmp(&a.change.abs())));
    (checks, shifts)
}

fn check(operation: &str, metric: Metric, result: CheckResult, sentence: String) -> Check {
    Check { against: Against::History, operation: operation.to_owned(), metric, result, sentence }
}

/// Every change of a series.
fn found(points: &[Point], operation: &str, metric: Metric, policy: &HistoryPolicy) -> Vec<Shift> {
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let detection = Detection { most_p: policy.most_p, least_change: policy.change, ..Detection::default() };
    let shift = |change: ChangePoint| {
        let point = points.get(change.index)?;
        let difference = change.after - change.before;
        let of = if metric.is_share() { difference } else { difference / change.before };
        let since = points.len() - change.index;
        Some(Shift {
            operation: operation.to_owned(),
            metric,
            night: point.at.format("%Y-%m-%d").to_string(),
            at: point.at,
            revision: point.revision.clone(),
            before: change.before,
            after: change.after,
            change: of,
            p: change.p,
            nights_since: since,
            provisional: change.provisional || since < policy.confirmed_after,
            worse: (of > 0.0) == metric.higher_is_worse(),
        })
    };
    change_points(&values, &detection).into_iter().filter_map(shift).collect()
}

/// The newest change for the worse that is neither accepted nor long known decides.
fn judged(
    operation: &str,
    metric: Metric,
    points: &[Point],
    found: &[Shift],
    accepted: Option<chrono::DateTime<chrono::Utc>>,
    policy: &HistoryPolicy,
) -> Check {
    let is_open = |shift: &&Shift| {
        shift.worse
            && shift.nights_since <= policy.recent
            && accepted.is_none_or(|accepted| shift.at > accepted)
    };
    let Some(shift) = found.iter().rev().find(is_open) else {
        let level = found.last().map(|shift| shift.after).or_else(|| points.last().map(|point| point.value));
        let level = level.map_or_else(String::new, |level| format!(", level {}", say::value(metric, level)));
        let sentence = format!("no new change for the worse in {} nights{level}", points.len());
        return check(operation, metric, CheckResult::Passed, sentence);
    };
    let revision = shift.revision.as_ref().map_or_else(String::new, |at| format!(" ({at})"));
    let seen = format!(
        "{} since the night of {}{revision}: {} -> {}, {} nights since",
        say::change(metric, shift.change),
        shift.at.format("%Y-%m-%d"),
        say::value(metric, shift.before),
        say::value(metric, shift.after),
        shift.nights_since
    );
    if shift.provisional {
        let sentence = format!("{seen}; too new to be sure of, it takes {}", policy.confirmed_after);
        return check(operation, metric, CheckResult::Excused, sentence);
    }
    check(operation, metric, CheckResult::Failed, seen)
}
