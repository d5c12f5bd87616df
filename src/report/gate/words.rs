//! What a verdict says in words and tables.

use crate::{
    gate::{Against, Check, CheckResult, Latency, Outcome, Shift, Verdict},
    record::{
        Metric,
        amount::{change, value},
    },
    report::{
        effects::{reasons::common_reason, words as compared},
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
    text::counted,
};

/// Characters of a revision that tell it from others.
const MOST_REVISION: usize = 12;
/// In this order groups are shown.
const GROUPS: [Against; 4] = [Against::Base, Against::History, Against::Slo, Against::Errors];

/// How an outcome is to be taken, and its word.
#[must_use]
pub fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Pass => (Tone::Good, "PASS"),
        Outcome::Fail => (Tone::Bad, "FAIL"),
        Outcome::Inconclusive => (Tone::Warn, "INCONCLUSIVE"),
    }
}

/// The verdict in one line, as in `FAIL: search is slower by 21 %`.
#[must_use]
pub fn line(verdict: &Verdict) -> String {
    format!("{}: {}", outcome(verdict.outcome).1, plain(&verdict.sentence))
}

/// How a check's result is to be taken, and a word for it.
#[must_use]
pub fn result(result: CheckResult) -> (Tone, &'static str) {
    match result {
        CheckResult::Passed => (Tone::Good, "passed"),
        CheckResult::Failed => (Tone::Bad, "FAILED"),
        CheckResult::NotResolved => (Tone::Warn, "not resolved"),
        CheckResult::Excused => (Tone::Warn, "excused"),
    }
}

/// Checks of one kind, failures first, then what it cannot tell, what it lets pass, and what is as it should be.
#[derive(Debug)]
pub struct Group<'a> {
    /// What they are held against.
    pub against: Against,
    /// The checks.
    pub checks: Vec<&'a Check>,
}

/// All groups that have a check.
#[must_use]
pub fn groups(verdict: &Verdict) -> Vec<Group<'_>> {
    let group = |against: Against| {
        let mut checks: Vec<&Check> =
            verdict.checks.iter().filter(|check| check.against == against).collect();
        checks.sort_by_key(|check| check.result);
        Group { against, checks }
    };
    GROUPS.into_iter().map(group).filter(|group| !group.checks.is_empty()).collect()
}

impl Group<'_> {
    /// How many ended how, as in `2 failed, 30 passed`.
    #[must_use]
    pub fn counts(&self) -> String {
        counts(&self.checks)
    }

    /// The checks as a table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid =
            Grid::new(["operation", "metric", "result", "what was seen"].map(Column::words).to_vec());
        for check in &self.checks {
            let (tone, word) = result(check.result);
            grid.push(Row::new(vec![
                Cell::text(&check.operation),
                Cell::text(check.metric.title()),
                Cell::text(word).tone(tone),
                Cell::text(&check.sentence),
            ]));
        }
        grid
    }
}

/// What a check saw; why it is not resolved is left out where the notes of its group say so.
#[must_use]
pub fn seen<'a>(check: &'a Check, verdict: &Verdict) -> &'a str {
    let said = verdict.effects.as_ref().and_then(common_reason);
    let without = said.and_then(|reason| check.sentence.strip_suffix(reason)?.strip_suffix("; "));
    without.filter(|_| check.against == Against::Base).unwrap_or(&check.sentence)
}

/// What a group's checks leave to be said below them: what a change against the base is, and why nothing could be resolved.
#[must_use]
pub fn notes(group: &Group<'_>, verdict: &Verdict) -> Vec<String> {
    let effects = verdict.effects.as_ref().filter(|_| group.against == Against::Base);
    effects
        .map(|effects| compared::of_change(effects).into_iter().chain(compared::of_open(effects)).collect())
        .unwrap_or_default()
}

/// How many ended how, failures first; those of which there are none are not named.
#[must_use]
pub fn counts(checks: &[&Check]) -> String {
    let of = |wanted: CheckResult| checks.iter().filter(|check| check.result == wanted).count();
    let results = [CheckResult::Failed, CheckResult::NotResolved, CheckResult::Excused, CheckResult::Passed];
    let counted = results.map(|wanted| (of(wanted), result(wanted).1.to_lowercase()));
    let said: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if said.is_empty() { "nothing was checked".to_owned() } else { said.join(", ") }
}

/// The heading of the latencies.
pub const TOOK: &str = "What each operation took, the median over its blocks";

/// What each operation took, beside what it took in the nights before where there are any.
#[must_use]
pub fn latencies(verdict: &Verdict) -> Grid {
    let has_nights = verdict.latencies.iter().any(|latency| latency.nights > 0);
    let mut columns = vec![Column::words("operation"), Column::numbers("p50"), Column::numbers("p95")];
    if has_nights {
        columns.extend([
            Column::numbers("nights' p50").hint("median of the nights before"),
            Column::numbers("nights' p95").hint("median of the nights before"),
            Column::numbers("nights").hint("nights before of the same kind that were not disturbed"),
        ]);
    }
    let mut grid = Grid::new(columns);
    for latency in &verdict.latencies {
        grid.push(latency_row(latency, has_nights));
    }
    grid
}

fn latency_row(latency: &Latency, has_nights: bool) -> Row {
    let cell =
        |metric: Metric, us: Option<f64>| Cell::number(value(metric, us), us.filter(|us| us.is_finite()));
    let mut cells = vec![
        Cell::text(&latency.operation),
        cell(Metric::P50, latency.p50_us),
        cell(Metric::P95, latency.p95_us),
    ];
    if has_nights {
        cells.extend([
            cell(Metric::P50, latency.nights_p50_us),
            cell(Metric::P95, latency.nights_p95_us),
            Cell::count(latency.nights as u64),
        ]);
    }
    Row::new(cells)
}

/// Changes in the history of nights.
#[must_use]
pub fn shifts(verdict: &Verdict) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("night"),
        Column::words("revision"),
        Column::words("operation"),
        Column::words("metric"),
        Column::numbers("before").hint("typical value of the nights before"),
        Column::numbers("after").hint("typical value since"),
        Column::numbers("change"),
        Column::numbers("nights since").hint("that one included"),
        Column::words("how sure"),
    ]);
    for shift in &verdict.shifts {
        grid.push(shift_row(shift));
    }
    grid
}

fn shift_row(shift: &Shift) -> Row {
    let metric = shift.metric;
    let finite = |number: f64| Some(number).filter(|number| number.is_finite());
    Row::new(vec![
        Cell::text(&shift.night),
        Cell::text(revision(shift)),
        Cell::text(&shift.operation),
        Cell::text(metric.title()),
        Cell::number(value(metric, Some(shift.before)), finite(shift.before)),
        Cell::number(value(metric, Some(shift.after)), finite(shift.after)),
        Cell::number(change(metric, Some(shift.change)), finite(shift.change)).tone(direction(shift)),
        Cell::count(shift.nights_since as u64),
        Cell::text(if shift.provisional { "provisional" } else { "confirmed" }).tone(if shift.provisional {
            Tone::Warn
        } else {
            Tone::Plain
        }),
    ])
}

fn direction(shift: &Shift) -> Tone {
    if shift.worse { Tone::Bad } else { Tone::Good }
}

fn revision(shift: &Shift) -> String {
    shift
        .revision
        .as_deref()
        .map_or_else(|| "-".to_owned(), |revision| plain(revision).chars().take(MOST_REVISION).collect())
}

/// A change of the history in one line.
#[must_use]
pub fn shift(shift: &Shift) -> String {
    let metric = shift.metric;
    let since = counted(shift.nights_since, "night");
    let provisional = if shift.provisional { ", provisional: too new to be sure of" } else { "" };
    format!(
        "{} (revision {}): {} {} {} -> {} ({}), {since} since{provisional}",
        plain(&shift.night),
        revision(shift),
        plain(&shift.operation),
        metric.title(),
        value(metric, Some(shift.before)),
        value(metric, Some(shift.after)),
        change(metric, Some(shift.change)),
    )
}

/// What it was about: workload, policy, time.
#[must_use]
pub fn facts(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let checks: Vec<&Check> = verdict.checks.iter().collect();
    vec![
        ("workload", plain(&verdict.workload)),
        ("policy", plain(&verdict.policy)),
        ("checks", counts(&checks)),
        ("judged", verdict.at.format("%Y-%m-%d %H:%M UTC").to_string()),
    ]
}

/// What a result means, for those who see it for the first time.
pub const MEANING: &str = "Failed: worse than the policy allows, and sure. Not resolved: the measurement cannot tell. Excused: worse, and the policy lets it pass because it is too new to be sure of, or was not confirmed by a second measurement.";
