//! Parts of a Markdown text, as many as a comment takes.

use super::{sign, table::table, text::escaped};
use crate::report::grid::{Grid, Tone};
use std::fmt::Write;

/// Bytes that all is to stay below: GitHub takes 65,536 characters for a comment and 1 MiB for a summary.
pub(super) const MOST_BYTES: usize = 60_000;
/// Cautions that are shown.
const MOST_CAUTIONS: usize = 10;

/// `head`, the parts that are not empty, and `foot`. A part that would make it too long is left out, and that is said.
pub(super) fn fitted<'a>(
    head: String,
    parts: impl IntoIterator<Item = (&'a str, String)>,
    foot: &str,
) -> String {
    let mut out = head;
    for (name, part) in parts {
        if part.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = if out.len() + part.len() + foot.len() > MOST_BYTES {
            writeln!(out, "\nThe {name} would be too long here: see the page.")
        } else {
            write!(out, "\n{part}")
        };
    }
    out + "\n" + foot
}

/// A table below a heading; nothing without rows.
pub(super) fn titled(title: &str, grid: &Grid) -> String {
    if grid.rows.is_empty() { String::new() } else { format!("### {title}\n\n{}", table(grid)) }
}

/// What is shown when somebody asks for it; nothing of nothing.
pub(super) fn folded(summary: &str, inside: &str) -> String {
    if inside.is_empty() {
        return String::new();
    }
    format!("<details><summary>{}</summary>\n\n{}\n\n</details>\n", escaped(summary), inside.trim_end())
}

/// A table that is folded; nothing without rows.
pub(super) fn folded_table(summary: &str, grid: &Grid) -> String {
    if grid.rows.is_empty() { String::new() } else { folded(summary, &table(grid)) }
}

/// Sentences that are folded; nothing without any.
pub(super) fn folded_list(summary: &str, lines: &[String]) -> String {
    let all: String = lines.iter().map(|line| format!("- {}\n", escaped(line))).collect();
    folded(summary, &all)
}

/// Names with what is to be said of them.
pub(super) fn facts(facts: &[(&'static str, String)]) -> String {
    facts.iter().map(|(name, sentence)| format!("- **{name}**: {}\n", escaped(sentence))).collect()
}

pub(super) fn cautions(cautions: &[String]) -> String {
    let one = |caution: &String| format!("- {} {}\n", sign(Tone::Warn), escaped(caution));
    let mut out: String = cautions.iter().take(MOST_CAUTIONS).map(one).collect();
    if let more @ 1.. = cautions.len().saturating_sub(MOST_CAUTIONS) {
        let _ = writeln!(out, "- and {more} more cautions");
    }
    out
}
