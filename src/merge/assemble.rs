//! The merged record.

use super::{
    MergeError, cautions,
    check::{Checked, NamedShard},
    part::histogram,
};
use crate::{
    advise,
    engine::Measured,
    lab::{
        conclusion::{Seen, conclude, disturbances},
        results::{Kind, latency, results, stages},
    },
    record::{
        self, Brake, Connections, Ended, Merged, MergedShard, OperationResult, Outcome, Record, Samples,
        Verdict,
    },
    stats::{LatencyHistogram, Profile},
    workload::{Slo, Stage},
};

/// What a record that lacks the one of shard 1 lacks with it.
const NO_EVIDENCE: &str =
    "evidence of the server and plans: they are in the record of shard 1, which is not in it";

/// The record of all shards together. What one of them saw of the server stays as it saw it.
pub(super) fn assemble(checked: &Checked, measured: &Measured) -> Result<Record, MergeError> {
    let pieces = &checked.pieces;
    let observer = pieces.first().ok_or(MergeError::Nothing)?;
    let broken = |reason| MergeError::Broken { name: observer.name.clone(), reason };
    let (own, shard) = (&observer.counted.record, &observer.counted.shard);
    let kinds = own.operations.iter().map(kind).collect::<Result<Vec<_>, _>>().map_err(broken)?;
    let slo: Slo = own.overall.slo.objective.parse().map_err(broken)?;
    let results = results(&kinds, measured, slo, own.run.seed);
    let load = load(pieces, checked.missing.is_empty());
    let asked: Vec<Stage> =
        load.stages.iter().map(|stage| stage.parse()).collect::<Result<_, _>>().map_err(broken)?;
    let mut record = Record {
        run: record::Run {
            started_at: records(pieces).map(|record| record.run.started_at).min().unwrap_or_default(),
            finished_at: records(pieces).map(|record| record.run.finished_at).max().unwrap_or_default(),
            ended: Ended::AsPlanned,
            seed: own.run.seed,
        },
        block: None,
        shard: None,
        merged: Some(merged(checked, observer)),
        load,
        window: record::Window { started_at: own.window.started_at, seconds: measured.elapsed.as_secs_f64() },
        brake: brake(pieces),
        schedule: schedule(own, &asked, measured),
        stages: stages(&asked, measured, slo),
        connections: Connections {
            at_start: latency(&at_start(pieces)?),
            failed: measured.connect_failures,
            connect: latency(&measured.connect),
        },
        operations: results.operations,
        overall: results.overall,
        series: results.series,
        disturbances: Vec::new(),
        verdict: Verdict { outcome: Outcome::Inconclusive, sentence: String::new(), cautions: Vec::new() },
        advice: Vec::new(),
        ..own.clone()
    };
    if shard.number != 1 {
        record.evidence.missing = vec![NO_EVIDENCE.to_owned()];
    }
    record.disturbances = cautions::disturbances(checked, disturbances(&record));
    let seen = Seen { target: cautions::seen(checked, shard.number), ..Seen::default() };
    record.verdict = conclude(&record, &seen);
    record.advice = advise::advise(&record);
    Ok(record)
}

fn kind(result: &OperationResult) -> Result<Kind, String> {
    Ok(Kind {
        name: result.name.clone(),
        weight: result.weight,
        round_trips: result.round_trips,
        writes: result.writes,
        slo: result.summary.slo.objective.parse()?,
    })
}

fn records(pieces: &[NamedShard]) -> impl Iterator<Item = &Record> {
    pieces.iter().map(|piece| &piece.counted.record)
}

/// The load of all that are there: what was asked for, or the part of it that they had.
fn load(pieces: &[NamedShard], is_whole: bool) -> record::Load {
    let whole = pieces.first().map(|piece| piece.counted.shard.whole.clone()).unwrap_or_default();
    let sum = |of: fn(&record::Load) -> usize| records(pieces).map(|record| of(&record.load)).sum::<usize>();
    let threads = sum(|load| load.threads);
    if is_whole {
        return record::Load { threads, ..whole };
    }
    let clients = sum(|load| load.clients);
    let share = clients as f64 / whole.clients.max(1) as f64;
    let scaled = |text: &String| text.parse::<Stage>().map_or(text.clone(), |s| s.share(share).to_string());
    let of_each_client = whole.client_model == "event-loop";
    let all = |one, of: fn(&record::Load) -> usize| if of_each_client { one } else { sum(of) };
    record::Load {
        threads,
        clients,
        connections: all(whole.connections, |load| load.connections),
        queue: whole.queue.map(|queue| all(queue, |load| load.queue.unwrap_or_default())),
        max_rate_per_second: whole.max_rate_per_second.map(|rate| rate * share),
        stages: whole.stages.iter().map(scaled).collect(),
        ..whole
    }
}

/// What all watched, and the worst that one of them saw.
fn brake(pieces: &[NamedShard]) -> Option<Brake> {
    let mut brakes = records(pieces).filter_map(|record| record.brake.as_ref());
    let mut whole = brakes.next()?.clone();
    for brake in brakes {
        for (whole, watched) in whole.watched.iter_mut().zip(&brake.watched) {
            whole.worst = [whole.worst, watched.worst].into_iter().flatten().reduce(f64::max);
            whole.missing = whole.missing.take().or_else(|| watched.missing.clone());
        }
    }
    Some(whole)
}

/// What was asked for, of all that are there, and how well they kept to it.
fn schedule(own: &Record, asked: &[Stage], measured: &Measured) -> Option<record::Schedule> {
    own.schedule.as_ref()?;
    let calls = Profile::new(asked.iter().flat_map(Stage::pieces).collect()).total();
    Some(record::Schedule {
        asked_per_second: (!asked.is_empty()).then_some(calls / own.load.duration_seconds),
        start_error: latency(&measured.release_error),
    })
}

/// How long the connections took that were opened before the load.
fn at_start(pieces: &[NamedShard]) -> Result<LatencyHistogram, MergeError> {
    let mut whole = LatencyHistogram::default();
    for piece in pieces {
        let part = histogram(&piece.counted.record.connections.at_start);
        let broken = |reason| MergeError::Broken { name: piece.name.clone(), reason };
        whole.merge(&part.map_err(broken)?);
    }
    Ok(whole)
}

fn merged(checked: &Checked, observer: &NamedShard) -> Merged {
    let shard = &observer.counted.shard;
    Merged {
        run_id: shard.run_id.clone(),
        of: shard.of,
        missing: checked.missing.clone(),
        observer: shard.number,
        start_at: shard.start_at,
        apart_us: checked.apart_us,
        shards: checked.pieces.iter().map(health).collect(),
    }
}

/// How well a shard did its part.
fn health(piece: &NamedShard) -> MergedShard {
    let (record, shard) = (&piece.counted.record, &piece.counted.shard);
    let window = record.samples.of_window(record.window.seconds);
    MergedShard {
        number: shard.number,
        host: record.host.clone(),
        clients: record.load.clients,
        threads: record.load.threads,
        calls: record.overall.calls,
        lost: record.overall.lost(),
        calls_per_second: record.overall.calls_per_second,
        p95_us: record.overall.response.p95_us,
        start_error: record.schedule.as_ref().map(|schedule| schedule.start_error.clone()),
        cpus_used: Samples::mean(window, |sample| sample.client_cpus),
        cpus_allowed: record.samples.allowed_processors,
        cpu_wait: Samples::mean(window, |sample| sample.client_wait),
        clock: shard.clock.clone(),
    }
}
