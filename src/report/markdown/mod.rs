//! Markdown for pull requests, issues and job summaries: of a run, of several, and of what was judged: comparisons,
//! verdicts, A/A measurements, studies, audits, drills, answers on capacity.
//!
//! What is too long for a comment is left out (`fit`), and whatever a record holds stays text (`text`). What is new to be
//! told is added as a file with one function; its words are those of the terminal, from the floor's other files.

mod audit;
mod capacity;
mod compare;
mod drill;
mod effects;
mod false_alarms;
mod fit;
mod gate;
mod study;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use audit::audit;
pub use capacity::capacity;
pub use compare::compare;
pub use drill::drill;
pub use effects::effects;
pub use false_alarms::false_alarms;
pub use gate::gate;
pub use study::study;
pub use table::table;
pub use text::{escaped, fenced};

use super::{
    grid::{Cell, Column, Grid, Row, Tone},
    headline::{self, Figure},
    latencies, mark, session,
    source::Source,
    trust,
};
use crate::record::{Recommendation, Record, Stance};
use std::fmt::Write;

/// Pieces of advice that are shown.
const MOST_ADVICE: usize = 5;

/// The run: verdict, figures, what is not to be trusted, latencies, advice, and where all that comes from. What would
/// make it too long for a comment is left out, and that is said.
#[must_use]
pub fn render(source: &Source) -> String {
    let record = &source.record;
    let head = format!("{}{}", mark::MARKDOWN, head(record));
    let parts = [
        ("doubts", doubts(record)),
        ("figures", table(&figures(&headline::figures(record)))),
        ("latencies", format!("### Latencies\n\n{}", table(&latencies::grid(record)))),
        ("advice", advice(record)),
    ];
    fit::fitted(head, parts, &provenance(source))
}

fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        Tone::Warn => "⚠️",
        Tone::Plain => "ℹ️",
    }
}

fn head(record: &Record) -> String {
    let (tone, word) = headline::outcome(record.verdict.outcome);
    format!(
        "## {} {}: {}\n\n{}  \n{}\n",
        sign(tone),
        word,
        escaped(&headline::sentence(record)),
        escaped(&headline::subject(record)),
        escaped(&headline::place(record))
    )
}

/// What was found to spoil the measurement, or may have.
fn doubts(record: &Record) -> String {
    let checks = trust::checks(record);
    let doubts: Vec<_> = checks.iter().filter(|check| check.tone != Tone::Good).collect();
    let word = match trust::worst(&checks) {
        Tone::Bad => "no",
        Tone::Warn => "with care",
        Tone::Good | Tone::Plain => "yes",
    };
    let mut out = format!("Can the measurement be trusted? **{word}**");
    if doubts.is_empty() {
        let _ = writeln!(out, ": nothing of {} checks is amiss.", checks.len());
        return out;
    }
    out.push_str("\n\n");
    for check in doubts {
        let _ = writeln!(out, "- {} **{}**: {}", sign(check.tone), escaped(check.name), escaped(&check.seen));
    }
    out
}

fn figures(figures: &[Figure]) -> Grid {
    let columns = vec![Column::words("figure"), Column::numbers("value"), Column::words("how sure")];
    let mut grid = Grid::new(columns);
    for figure in figures {
        grid.push(Row::new(vec![
            Cell::text(&figure.name),
            Cell::text(format!("{} {}", figure.value, figure.unit)),
            Cell::text(&figure.sure),
        ]));
    }
    grid
}

fn advice(record: &Record) -> String {
    let changes: Vec<&Recommendation> =
        record.advice.iter().filter(|piece| piece.stance == Stance::Change).collect();
    if changes.is_empty() {
        return "### Advice\n\nNo rule asks for a change.\n".to_owned();
    }
    let mut out = "### Advice\n".to_owned();
    for piece in changes.iter().take(MOST_ADVICE) {
        let basis = piece.basis.name();
        let _ = write!(
            out,
            "\n<details><summary>{} ({basis})</summary>\n\n{}\n\n",
            escaped(&piece.title),
            escaped(&piece.evidence)
        );
        let apply: Vec<&str> = piece.changes().map(|change| change.apply.as_str()).collect();
        if !apply.is_empty() {
            let _ = writeln!(out, "{}", fenced(&apply.join("\n"), "sql"));
            let undo: Vec<&str> = piece.changes().map(|change| change.undo.as_str()).collect();
            let _ = writeln!(
                out,
                "Risk: {}. To undo it:\n\n{}",
                escaped(&piece.risk),
                fenced(&undo.join("\n"), "sql")
            );
        }
        out.push_str("</details>\n");
    }
    if let more @ 1.. = changes.len().saturating_sub(MOST_ADVICE) {
        let _ = writeln!(out, "\nand {more} more changes, each with its risk and the way back, in the page.");
    }
    out
}

fn provenance(source: &Source) -> String {
    let record = &source.record;
    format!(
        "<sub>loist-bench {}, record version {}; seed {}; PostgreSQL {}; {}{}; SHA-256 of the record <code>{}</code></sub>\n",
        escaped(&record.tool_version),
        record.version,
        record.run.seed,
        escaped(&record.server.version),
        escaped(&format!("{}, {} processors", record.host.cpu_model, record.host.cpus)),
        session::words(record).map(|words| format!("; {}", escaped(&words))).unwrap_or_default(),
        source.digest()
    )
}
