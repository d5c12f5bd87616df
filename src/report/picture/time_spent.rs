//! Where the time of a call goes, operation by operation.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, row_of},
    key::{Entry, Shape},
    palette,
    pen::{Pen, Side},
    ranks::Ranks,
    room::Room,
    scale::Scale,
};
use crate::text::{percent, three_digits};
use crate::{
    record::{Latency, OperationResult, Record},
    report::grid::{Cell, Column, Grid, Row},
};

/// The parts of a call, each with the letter that stands for it where there is no room.
const PARTS: [(&str, &str); 5] = [
    ("A", "waiting for a client"),
    ("B", "waiting for a connection"),
    ("C", "begin, check, end of transactions"),
    ("D", "statements"),
    ("E", "between round trips"),
];

/// Round trips that are not the workload's own statements.
const TRANSACTION: [&str; 4] = ["begin", "validate", "commit", "rollback"];

/// A row of the picture.
struct Call<'a> {
    name: &'a str,
    /// Of [`PARTS`], mean milliseconds an answered call.
    parts: [f64; 5],
}

impl<'a> Call<'a> {
    fn of(operation: &'a OperationResult) -> Option<Self> {
        let summary = &operation.summary;
        let answered = summary.response.count as f64;
        let whole = summary.response.mean_us.filter(|us| *us > 0.0)? / 1e3;
        let each =
            |latency: &Latency| latency.mean_us.unwrap_or_default() * latency.count as f64 / answered / 1e3;
        let sum = |of_transaction: bool| -> f64 {
            let is_meant = |name: &str| TRANSACTION.contains(&name) == of_transaction;
            let meant = operation.statements.iter().filter(|statement| is_meant(&statement.name));
            meant.map(|statement| each(&statement.service)).sum()
        };
        let known = [each(&summary.queue_wait), each(&summary.pool_wait), sum(true), sum(false)];
        // Statements of calls that were not answered count in what is known, and may make it longer than the whole.
        let rest = (whole - known.iter().sum::<f64>()).max(0.0);
        let [client, connection, transaction, statements] = known;
        Some(Self { name: &operation.name, parts: [client, connection, transaction, statements, rest] })
    }

    fn whole(&self) -> f64 {
        self.parts.iter().sum()
    }

    fn share(&self, part: usize) -> f64 {
        self.parts[part] / self.whole()
    }
}

/// Bars of equal length, so that the short calls can be read as well; the costliest operation first.
#[must_use]
pub fn of(record: &Record, ranks: &Ranks) -> Option<Picture> {
    let calls: Vec<Call> =
        ranks.by_cost().iter().filter_map(|index| Call::of(&record.operations[*index])).collect();
    let first = calls.first()?;
    let names: Vec<String> = calls.iter().map(|call| call.name.to_owned()).collect();
    let x = Axis::new(Scale::linear(0.0, 100.0), "share of the mean response time, %");
    let parts: Vec<String> = (0..PARTS.len())
        .filter(|part| first.parts[*part] > 0.0)
        .map(|part| format!("{} {}", percent(first.share(part)), PARTS[part].1))
        .collect();
    let words = Words {
        id: "time-spent".to_owned(),
        title: "Where the time of a call goes".to_owned(),
        note: "Means over the answered calls, so that the parts add up; the number at the end is their sum. A mean hides how the calls differ: a part that only the slow calls have looks small here. Statements are counted from sent to last row read, the network with them; what failed is in the last part. A letter that is not there had no time.".to_owned(),
        alternative: format!(
            "Stacked bars of {} operations. The costliest, {}, takes {} ms on average: {}.",
            calls.len(),
            first.name,
            three_digits(first.whole()),
            parts.join(", ")
        ),
    };
    Some(Picture::draw(words, Along::Down, numbers(&calls), |layout| {
        let mut canvas = Canvas::with_rows(layout, &names, &x, &Room::beside(10.0));
        canvas.layer(|pen| {
            for (index, call) in calls.iter().enumerate() {
                bar(pen, call, index, calls.len());
            }
        });
        let met = (0..PARTS.len()).filter(|part| calls.iter().any(|call| call.parts[*part] > 0.0));
        let entry = |part: usize| {
            let (letter, words) = PARTS[part];
            Entry::new(Shape::Block, palette::PARTS[part], format!("{letter} {words}"))
        };
        canvas.key_below(&met.map(entry).collect::<Vec<_>>());
        canvas.finish()
    }))
}

fn bar(pen: &Pen<'_>, call: &Call, index: usize, rows: usize) {
    let (middle, half) = row_of(index, rows, pen.layout);
    let mut from = 0.0;
    for (part, (letter, _)) in PARTS.iter().enumerate() {
        let to = from + call.share(part);
        let (low, high) = ((from, middle - half), (to, middle + half));
        pen.block(low, high, palette::PARTS[part]);
        let room = (to - from) * f64::from(pen.edges.right - pen.edges.left);
        // Hairlines between parts, but not around one that is thinner than they are.
        if room >= 2.0 {
            pen.frame(low, high, palette::MUTED);
        }
        let whole = format!("{letter} {:.0} %", call.share(part) * 100.0);
        let words =
            [whole.as_str(), letter].into_iter().find(|words| pen.layout.width_of(words) + 8.0 < room);
        if let Some(words) = words {
            pen.write(words, pen.place(f64::midpoint(from, to), middle), Side::Middle, palette::INK);
        }
        from = to;
    }
    let sum = format!("{} ms", three_digits(call.whole()));
    if pen.layout.is_wide {
        let (px, py) = pen.place(1.0, middle);
        pen.write(&sum, (px + 16, py), Side::Start, palette::MUTED);
    } else {
        pen.write(&sum, pen.above_row(1.0, index, rows), Side::End, palette::MUTED);
    }
}

fn numbers(calls: &[Call]) -> Grid {
    let mut columns = vec![Column::words("operation"), Column::numbers("mean, ms")];
    columns.extend(PARTS.map(|(_, name)| Column::numbers(format!("{name}, ms"))));
    columns.extend(PARTS.map(|(_, name)| Column::numbers(format!("{name}, share"))));
    let mut grid = Grid::new(columns);
    for (index, call) in calls.iter().enumerate() {
        let ms = |ms: f64| Cell::number(three_digits(ms), ms);
        let mut cells = vec![Cell::text(call.name), ms(call.whole())];
        cells.extend(call.parts.map(ms));
        cells.extend([0, 1, 2, 3, 4].map(|part| Cell::number(percent(call.share(part)), call.share(part))));
        grid.push(Row::new(cells).at((index as f64 + 0.5) / calls.len() as f64));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{check, column, sample};

    #[test]
    fn the_parts_add_up() {
        let record = sample();
        let ranks = Ranks::of(&record);
        let picture = of(&record, &ranks).unwrap();
        check(&picture);
        let means = column(&picture.numbers, 1);
        for (row, index) in ranks.by_cost().iter().enumerate() {
            let values: Vec<f64> =
                picture.numbers.rows[row].cells[2..].iter().map(|cell| cell.value.unwrap()).collect();
            assert!((values[..5].iter().sum::<f64>() - means[row]).abs() < 1e-9);
            assert!((values[5..].iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let mean = record.operations[*index].summary.response.mean_us.unwrap() / 1e3;
            assert!((means[row] / mean - 1.0).abs() < 0.01, "{} {mean}", means[row]);
        }
    }

    #[test]
    fn statements_weigh_by_how_often_they_ran() {
        let mut operation = sample().operations.swap_remove(0);
        operation.summary.response.count = 10;
        operation.summary.response.mean_us = Some(10_000.0);
        operation.summary.pool_wait = Latency { count: 10, mean_us: Some(500.0), ..Latency::default() };
        operation.summary.queue_wait = Latency { count: 10, mean_us: Some(1_500.0), ..Latency::default() };
        let mut statement = operation.statements[0].clone();
        statement.service = Latency { count: 20, mean_us: Some(1_000.0), ..Latency::default() };
        statement.name = "begin".to_owned();
        operation.statements = vec![statement.clone()];
        statement.name = "page".to_owned();
        statement.service.count = 5;
        operation.statements.push(statement);
        assert_eq!(Call::of(&operation).unwrap().parts, [1.5, 0.5, 2.0, 0.5, 5.5]);
    }

    #[test]
    fn nothing_answered_nothing_drawn() {
        let mut record = sample();
        for operation in &mut record.operations {
            operation.summary.response = Latency::default();
        }
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
