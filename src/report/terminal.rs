//! A record on the terminal: what ran, the latencies, the verdict, the advice.

use super::{headline, load, saving::saving, session, shards, table};
use crate::text::{bytes, grouped, milliseconds, percent, three_digits};
use crate::{
    record::{Ended, OperationResult, Outcome, Recommendation, Record, Stance, Summary},
    workload::ALL,
};
use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, Table};
use std::fmt::Write;

/// Lines of advice shown; the record holds it all.
const MOST_ADVICE: usize = 5;
/// Lines shown of what is missing.
const MOST_MISSING: usize = 10;
/// The whole summary. It holds ANSI styles: a stream that shows none must strip them.
#[must_use]
pub fn render(record: &Record) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = heading(&mut out, record);
    let _ = writeln!(out, "\n{}", latencies(record).trim_fmt());
    let _ = legend(&mut out, record);
    let _ = load::stages(&mut out, record);
    let _ = machines(&mut out, record);
    let _ = verdict(&mut out, record);
    let _ = errors(&mut out, record);
    let _ = advice(&mut out, record);
    out
}

/// Advice alone, all of it, with how to apply, verify and undo it.
#[must_use]
pub fn render_advice(record: &Record) -> String {
    let mut out = String::new();
    for (index, piece) in record.advice.iter().enumerate() {
        let _ = write!(out, "{}{}. ", if index == 0 { "" } else { "\n" }, index + 1);
        let _ =
            writeln!(out, "{}{}{:#}  [{}, {}]", bold(), piece.title, bold(), piece.rule, piece.basis.name());
        let _ = writeln!(out, "   seen      {}", piece.evidence);
        let _ = writeln!(out, "   expected  {}", piece.expected);
        if let Some(saving) = saving(piece) {
            let _ = writeln!(out, "   estimate  {saving}");
        }
        for change in piece.changes() {
            let restart = if change.restart { " (restart)" } else { "" };
            let _ =
                writeln!(out, "   change    {}: {} -> {}{restart}", change.setting, change.from, change.to);
            lines(&mut out, "apply", &change.apply);
            lines(&mut out, "undo", &change.undo);
        }
        if piece.stance == Stance::Change {
            let _ = writeln!(out, "   risk      {}", piece.risk);
        }
        let _ = writeln!(out, "   verify    {}", piece.verify);
        if !piece.threshold.is_empty() {
            let _ = writeln!(out, "   rule      speaks from: {} ({})", piece.threshold, piece.source);
        }
    }
    let _ = in_one_go(&mut out, record);
    let _ = not_known(&mut out, record);
    out
}

/// What no advice could rest on, and why.
fn not_known(out: &mut String, record: &Record) -> std::fmt::Result {
    let missing: Vec<&String> = record.evidence.missing.iter().chain(&record.samples.missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nNot known, and so not judged:")?;
    for line in missing.iter().take(MOST_MISSING) {
        writeln!(out, "   {line}")?;
    }
    match missing.len().saturating_sub(MOST_MISSING) {
        0 => Ok(()),
        more => writeln!(out, "   and {more} more in the record: evidence.missing"),
    }
}

/// Commands, one a line: ALTER SYSTEM and VACUUM stand in no transaction, and several on one line would.
fn lines(out: &mut String, what: &str, commands: &str) {
    for (number, command) in commands.lines().enumerate() {
        let _ = writeln!(out, "   {:<9} {command}", if number == 0 { what } else { "" });
    }
}

/// How to write all the settings at once, if there are any.
fn in_one_go(out: &mut String, record: &Record) -> std::fmt::Result {
    let mut changes = record.advice.iter().flat_map(Recommendation::changes);
    if !changes.any(|change| record.evidence.setting(&change.setting).is_some()) {
        return Ok(());
    }
    let cloud = record.server.machine.as_ref().is_some_and(|machine| machine.platform == "cloud_sql");
    if cloud {
        writeln!(
            out,
            "\nCloud SQL takes no ALTER SYSTEM. All settings as its flags: loist-bench flags render RECORD --as gcloud --current CURRENT.json"
        )
    } else {
        writeln!(
            out,
            "\nAll settings in one go: loist-bench flags render RECORD --as alter-system (or conf, set, gcloud, terraform)"
        )?;
        writeln!(out, "What they are worth, on servers made for the occasion:")?;
        writeln!(out, "   loist-bench flags render RECORD --as conf > advised.conf")?;
        writeln!(
            out,
            "   loist-bench duet as-is flags:advised.conf --workload {} --tracks {}",
            record.workload.origin.trim_start_matches("built-in workload "),
            record.catalog.tracks
        )
    }
}

fn bold() -> Style {
    Style::new().bold()
}

fn heading(out: &mut String, record: &Record) -> std::fmt::Result {
    let (catalog, server, host) = (&record.catalog, &record.server, &record.host);
    let partial = if record.run.ended == Ended::AsPlanned { "" } else { ", cut short" };
    writeln!(
        out,
        "{}{}{:#}  {} tracks ({}, seed {})  {}, {} protocol  {} s{partial}",
        bold(),
        record.workload.name,
        bold(),
        grouped(catalog.tracks),
        catalog.state,
        record.run.seed,
        load::model(&record.load),
        record.workload.protocol,
        three_digits(record.window.seconds),
    )?;
    writeln!(
        out,
        "{}  client machine: {} CPUs, {}  measured from {} s after the start",
        headline::server(server),
        host.cpus,
        bytes(host.memory_bytes),
        three_digits((record.window.started_at - record.run.started_at).as_seconds_f64())
    )?;
    if let Some(words) = session::worth_a_line(record) {
        writeln!(out, "connection: {words}")?;
    }
    if let Some(words) = shards::words(record) {
        writeln!(out, "{words}")?;
    }
    load::knee(out, record)?;
    load::schedule(out, record)?;
    load::connections(out, record)?;
    load::floor(out, record)?;
    load::brake(out, record)
}

fn latencies(record: &Record) -> Table {
    let one = record.overall.slo.objective.as_str();
    let one = record.operations.iter().all(|o| o.summary.slo.objective == one).then_some(one);
    let mut table = table::new(vec![
        "ms".to_owned(),
        "calls".to_owned(),
        "per s".to_owned(),
        "p50".to_owned(),
        "p95".to_owned(),
        "p95 within".to_owned(),
        "p99".to_owned(),
        "p99.9".to_owned(),
        "max".to_owned(),
        "service p95".to_owned(),
        "lost".to_owned(),
        "over".to_owned(),
        one.unwrap_or("objective").to_owned(),
    ]);
    for operation in &record.operations {
        table.add_row(row(&operation.name, &operation.summary, one.is_none()));
    }
    table.add_row(row(ALL, &record.overall, one.is_none()));
    table::align(&mut table, 1..12);
    table
}

/// `names_objective` says in each row what it is judged by.
fn row(name: &str, summary: &Summary, names_objective: bool) -> Vec<Cell> {
    let response = &summary.response;
    let interval = summary
        .response_intervals
        .iter()
        .find(|interval| (interval.quantile - 0.95).abs() < 1e-9)
        .map_or_else(
            || "?".to_owned(),
            |i| format!("{}..{}", milliseconds(Some(i.low_us)), milliseconds(Some(i.high_us))),
        );
    let mut cells = vec![
        Cell::new(name),
        Cell::new(grouped(summary.calls)),
        Cell::new(three_digits(summary.calls_per_second)),
        Cell::new(milliseconds(response.p50_us)),
        Cell::new(milliseconds(response.p95_us)),
        Cell::new(interval),
        Cell::new(milliseconds(response.p99_us)),
        Cell::new(milliseconds(response.p999_us)),
        Cell::new(milliseconds(response.max_us)),
        Cell::new(milliseconds(summary.service.p95_us)),
        Cell::new(grouped(summary.lost())),
        Cell::new(percent(summary.slo.miss_share)),
    ];
    let objective = names_objective.then_some(summary.slo.objective.as_str());
    cells.push(table::outcome(summary.slo.outcome, objective));
    cells
}

fn legend(out: &mut String, record: &Record) -> std::fmt::Result {
    writeln!(
        out,
        "Response times in ms, from {} to the last row, all waiting included; service: while holding a connection.
p95 within: its 95 % interval in this run, by block bootstrap over slices of {} s (? = too short to say); between
runs the spread is larger. over: share of the calls that took longer than the target or were lost (failed, shed, unfinished).",
        if record.schedule.is_some() { "the intended start" } else { "the client's wish" },
        three_digits(record.series.interval_seconds)
    )?;
    let expected: u64 = record.operations.iter().map(|operation| operation.summary.expected_failures).sum();
    if expected > 0 {
        writeln!(out, "{} calls were answered with an error that the workload expects.", grouped(expected))?;
    }
    Ok(())
}

/// A row a load machine, where there were several.
fn machines(out: &mut String, record: &Record) -> std::fmt::Result {
    match &record.merged {
        Some(merged) => writeln!(out, "\n{}", table::of(&shards::grid(merged)).trim_fmt()),
        None => Ok(()),
    }
}

fn verdict(out: &mut String, record: &Record) -> std::fmt::Result {
    let (word, color) = match record.verdict.outcome {
        Outcome::Met => ("MET", AnsiColor::Green),
        Outcome::Missed => ("MISSED", AnsiColor::Red),
        Outcome::Inconclusive => ("INCONCLUSIVE", AnsiColor::Yellow),
    };
    let style = color.on_default().bold();
    writeln!(out, "\n{style}{word}{style:#}  {}.", record.verdict.sentence)?;
    for caution in &record.verdict.cautions {
        writeln!(out, "  caution: {caution}")?;
    }
    Ok(())
}

fn errors(out: &mut String, record: &Record) -> std::fmt::Result {
    let unexpected = |operation: &OperationResult| {
        let errors = operation.errors.iter().filter(|error| !error.expected);
        errors.map(|error| (operation.name.clone(), error.clone())).collect::<Vec<_>>()
    };
    for (name, error) in record.operations.iter().flat_map(unexpected) {
        let (count, retried) = (grouped(error.count), grouped(error.retried));
        let again =
            if error.retried > 0 { format!(", {retried} of them tried again") } else { String::new() };
        writeln!(out, "  failed: {name}: {count} x {} {} {}{again}", error.class, error.code, error.message)?;
    }
    Ok(())
}

fn advice(out: &mut String, record: &Record) -> std::fmt::Result {
    if record.advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}Advice{:#}", bold(), bold())?;
    let all = record.advice.len();
    // The line that says how many more there are is one of them.
    let shown = if all > MOST_ADVICE { MOST_ADVICE - 1 } else { all };
    for piece in record.advice.iter().take(shown) {
        let mark = match piece.stance {
            Stance::Change => "->",
            Stance::LeaveAlone => " =",
        };
        writeln!(out, "{mark} {} ({})", piece.title, piece.basis.name())?;
    }
    if all > shown {
        writeln!(out, "   and {} more: loist-bench advise RECORD", all - shown)?;
    }
    Ok(())
}
