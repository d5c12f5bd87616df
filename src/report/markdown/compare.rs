//! Several runs as Markdown.

use super::{sign, table::table, text::escaped};
use crate::report::{
    comparison::Comparison, effects::words::DUET, grid::Tone, headline, mark, source::Source, trust,
};
use std::fmt::Write;

/// The runs side by side, the first as the base: what differs, what that did to each operation, and whether it can be
/// trusted. Empty without a record.
#[must_use]
pub fn compare(sources: &[Source]) -> String {
    if sources.is_empty() {
        return String::new();
    }
    let comparison = Comparison::of(sources);
    let mut out = format!("{}## {}\n\n", mark::MARKDOWN, escaped(&comparison.sentence()));
    let mut is_disturbed = false;
    for (record, label) in comparison.records.iter().zip(&comparison.labels) {
        let (tone, word) = headline::outcome(record.verdict.outcome);
        is_disturbed |= trust::worst(&trust::checks(record)) == Tone::Bad;
        let sentence = escaped(&headline::sentence(record));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "- {} **{}** {word}: {sentence}", sign(tone), escaped(label));
    }
    out.push_str("\nEach was measured once. Lower or higher is said where the 95 % intervals within the runs do not overlap; that is a reason to repeat the experiment, not yet a proof.\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", escaped(DUET));
    if is_disturbed {
        out.push_str(
            "**At least one of them was disturbed: what differs may be the disturbance's doing.**\n",
        );
    }
    let settings = comparison.settings();
    for (title, grid) in [
        ("What differs", comparison.differences()),
        ("Latencies", comparison.latencies()),
        ("Settings that differ", settings),
    ] {
        if !grid.rows.is_empty() {
            let _ = write!(out, "\n### {title}\n\n{}", table(&grid));
        }
    }
    for (source, record) in sources.iter().map(|source| (source, &source.record)) {
        let _ = write!(
            out,
            "\n<sub>{}; seed {}; loist-bench {}; SHA-256 of the record <code>{}</code></sub>\n",
            escaped(&record.run.started_at.format("%Y-%m-%d %H:%M UTC").to_string()),
            record.run.seed,
            escaped(&record.tool_version),
            source.digest()
        );
    }
    out
}
