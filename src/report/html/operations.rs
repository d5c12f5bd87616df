//! Operations: their table, their switches, and what is known of each.

use super::parts::{self, rendered};
use crate::text::{counted, grouped, milliseconds, three_digits};
use crate::{
    record::{ErrorClass, OperationResult, Record},
    report::{
        grid::{Cell, Column, Grid, Row, Tone},
        headline, picture,
    },
};
use askama::Template;

/// The table of all, with what its words mean.
pub(super) fn table(grid: &Grid, record: &Record) -> String {
    let from = if record.schedule.is_some() { "the intended start" } else { "the client's wish" };
    format!(
        "<p>Response times count from {from} to the last row, all waiting included; service times only while a connection is held. Each p95 stands with its 95 % interval within this run, by block bootstrap over slices of {} s (? = too short to say); between runs the spread is larger. “Over” is the share of calls that took longer than the objective or were lost.</p>{}",
        three_digits(record.series.interval_seconds),
        parts::grid(grid, "Latencies of each operation")
    )
}

#[derive(Template)]
#[template(path = "report/operation.html")]
struct Operation<'a> {
    index: usize,
    operation: &'a OperationResult,
    tone: Tone,
    word: &'static str,
    line: String,
    facts: String,
    pictures: String,
    statements: String,
    errors: Vec<&'a ErrorClass>,
}

impl Operation<'_> {
    fn counted(&self, error: &ErrorClass) -> String {
        let retried = if error.retried > 0 {
            format!(", {} tried again", grouped(error.retried))
        } else {
            String::new()
        };
        let expected = if error.expected { ", expected by the workload" } else { "" };
        format!("{} times{retried}{expected}", grouped(error.count))
    }
}

/// All of them, each folded.
pub(super) fn part(record: &Record) -> String {
    let mut body = "<p>Each of them with its latencies, its statements and its errors.</p>".to_owned();
    for (index, operation) in record.operations.iter().enumerate() {
        body.push_str(&one(index, operation));
    }
    body
}

fn one(index: usize, operation: &OperationResult) -> String {
    let summary = &operation.summary;
    let (tone, word) = headline::outcome(summary.slo.outcome);
    let id = format!("operation-{index}");
    let pictures = [picture::percentiles_of(operation, &id), picture::distribution_of(operation, &id)];
    rendered(&Operation {
        index,
        operation,
        tone,
        word,
        line: format!("p95 {} ms", milliseconds(summary.response.p95_us)),
        facts: facts(operation),
        pictures: parts::pictures(pictures.iter().flatten()),
        statements: parts::grid(&statements(operation), &format!("Round trips of {}", operation.name)),
        errors: operation.errors.iter().collect(),
    })
}

fn facts(operation: &OperationResult) -> String {
    let summary = &operation.summary;
    let trips = operation.round_trips;
    format!(
        "{} calls, {} a second; {} a call{}; objective {}, {}{}",
        grouped(summary.calls),
        three_digits(summary.calls_per_second),
        counted(trips, "round trip"),
        if operation.writes { ", it writes" } else { "" },
        summary.slo.objective,
        headline::outcome(summary.slo.outcome).1,
        summary.slo.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
    )
}

fn statements(operation: &OperationResult) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("round trip"),
        Column::numbers("calls"),
        Column::numbers("errors"),
        Column::numbers("rows a call"),
        Column::numbers("p50, ms"),
        Column::numbers("p95, ms"),
        Column::numbers("p99, ms"),
        Column::numbers("max, ms"),
    ]);
    for statement in &operation.statements {
        let rows = statement.rows as f64 / statement.calls.max(1) as f64;
        let bad = if statement.errors > 0 { Tone::Warn } else { Tone::Plain };
        grid.push(Row::new(vec![
            Cell::text(&statement.name),
            Cell::count(statement.calls),
            Cell::count(statement.errors).tone(bad),
            Cell::amount(rows),
            Cell::milliseconds(statement.service.p50_us),
            Cell::milliseconds(statement.service.p95_us),
            Cell::milliseconds(statement.service.p99_us),
            Cell::milliseconds(statement.service.max_us),
        ]));
    }
    grid
}
