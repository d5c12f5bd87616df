//! Tonight against the nights before: has the level changed, and since when? Pure.

use super::{
    policy::{HistoryPolicy, Policy},
    verdict::{Against, Check, CheckResult, Shift},
};
use crate::{
    history::{History, Night, Point},
    record::{
        Metric,
        amount::{change, value},
    },
    stats::{ChangePoint, Detection, change_points},
    text::counted,
    workload::ALL,
};

/// What the nights of tonight's kind say, tonight being the last of them: a check for each operation and metric, and
/// every change that was found, the newest first.
#[must_use]
pub fn nights(history: &History, tonight: &Night, policy: &Policy) -> (Vec<Check>, Vec<Shift>) {
    let of_kind = history.of_kind(&tonight.kind).count();
    let count = history.of_kind(&tonight.kind).filter(|night| !night.disturbed).count();
    if count < policy.history.nights {
        let others = history.nights().len() - of_kind;
        let others = match others {
            0 => String::new(),
            _ => format!(" ({} of another machine, workload, load or version)", counted(others, "night")),
        };
        let sentence = format!(
            "{} of this kind{others}: it takes {} to tell a change",
            counted(count, "night"),
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
            if points.len() < policy.history.nights {
                let sentence = format!(
                    "{} with a value: it takes {} to tell a change",
                    counted(points.len(), "night"),
                    policy.history.nights
                );
                checks.push(check(name, *metric, CheckResult::NotResolved, sentence));
                continue;
            }
            let found = found(&points, name, *metric, policy);
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

/// Every change of a series that matters.
fn found(points: &[Point], operation: &str, metric: Metric, policy: &Policy) -> Vec<Shift> {
    let least = policy.judgement().least(metric);
    let policy = &policy.history;
    let shift = |change: ChangePoint| {
        let point = points.get(change.index)?;
        let difference = change.after - change.before;
        let of = if metric.is_share() { difference } else { difference / change.before };
        let since = points.len() - change.index;
        if of.abs() < least.at(metric, change.before) {
            return None;
        }
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
            provisional: since < policy.confirmed_after,
            worse: (of > 0.0) == metric.higher_is_worse(),
        })
    };
    detected(points, policy).into_iter().filter_map(shift).collect()
}

fn detected(points: &[Point], policy: &HistoryPolicy) -> Vec<ChangePoint> {
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let detection = Detection { most_p: policy.most_p, least_change: policy.change, ..Detection::default() };
    change_points(&values, &detection)
}

/// How far the place of a change may move as nights are added.
const SAME_PLACE: usize = 2;

/// Whether so many nights ago the change was seen already: a small one takes longer than that to be seen at all, and is new
/// when it is.
fn is_known(shift: &Shift, points: &[Point], policy: &HistoryPolicy) -> bool {
    if shift.nights_since <= policy.recent {
        return false;
    }
    let place = points.len() - shift.nights_since;
    let until_then = &points[..points.len() - policy.recent];
    detected(until_then, policy).iter().any(|change| change.index.abs_diff(place) <= SAME_PLACE)
}

/// The newest change for the worse that is neither accepted nor long known, and that is still there, decides: before it one
/// that is too new to be sure of does not.
fn judged(
    operation: &str,
    metric: Metric,
    points: &[Point],
    found: &[Shift],
    accepted: Option<chrono::DateTime<chrono::Utc>>,
    policy: &HistoryPolicy,
) -> Check {
    let level = found.last().map(|shift| shift.after);
    // More than half of what has gone again is no longer there.
    let stays = |shift: &Shift| {
        level.is_none_or(|level| (level - shift.before) / (shift.after - shift.before) >= 0.5)
    };
    let is_open = |shift: &&Shift| {
        shift.worse
            && accepted.is_none_or(|accepted| shift.at > accepted)
            && stays(shift)
            && !is_known(shift, points, policy)
    };
    let mut open = found.iter().rev().filter(is_open);
    let newest = open.clone().next();
    let Some(shift) = open.find(|shift| !shift.provisional).or(newest) else {
        let level = level.or_else(|| points.last().map(|point| point.value));
        let level = level.map_or_else(String::new, |level| format!(", level {}", value(metric, Some(level))));
        let sentence = format!("no new change for the worse in {}{level}", counted(points.len(), "night"));
        return check(operation, metric, CheckResult::Passed, sentence);
    };
    let revision = shift.revision.as_ref().map_or_else(String::new, |at| format!(" ({at})"));
    let seen = format!(
        "{} since the night of {}{revision}: {} -> {}, {} since",
        change(metric, Some(shift.change)),
        shift.at.format("%Y-%m-%d"),
        value(metric, Some(shift.before)),
        value(metric, Some(shift.after)),
        counted(shift.nights_since, "night")
    );
    if shift.provisional {
        let sentence = format!("{seen}; too new to be sure of, it takes {}", policy.confirmed_after);
        return check(operation, metric, CheckResult::Excused, sentence);
    }
    check(operation, metric, CheckResult::Failed, seen)
}
