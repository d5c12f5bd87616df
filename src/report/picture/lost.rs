//! Calls lost a second, through the window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    marks::{Kind, Marks, lost_by_slice},
    palette,
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::{Slice, Time},
};
use crate::text::{grouped, three_digits};
use crate::{
    record::{Record, SeriesOperation},
    report::grid::{Cell, Column, Grid, Row},
};

/// All operations together; `None` where nothing was lost within the window.
#[must_use]
pub fn of(record: &Record, _: &Ranks) -> Option<Picture> {
    let (time, marks, slices) =
        (Time::of(record), Marks::of(record).without(Kind::Lost), lost_by_slice(record));
    let most = slices.iter().map(|(slice, lost)| *lost as f64 / slice.seconds()).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let y = Axis::new(Scale::from_zero(most), "calls lost a second");
    let lost: u64 = slices.iter().map(|(_, lost)| lost).sum();
    let hit = slices.iter().filter(|(_, lost)| *lost > 0).count();
    let words = Words {
        id: "lost".to_owned(),
        title: "Lost calls through the window".to_owned(),
        note: format!(
            "Calls that failed without being expected to, were turned away because the queue was full, or were given up.{}",
            marks.note(&time)
        ),
        alternative: format!(
            "Bars of the calls lost a second over time: {} calls in {hit} of {} slices, at most {} a second.",
            grouped(lost),
            slices.len(),
            three_digits(most)
        ),
    };
    Some(Picture::draw(words, Along::Across, numbers(record, &slices, &time), |layout| {
        let room = Room { beside: 0.0, lanes: marks.lanes() };
        let mut canvas = Canvas::with_axes(layout, &time.axis, &y, &room);
        marks.draw(&mut canvas, &time);
        canvas.layer(|pen| {
            for (slice, lost) in slices.iter().filter(|(_, lost)| *lost > 0) {
                let (from, to) = (time.place(slice.begins_seconds), time.place(slice.ends_seconds));
                let top = y.scale.fraction(*lost as f64 / slice.seconds());
                pen.block((from, 0.0), (to, top), palette::TARGET);
            }
        });
        canvas.finish()
    }))
}

fn numbers(record: &Record, slices: &[(Slice, u64)], time: &Time) -> Grid {
    let lost_any = |operation: &&SeriesOperation| operation.lost.iter().any(|lost| *lost > 0);
    let losers: Vec<&SeriesOperation> = record.series.operations.iter().filter(lost_any).collect();
    let mut columns =
        vec![Column::numbers("from, s"), Column::numbers("lost calls"), Column::numbers("lost, calls/s")];
    columns.extend(losers.iter().map(|of| Column::numbers(format!("{}, calls", of.name))));
    let mut grid = Grid::new(columns);
    for (index, (slice, lost)) in slices.iter().enumerate() {
        let rate = *lost as f64 / slice.seconds();
        let mut cells = vec![
            Cell::number(three_digits(slice.begins_seconds), slice.begins_seconds),
            Cell::count(*lost),
            Cell::number(three_digits(rate), rate),
        ];
        cells.extend(losers.iter().map(|of| Cell::count(of.lost.get(index).copied().unwrap_or_default())));
        grid.push(Row::new(cells).at(time.place(slice.middle_seconds())));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, column, sample};

    #[test]
    fn lost_calls_are_counted() {
        let record = busy();
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        check(&picture);
        let lost = column(&picture.numbers, 1);
        assert_eq!((lost[5], lost[6], lost.iter().sum::<f64>()), (9.0, 4.0, 13.0));
        assert_eq!(column(&picture.numbers, 2), lost, "slices of one second");
        assert!(picture.numbers.columns.iter().any(|column| column.name == "search_library, calls"));
    }

    #[test]
    fn nothing_lost_nothing_drawn() {
        let record = sample();
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
