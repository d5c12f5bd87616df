//! The load in words: how calls came about, how well the clients kept to it, stage by stage.

use super::{neighbours, table};
use crate::record::{Load, Record};
use crate::text::{grouped, milliseconds, percent, three_digits};
use comfy_table::Cell;
use std::fmt::{Result, Write};

/// How calls came about, and over what.
pub(super) fn model(load: &Load) -> String {
    let calls = match (load.model.as_str(), load.think_seconds) {
        ("open", _) => {
            let stages = match load.stages.as_slice() {
                [one] => one.clone(),
                many => format!("{} stages", many.len()),
            };
            format!("open loop, {stages}, {} arrivals", load.arrivals.as_deref().unwrap_or("even"))
        }
        (_, Some(think)) => format!("closed loop with {} s of think time", three_digits(think)),
        _ => "closed loop".to_owned(),
    };
    let capped = load.max_rate_per_second.filter(|_| load.model == "closed");
    let cap = capped.map(|rate| format!(", at most {} calls/s", three_digits(rate))).unwrap_or_default();
    let clients = match load.client_model.as_str() {
        "event-loop" => format!(
            "{} processes with an event loop, each with a psycopg2 pool of {} to {} connections",
            load.clients,
            load.pool_min.unwrap_or_default(),
            load.connections
        ),
        "threaded" => format!(
            "{} threads on a psycopg2 pool of {} to {} connections",
            load.clients,
            load.pool_min.unwrap_or_default(),
            load.connections
        ),
        _ => format!("{} clients on {} connections", load.clients, load.connections),
    };
    let churn = if load.connect_per_checkout { ", a new one for each checkout" } else { "" };
    let network = match load.round_trip_delay_us {
        0.0 => String::new(),
        us => format!(", {} ms of network a round trip", milliseconds(Some(us))),
    };
    format!("{calls}{cap}, {clients}{churn}{network}")
}

/// What the search for the knee found.
pub(super) fn knee(out: &mut String, record: &Record) -> Result {
    let Some(knee) = &record.knee else { return Ok(()) };
    let rate = three_digits;
    let blocks = format!(
        "{} blocks of {} s in {} s",
        knee.trials.len(),
        three_digits(knee.block_seconds),
        three_digits(knee.searched_seconds)
    );
    if knee.bracketed {
        // A search that was cut off has no window after it.
        let window = if record.window.seconds > 0.0 { "; this window is at the lower end" } else { "" };
        return writeln!(
            out,
            "knee: the objective holds up to {} calls/s (95 % interval {} to {}), by {blocks}{window}",
            rate(knee.rate_per_second),
            rate(knee.low_per_second),
            rate(knee.high_per_second)
        );
    }
    if knee.trials.is_empty() {
        return writeln!(out, "knee: not found; the search ended before any rate was tried");
    }
    let held = knee.trials.iter().any(|trial| trial.held);
    let beyond = if held { "above" } else { "below" };
    writeln!(
        out,
        "knee: not found; it lies {beyond} {} calls/s, the farthest that was tried in {blocks}",
        rate(knee.rate_per_second)
    )
}

/// Asked against done, and how late calls were let in.
pub(super) fn schedule(out: &mut String, record: &Record) -> Result {
    let Some(schedule) = &record.schedule else { return Ok(()) };
    if let Some(asked) = schedule.asked_per_second {
        write!(
            out,
            "asked for {} calls/s: {} came, {} were answered; ",
            three_digits(asked),
            three_digits(record.overall.calls as f64 / record.window.seconds.max(1e-3)),
            three_digits(record.overall.calls_per_second)
        )?;
    }
    writeln!(
        out,
        "calls let in {} ms late (p50), {} ms (p99)",
        milliseconds(schedule.start_error.p50_us),
        milliseconds(schedule.start_error.p99_us)
    )
}

/// What opening connections cost in the window, where any were opened.
pub(super) fn connections(out: &mut String, record: &Record) -> Result {
    let (opened, failed) = (&record.connections.connect, record.connections.failed);
    if opened.count + failed == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "connections opened in the window: {} in {} ms each (p50), {} ms (p99); {} attempts failed",
        grouped(opened.count),
        milliseconds(opened.p50_us),
        milliseconds(opened.p99_us),
        grouped(failed)
    )
}

/// The machine's own share of a latency.
pub(super) fn floor(out: &mut String, record: &Record) -> Result {
    let Some(floor) = &record.floor else { return Ok(()) };
    writeln!(
        out,
        "floor: a round trip of SELECT 1 takes {} ms here (p50), {} ms (p99)",
        milliseconds(floor.round_trip.p50_us),
        milliseconds(floor.round_trip.p99_us)
    )
}

/// What was watched for the sake of others, and the worst that was seen.
pub(super) fn brake(out: &mut String, record: &Record) -> Result {
    match record.brake.as_ref().filter(|brake| !brake.watched.is_empty()) {
        Some(brake) => writeln!(out, "brake: {}", neighbours::watched(brake)),
        None => Ok(()),
    }
}

/// A row a stage, where there are several.
pub(super) fn stages(out: &mut String, record: &Record) -> Result {
    if record.stages.len() < 2 {
        return Ok(());
    }
    let header = ["from s", "stage", "calls", "answered", "p50", "p95", "p99", "max", "lost", "over"];
    let mut table = table::new(header.map(str::to_owned).to_vec());
    for stage in &record.stages {
        let lost = stage.failed + stage.shed + stage.unfinished;
        table.add_row(vec![
            Cell::new(three_digits(stage.begins_seconds)),
            Cell::new(&stage.stage),
            Cell::new(grouped(stage.calls)),
            Cell::new(grouped(stage.answered)),
            Cell::new(milliseconds(stage.response.p50_us)),
            Cell::new(milliseconds(stage.response.p95_us)),
            Cell::new(milliseconds(stage.response.p99_us)),
            Cell::new(milliseconds(stage.response.max_us)),
            Cell::new(grouped(lost)),
            Cell::new(percent(stage.miss_share)),
        ]);
    }
    table::align(&mut table, 2..10);
    writeln!(out, "\n{}", table.trim_fmt())
}
