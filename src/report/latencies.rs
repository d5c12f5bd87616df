//! The table of operations: what each was asked for, how fast it was, and whether that is enough.

use super::{
    grid::{Cell, Column, Grid, Row, Tone},
    headline,
};
use crate::text::{percent, three_digits};
use crate::{
    record::{Record, Summary},
    workload::ALL,
};

/// A row an operation, and one of all together. Names lead to `operation-N`.
#[must_use]
pub fn grid(record: &Record) -> Grid {
    let one = record.overall.slo.objective.as_str();
    let one = record.operations.iter().all(|operation| operation.summary.slo.objective == one).then_some(one);
    let late = if record.schedule.is_some() { "the intended start" } else { "the client's wish" };
    let mut grid = Grid::new(vec![
        Column::words("operation"),
        Column::numbers("calls"),
        Column::numbers("per s"),
        Column::numbers("p50, ms").hint(format!("response time, from {late} to the last row")),
        Column::numbers("p95, ms").hint(format!("response time, from {late} to the last row")),
        Column::numbers("p95 within")
            .hint("95 % interval in this run, by block bootstrap; between runs the spread is larger"),
        Column::numbers("p99, ms"),
        Column::numbers("p99.9, ms"),
        Column::numbers("max, ms"),
        Column::numbers("service p95").hint("while holding a connection, without waiting before"),
        Column::numbers("lost").hint("failed, shed or unfinished"),
        Column::numbers("over").hint("share of the calls that took longer than the objective or were lost"),
        Column::words(one.unwrap_or("objective")),
    ]);
    for (index, operation) in record.operations.iter().enumerate() {
        let name = Cell::text(&operation.name).link(format!("operation-{index}"));
        grid.push(row(name, &operation.summary, one.is_none()));
    }
    grid.push(row(Cell::text(ALL), &record.overall, one.is_none()));
    grid
}

/// `names_objective` says in each row what it is judged by.
fn row(name: Cell, summary: &Summary, names_objective: bool) -> Row {
    let response = &summary.response;
    let lost = summary.lost();
    let (tone, word) = headline::outcome(summary.slo.outcome);
    Row::new(vec![
        name,
        Cell::count(summary.calls),
        Cell::number(three_digits(summary.calls_per_second), summary.calls_per_second),
        Cell::milliseconds(response.p50_us),
        Cell::milliseconds(response.p95_us),
        Cell::interval(headline::interval(summary, 0.95)),
        Cell::milliseconds(response.p99_us),
        Cell::milliseconds(response.p999_us),
        Cell::milliseconds(response.max_us),
        Cell::milliseconds(summary.service.p95_us),
        Cell::count(lost).tone(if lost > 0 { Tone::Bad } else { Tone::Plain }),
        Cell::number(percent(summary.slo.miss_share), summary.slo.miss_share),
        Cell::text(if names_objective {
            format!("{word} {}", summary.slo.objective)
        } else {
            word.to_owned()
        })
        .tone(tone),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::{column, sample};

    #[test]
    fn the_numbers_are_those_of_the_record() {
        let record = sample();
        let grid = grid(&record);
        let all: Vec<&Summary> =
            record.operations.iter().map(|operation| &operation.summary).chain([&record.overall]).collect();
        let of =
            |pick: fn(&Summary) -> Option<f64>| all.iter().filter_map(|one| pick(one)).collect::<Vec<_>>();
        assert_eq!(column(&grid, 1), of(|one| Some(one.calls as f64)));
        assert_eq!(column(&grid, 2), of(|one| Some(one.calls_per_second)));
        assert_eq!(column(&grid, 3), of(|one| one.response.p50_us));
        assert_eq!(column(&grid, 4), of(|one| one.response.p95_us));
        assert_eq!(column(&grid, 6), of(|one| one.response.p99_us));
        assert_eq!(column(&grid, 7), of(|one| one.response.p999_us));
        assert_eq!(column(&grid, 8), of(|one| one.response.max_us));
        assert_eq!(column(&grid, 9), of(|one| one.service.p95_us));
        assert_eq!(column(&grid, 11), of(|one| Some(one.slo.miss_share)));
    }

    #[test]
    fn one_objective_is_named_once_and_several_in_each_row() {
        let mut record = sample();
        record.overall.slo.objective = "1ms@p99".to_owned();
        for operation in &mut record.operations {
            operation.summary.slo.objective = "1ms@p99".to_owned();
        }
        let verdicts = |record: &Record| {
            let mut grid = grid(record);
            let rows = grid.rows.iter_mut().filter_map(|row| row.cells.pop()).map(|cell| cell.text);
            (rows.collect::<Vec<_>>(), grid.columns.pop().unwrap().name)
        };
        let (rows, heading) = verdicts(&record);
        assert_eq!(heading, "1ms@p99");
        assert!(rows.iter().all(|text| !text.contains('@')));
        record.operations[0].summary.slo.objective = "2ms@p50".to_owned();
        let (rows, heading) = verdicts(&record);
        assert_eq!(heading, "objective");
        assert!(rows[0].ends_with(" 2ms@p50") && rows[1].ends_with(" 1ms@p99"), "{rows:?}");
    }

    #[test]
    fn a_run_that_is_too_short_has_no_interval() {
        let mut record = sample();
        record.overall.response_intervals.clear();
        assert_eq!(grid(&record).rows.last().unwrap().cells[5].text, "?");
    }
}
