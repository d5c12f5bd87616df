//! Capacity on the terminal, and what every form of it shares: its words and its tables.

pub mod grids;
#[cfg(test)]
pub(in crate::report) mod tests;
pub mod words;

use super::{
    effects::{cautions, list, style},
    grid::Grid,
    table,
};
use crate::capacity::Capacity;
use std::fmt::Write;

/// What growth comes to in a sentence, with what else is to be known in lines of their own; then the objective, sizes, tiers
/// and cost at each number of tracks, each operation, what was measured, connections, and what it all rests on. It holds ANSI
/// styles: a stream that shows none must strip them.
#[must_use]
pub fn render(capacity: &Capacity) -> String {
    let (tone, word) = words::outcome(capacity.outcome);
    let style = style(tone);
    let mut out = format!("{style}{word}{style:#}: {}\n", words::sentence(capacity));
    // Writing to a String cannot fail.
    for detail in words::details(capacity) {
        let _ = writeln!(out, "   {detail}");
    }
    out.push('\n');
    for (name, sentence) in words::facts(capacity) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    let tables = [
        ("Growth", grids::growth(capacity)),
        ("Tiers", grids::tiers(capacity)),
        ("Cost a month, US dollars", grids::cost(capacity)),
        ("Operations", grids::operations(capacity)),
        ("Measured", grids::measured(capacity)),
        ("Predictions checked", grids::check(capacity)),
        ("Connections", grids::connections(capacity)),
    ];
    for (title, grid) in &tables {
        if !grid.rows.is_empty() {
            let _ = writeln!(out, "\n{title}\n\n{}", table::of(grid).trim_fmt());
        }
    }
    if tables.iter().any(|(_, grid)| is_marked(grid)) {
        let _ = writeln!(out, "\n{}", words::MARKED);
    }
    list(&mut out, "Not warranted", &words::not_warranted(capacity));
    list(&mut out, "Of the tiers", &words::remarks(capacity));
    list(&mut out, "Budget of connections", &words::connections(capacity));
    list(&mut out, words::PLAN, &words::plan(capacity));
    list(&mut out, "This rests on", &words::assumptions(capacity));
    cautions(&mut out, &capacity.cautions);
    out
}

/// Whether an interval in it is not warranted.
fn is_marked(grid: &Grid) -> bool {
    grid.rows.iter().flat_map(|row| &row.cells).any(|cell| cell.text.contains(words::MARK))
}
