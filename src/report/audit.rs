//! An audit on the terminal, and what every form of it shares: its words and its tables.

pub mod sarif;
pub mod words;

use super::{
    effects::{cautions, list, style},
    xml::plain,
};
use crate::audit::{Audit, Finding};
use std::fmt::Write;

/// What was found, by severity, each with its remedy; what could not be checked; what was accepted. It holds ANSI styles:
/// a stream that shows none must strip them.
#[must_use]
pub fn render(audit: &Audit) -> String {
    let (tone, word) = words::outcome(audit);
    let style = style(tone);
    let mut out = format!("{style}{word}{style:#}: {}\n\n", words::sentence(audit));
    // Writing to a String cannot fail.
    for (name, sentence) in words::facts(audit) {
        let _ = writeln!(out, "{name:<11} {sentence}");
    }
    for group in words::groups(audit) {
        let style = self::style(words::tone(group.severity));
        let _ = writeln!(out, "\n{style}{}{style:#} ({})", group.severity, group.findings.len());
        group.findings.iter().for_each(|finding| one(&mut out, finding));
    }
    list(&mut out, "Accepted by the policy", &words::accepted(audit));
    list(&mut out, "Could not be checked", &words::unchecked(audit));
    cautions(&mut out, &audit.remarks);
    out
}

fn one(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "   {}: {}", finding.id, plain(&finding.title));
    let _ = writeln!(out, "      seen    {}", plain(&finding.seen));
    let _ = writeln!(out, "      why     {}", plain(&finding.why));
    for (index, line) in words::remedy(&finding.remedy).iter().enumerate() {
        let _ = writeln!(out, "      {:<7} {}", if index == 0 { "remedy" } else { "" }, plain(line));
    }
    let _ = writeln!(out, "      see     {}", plain(&finding.reference));
}
