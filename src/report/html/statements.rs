//! Statements by the time that they took in the server, and their plans.

use super::{
    parts::{self, rendered},
    plan,
};
use crate::text::{bytes, first_of, percent, three_digits};
use crate::{
    record::{Record, StatementPlan, StatementStatistics},
    report::grid::{Cell, Column, Grid, Row, Tone},
};
use askama::Template;

#[derive(Template)]
#[template(path = "report/statements.html")]
struct Statements {
    table: String,
    /// How much time the statements took that have no row.
    rest: String,
    /// Texts of the statements in the table.
    texts: Vec<Text>,
    plans: Vec<Plans>,
}

struct Text {
    index: usize,
    name: String,
    sql: String,
}

/// All plans of one statement.
struct Plans {
    name: String,
    shape: String,
    body: String,
}

/// `None` where the record holds neither statistics nor plans.
pub(super) fn part(record: &Record) -> Option<String> {
    let total: f64 = record.evidence.statements.iter().flatten().map(|one| one.total_ms).sum();
    let is_worth_a_row =
        |one: &&StatementStatistics| !one.statements.is_empty() || one.total_ms >= total / 100.0;
    let (mut all, rest): (Vec<&StatementStatistics>, Vec<_>) =
        record.evidence.statements.iter().flatten().partition(is_worth_a_row);
    all.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    if all.is_empty() && record.plans.is_empty() {
        return None;
    }
    let text = |(index, one): (usize, &&StatementStatistics)| Text {
        index,
        name: name(&one.statements),
        sql: one.query.clone(),
    };
    let table = if all.is_empty() {
        String::new()
    } else {
        parts::grid(&table(&all, total), "Statements by total time")
    };
    let rest = rest_of(&rest, total);
    Some(rendered(&Statements {
        table,
        rest,
        texts: all.iter().enumerate().map(text).collect(),
        plans: plans(record),
    }))
}

/// The server's other statements: those of the observer, of other programs.
fn rest_of(rest: &[&StatementStatistics], total: f64) -> String {
    let ms: f64 = rest.iter().map(|one| one.total_ms).sum();
    if rest.is_empty() {
        return String::new();
    }
    format!(
        "{} other statements, of no operation and each below 1 % of the time, took {} ms together, {}.",
        rest.len(),
        three_digits(ms),
        percent(ms / total.max(f64::MIN_POSITIVE))
    )
}

/// The first name, and how many more there are.
fn name(statements: &[String]) -> String {
    match statements {
        [] => "of no operation".to_owned(),
        all => first_of(all, 1),
    }
}

/// Bytes of the log a call; not nothing where there was less than one.
fn log_a_call(bytes_of_all: u64, calls: u64) -> String {
    if (1..calls).contains(&bytes_of_all) { "<1 B".to_owned() } else { bytes(bytes_of_all / calls) }
}

/// `total` is the time of all statements of the server.
fn table(all: &[&StatementStatistics], total: f64) -> Grid {
    let mut grid = Grid::new(vec![
        Column::words("statement"),
        Column::numbers("total, ms").hint("execution time in the server"),
        Column::numbers("share"),
        Column::numbers("calls"),
        Column::numbers("mean, ms"),
        Column::numbers("rows a call"),
        Column::numbers("from shared buffers").hint("share of the blocks that were looked at"),
        Column::numbers("temporary files").hint("written"),
        Column::numbers("WAL a call"),
        Column::numbers("compilation, ms").hint("just-in-time compilation, part of the total"),
    ]);
    for (index, one) in all.iter().enumerate() {
        let calls = one.calls.max(1);
        let (mean, rows) = (one.total_ms / calls as f64, one.rows as f64 / calls as f64);
        let blocks = one.blocks_hit + one.blocks_read;
        let hit = (blocks > 0).then(|| one.blocks_hit as f64 / blocks as f64);
        let temp = one.temp_blocks_written * 8_192;
        let jit = one.jit.map(|jit| jit.total_ms);
        grid.push(Row::new(vec![
            Cell::text(name(&one.statements)).link(format!("statement-{index}")),
            Cell::amount(one.total_ms),
            Cell::number(percent(one.total_ms / total.max(f64::MIN_POSITIVE)), one.total_ms),
            Cell::count(one.calls),
            Cell::amount(mean),
            Cell::amount(rows),
            Cell::number(hit.map_or_else(|| "-".to_owned(), percent), hit),
            Cell::number(bytes(temp), temp as f64).tone(if temp > 0 { Tone::Warn } else { Tone::Plain }),
            Cell::number(log_a_call(one.wal_bytes, calls), one.wal_bytes as f64 / calls as f64),
            Cell::number(jit.map_or_else(|| "-".to_owned(), three_digits), jit),
        ]));
    }
    grid
}

fn plans(record: &Record) -> Vec<Plans> {
    let mut groups: Vec<(&[String], Vec<&StatementPlan>)> = Vec::new();
    for plan in &record.plans {
        match groups.iter_mut().find(|(names, _)| *names == plan.statements) {
            Some((_, plans)) => plans.push(plan),
            None => groups.push((&plan.statements, vec![plan])),
        }
    }
    let of = |(names, plans): (&[String], Vec<&StatementPlan>)| Plans {
        name: name(names),
        shape: shapes(&plans),
        body: plans.into_iter().map(plan::part).collect(),
    };
    groups.into_iter().map(of).collect()
}

/// The shape of the first plan, and how many others there are.
fn shapes(plans: &[&StatementPlan]) -> String {
    let mut shapes: Vec<&str> = Vec::new();
    for plan in plans {
        if !shapes.contains(&plan.shape.as_str()) {
            shapes.push(&plan.shape);
        }
    }
    match shapes.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first}; for other parameters {} more", rest.len()),
    }
}
