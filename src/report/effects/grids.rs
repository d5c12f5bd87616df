//! What a comparison says in tables.

use super::{
    reasons::{common_reason, none_counts, set_aside},
    words::{answer, is_quiet, tone},
};
use crate::{
    compare::{Answer, Effect, Effects},
    record::amount::{change, interval, value},
    report::grid::{Cell, Column, Grid, Row},
};

/// Answers that decisions rest on, but for those that are [quiet](is_quiet).
#[must_use]
pub fn gated(effects: &Effects) -> Grid {
    answers(effects, |effect| effect.gated && !is_quiet(effect))
}

/// Shares of calls of which there were none on either side.
#[must_use]
pub fn quiet(effects: &Effects) -> Grid {
    answers(effects, |effect| effect.gated && is_quiet(effect))
}

/// Gated answers of a change.
#[must_use]
pub fn found(effects: &Effects) -> Grid {
    answers(effects, |effect| effect.gated && is_found(effect))
}

/// Answers that decide nothing: of a change alone, or all.
#[must_use]
pub fn others(effects: &Effects, only_found: bool) -> Grid {
    answers(effects, |effect| !effect.gated && (!only_found || is_found(effect)))
}

fn is_found(effect: &Effect) -> bool {
    matches!(effect.answer, Answer::Slower | Answer::Faster)
}

/// A row for each effect that is meant; none where not one pair counts.
fn answers(effects: &Effects, is_meant: impl Fn(&Effect) -> bool) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("operation"),
        Column::words("metric"),
        Column::numbers("base").hint("median of the base's runs"),
        Column::numbers("new").hint("median of the new side's runs"),
        Column::numbers("change").hint("estimate from all pairs or runs; not the ratio of the medians"),
        Column::numbers("interval").hint("holds the change, for this row by itself"),
        Column::words("answer"),
    ]);
    let said = common_reason(effects);
    for operation in effects.operations.iter().filter(|_| !none_counts(effects)) {
        for effect in operation.metrics.iter().filter(|effect| is_meant(effect)) {
            grid.push(row(&operation.name, effect, said));
        }
    }
    grid
}

fn row(operation: &str, effect: &Effect, said: Option<&str>) -> Row {
    let metric = effect.metric;
    let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
    Row::new(vec![
        Cell::text(operation),
        Cell::text(metric.title()),
        Cell::number(value(metric, effect.base), finite(effect.base)),
        Cell::number(value(metric, effect.new), finite(effect.new)),
        Cell::number(change(metric, effect.change), finite(effect.change)),
        Cell::number(interval(metric, effect.low, effect.high), finite(effect.low)),
        Cell::text(answer(effect, said)).tone(tone(effect.answer)),
    ])
}

/// Pairs that were set aside, a row a reason.
#[must_use]
pub fn aside(effects: &Effects) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("pairs"),
        Column::words("which"),
        Column::words("why").hint("with the figures of the first"),
    ]);
    for reason in set_aside(effects) {
        let which: Vec<String> = reason.pairs.iter().map(u32::to_string).collect();
        grid.push(Row::new(vec![
            Cell::count(reason.pairs.len() as u64),
            Cell::text(which.join(", ")),
            Cell::text(reason.sentence),
        ]));
    }
    grid
}

/// Statements that are executed in another way.
#[must_use]
pub fn plans(effects: &Effects) -> Grid {
    let columns = ["statements", "parameters", "what changed"].map(Column::words);
    let mut grid = Grid::new(columns.to_vec());
    for plan in &effects.plans {
        let words = [plan.statements.join(", "), plan.case.name().to_owned(), plan.sentence.clone()];
        grid.push(Row::new(words.map(Cell::text).to_vec()));
    }
    grid
}

/// Settings that differ.
#[must_use]
pub fn settings(effects: &Effects) -> Grid {
    let mut grid = Grid::new(["setting", "base", "new"].map(Column::words).to_vec());
    let shown = |value: &Option<String>| match value.as_deref() {
        None => Cell::text("-"),
        Some("") => Cell::text("(empty)"),
        Some(value) => Cell::text(value),
    };
    for setting in &effects.settings {
        grid.push(Row::new(vec![Cell::text(&setting.name), shown(&setting.base), shown(&setting.new)]));
    }
    grid
}
