//! What sessions waited for in the server, over the whole window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, row_of},
    palette,
    pen::Side,
    ranks::Ranks,
    room::Room,
    scale::Scale,
};
use crate::text::{percent, three_digits};
use crate::{
    record::Record,
    report::grid::{Cell, Column, Grid, Row},
};
use std::collections::BTreeMap;

/// Rows of the picture; the table has all.
const MOST_ROWS: usize = 10;

/// Sessions that waited for something, on average.
struct Waiting {
    name: String,
    sessions: f64,
}

/// The most frequent ones.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let all = all(record);
    let shown = &all[..all.len().min(MOST_ROWS)];
    let first = shown.first()?;
    let names: Vec<String> = shown.iter().map(|waiting| waiting.name.clone()).collect();
    // Room for the number at the end of the longest bar.
    let x = Axis::new(Scale::from_zero(first.sessions * 1.2), "sessions, on average");
    let sum: f64 = all.iter().map(|waiting| waiting.sessions).sum();
    let words = Words {
        id: "waits".to_owned(),
        title: "What sessions did in the server".to_owned(),
        note: format!(
            "What the sessions that were not idle waited for, as seen in {} samples. Those that waited for nothing were at work, or in line for a processor. What lasts a moment only is seen by chance.",
            seen(record)
        ),
        alternative: format!(
            "Bars of the mean number of sessions by what they waited for, the {} most frequent of {}. The first is {} with {}, {} of all.",
            shown.len(),
            all.len(),
            first.name,
            three_digits(first.sessions),
            percent(first.sessions / sum)
        ),
    };
    Some(Picture::draw(words, Along::Down, numbers(&all, shown.len(), sum), |layout| {
        let mut canvas = Canvas::with_rows(layout, &names, &x, &Room::default());
        canvas.layer(|pen| {
            for (index, waiting) in shown.iter().enumerate() {
                let (middle, half) = row_of(index, shown.len(), pen.layout);
                let end = x.scale.fraction(waiting.sessions);
                pen.block((0.0, middle - half), (end, middle + half), palette::SERIES[0]);
                let (px, py) = pen.place(end, middle);
                pen.write(&three_digits(waiting.sessions), (px + 12, py), Side::Start, palette::INK);
            }
        });
        canvas.finish()
    }))
}

/// Samples in which the server answered.
fn seen(record: &Record) -> usize {
    record.samples.samples.iter().filter(|sample| sample.sessions_active.is_some()).count()
}

/// All that was waited for, the most frequent first.
fn all(record: &Record) -> Vec<Waiting> {
    let samples = &record.samples.samples;
    let mut sums: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for wait in samples.iter().flat_map(|sample| &sample.waits) {
        *sums.entry((&wait.class, &wait.event)).or_default() += wait.sessions;
    }
    let name = |class: &str, event: &str| match (class, event) {
        ("cpu", _) => "at work".to_owned(),
        (class, "") => class.to_owned(),
        (class, event) => format!("{class}: {event}"),
    };
    let mut all: Vec<Waiting> = sums
        .into_iter()
        .filter(|(_, sessions)| *sessions > 0)
        .map(|((class, event), sessions)| Waiting {
            name: name(class, event),
            sessions: sessions as f64 / seen(record).max(1) as f64,
        })
        .collect();
    all.sort_by(|a, b| b.sessions.total_cmp(&a.sessions));
    all
}

fn numbers(all: &[Waiting], shown: usize, sum: f64) -> Grid {
    let columns =
        [Column::words("waited for"), Column::numbers("sessions, on average"), Column::numbers("share")];
    let mut grid = Grid::new(columns.to_vec());
    for (index, waiting) in all.iter().enumerate() {
        let row = Row::new(vec![
            Cell::text(&waiting.name),
            Cell::number(three_digits(waiting.sessions), waiting.sessions),
            Cell::number(percent(waiting.sessions / sum), waiting.sessions / sum),
        ]);
        grid.push(if index < shown { row.at((index as f64 + 0.5) / shown as f64) } else { row });
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::Wait,
        report::picture::fixture::{check, column, sample, texts},
    };

    #[test]
    fn sessions_are_counted_by_what_they_waited_for() {
        let mut record = sample();
        let wait = |class: &str, event: &str, sessions| Wait {
            class: class.to_owned(),
            event: event.to_owned(),
            sessions,
        };
        record.samples.samples.truncate(4);
        for sample in &mut record.samples.samples {
            sample.waits = vec![wait("cpu", "", 1), wait("IO", "WALSync", 2)];
        }
        record.samples.samples[0].waits = vec![wait("Lock", "<&>", 1), wait("Lock", "", 0)];
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let rows: Vec<&str> = texts(&picture.numbers).into_iter().map(|row| row[0]).collect();
        assert_eq!(rows, ["IO: WALSync", "at work", "Lock: <&>"]);
        assert_eq!(column(&picture.numbers, 1), [1.5, 0.75, 0.25]);
        assert!((column(&picture.numbers, 2).iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(picture.wide.body.contains("Lock: &lt;&amp;&gt;"));
    }

    #[test]
    fn nobody_waited() {
        let mut record = sample();
        for sample in &mut record.samples.samples {
            sample.waits.clear();
        }
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
