//! What a drill says in words and tables.

use crate::text::{self, bytes, counted, grouped, percent, three_digits};
use crate::{
    drill::{BackupDrill, Check, Drill, Growth, Measured, Outcome, Part, Projected, Range},
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        xml::plain,
    },
};

/// A span of time; of a short one three digits, for the parts of a restore are short.
fn span(seconds: f64) -> String {
    if (0.0..10.0).contains(&seconds) { format!("{} s", three_digits(seconds)) } else { text::span(seconds) }
}

/// How an outcome is to be taken, and a word for it.
#[must_use]
pub fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Passed => (Tone::Good, "RESTORED"),
        Outcome::Unproven => (Tone::Warn, "NOT PROVED"),
        Outcome::Failed => (Tone::Bad, "FAILED"),
    }
}

/// What the whole of it comes to, in one sentence without a full stop.
#[must_use]
pub fn sentence(drill: &Drill) -> String {
    match drill.backups.as_slice() {
        [one] => of_backup(one),
        several => {
            let failed: Vec<&str> = several
                .iter()
                .filter(|one| one.outcome == Outcome::Failed)
                .map(|one| one.method.name())
                .collect();
            match failed.is_empty() {
                true => format!("each of {} was restored and agrees", counted(several.len(), "backup")),
                false => {
                    format!("{} of {} did not stand it: {}", failed.len(), several.len(), failed.join(", "))
                }
            }
        }
    }
}

/// What one backup comes to.
#[must_use]
pub fn of_backup(backup: &BackupDrill) -> String {
    let of = |wanted: Outcome| backup.checks.iter().filter(|check| check.outcome == wanted).count();
    let failures: Vec<&str> =
        backup.checks.iter().flat_map(|check| check.failures.iter().map(String::as_str)).collect();
    let open = match of(Outcome::Unproven) {
        0 => String::new(),
        some => format!(", {} could not be made", counted(some, "check")),
    };
    if let Some(first) = failures.first() {
        let more = match failures.len() - 1 {
            0 => String::new(),
            more => format!("; and {}", counted(more, "more fault")),
        };
        return format!("{}{more}", plain(first));
    }
    let tracks = backup.source.as_ref().and_then(|source| source.tracks);
    let tracks = tracks.map_or_else(String::new, |tracks| format!(" of {} tracks", grouped(tracks)));
    let time = backup.recovery_time_seconds.map_or_else(String::new, |time| format!(" in {}", span(time)));
    format!(
        "the {} backup{tracks} was restored{time}; {} passed{open}",
        backup.method,
        counted(of(Outcome::Passed), "check")
    )
}

/// What was backed up, how large that is, how long it took: a name and a sentence each.
#[must_use]
pub fn facts(backup: &BackupDrill) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(from) = &backup.from {
        facts.push(("backup", plain(from)));
    }
    if let Some(source) = &backup.source {
        facts
            .push(("source", format!("PostgreSQL {} at {}", plain(&source.version), plain(&source.address))));
        facts.push(("state of", source.as_of.format("%Y-%m-%d %H:%M:%S UTC").to_string()));
    }
    facts.push(("size", size(backup)));
    if !backup.made.is_empty() {
        facts.push(("made in", parts(&backup.made)));
    }
    match backup.recovery_time_seconds {
        Some(time) => {
            facts.push(("RTO", format!("{} from the start of the restore to the first answer", span(time))));
            facts.push(("of which", parts(&backup.restored)));
        }
        None => facts.push(("RTO", "none: no right answer came".to_owned())),
    }
    if let Some(point) = &backup.recovery_point {
        let bound = point
            .bound_seconds
            .map_or_else(|| "without bound".to_owned(), |most| format!("up to {}", span(most)));
        facts.push((
            "RPO",
            format!(
                "{} ({}); by plan {bound} ({})",
                span(point.measured_seconds),
                plain(&point.measured),
                plain(&point.bound)
            ),
        ));
    }
    if let Some(cipher) = &backup.encryption {
        facts.push(("encrypted", format!("by {}", plain(cipher))));
    }
    facts.push(("by", backup.tools.iter().map(|tool| plain(tool)).collect::<Vec<_>>().join("; ")));
    if let Some(kept) = &backup.kept {
        facts.push(("kept in", plain(kept)));
    }
    facts
}

fn size(backup: &BackupDrill) -> String {
    let sizes = &backup.sizes;
    let own = bytes(sizes.backup_bytes);
    let share = sizes.database_bytes.filter(|database| *database > 0).map_or_else(String::new, |database| {
        let share = sizes.backup_bytes as f64 / database as f64;
        format!(", {} of the {} that were backed up", percent(share), bytes(database))
    });
    let restored =
        sizes.restored_bytes.map_or_else(String::new, |restored| format!("; restored {}", bytes(restored)));
    format!("{own}{share}{restored}")
}

/// Each part with its time, and its rate where that is what took the time.
#[must_use]
pub fn parts(parts: &[Part]) -> String {
    let one = |part: &Part| {
        let rate = part
            .bytes
            .filter(|_| part.seconds > 0.0)
            .map_or_else(String::new, |done| format!(" ({}/s)", bytes((done as f64 / part.seconds) as u64)));
        format!("{} {}{rate}", plain(&part.name), span(part.seconds))
    };
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Every check as a table.
#[must_use]
pub fn checks(backup: &BackupDrill) -> Grid {
    let mut grid = Grid::new(vec![Column::words("check"), Column::words("result"), Column::words("seen")]);
    for check in &backup.checks {
        let (tone, word) = result(check);
        let seen = Cell::text(seen(check));
        grid.push(Row::new(vec![Cell::text(&check.name), Cell::text(word).tone(tone), seen]));
    }
    grid
}

/// How a check is to be taken, and a word for it.
#[must_use]
pub fn result(check: &Check) -> (Tone, &'static str) {
    match check.outcome {
        Outcome::Passed => (Tone::Good, "passed"),
        Outcome::Unproven => (Tone::Warn, "not proved"),
        Outcome::Failed => (Tone::Bad, "FAILED"),
    }
}

/// What was seen: of a check that failed the first fault.
#[must_use]
pub fn seen(check: &Check) -> String {
    match check.failures.as_slice() {
        [] => plain(&check.evidence),
        [first] => plain(first),
        [first, more @ ..] => format!("{}; and {}", plain(first), counted(more.len(), "more fault")),
    }
}

/// Every fault, with the check that found it.
#[must_use]
pub fn failures(backup: &BackupDrill) -> Vec<String> {
    let of = |check: &Check| -> Vec<String> {
        check.failures.iter().map(|failure| format!("{}: {}", check.name, plain(failure))).collect()
    };
    backup.checks.iter().flat_map(of).collect()
}

/// What was measured by size, and what is estimated.
#[must_use]
pub fn growth(growth: &Growth) -> Grid {
    let mut grid = Grid::new(vec![
        Column::numbers("tracks"),
        Column::words(""),
        Column::numbers("backup"),
        Column::numbers("made in"),
        Column::numbers("RTO"),
    ]);
    for one in &growth.measured {
        grid.push(measured(one));
    }
    for one in &growth.projected {
        grid.push(projected(one));
    }
    grid
}

fn measured(one: &Measured) -> Row {
    Row::new(vec![
        Cell::count(one.tracks),
        Cell::text("measured"),
        Cell::number(bytes(one.backup_bytes), one.backup_bytes as f64),
        Cell::number(span(one.backup_seconds), one.backup_seconds),
        Cell::number(span(one.recovery_seconds), one.recovery_seconds),
    ])
}

fn projected(one: &Projected) -> Row {
    let cell = |range: Range, say: fn(f64) -> String| {
        let (low, high) = (say(range.low), say(range.high));
        let text = if low == high { low } else { format!("{low} to {high}") };
        Cell::number(text, range.high)
    };
    Row::new(vec![
        Cell::count(one.tracks),
        Cell::text("estimated"),
        cell(one.backup_bytes, |size| bytes(size as u64)),
        cell(one.backup_seconds, span),
        cell(one.recovery_seconds, span),
    ])
}

/// What the estimates rest on, and what is not estimated.
#[must_use]
pub fn below_growth(growth: &Growth) -> String {
    let refused: Vec<String> = growth.refused.iter().map(|tracks| grouped(*tracks)).collect();
    let refused = match refused.is_empty() {
        true => String::new(),
        false => format!(
            " Not estimated: {} tracks, more than ten times the largest that was measured.",
            refused.join(", ")
        ),
    };
    format!("Estimates: {}.{refused}", plain(&growth.assumption))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_told_where_bytes_were_moved() {
        let part = |name: &str, seconds, bytes| Part { name: name.to_owned(), seconds, bytes };
        let told = parts(&[part("rows", 2.0, Some(20 << 20)), part("start a server", 0.5, None)]);
        assert_eq!(told, "rows 2.00 s (10.0 MB/s), start a server 0.500 s");
    }

    #[test]
    fn estimates_are_ranges() {
        let range = |low, high| Range { low, high };
        let one = Projected {
            tracks: 100_000,
            backup_bytes: range(1e6, 1e6),
            backup_seconds: range(10.0, 20.0),
            recovery_seconds: range(100.0, 150.0),
        };
        let texts: Vec<String> = projected(&one).cells.into_iter().map(|cell| cell.text).collect();
        assert_eq!(texts, ["100,000", "estimated", "977 kB", "10 s to 20 s", "100 s to 2 min 30 s"]);
    }
}
