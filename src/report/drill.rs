//! A drill on the terminal, and what every form of it shares: its words and its tables.

pub mod words;

use super::{
    effects::{cautions, list, style},
    table,
    xml::plain,
};
use crate::drill::{BackupDrill, Drill};
use std::fmt::Write;

/// What it comes to, and each backup with its checks, times and sizes. It holds ANSI styles: a stream that shows none must
/// strip them.
#[must_use]
pub fn render(drill: &Drill) -> String {
    let (tone, word) = words::outcome(drill.outcome);
    let style = style(tone);
    let mut out = format!("{style}{word}{style:#}  {}\n", words::sentence(drill));
    for backup in &drill.backups {
        one(&mut out, backup, drill.backups.len() > 1);
    }
    list(&mut out, "Not in this backup", &drill.left_out);
    cautions(&mut out, &drill.cautions);
    out
}

fn one(out: &mut String, backup: &BackupDrill, is_one_of_many: bool) {
    // Writing to a String cannot fail.
    if is_one_of_many {
        let (tone, word) = words::outcome(backup.outcome);
        let style = style(tone);
        let _ = writeln!(out, "\n{style}{word}{style:#}  {}", words::of_backup(backup));
    }
    out.push('\n');
    for (name, sentence) in words::facts(backup) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    out.push('\n');
    for check in &backup.checks {
        let (tone, word) = words::result(check);
        let style = style(tone);
        let _ =
            writeln!(out, "{style}{word:<10}{style:#}  {:<21} {}", plain(&check.name), words::seen(check));
    }
    list(out, "Faults", &words::failures(backup));
    if let Some(growth) = &backup.growth {
        let _ = writeln!(out, "\n{}", table::of(&words::growth(growth)).trim_fmt());
        let _ = writeln!(out, "{}", words::below_growth(growth));
    }
}
