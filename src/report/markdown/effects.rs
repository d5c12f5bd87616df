//! A comparison as Markdown.

use super::{
    fit::{cautions, facts, fitted, folded_table, titled},
    sign,
    text::escaped,
};
use crate::{
    compare::Effects,
    report::{
        effects::{grids, reasons, words},
        headline::capital,
        mark,
    },
};

/// The comparison: what it comes to, how it was measured, the answers, and what else differs.
#[must_use]
pub fn effects(effects: &Effects) -> String {
    let head = format!("{}## {}\n", mark::MARKDOWN, heading(effects));
    fitted(head, parts(effects), &foot(effects))
}

pub(super) fn heading(effects: &Effects) -> String {
    let tone = words::outcome(effects).0;
    format!("{} {}", sign(tone), escaped(&capital(&words::sentence(effects))))
}

/// Parts of a text on the comparison, by name.
pub(super) fn parts(effects: &Effects) -> Vec<(&'static str, String)> {
    let answers = titled("Answers", &grids::gated(effects));
    let below =
        words::below_answers(effects).into_iter().map(|sentence| format!("\n{}\n", escaped(&sentence)));
    vec![
        ("cautions", cautions(&effects.cautions)),
        ("design", facts(&words::facts(effects))),
        ("answers", answers + &below.collect::<String>()),
        ("quiet answers", quiet(effects)),
        ("list of what was not judged", not_judged(effects)),
        ("other metrics", folded_table("Metrics that decide nothing", &grids::others(effects, false))),
        ("plans", titled("Executed in another way", &grids::plans(effects))),
        ("settings", titled("Settings that differ", &grids::settings(effects))),
        ("pairs set aside", folded_table("Pairs set aside, by reason", &grids::aside(effects))),
    ]
}

/// Operations and metrics that there were too few calls for.
fn not_judged(effects: &Effects) -> String {
    let line = |line: String| format!("- {}\n", escaped(&line));
    let lines: String = reasons::not_judged(effects).into_iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("### Not judged\n\n{lines}") }
}

fn quiet(effects: &Effects) -> String {
    let quiet = words::of_quiet(effects);
    if quiet.is_empty() { quiet } else { quiet + "\n" }
}

fn foot(effects: &Effects) -> String {
    let time = |at: &chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M").to_string();
    format!(
        "<sub>loist-bench {}, comparison version {}; measured from {} to {} UTC</sub>\n",
        escaped(&effects.tool_version),
        effects.version,
        time(&effects.base.from.min(effects.new.from)),
        time(&effects.base.until.max(effects.new.until))
    )
}
