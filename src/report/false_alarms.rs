//! An A/A measurement on the terminal, and what every form of it shares: its words and its tables.

#[cfg(test)]
mod tests;
pub mod words;

use super::{effects::style, table};
use crate::gate::FalseAlarms;
use std::fmt::Write;

/// How often the gate cries wolf, against judges that are easier to come by, and what it can see. It holds ANSI styles: a
/// stream that shows none must strip them.
#[must_use]
pub fn render(alarms: &FalseAlarms) -> String {
    let style = style(words::outcome(alarms).0);
    let mut out = format!("{style}{}{style:#}\n\n", words::sentence(alarms));
    // Writing to a String cannot fail.
    for (name, sentence) in words::facts(alarms) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    let _ = writeln!(out, "\n{}", table::of(&words::rates(alarms)).trim_fmt());
    let detectable = words::detectable(alarms);
    if !detectable.rows.is_empty() {
        let _ = writeln!(out, "\n{}\n{}", table::of(&detectable).trim_fmt(), words::of_detectable(alarms));
    }
    out
}
