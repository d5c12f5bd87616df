//! The p95 of each operation in each run, on one axis.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, row_of},
    key::{Entry, Shape},
    palette,
    room::Room,
    scale::Scale,
};
use crate::{
    record::Summary,
    report::{
        comparison::Comparison,
        grid::{Cell, Column, Grid, Row},
        headline,
    },
};

/// Size of a dot; that of the base is the largest, so that both are seen where one covers the other.
const RADII: [i32; 2] = [10, 7];

/// Runs whose intervals have room in a row; those of more would hide the dots.
const MOST_INTERVALS: usize = 3;

/// A row an operation that all runs have, with a dot a run and its interval. `None` where no operation was answered in
/// all.
#[must_use]
pub fn of(comparison: &Comparison<'_>) -> Option<Picture> {
    let operations = comparison.operations();
    let answered = |all: &[&Summary]| all.iter().all(|summary| summary.response.p95_us.is_some());
    let rows: Vec<(String, Vec<&Summary>)> = operations
        .into_iter()
        .map(|(name, all)| (name.to_owned(), all.into_iter().map(|one| &one.summary).collect::<Vec<_>>()))
        .filter(|(_, all)| answered(all))
        .collect();
    let slo = &comparison.records.first()?.overall.slo;
    let target_ms = slo.target_us / 1e3;
    let all = || rows.iter().flat_map(|(_, all)| all).map(|summary| span(summary));
    let low = all().map(|(low, _, _)| low).fold(target_ms, f64::min);
    let high = all().map(|(_, _, high)| high).fold(target_ms, f64::max);
    if rows.is_empty() {
        return None;
    }
    let x = Axis::new(Scale::log(low * 0.8, high * 1.3), "p95 of the response time, ms");
    let names: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    let shows_intervals = comparison.records.len() <= MOST_INTERVALS;
    let words = Words {
        id: "side-by-side".to_owned(),
        title: "p95 of each operation, in each run".to_owned(),
        note: format!(
            "{}The dashed line is {}.",
            if shows_intervals { "The line through a dot is its 95 % interval within the run. " } else { "" },
            slo.objective
        ),
        alternative: format!(
            "Dots for the p95 of {} operations in {} runs. {}.",
            rows.len(),
            comparison.records.len(),
            comparison.sentence()
        ),
    };
    Some(Picture::draw(words, Along::Down, numbers(&rows, &comparison.labels), |layout| {
        let mut canvas = Canvas::with_rows(layout, &names, &x, &Room::default().and_lanes(1));
        canvas.target_of_rows(x.scale.fraction(target_ms), &slo.objective, rows.len());
        let layout = canvas.layout;
        let runs = comparison.records.len();
        for run in 0..runs {
            canvas.layer(|pen| {
                for (index, (_, all)) in rows.iter().enumerate() {
                    let (middle, half) = row_of(index, rows.len(), layout);
                    // One below the other, or their intervals would hide each other.
                    let at = middle + half * (0.5 - (run as f64 + 0.5) / runs as f64) * 1.4;
                    let (low, p95, high) = span(all[run]);
                    let colour = palette::series(run);
                    if shows_intervals {
                        pen.line(&[(x.scale.fraction(low), at), (x.scale.fraction(high), at)], colour, 4);
                    }
                    pen.dot((x.scale.fraction(p95), at), RADII[run.min(1)], colour);
                }
            });
        }
        let entries = comparison.labels.iter().enumerate();
        let entries = entries.map(|(run, label)| Entry::new(Shape::Dot, palette::series(run), label.clone()));
        canvas.key_below(&entries.collect::<Vec<_>>());
        canvas.finish()
    }))
}

/// p95 between the ends of its interval, in milliseconds; where there is none, they are the same.
fn span(summary: &Summary) -> (f64, f64, f64) {
    let p95 = summary.response.p95_us.unwrap_or_default() / 1e3;
    headline::interval(summary, 0.95).map_or((p95, p95, p95), |i| (i.low_us / 1e3, p95, i.high_us / 1e3))
}

fn numbers(rows: &[(String, Vec<&Summary>)], labels: &[String]) -> Grid {
    let mut columns = vec![Column::words("operation")];
    columns.extend(labels.iter().map(|label| Column::numbers(format!("{label}: p95, ms"))));
    let mut grid = Grid::new(columns);
    for (index, (name, all)) in rows.iter().enumerate() {
        let mut cells = vec![Cell::text(name)];
        cells.extend(all.iter().map(|summary| Cell::milliseconds(summary.response.p95_us)));
        grid.push(Row::new(cells).at((index as f64 + 0.5) / rows.len() as f64));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{Latency, Record},
        report::{
            picture::fixture::{check, column, sample},
            source::Source,
        },
    };

    fn sources(count: usize, change: impl Fn(&mut Record)) -> Vec<Source> {
        let mut record = sample();
        change(&mut record);
        vec![Source { record, text: String::new(), name: String::new() }; count]
    }

    #[test]
    fn the_numbers_are_those_of_each_run() {
        let mut sources = sources(2, |_| ());
        sources[1].record.operations[0].summary.response.p95_us = Some(123_000.0);
        let comparison = Comparison::of(&sources);
        let picture = of(&comparison).unwrap();
        check(&picture);
        for (run, source) in sources.iter().enumerate() {
            let p95: Vec<f64> =
                source.record.operations.iter().filter_map(|o| o.summary.response.p95_us).collect();
            assert_eq!(column(&picture.numbers, run + 1), p95);
        }
    }

    #[test]
    fn many_runs_have_no_room_for_intervals() {
        let of_runs = |count: usize| of(&Comparison::of(&sources(count, |_| ()))).unwrap();
        assert!(of_runs(3).note.contains("95 % interval"));
        let many = of_runs(4);
        check(&many);
        assert!(!many.note.contains("95 % interval"), "{}", many.note);
    }

    #[test]
    fn what_was_not_answered_is_not_drawn() {
        let unanswered = |record: &mut Record| {
            record.operations.iter_mut().for_each(|one| one.summary.response = Latency::default());
        };
        assert_eq!(of(&Comparison::of(&sources(2, unanswered))), None);
    }
}
