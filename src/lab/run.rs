//! One measured run, from options to record.

use super::{
    CatalogOptions, Event, Interrupt, LabError, Prepared, assemble,
    prepare::{Context, Steps, prepare},
    verdict,
    window::{Window, measure},
};
use crate::{
    advise, observe,
    record::{self, Ended, Outcome, Record},
    target::{Target, TargetOptions},
    workload::{Operation, Protocol, Slo, Workload},
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Everything that a run can be told.
#[derive(Debug)]
pub struct RunOptions {
    /// What shall be in the database.
    pub catalog: CatalogOptions,
    /// Which database.
    pub target: TargetOptions,
    /// Clients that call at the same time.
    pub clients: usize,
    /// Connections that they share.
    pub connections: usize,
    /// Load before the window.
    pub warmup: Duration,
    /// Length of the window.
    pub duration: Duration,
    /// Objective of every operation; `None` leaves it to the workload.
    pub slo: Option<Slo>,
    /// How statements travel; `None` leaves it to the workload.
    pub protocol: Option<Protocol>,
}

/// Change of the rate within a window from which it is said; identical runs differ by up to 11 %.
const UNSTEADY: f64 = 0.2;

/// Runs `workload` as `options` say, and explains what was seen.
///
/// # Errors
/// When the server, the catalog or the workload fails, or the user interrupts before the window. Once the
/// window has begun, an interrupt ends it, and the record says so.
pub fn run(
    workload: Workload,
    options: &RunOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Record, LabError> {
    let started_at = Utc::now();
    let (workload, left_out) = allowed(workload, &options.target, listen)?;
    let mut prepared = prepare(&options.catalog, &options.target, interrupt, listen)?;
    let mut steps = std::mem::replace(&mut prepared.steps, Steps { done: Vec::new() });
    let context = Context { runtime: &prepared.runtime, interrupt, listen };
    let window = measure(workload, &prepared, options, &mut steps, &context)
        .map_err(|error| error.explained(&prepared.target))?;
    let mut record = assemble_record(window, &prepared, options, steps, left_out, started_at);
    record.advice = advise::advise(&record);
    Ok(record)
}

/// Leaves out what writes where only reading is allowed.
fn allowed(
    mut workload: Workload,
    target: &TargetOptions,
    listen: &dyn Fn(Event),
) -> Result<(Workload, Vec<String>), LabError> {
    if !target.use_existing {
        return Ok((workload, Vec::new()));
    }
    // Whatever a statement does behind a function's name, the server refuses it if it writes.
    workload.envelope.begin = "BEGIN READ ONLY".to_owned();
    let (writes, reads): (Vec<Operation>, Vec<Operation>) =
        workload.operations.into_iter().partition(Operation::writes);
    let left_out: Vec<String> = writes.into_iter().map(|operation| operation.name).collect();
    workload.operations = reads;
    if workload.operations.is_empty() {
        let message = format!(
            "every operation of the workload {} writes, and --use-existing allows only reading: choose another workload",
            workload.name
        );
        return Err(LabError::Usage(message));
    }
    if !left_out.is_empty() {
        listen(Event::Note(format!("left out, because they write: {}", left_out.join(", "))));
    }
    Ok((workload, left_out))
}

fn assemble_record(
    window: Window,
    prepared: &Prepared,
    options: &RunOptions,
    steps: Steps,
    left_out: Vec<String>,
    started_at: DateTime<Utc>,
) -> Record {
    let workload = &window.bound.workload;
    let slo = options.slo.unwrap_or_default();
    let results =
        assemble::results(&window.bound, &window.measured, slo, options.slo.is_some(), prepared.seed);
    let cautions = cautions(&window, &prepared.target, results.overall.failed);
    let mut verdict = verdict::conclude(&results.operations, &results.overall, cautions);
    if window.ended == Ended::ServerLost {
        let fate = prepared.target.fate().unwrap_or_else(|| "it closed every connection".to_owned());
        verdict.outcome = Outcome::Inconclusive;
        verdict.sentence = format!("The server went away in the window, so nothing is proved ({fate})");
    }
    Record {
        format: record::FORMAT.to_owned(),
        version: record::VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        run: record::Run { started_at, finished_at: Utc::now(), ended: window.ended, seed: prepared.seed },
        host: observe::host(),
        server: server(&window.server, &prepared.target),
        catalog: prepared.catalog.clone(),
        workload: record::WorkloadText {
            name: workload.name.clone(),
            origin: workload.origin.clone(),
            text: workload.text.clone(),
            sha256: hex(&Sha256::digest(workload.text.as_bytes())),
            protocol: window.bound.protocol.name().to_owned(),
            left_out,
        },
        load: record::Load {
            model: "closed".to_owned(),
            clients: options.clients,
            connections: options.connections,
            threads: window.threads,
            warmup_seconds: options.warmup.as_secs_f64(),
            duration_seconds: options.duration.as_secs_f64(),
        },
        steps: steps.done,
        window: record::Window {
            started_at: window.started_at,
            seconds: window.measured.elapsed.as_secs_f64(),
        },
        operations: results.operations,
        overall: results.overall,
        series: results.series,
        evidence: window.evidence,
        verdict,
        advice: Vec::new(),
    }
}

fn server(facts: &observe::ServerFacts, target: &Target) -> record::Server {
    record::Server {
        kind: if target.is_embedded() { record::ServerKind::Embedded } else { record::ServerKind::External },
        origin: target.origin().to_owned(),
        address: target.address().to_owned(),
        version: facts.version.clone(),
        version_number: facts.version_number,
        build: facts.build.clone(),
        collation: facts.collation.clone(),
        data_file_system: target.data_file_system(),
    }
}

/// What makes the numbers less than they seem.
fn cautions(window: &Window, target: &Target, failed: u64) -> Vec<String> {
    let mut cautions = target.cautions();
    if window.ended != Ended::AsPlanned {
        cautions.push("the run was cut short: the numbers are those of the part that ran".to_owned());
    }
    if failed > 0 {
        cautions.push(format!("{failed} calls failed; they count as misses and have no latency"));
    }
    if let Some(drift) = window.measured.slices.drift().filter(|drift| (drift - 1.0).abs() > UNSTEADY) {
        let (change, direction) = ((drift - 1.0).abs() * 100.0, if drift < 1.0 { "fell" } else { "rose" });
        cautions.push(format!(
            "not a steady state: the rate {direction} by {change:.0} % from the first to the last third of the window; the percentiles are of all of it"
        ));
    }
    if window.evidence.window.checkpoints > 0 {
        let count = window.evidence.window.checkpoints;
        cautions.push(format!("{count} checkpoint(s) began during the window"));
    }
    cautions.extend(window.evidence.missing.iter().map(|missing| format!("not seen: {missing}")));
    cautions
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
