//! The page that puts several runs side by side.

use super::{
    answer::section,
    frame::Frame,
    parts::{self, rendered},
    plan, provenance, settings, switches,
};
use crate::text::three_digits;
use crate::{
    advise::plan_flips,
    record::{OperationResult, PlanCase, Record, Stance, StatementPlan, Summary},
    report::{
        comparison::Comparison,
        effects::words::DUET,
        grid::{Cell, Column, Grid, Row, Tone},
        headline,
        picture::{self, Picture},
        source::Source,
        trust,
        xml::escaped,
    },
};
use askama::Template;

/// Doubts that are named above the fold; a section has them all.
const MOST_DOUBTS: usize = 2;

#[derive(Template)]
#[template(path = "report/compare.html")]
struct Head<'a> {
    sentence: String,
    /// What would judge.
    duet: &'static str,
    /// Whether one of them is not to be trusted.
    is_disturbed: bool,
    runs: Vec<Side<'a>>,
    differences: String,
}

/// One of the runs, above the fold.
struct Side<'a> {
    label: &'a str,
    tone: Tone,
    word: &'static str,
    sentence: String,
    trust: Tone,
    doubt: String,
}

#[derive(Template)]
#[template(path = "report/flips.html")]
struct Flips {
    flips: Vec<Flip>,
}

struct Flip {
    name: String,
    sentence: String,
    base_label: String,
    new_label: String,
    base: String,
    new: String,
}

pub(super) fn page(sources: &[Source]) -> String {
    let comparison = Comparison::of(sources);
    let sections = [
        ("latencies", "Latencies", latencies(&comparison)),
        ("pictures", "Pictures", pictures(&comparison)),
        ("operations", "Operations", operations(&comparison)),
        ("plans", "Plans", flips(&comparison)),
        ("statements", "Statements", parts::grid(&comparison.statements(), "Mean time of each statement")),
        ("settings", "Settings", settings::differing(&comparison.settings())),
        ("advice", "Advice", parts::grid(&advice(&comparison), "Advice by run")),
        ("trust", "Trust", parts::grid(&comparison.trust(), "What could have spoiled each run")),
        ("provenance", "Provenance", provenance::part(sources)),
    ];
    let names: Vec<&str> = comparison.labels.iter().map(String::as_str).collect();
    let frame = Frame {
        title: format!(
            "{}: {} compared: loist-bench",
            comparison.records[0].workload.name,
            names.join(" and ")
        ),
        head: head(&comparison),
        sections: sections.into_iter().map(|(id, title, body)| section(id, title, body)).collect(),
        switches: comparison.records.len(),
        foot: provenance::foot(comparison.records[0]),
    };
    frame.page()
}

fn side<'a>(record: &Record, label: &'a str) -> Side<'a> {
    let (tone, word) = headline::outcome(record.verdict.outcome);
    let (sentence, checks) = (headline::sentence(record), trust::checks(record));
    let trust = trust::worst(&checks);
    // A verdict that was taken back says why itself.
    let doubts = checks.iter().filter(|check| {
        check.tone == trust && trust != Tone::Good && headline::capital(&check.seen) != sentence
    });
    let doubts: Vec<&str> = doubts.map(|check| check.seen.as_str()).collect();
    let more = match doubts.len().saturating_sub(MOST_DOUBTS) {
        0 => String::new(),
        more => format!("; and {more} more, see below"),
    };
    let doubt = doubts.into_iter().take(MOST_DOUBTS).collect::<Vec<_>>().join("; ") + &more;
    Side { label, tone, word, sentence, trust, doubt }
}

fn head(comparison: &Comparison<'_>) -> String {
    let runs: Vec<Side<'_>> = comparison
        .records
        .iter()
        .zip(&comparison.labels)
        .map(|(record, label)| side(record, label))
        .collect();
    rendered(&Head {
        sentence: headline::capital(&comparison.sentence()),
        duet: DUET,
        is_disturbed: runs.iter().any(|side| side.trust == Tone::Bad),
        runs,
        differences: parts::grid(&comparison.differences(), "What differs between the runs"),
    })
}

/// A switch for each run, and what can be drawn of all of them.
fn pictures(comparison: &Comparison<'_>) -> String {
    let pictures: String = picture::of_runs(comparison).iter().map(parts::picture).collect();
    switches::of_runs(&comparison.labels) + &pictures
}

/// The percentile curves of each operation, a curve a run.
fn operations(comparison: &Comparison<'_>) -> String {
    let one = |(index, (name, results)): (usize, (&str, Vec<&OperationResult>))| {
        let summaries = results.iter().map(|result| &result.summary);
        let runs: Vec<(&str, &Summary)> =
            comparison.labels.iter().map(String::as_str).zip(summaries).collect();
        picture::percentiles_of_runs(&format!("operation-{index}"), name, &runs)
    };
    let pictures: Vec<Picture> = comparison.operations().into_iter().enumerate().filter_map(one).collect();
    parts::pictures(&pictures)
}

fn latencies(comparison: &Comparison<'_>) -> String {
    format!(
        "<p>p95 of the response time, with its 95 % interval within each run. “Lower” and “higher” are said where these intervals do not overlap. They do not hold what differs between runs that are the same: repeat each side a few times, in turns, before you rely on a small difference.</p>{}",
        parts::grid(&comparison.latencies(), "Latencies of each operation in each run")
    ) + &left_out(comparison)
}

/// Operations that not every run has cannot be compared.
fn left_out(comparison: &Comparison<'_>) -> String {
    let common = comparison.operations();
    let all = comparison.records.iter().flat_map(|record| &record.operations);
    let mut others: Vec<String> = all
        .filter(|operation| !common.iter().any(|(name, _)| *name == operation.name))
        .map(|operation| escaped(&operation.name))
        .collect();
    others.sort_unstable();
    others.dedup();
    if others.is_empty() {
        String::new()
    } else {
        format!("<p>Not in all runs, and so left out: {}.</p>", others.join(", "))
    }
}

/// Plans of the last run that are not those of the first, side by side.
fn flips(comparison: &Comparison<'_>) -> String {
    let (records, labels) = (&comparison.records, &comparison.labels);
    let last = records.len() - 1;
    let (base, new) = (records[0], records[last]);
    if base.plans.is_empty() || new.plans.is_empty() {
        return "<p>They cannot be compared: a record holds none.</p>".to_owned();
    }
    let find = |record: &Record, statements: &[String], case: PlanCase, shape: &str| {
        let is_meant = |plan: &&StatementPlan| {
            plan.shape == shape && plan.statements.iter().any(|name| statements.contains(name))
        };
        let all: Vec<&StatementPlan> = record.plans.iter().filter(is_meant).collect();
        all.iter()
            .find(|plan| plan.case == case)
            .or(all.first())
            .map(|plan| plan::part(plan))
            .unwrap_or_default()
    };
    let flips: Vec<Flip> = plan_flips(base, new)
        .into_iter()
        .map(|flip| Flip {
            base: find(base, &flip.statements, flip.case, &flip.base_shape),
            new: find(new, &flip.statements, flip.case, &flip.new_shape),
            name: format!(
                "{} ({} parameters): {} → {}",
                flip.statements.join(", "),
                flip.case.name(),
                time(flip.base_execution_ms),
                time(flip.new_execution_ms)
            ),
            sentence: flip.sentence,
            base_label: labels[0].clone(),
            new_label: labels[last].clone(),
        })
        .collect();
    if flips.is_empty() {
        return format!(
            "<p>None: {} statements were explained in both, and all are executed in the same way.</p>",
            base.plans.len()
        );
    }
    rendered(&Flips { flips })
}

fn time(ms: Option<f64>) -> String {
    ms.map_or_else(|| "not executed".to_owned(), |ms| format!("{} ms", three_digits(ms)))
}

/// Which advice is given in which run.
fn advice(comparison: &Comparison<'_>) -> Grid {
    let mut columns = vec![Column::words("advice"), Column::words("rule")];
    columns.extend(comparison.labels.iter().map(Column::words));
    let mut grid = Grid::new(columns);
    let mut seen: Vec<&str> = Vec::new();
    for piece in comparison.records.iter().flat_map(|record| &record.advice) {
        if piece.stance == Stance::LeaveAlone || seen.contains(&piece.rule.as_str()) {
            continue;
        }
        seen.push(&piece.rule);
        let given = |record: &&Record| {
            let same = record.advice.iter().find(|other| other.rule == piece.rule);
            Cell::text(match same.map(|other| other.stance) {
                Some(Stance::Change) => "change",
                Some(Stance::LeaveAlone) => "leave alone",
                None => "not said",
            })
        };
        let words = [Cell::text(&piece.title), Cell::text(&piece.rule)];
        grid.push(Row::new(words.into_iter().chain(comparison.records.iter().map(given)).collect()));
    }
    grid
}
