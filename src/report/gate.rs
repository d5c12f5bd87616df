//! A gate's verdict on the terminal, and what every form of it shares: its words and its tables.

#[cfg(test)]
mod tests;
pub mod words;

use super::{
    effects::{self, grids, list, style},
    table,
    xml::plain,
};
use crate::{
    compare::Effects,
    gate::{Check, CheckResult, Verdict},
};
use std::fmt::Write;

/// Checks of a group that passed, or that could not be resolved, and are named; how many more there are is said.
const MOST_NAMED: usize = 4;
/// What is shown of how a comparison was measured.
const SHOWN: [&str; 3] = ["measured", "set aside", "time"];

/// The verdict: the outcome, the checks with failures first, changes of the history, the comparison in short. It holds
/// ANSI styles: a stream that shows none must strip them.
#[must_use]
pub fn render(verdict: &Verdict) -> String {
    let (tone, word) = words::outcome(verdict.outcome);
    let style = style(tone);
    let mut out = format!("{style}{word}{style:#}: {}\n\n", plain(&verdict.sentence));
    // Writing to a String cannot fail.
    for (name, sentence) in words::facts(verdict) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    for group in words::groups(verdict) {
        checks(&mut out, &group, verdict);
    }
    let latencies = words::latencies(verdict);
    if !latencies.rows.is_empty() {
        let _ = writeln!(out, "\n{}:\n\n{}", words::TOOK, table::of(&latencies).trim_fmt());
    }
    let shifts: Vec<String> = verdict.shifts.iter().map(words::shift).collect();
    list(&mut out, "Changes in the history, the newest first", &shifts);
    let comparisons = [("Comparison", &verdict.effects), ("Second measurement", &verdict.confirmation)];
    for (name, effects) in comparisons {
        if let Some(effects) = effects {
            comparison(&mut out, name, effects);
        }
    }
    effects::cautions(&mut out, &verdict.cautions);
    out
}

fn checks(out: &mut String, group: &words::Group<'_>, verdict: &Verdict) {
    let _ = writeln!(out, "\nChecked {}: {}", group.against.name(), group.counts());
    let line = |out: &mut String, check: &Check| {
        let (tone, word) = words::result(check.result);
        let style = style(tone);
        let (operation, metric) = (plain(&check.operation), check.metric.title());
        let seen = plain(words::seen(check, verdict));
        let _ = writeln!(out, "   {style}{word:<12}{style:#} {operation} {metric}: {seen}");
    };
    for own in group.checks.chunk_by(|one, next| one.result == next.result) {
        let result = own[0].result;
        let is_shortened = matches!(result, CheckResult::NotResolved | CheckResult::Passed);
        let shown = if is_shortened { MOST_NAMED } else { own.len() };
        own.iter().take(shown).for_each(|check| line(out, check));
        if let more @ 1.. = own.len().saturating_sub(shown) {
            let _ = writeln!(out, "   and {more} more {}", words::result(result).1);
        }
    }
    for note in words::notes(group, verdict) {
        let _ = writeln!(out, "   {note}");
    }
}

/// What it comes to, how it was measured, and the answers of a change.
fn comparison(out: &mut String, name: &str, effects: &Effects) {
    let _ = writeln!(out, "\n{name}: {}\n", effects::words::sentence(effects));
    let facts = effects::words::facts(effects).into_iter().filter(|(name, _)| SHOWN.contains(name));
    for (name, sentence) in facts {
        let _ = writeln!(out, "   {name:<11} {sentence}");
    }
    let found = grids::found(effects);
    if !found.rows.is_empty() {
        let _ = writeln!(out, "\n{}", table::of(&found).trim_fmt());
    }
    effects::cautions(out, &effects.cautions);
}
