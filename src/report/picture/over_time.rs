//! The 95th percentile of each operation through the window.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas},
    lines::{self, Line, pieces},
    marks::Marks,
    ranks::Ranks,
    room::Room,
    scale::Scale,
    time::{Slice, Time, slices},
};
use crate::text::three_digits;
use crate::{
    record::{Record, SeriesOperation},
    report::grid::{Cell, Column, Grid, Row},
};

/// p95 of the response time by slice and operation.
#[must_use]
pub fn of(record: &Record, ranks: &Ranks) -> Option<Picture> {
    let (slices, time, marks) = (slices(record), Time::of(record), Marks::of(record));
    let shown = ranks.series(record, |operation| operation.p95_us.iter().any(Option::is_some));
    let all = shown.iter().flat_map(|(_, operation)| operation.p95_us.iter().flatten().copied());
    let (least, most) = all.fold((f64::INFINITY, 0.0f64), |(least, most), us| (least.min(us), most.max(us)));
    if most <= 0.0 {
        return None;
    }
    let slo = &record.overall.slo;
    let scale = Scale::log(least.min(slo.target_us) * 0.8 / 1e3, most.max(slo.target_us) * 1.6 / 1e3);
    let y = Axis::new(scale, "p95 of the response time, ms");
    let line = |(index, operation): &(usize, &SeriesOperation)| {
        let places = slices.iter().enumerate().map(|(slice, bounds)| {
            let us = operation.p95_us.get(slice).copied().flatten()?;
            Some((time.place(bounds.middle_seconds()), y.scale.fraction(us / 1e3)))
        });
        ranks.line(*index, &operation.name, pieces(places))
    };
    let lines: Vec<Line> = shown.iter().map(line).collect();
    let words = words(record, &shown, &marks.note(&time));
    Some(Picture::draw(words, Along::Across, numbers(&slices, &shown, &time), |layout| {
        let room = Room { beside: lines::room(&lines), lanes: marks.lanes() };
        let mut canvas = Canvas::with_axes(layout, &time.axis, &y, &room);
        marks.draw(&mut canvas, &time);
        canvas.target(y.scale.fraction(slo.target_us / 1e3), &slo.objective);
        canvas.lines(&lines);
        canvas.finish()
    }))
}

fn words(record: &Record, shown: &[(usize, &SeriesOperation)], marks: &str) -> Words {
    let highest =
        |operation: &SeriesOperation| operation.p95_us.iter().flatten().copied().fold(0.0, f64::max);
    let worst = shown.iter().max_by(|a, b| highest(a.1).total_cmp(&highest(b.1)));
    let worst = worst.map(|(_, operation)| {
        format!(" The highest is {} with {} ms.", operation.name, three_digits(highest(operation) / 1e3))
    });
    Words {
        id: "over-time".to_owned(),
        title: "Slow calls through the window: p95 by operation".to_owned(),
        note: format!(
            "Each point is the response time that 19 of 20 calls of a slice of {} s kept within; few calls make it jump. A gap is a slice without an answer. The dashed line is {}.{marks}",
            three_digits(record.series.interval_seconds),
            record.overall.slo.objective
        ),
        alternative: format!(
            "Lines of the 95th percentile of the response time of {} operations over time, on a logarithmic axis.{}",
            shown.len(),
            worst.unwrap_or_default()
        ),
    }
}

fn numbers(slices: &[Slice], shown: &[(usize, &SeriesOperation)], time: &Time) -> Grid {
    let mut columns = vec![Column::numbers("from, s")];
    columns.extend(
        shown.iter().map(|(index, of)| Column::numbers(format!("{}, ms", of.name)).operation(*index)),
    );
    let mut grid = Grid::new(columns);
    for (index, slice) in slices.iter().enumerate() {
        let mut cells = vec![Cell::number(three_digits(slice.begins_seconds), slice.begins_seconds)];
        let p95 = |(_, of): &(usize, &SeriesOperation)| of.p95_us.get(index).copied().flatten();
        cells.extend(shown.iter().map(|operation| Cell::milliseconds(p95(operation))));
        grid.push(Row::new(cells).at(time.place(slice.middle_seconds())));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{busy, check, sample};

    #[test]
    fn the_table_has_the_series() {
        for record in [sample(), busy()] {
            let picture = of(&record, &Ranks::of(&record)).unwrap();
            check(&picture);
            for (column, heading) in picture.numbers.columns.iter().enumerate().skip(1) {
                let series = &record.series.operations[heading.operation.unwrap()];
                assert_eq!(heading.name, format!("{}, ms", series.name));
                let cells: Vec<_> = picture.numbers.rows.iter().map(|row| row.cells[column].value).collect();
                assert_eq!(cells, series.p95_us);
            }
        }
    }

    #[test]
    fn nothing_answered_nothing_drawn() {
        let mut record = sample();
        let ranks = Ranks::of(&record);
        for operation in &mut record.series.operations {
            operation.p95_us.fill(None);
        }
        assert_eq!(of(&record, &ranks), None);
        record.series.operations.clear();
        assert_eq!(of(&record, &ranks), None);
    }
}
