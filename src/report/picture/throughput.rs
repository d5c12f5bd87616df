//! Calls answered a second, through the window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    lines::{self, Line, pieces},
    marks::Marks,
    palette,
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::{Slice, Time, slices},
};
use crate::text::{grouped, three_digits};
use crate::{
    record::{Record, SeriesOperation},
    report::grid::{Cell, Column, Grid, Row},
};

/// All operations together and one by one.
#[must_use]
pub fn of(record: &Record, ranks: &Ranks) -> Option<Picture> {
    let (slices, time, marks) = (slices(record), Time::of(record), Marks::of(record));
    let shown = ranks.series(record, |operation| operation.answered.iter().any(|calls| *calls > 0));
    let all = all(record, &slices);
    let most = all.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let y = Axis::new(Scale::from_zero(most), "calls answered a second");
    let place = |slice: &Slice, rate: f64| (time.place(slice.middle_seconds()), y.scale.fraction(rate));
    let together = Line {
        name: "all together".to_owned(),
        switch: None,
        colour: palette::INK,
        dashes: "",
        width: 6,
        pieces: vec![slices.iter().zip(&all).map(|(slice, rate)| place(slice, *rate)).collect()],
    };
    let line = |(index, operation): &(usize, &SeriesOperation)| {
        let places = slices
            .iter()
            .enumerate()
            .map(|(at, slice)| Some(place(slice, rate(operation.answered.get(at).copied()?, *slice))));
        ranks.line(*index, &operation.name, pieces(places))
    };
    let lines: Vec<Line> = if shown.len() > 1 {
        [together].into_iter().chain(shown.iter().map(line)).collect()
    } else {
        // The one operation is all of them.
        vec![together]
    };
    let words = words(record, &all, &marks.note(&time));
    Some(Picture::draw(words, Along::Across, numbers(&slices, &all, &shown, &time), |layout| {
        let room = Room { beside: lines::room(&lines), lanes: marks.lanes() };
        let mut canvas = Canvas::with_axes(layout, &time.axis, &y, &room);
        marks.draw(&mut canvas, &time);
        canvas.lines(&lines);
        canvas.key_of_lines(&lines);
        canvas.finish()
    }))
}

/// Calls a second.
fn rate(calls: u64, slice: Slice) -> f64 {
    calls as f64 / slice.seconds()
}

/// Of all operations together, slice by slice.
fn all(record: &Record, slices: &[Slice]) -> Vec<f64> {
    let of = |(index, slice): (usize, &Slice)| {
        let answered = record.series.operations.iter().filter_map(|of| of.answered.get(index));
        rate(answered.sum(), *slice)
    };
    slices.iter().enumerate().map(of).collect()
}

fn words(record: &Record, all: &[f64], marks: &str) -> Words {
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(0.0, f64::max);
    let late: u64 =
        record.series.operations.iter().filter_map(|of| of.late.as_ref()).map(|of| of.answered).sum();
    let late = match late {
        0 => String::new(),
        calls => {
            format!(" {} calls were answered after the window's end; they are not in here.", grouped(calls))
        }
    };
    Words {
        id: "throughput".to_owned(),
        title: "Throughput through the window".to_owned(),
        note: format!(
            "A line that falls under an even load means that the server has become slower.{late}{marks}"
        ),
        alternative: format!(
            "Lines of the calls answered a second over time: all operations together between {} and {} calls a second, {} on the whole.",
            three_digits(least),
            three_digits(most),
            three_digits(record.overall.calls_per_second)
        ),
    }
}

fn numbers(slices: &[Slice], all: &[f64], shown: &[(usize, &SeriesOperation)], time: &Time) -> Grid {
    let mut columns = vec![Column::numbers("from, s"), Column::numbers("all, calls/s")];
    columns.extend(
        shown.iter().map(|(index, of)| Column::numbers(format!("{}, calls/s", of.name)).operation(*index)),
    );
    let mut grid = Grid::new(columns);
    for (index, (slice, all)) in slices.iter().zip(all).enumerate() {
        let number = |value: f64| Cell::number(three_digits(value), value);
        let mut cells = vec![number(slice.begins_seconds), number(*all)];
        cells.extend(shown.iter().map(|(_, of)| match of.answered.get(index) {
            Some(calls) => number(rate(*calls, *slice)),
            None => Cell::text("-"),
        }));
        grid.push(Row::new(cells).at(time.place(slice.middle_seconds())));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, column, sample};

    #[test]
    fn the_rates_add_up_to_the_answers() {
        let mut short = sample();
        short.window.seconds = 29.5;
        for record in [sample(), short, busy()] {
            let picture = of(&record, &Ranks::of(&record)).unwrap();
            check(&picture);
            let answered: u64 = record.series.operations.iter().flat_map(|of| &of.answered).sum();
            let seconds = slices(&record).into_iter().map(Slice::seconds);
            let sum: f64 = column(&picture.numbers, 1).iter().zip(seconds).map(|(rate, s)| rate * s).sum();
            assert!((sum - answered as f64).abs() < 1e-6, "{sum} {answered}");
        }
    }

    #[test]
    fn a_short_slice_is_divided_by_its_own_length() {
        let mut record = sample();
        let whole = column(&of(&record, &Ranks::of(&record)).unwrap().numbers, 1);
        record.window.seconds = 29.5;
        let short = column(&of(&record, &Ranks::of(&record)).unwrap().numbers, 1);
        assert!((short[29] - whole[29] * 2.0).abs() < 1e-9);
        assert_eq!(short[..29], whole[..29]);
    }

    #[test]
    fn no_answers_no_picture() {
        let mut record = sample();
        for operation in &mut record.series.operations {
            operation.answered.fill(0);
        }
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
