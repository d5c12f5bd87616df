//! Service time against response time: how much of what a caller sees is waiting.

use super::{
    Along, Picture, Words,
    canvas::{Axis, Canvas, row_of},
    key::{Entry, Shape},
    palette,
    ranks::Ranks,
    room::Room,
    scale::Scale,
};
use crate::text::percent;
use crate::{
    record::{OperationResult, Record, Summary},
    report::grid::{Cell, Column, Grid, Row},
};

/// A row of the picture, in milliseconds.
struct Spread<'a> {
    name: &'a str,
    summary: &'a Summary,
    service_p95: f64,
    response_p50: f64,
    response_p95: f64,
}

impl<'a> Spread<'a> {
    fn of(OperationResult { name, summary, .. }: &'a OperationResult) -> Option<Self> {
        Some(Self {
            name,
            summary,
            service_p95: summary.service.p95_us? / 1e3,
            response_p50: summary.response.p50_us? / 1e3,
            response_p95: summary.response.p95_us? / 1e3,
        })
    }

    /// Share of the mean response time in which no statement ran, 0..=1.
    fn waiting(&self) -> f64 {
        let mean = |us: Option<f64>| us.unwrap_or_default();
        let (response, service) = (mean(self.summary.response.mean_us), mean(self.summary.service.mean_us));
        if response > 0.0 { (1.0 - service / response).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// One row an operation, the costliest first; those without an answer are left out.
#[must_use]
pub fn of(record: &Record, ranks: &Ranks) -> Option<Picture> {
    let rows: Vec<Spread> =
        ranks.by_cost().iter().filter_map(|index| Spread::of(&record.operations[*index])).collect();
    let slo = &record.overall.slo;
    let target_ms = slo.target_us / 1e3;
    let low = rows.iter().map(|row| row.response_p50.min(row.service_p95)).fold(target_ms, f64::min);
    let high = rows.iter().map(|row| row.response_p95).fold(target_ms, f64::max);
    let most = rows.iter().max_by(|a, b| a.waiting().total_cmp(&b.waiting()))?;
    let x = Axis::new(Scale::log(low * 0.8, high * 1.3), "time, ms");
    let names: Vec<String> = rows.iter().map(|row| row.name.to_owned()).collect();
    let words = Words {
        id: "response".to_owned(),
        title: "What the database took, and what the caller waited".to_owned(),
        note: format!(
            "The ring is p95 of the service time, while a connection was held; the dot is p95 of the response time, with all waiting before it. The longer the line between them, the more callers waited for a turn; more clients or connections help there, faster statements only so far. The dashed line is {}.",
            slo.objective
        ),
        alternative: format!(
            "Service time and response time at the 95th percentile of {} operations. The largest share of waiting has {}: {} of its mean response time.",
            rows.len(),
            most.name,
            percent(most.waiting())
        ),
    };
    Some(Picture::draw(words, Along::Down, numbers(&rows, &names), |layout| {
        let mut canvas = Canvas::with_rows(layout, &names, &x, &Room::default().and_lanes(1));
        canvas.target_of_rows(x.scale.fraction(target_ms), &slo.objective, rows.len());
        let colour = palette::SERIES[0];
        let layout = canvas.layout;
        canvas.layer(|pen| {
            for (index, row) in rows.iter().enumerate() {
                let (middle, half) = row_of(index, rows.len(), layout);
                let place = |ms: f64| (x.scale.fraction(ms), middle);
                let (median, _) = place(row.response_p50);
                pen.line(&[(median, middle - half * 0.8), (median, middle + half * 0.8)], palette::MARK, 5);
                pen.line(&[place(row.service_p95), place(row.response_p95)], colour, 4);
                pen.ring(place(row.service_p95), 10, colour);
                pen.dot(place(row.response_p95), 6, colour);
            }
        });
        canvas.key_below(&[
            Entry::new(Shape::Ring, colour, "service time, p95"),
            Entry::new(Shape::Dot, colour, "response time, p95"),
            Entry::new(Shape::Tick, palette::MARK, "response time, p50"),
        ]);
        canvas.finish()
    }))
}

fn numbers(rows: &[Spread], names: &[String]) -> Grid {
    let mut columns = vec![Column::words("operation")];
    let kinds = ["service p50", "service p95", "response p50", "response p95", "response p99"];
    columns.extend(kinds.map(|kind| Column::numbers(format!("{kind}, ms"))));
    columns.push(
        Column::numbers("waiting").hint("share of the mean response time before and between its statements"),
    );
    let mut grid = Grid::new(columns);
    for (index, (row, name)) in rows.iter().zip(names).enumerate() {
        let Summary { service, response, .. } = row.summary;
        let us = [service.p50_us, service.p95_us, response.p50_us, response.p95_us, response.p99_us];
        let mut cells = vec![Cell::text(name)];
        cells.extend(us.map(Cell::milliseconds));
        cells.push(Cell::number(percent(row.waiting()), row.waiting()));
        grid.push(Row::new(cells).at((index as f64 + 0.5) / rows.len() as f64));
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{check, column, sample};

    #[test]
    fn the_table_has_the_percentiles() {
        let record = sample();
        let ranks = Ranks::of(&record);
        let picture = of(&record, &ranks).unwrap();
        check(&picture);
        let sorted = |pick: fn(&Summary) -> Option<f64>| -> Vec<f64> {
            ranks.by_cost().iter().map(|index| pick(&record.operations[*index].summary).unwrap()).collect()
        };
        assert_eq!(column(&picture.numbers, 2), sorted(|summary| summary.service.p95_us));
        assert_eq!(column(&picture.numbers, 5), sorted(|summary| summary.response.p99_us));
        assert!(column(&picture.numbers, 6).iter().all(|share| (0.0..=1.0).contains(share)));
    }

    #[test]
    fn only_what_was_answered() {
        let mut record = sample();
        record.operations[3].summary.service = crate::record::Latency::default();
        let picture = of(&record, &Ranks::of(&record)).unwrap();
        assert_eq!(picture.numbers.rows.len(), 16);
        for operation in &mut record.operations {
            operation.summary.response = crate::record::Latency::default();
        }
        assert_eq!(of(&record, &Ranks::of(&record)), None);
    }
}
