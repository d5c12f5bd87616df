//! Plans that flipped, on the terminal.

use crate::{advise::PlanFlip, record::Record};
use anstyle::Style;
use std::fmt::Write;

/// What flipped against the base, or that nothing did. It holds ANSI styles: a stream that shows none must strip them.
#[must_use]
pub fn render(flips: &[PlanFlip], base: &Record, new: &Record) -> String {
    let bold = Style::new().bold();
    let mut out = String::new();
    let without = |name: &str| format!("Plans cannot be compared: the {name} record holds none.\n\n");
    if base.plans.is_empty() || new.plans.is_empty() {
        return without(if base.plans.is_empty() { "base" } else { "new" });
    }
    if flips.is_empty() {
        return "No plan flipped against the base.\n\n".to_owned();
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{bold}Plans that are not those of the base{bold:#}");
    for flip in flips {
        let _ = writeln!(out, "-> {}", flip.sentence);
    }
    out.push('\n');
    out
}
