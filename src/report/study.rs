//! A tuning study on the terminal, and what every form of it shares: its words and its tables.

#[cfg(test)]
mod tests;
pub mod words;

use super::{effects::style, table};
use crate::tune::Study;
use std::fmt::Write;

/// What a study came to: the settings to change with what each is worth, what all of them together do, what was tried in
/// vain, what was not tried. It holds ANSI styles: a stream that shows none must strip them.
#[must_use]
pub fn render(study: &Study) -> String {
    let style = style(words::outcome(study).0);
    let mut out = format!("{style}{}{style:#}\n\n", words::sentence(study));
    // Writing to a String cannot fail.
    for (name, sentence) in words::facts(study) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    for (title, grid) in [
        ("Settings to change", words::recommended(study)),
        ("Together", words::together(study)),
        ("Tried", words::tried(study)),
        ("Not tried", words::not_tried(study)),
    ] {
        if !grid.rows.is_empty() {
            let _ = writeln!(out, "\n{title}\n\n{}", table::of(&grid).trim_fmt());
        }
    }
    for sentence in words::below(study) {
        let _ = writeln!(out, "{sentence}");
    }
    for commands in words::commands(study) {
        let _ = writeln!(out, "\n{}:\n\n{}", commands.form, commands.text.trim_end());
    }
    for caution in &study.cautions {
        let _ = writeln!(out, "caution: {}", super::xml::plain(caution));
    }
    out
}
