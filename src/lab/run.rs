//! One measured run, from options to record.

use super::{
    Event, Interrupt, LabError, Prepared, RunOptions,
    assemble::Parts,
    care::{check_connections, check_connections_of_all},
    index_trials, knee,
    metrics::Publisher,
    prepare::{Context, Steps, prepare},
    prepare_shard::prepare_shard,
    setup::set_up,
    shards::{Joining, ShardOptions, looks_of},
    window::{check, measure, nothing_measured},
};
use crate::{
    advise,
    engine::Measured,
    record::{Ended, Record},
    stats::IntervalLog,
    target::TargetOptions,
    workload::{Operation, Workload},
};
use chrono::{DateTime, Utc};

/// A run's record, and what does not fit into it.
#[derive(Debug)]
pub struct Run {
    /// Everything that later explanations need.
    pub record: Record,
    /// The latencies by operation and slice of time in HdrHistogram's interval log format.
    pub interval_log: Vec<u8>,
}

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
) -> Result<Run, LabError> {
    run_as(None, workload, options, interrupt, listen)
}

/// The same as one of several processes, which put the load of `options` on together.
///
/// # Errors
/// As [`run`]; also when the others do not come, or the start cannot be kept.
pub fn run_shard(
    shard: &ShardOptions,
    workload: Workload,
    options: &RunOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Run, LabError> {
    let options = RunOptions { looks: looks_of(shard.part, options.looks), ..options.clone() };
    run_as(Some(shard), workload, &options, interrupt, listen)
}

fn run_as(
    shard: Option<&ShardOptions>,
    workload: Workload,
    options: &RunOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Run, LabError> {
    let started_at = Utc::now();
    let interrupt = &interrupt.of_one_run();
    let (workload, left_out) = allowed(workload, &options.target, listen)?;
    // What contradicts itself is told before anything starts.
    let load = options.load.settle(&workload, options.knee.is_some(), options.catalog.seed)?;
    let joining = match shard {
        None => check_connections(&load, options).map(|()| None)?,
        Some(shard) => {
            check_connections_of_all(&load, shard.part, options)?;
            Some(Joining::new(shard, options, &workload, &load)?)
        }
    };
    let publisher = Publisher::new(options.metrics, &workload.name, listen)?;
    let listen = &|event| publisher.hear(event);
    let mut prepared = match joining {
        None => prepare(&options.catalog, &options.target, interrupt, listen)?,
        Some(joining) => prepare_shard(options, joining, interrupt, listen)?,
    };
    let run = run_prepared(workload, left_out, options, &mut prepared, started_at, interrupt, listen);
    prepared.release();
    run
}

/// The same on a server that is there, with the catalog in it.
pub(super) fn run_prepared(
    workload: Workload,
    left_out: Vec<String>,
    options: &RunOptions,
    prepared: &mut Prepared,
    started_at: DateTime<Utc>,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Run, LabError> {
    let mut steps = std::mem::replace(&mut prepared.steps, Steps { done: Vec::new() });
    let context = Context { runtime: &prepared.runtime, interrupt, listen };
    let measured = set_up(workload, prepared, options, &mut steps, &context).and_then(|mut setup| {
        check(&mut setup, prepared, &mut steps, &context)?;
        let search = |budget| knee::search(&mut setup, options.slo, budget, prepared, &mut steps, &context);
        let searched = options.knee.map(search).transpose()?;
        let window = match searched.as_ref().and_then(|searched| searched.cut_off) {
            Some(ended) => nothing_measured(&mut setup, ended, prepared, &mut steps, &context)?,
            None => match measure(&mut setup, prepared, &mut steps, &context) {
                // What the search found is kept, even if the user does not wait for the window.
                Err(LabError::Interrupted) if searched.is_some() => {
                    nothing_measured(&mut setup, Ended::Interrupted, prepared, &mut steps, &context)?
                }
                measured => measured?,
            },
        };
        Ok((setup, searched.map(|searched| searched.knee), window))
    });
    let (setup, knee, window) = measured.map_err(|error| error.explained(&prepared.target))?;
    let interval_log = interval_log(&window.driven.measured, window.driven.started_at);
    let parts = Parts { setup: &setup, knee, window, prepared, options, steps, left_out, started_at };
    let mut record = parts.assemble();
    record.advice = advise::advise(&record);
    index_trials::try_missing_indexes(&mut record, prepared, &context);
    Ok(Run { record, interval_log })
}

/// The latencies by operation and slice of time, of a window that began at `started_at`.
pub(crate) fn interval_log(measured: &Measured, started_at: DateTime<Utc>) -> Vec<u8> {
    let slices = &measured.slices;
    let mut log = IntervalLog::new(started_at.into());
    let operations = &measured.operations;
    let mut series: Vec<_> = (0..operations.len()).map(|index| slices.of(index)).collect();
    for number in 0..slices.length() {
        let at = slices.width() * u32::try_from(number).unwrap_or(u32::MAX);
        let is_last = number + 1 == slices.length();
        let length = if is_last { measured.elapsed.saturating_sub(at) } else { slices.width() };
        for (operation, series) in operations.iter().zip(&mut series) {
            if let Some(slice) = series.next() {
                log.add(&operation.name, at, length, slice.latencies.values().iter().copied());
            }
        }
    }
    let after = measured.lasted.saturating_sub(measured.elapsed);
    for (operation, late) in operations.iter().zip(&measured.late).filter(|(_, late)| late.count() > 0) {
        log.add(&operation.name, measured.elapsed, after, late.latencies.values().iter().copied());
    }
    log.finish()
}

/// Leaves out what writes where only reading is allowed.
pub(super) fn allowed(
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
