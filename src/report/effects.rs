//! A comparison on the terminal, and what every form of it shares: its words and its tables.

pub mod grids;
pub mod reasons;
#[cfg(test)]
mod tests;
pub mod words;

use super::{
    grid::{Grid, Tone},
    table,
    xml::plain,
};
use crate::compare::Effects;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// Plans, settings and the like that are shown; the record holds them all.
const MOST_LINES: usize = 12;

/// The comparison: what it comes to, how it was measured, each answer, what else differs. It holds ANSI styles: a stream
/// that shows none must strip them.
#[must_use]
pub fn render(effects: &Effects) -> String {
    let style = style(words::outcome(effects).0);
    let mut out = format!("{style}{}{style:#}\n\n", words::sentence(effects));
    // Writing to a String cannot fail.
    for (name, sentence) in words::facts(effects) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    tables(&mut out, effects);
    lists(&mut out, effects);
    cautions(&mut out, &effects.cautions);
    out
}

/// Of a word that is to be taken so.
pub(super) fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new().bold(),
        Tone::Good => AnsiColor::Green.on_default().bold(),
        Tone::Warn => AnsiColor::Yellow.on_default().bold(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
    }
}

fn tables(out: &mut String, effects: &Effects) {
    let gated = grids::gated(effects);
    if !gated.rows.is_empty() {
        let _ = writeln!(out, "\n{}", table::of(&gated).trim_fmt());
    }
    for sentence in words::below_answers(effects).into_iter().chain([words::of_quiet(effects)]) {
        if !sentence.is_empty() {
            let _ = writeln!(out, "{sentence}");
        }
    }
    let others = grids::others(effects, true);
    if !others.rows.is_empty() {
        let _ = writeln!(out, "\nAlso different, though nothing is decided by it:\n");
        let _ = writeln!(out, "{}", table::of(&others).trim_fmt());
    }
    list(out, "Not judged", &reasons::not_judged(effects));
}

fn lists(out: &mut String, effects: &Effects) {
    let lines = |grid: &Grid, say: fn(&[&str]) -> String| -> Vec<String> {
        let cells = |row: &super::grid::Row| row.cells.iter().map(|c| plain(&c.text)).collect::<Vec<_>>();
        let say = |cells: Vec<String>| say(&cells.iter().map(String::as_str).collect::<Vec<_>>());
        grid.rows.iter().map(cells).map(say).collect()
    };
    let plans = lines(&grids::plans(effects), |cells| format!("{} ({}): {}", cells[0], cells[1], cells[2]));
    list(out, "Executed in another way", &plans);
    let settings =
        lines(&grids::settings(effects), |cells| format!("{}: {} -> {}", cells[0], cells[1], cells[2]));
    list(out, "Settings that differ", &settings);
}

/// Lines below a heading; nothing without them.
pub(super) fn list(out: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}:");
    for line in lines.iter().take(MOST_LINES) {
        let _ = writeln!(out, "   {line}");
    }
    if let more @ 1.. = lines.len().saturating_sub(MOST_LINES) {
        let _ = writeln!(out, "   and {more} more: see --format json");
    }
}

pub(super) fn cautions(out: &mut String, cautions: &[String]) {
    for (index, caution) in cautions.iter().enumerate() {
        let _ = writeln!(out, "{}caution: {}", if index == 0 { "\n" } else { "" }, plain(caution));
    }
}
