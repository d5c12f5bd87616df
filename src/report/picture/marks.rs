//! What happened at a moment of the window: checkpoints, vacuums, lock waits, lost calls, stages.

use super::{
    canvas::Canvas,
    palette::{self, Colour},
    time::{Slice, Time, slices},
};
use crate::text::grouped;
use crate::{
    record::{Ended, Record, Sample},
    report::grid::{Cell, Column, Grid, Row},
};

/// Marks of one kind that a note names one by one.
const MOST_NAMED: usize = 3;
/// Moments of one kind that are drawn through the data; more of them would hide it.
const MOST_LINES: usize = 6;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Stage,
    Checkpoint,
    Autovacuum,
    LockWaits,
    Lost,
    ServerLost,
}

impl Kind {
    /// In the order of their lanes, the lowest first.
    const ALL: [Self; 6] =
        [Self::Lost, Self::LockWaits, Self::Autovacuum, Self::Checkpoint, Self::Stage, Self::ServerLost];

    /// Its word, and the letter that stands for it where there is no room.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Stage => ("stage", "S"),
            Self::Checkpoint => ("checkpoint", "C"),
            Self::Autovacuum => ("autovacuum", "V"),
            Self::LockWaits => ("lock waits", "L"),
            Self::Lost => ("lost calls", "X"),
            Self::ServerLost => ("server lost", "E"),
        }
    }

    fn colour(self) -> Colour {
        match self {
            Self::Lost | Self::ServerLost => palette::TARGET,
            _ => palette::MARK,
        }
    }

    /// Whether it is a moment, and not something that lasts.
    fn is_moment(self) -> bool {
        matches!(self, Self::Stage | Self::Checkpoint | Self::ServerLost)
    }
}

/// Something that happened, in seconds since the window began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    kind: Kind,
    from_seconds: f64,
    to_seconds: f64,
    /// More about it; may be empty.
    what: String,
}

/// All that happened, by kind and then by time.
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    pub(super) fn of(record: &Record) -> Self {
        let seen = |count: fn(&Sample) -> Option<u64>| spans_of_samples(record, count);
        let last = |kind: Kind, what: fn(u64) -> String, spans: Vec<Span>| -> Vec<Mark> {
            spans.into_iter().map(|span| span.mark(kind, what)).collect()
        };
        let mut marks = last(Kind::Lost, |calls| format!("{} calls", grouped(calls)), lost_spans(record));
        marks.extend(last(
            Kind::LockWaits,
            |most| format!("up to {most} sessions at once"),
            seen(|sample| sample.lock_waits),
        ));
        marks.extend(last(
            Kind::Autovacuum,
            |most| format!("up to {most} workers at once"),
            seen(|sample| sample.autovacuums),
        ));
        marks.extend(checkpoints(record));
        marks.extend(record.stages.iter().filter(|stage| stage.begins_seconds > 0.0).map(|stage| Mark {
            kind: Kind::Stage,
            from_seconds: stage.begins_seconds,
            to_seconds: stage.begins_seconds,
            what: stage.stage.clone(),
        }));
        if record.run.ended == Ended::ServerLost {
            let at = record.window.seconds;
            let what = "the server went away".to_owned();
            marks.push(Mark { kind: Kind::ServerLost, from_seconds: at, to_seconds: at, what });
        }
        Self(marks)
    }

    /// The same but one kind.
    pub(super) fn without(mut self, kind: Kind) -> Self {
        self.0.retain(|mark| mark.kind != kind);
        self
    }

    fn kinds(&self) -> impl Iterator<Item = (Kind, Vec<&Mark>)> {
        Kind::ALL
            .into_iter()
            .map(|kind| (kind, self.0.iter().filter(|mark| mark.kind == kind).collect::<Vec<_>>()))
            .filter(|(_, marks)| !marks.is_empty())
    }

    /// Names of the lanes that they take above the data.
    pub(super) fn lanes(&self) -> Vec<(&'static str, &'static str)> {
        self.kinds().map(|(kind, _)| kind.names()).collect()
    }

    /// Them in words, with a space before them; empty where nothing happened.
    pub(super) fn note(&self, time: &Time) -> String {
        let of_kind = |(kind, marks): (Kind, Vec<&Mark>)| {
            let (word, letter) = kind.names();
            let named: Vec<String> = marks.iter().take(MOST_NAMED).map(|mark| mark.say(time)).collect();
            let more = match marks.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more times"),
            };
            format!("{word} ({letter}) {}{more}", named.join(", "))
        };
        let all: Vec<String> = self.kinds().map(of_kind).collect();
        if all.is_empty() { String::new() } else { format!(" Above the data: {}.", all.join("; ")) }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, time: &Time) {
        for (lane, (kind, marks)) in self.kinds().enumerate() {
            let colour = kind.colour();
            if kind.is_moment() && marks.len() <= MOST_LINES {
                canvas.dashed("4 8", |pen| {
                    for at in marks.iter().map(|mark| time.place(mark.from_seconds)) {
                        pen.line(&[(at, 0.0), (at, 1.0)], colour, 2);
                    }
                });
            }
            canvas.layer(|pen| {
                let (low, _, high) = pen.lane(lane);
                let least = 5.0 / f64::from(pen.edges.right - pen.edges.left);
                for mark in &marks {
                    let (from, to) = (time.place(mark.from_seconds), time.place(mark.to_seconds));
                    let to = to.max((from + least).min(1.0));
                    pen.block((from.min(to - least), low), (to, high), colour);
                }
            });
        }
    }
}

impl Mark {
    fn say(&self, time: &Time) -> String {
        let what = if self.kind == Kind::Stage { format!("{} ", self.what) } else { String::new() };
        if self.kind.is_moment() {
            format!("{what}at {}", time.say(self.from_seconds))
        } else {
            format!("from {} to {}", time.say(self.from_seconds), time.say(self.to_seconds))
        }
    }
}

/// An interval with a count.
struct Span {
    from: f64,
    to: f64,
    count: u64,
}

impl Span {
    fn mark(self, kind: Kind, what: fn(u64) -> String) -> Mark {
        Mark { kind, from_seconds: self.from, to_seconds: self.to, what: what(self.count) }
    }
}

/// Joins what follows without a gap; `both` makes one count of two.
fn joined(spans: impl Iterator<Item = Span>, both: fn(u64, u64) -> u64) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for span in spans.filter(|span| span.count > 0) {
        match out.last_mut() {
            Some(last) if span.from <= last.to + 1e-9 => {
                last.to = span.to;
                last.count = both(last.count, span.count);
            }
            _ => out.push(span),
        }
    }
    out
}

/// Intervals of samples that counted something, each with the most that one of them counted.
fn spans_of_samples(record: &Record, count: fn(&Sample) -> Option<u64>) -> Vec<Span> {
    let mut begins = 0.0;
    let span = |sample: &Sample| {
        let from = std::mem::replace(&mut begins, sample.at_seconds);
        Span { from, to: sample.at_seconds, count: count(sample).unwrap_or_default() }
    };
    joined(record.samples.samples.iter().map(span), u64::max)
}

/// Each where it was seen to have begun: at the end of its sample's interval.
fn checkpoints(record: &Record) -> impl Iterator<Item = Mark> {
    record.samples.samples.iter().filter_map(|sample| {
        let begun = sample.checkpoints.filter(|begun| *begun > 0)?;
        let what = if begun > 1 { format!("{begun} begun since the sample before") } else { String::new() };
        let at = sample.at_seconds;
        Some(Mark { kind: Kind::Checkpoint, from_seconds: at, to_seconds: at, what })
    })
}

/// Calls that were lost in each slice of the window.
pub(super) fn lost_by_slice(record: &Record) -> Vec<(Slice, u64)> {
    let lost = |index: usize| -> u64 {
        record.series.operations.iter().filter_map(|operation| operation.lost.get(index)).sum()
    };
    slices(record).into_iter().enumerate().map(|(index, slice)| (slice, lost(index))).collect()
}

fn lost_spans(record: &Record) -> Vec<Span> {
    let span =
        |(slice, count): (Slice, u64)| Span { from: slice.begins_seconds, to: slice.ends_seconds, count };
    joined(lost_by_slice(record).into_iter().map(span), |a, b| a + b)
}

/// What happened in a record's window, by time; `None` where that is nothing.
#[must_use]
pub fn events(record: &Record) -> Option<Grid> {
    let Marks(mut marks) = Marks::of(record);
    marks.sort_by(|a, b| a.from_seconds.total_cmp(&b.from_seconds));
    let mut grid = Grid::new(vec![
        Column::words("what happened"),
        Column::numbers("from, s"),
        Column::numbers("to, s"),
        Column::words("more about it"),
    ]);
    for mark in marks {
        let seconds = |seconds: f64| Cell::number(format!("{seconds:.1}"), seconds);
        grid.push(Row::new(vec![
            Cell::text(mark.kind.names().0),
            seconds(mark.from_seconds),
            seconds(mark.to_seconds),
            Cell::text(mark.what),
        ]));
    }
    (!grid.rows.is_empty()).then_some(grid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, sample, texts};

    #[test]
    fn what_lasts_is_one_interval() {
        let grid = events(&busy()).unwrap();
        let rows: Vec<Vec<&str>> = texts(&grid);
        assert_eq!(
            rows,
            [
                ["autovacuum", "4.0", "9.0", "up to 2 workers at once"],
                ["lost calls", "5.0", "7.0", "13 calls"],
                ["stage", "10.0", "10.0", "ramp 50..200 10s"],
                ["lock waits", "11.0", "12.0", "up to 3 sessions at once"],
                ["checkpoint", "12.0", "12.0", ""],
                ["stage", "20.0", "20.0", "steady 200 10s"],
                ["checkpoint", "25.0", "25.0", "2 begun since the sample before"],
                ["server lost", "30.0", "30.0", "the server went away"],
            ]
        );
    }

    #[test]
    fn nothing_happened() {
        let mut record = sample();
        record.samples.samples.clear();
        assert_eq!(events(&record), None);
        assert_eq!(Marks::of(&record).note(&Time::of(&record)), "");
    }

    #[test]
    fn the_note_names_them() {
        let record = busy();
        let note = Marks::of(&record).without(Kind::Lost).note(&Time::of(&record));
        assert!(note.contains("checkpoint (C) at 12.0 s, at 25.0 s;"), "{note}");
        assert!(note.contains("autovacuum (V) from 4.00 s to 9.00 s"), "{note}");
        assert!(!note.contains("lost calls"), "{note}");
    }
}
