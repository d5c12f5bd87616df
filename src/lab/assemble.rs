//! From what a run measured to its record. Pure.

use super::{
    Prepared, RunOptions,
    brake::Brake,
    diagnosis::{self, Observation},
    observer::Absence,
    options::SettledLoad,
    prepare::Steps,
    results,
    setup::Setup,
    verdict,
    window::Window,
};
use crate::{
    engine::{ClientModel, Recycling},
    observe,
    record::{self, Ended, Outcome, Record},
    stats::Spacing,
    target::Target,
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Change of the rate within a window from which it is said; identical runs differ by up to 11 %.
const UNSTEADY: f64 = 0.2;

/// What a record is made of.
pub(super) struct Parts<'a> {
    pub(super) setup: &'a Setup,
    pub(super) knee: Option<record::Knee>,
    pub(super) window: Window,
    pub(super) prepared: &'a Prepared,
    pub(super) options: &'a RunOptions,
    pub(super) steps: Steps,
    pub(super) left_out: Vec<String>,
    pub(super) started_at: DateTime<Utc>,
}

impl Parts<'_> {
    pub(super) fn assemble(self) -> Record {
        let (setup, window) = (self.setup, self.window);
        let workload = &setup.bound.workload;
        let slo = self.options.slo.or(workload.slo).unwrap_or_default();
        let strict = self.options.slo.is_some();
        let results =
            results::results(&setup.bound, &window.driven.measured, slo, strict, self.prepared.seed);
        let stages = results::stages(&setup.load.stages, &window.driven.measured, slo);
        let mut record = Record {
            format: record::FORMAT.to_owned(),
            version: record::VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            run: record::Run {
                started_at: self.started_at,
                finished_at: Utc::now(),
                ended: window.ended,
                seed: self.prepared.seed,
            },
            block: self.options.block.clone(),
            host: observe::host(),
            server: server(setup, &self.prepared.target),
            catalog: self.prepared.catalog.clone(),
            workload: workload_text(setup, self.left_out),
            load: load(&setup.load, setup.engine.threads()),
            brake: setup.brake.as_ref().map(Brake::record),
            steps: self.steps.done,
            window: record::Window {
                started_at: window.driven.started_at,
                seconds: window.driven.measured.elapsed.as_secs_f64(),
            },
            schedule: schedule(&setup.load, &window),
            knee: self.knee,
            stages,
            connections: record::Connections {
                at_start: results::latency(setup.engine.opened()),
                failed: window.driven.measured.connect_failures,
                connect: results::latency(&window.driven.measured.connect),
            },
            floor: floor(&window),
            operations: results.operations,
            overall: results.overall,
            series: results.series,
            samples: window.driven.samples,
            evidence: window.evidence,
            plans: window.explained.plans,
            what_ifs: window.explained.what_ifs,
            disturbances: Vec::new(),
            verdict: record::Verdict {
                outcome: Outcome::Inconclusive,
                sentence: String::new(),
                cautions: Vec::new(),
            },
            advice: Vec::new(),
        };
        record.disturbances = diagnosis::diagnose(&Observation::of(&record));
        record.disturbances.extend(record.knee.as_ref().and_then(diagnosis::search_disturbed));
        record.verdict = verdict(&record, &window.driven.absences, &self.prepared.target);
        let told = not_whole(setup, &record.load);
        record.verdict.cautions.extend(told);
        record
    }
}

fn floor(window: &Window) -> Option<record::Floor> {
    let floor = window.floor.as_ref()?;
    let round_trip = &floor.operations[0].statements[0].service;
    (round_trip.count() > 0).then(|| record::Floor {
        seconds: floor.elapsed.as_secs_f64(),
        round_trip: results::latency(round_trip),
    })
}

fn workload_text(setup: &Setup, left_out: Vec<String>) -> record::WorkloadText {
    let workload = &setup.bound.workload;
    let unfit = setup.unfit.iter().map(|unfit| unfit.operation.clone());
    record::WorkloadText {
        name: workload.name.clone(),
        origin: workload.origin.clone(),
        text: workload.text.clone(),
        sha256: hex(&Sha256::digest(workload.text.as_bytes())),
        protocol: setup.bound.protocol.name().to_owned(),
        left_out: left_out.into_iter().chain(unfit).collect(),
    }
}

/// The objective's verdict, unless something forbids to believe it.
fn verdict(record: &Record, absences: &[Absence], target: &Target) -> record::Verdict {
    let mut verdict =
        verdict::conclude(&record.operations, &record.overall, cautions(record, absences, target));
    if record.run.ended == Ended::ServerLost {
        let fate = target.fate().unwrap_or_else(|| "it does not answer any more".to_owned());
        verdict.outcome = Outcome::Inconclusive;
        verdict.sentence = format!("The server went away in the window, so nothing is proved ({fate})");
        return verdict;
    }
    if let Some(why) = record.brake.as_ref().and_then(|brake| brake.tripped.as_ref())
        && record.run.ended == Ended::Braked
    {
        verdict.outcome = Outcome::Inconclusive;
        verdict.sentence = format!("The brake ended the load, so nothing is proved: {why}");
        return verdict;
    }
    verdict::doubt(&mut verdict, &record.disturbances);
    verdict
}

fn load(load: &SettledLoad, threads: usize) -> record::Load {
    let engine = &load.engine;
    let psycopg2 = engine.model != ClientModel::Pool;
    let spaced = load.is_open() || load.think.is_some();
    record::Load {
        model: if load.is_open() { "open" } else { "closed" }.to_owned(),
        client_model: engine.model.name().to_owned(),
        clients: engine.clients,
        connections: engine.pool.size,
        pool_min: psycopg2.then_some(if engine.pool.per_checkout {
            0
        } else {
            engine.pool.min.min(engine.pool.size)
        }),
        connect_per_checkout: engine.pool.per_checkout,
        recycling: (!psycopg2).then(|| {
            let name = match engine.pool.recycling {
                Recycling::Fast => "fast",
                Recycling::Verified => "verified",
                Recycling::Clean => "clean",
            };
            name.to_owned()
        }),
        pool_timeout_seconds: engine
            .pool
            .timeout
            .filter(|_| engine.model == ClientModel::Pool)
            .map(|timeout| timeout.as_secs_f64()),
        max_rate_per_second: engine.max_rate,
        threads,
        stages: load.stages.iter().map(ToString::to_string).collect(),
        arrivals: spaced.then(|| {
            let name = match load.spacing {
                Spacing::Uniform => "uniform",
                Spacing::Poisson => "poisson",
            };
            name.to_owned()
        }),
        queue: load.is_open().then_some(engine.queue),
        think_seconds: load.think.map(|think| think.mean.as_secs_f64()),
        round_trip_delay_us: engine.round_trip.as_secs_f64() * 1e6,
        warmup_seconds: load.warmup.as_secs_f64(),
        duration_seconds: load.duration.as_secs_f64(),
    }
}

/// Absent where nothing was planned.
fn schedule(load: &SettledLoad, window: &Window) -> Option<record::Schedule> {
    (load.is_open() || load.think.is_some()).then(|| record::Schedule {
        asked_per_second: match window.ended {
            Ended::AsPlanned => load.mean_rate(),
            _ => load.mean_rate_until(window.driven.measured.elapsed),
        },
        start_error: results::latency(&window.driven.measured.release_error),
    })
}

fn server(setup: &Setup, target: &Target) -> record::Server {
    let facts = &setup.server;
    record::Server {
        kind: if target.is_embedded() { record::ServerKind::Embedded } else { record::ServerKind::External },
        origin: target.origin().to_owned(),
        address: target.address().to_owned(),
        is_local: target.is_on_this_machine(),
        session: Some(setup.observer.reached.clone()),
        version: facts.version.clone(),
        version_number: facts.version_number,
        build: facts.build.clone(),
        collation: facts.collation.clone(),
        data_file_system: target.data_file_system(),
        machine: target.machine().cloned(),
        flags: target.profile().map(str::to_owned),
    }
}

/// What makes the numbers less than they seem.
fn cautions(record: &Record, absences: &[Absence], target: &Target) -> Vec<String> {
    let mut cautions = target.cautions();
    if record.run.ended != Ended::AsPlanned {
        cautions.push("the run was cut short: the numbers are those of the part that ran".to_owned());
    }
    let overall = &record.overall;
    let lost = overall.failed + overall.shed + overall.unfinished;
    if lost > 0 {
        cautions.push(format!(
            "{lost} calls were not answered ({} failed, {} shed, {} unfinished); they count as misses and have no latency",
            overall.failed, overall.shed, overall.unfinished
        ));
    }
    if record.knee.as_ref().is_some_and(|knee| knee.trials.is_empty()) {
        cautions.push("the knee was not searched for: the time was too short for one block".to_owned());
    } else if record.knee.as_ref().is_some_and(|knee| !knee.bracketed) {
        cautions.push("the knee was not found: it lies beyond the rates that were tried".to_owned());
    }
    if record.knee.is_some() && record.operations.iter().any(|operation| operation.writes) {
        cautions.push(
            "the search wrote to the catalog: the rates were tried, and the window measured, on a catalog that grew"
                .to_owned(),
        );
    }
    for absence in absences {
        let from = absence.from.as_secs_f64();
        cautions.push(match absence.until {
            Some(until) => format!(
                "the server was away, or ended the session that looks on: seen from {from:.1} s to {:.1} s into the window",
                until.as_secs_f64()
            ),
            None => format!("the server was away from {from:.1} s into the window on"),
        });
    }
    let closed = record.load.stages.is_empty();
    if let Some(drift) = record.series.drift().filter(|drift| closed && (drift - 1.0).abs() > UNSTEADY) {
        let (change, direction) = ((drift - 1.0).abs() * 100.0, if drift < 1.0 { "fell" } else { "rose" });
        cautions.push(format!(
            "not a steady state: the rate {direction} by {change:.0} % from the first to the last third of the window; the percentiles are of all of it"
        ));
    }
    let told = record.disturbances.iter().filter(|disturbance| !disturbance.decisive);
    cautions.extend(told.map(|disturbance| disturbance.sentence.clone()));
    if record.samples.samples.is_empty() || record.samples.processors == 0 {
        cautions.push(
            "the machine could not be watched through the window: whether others disturbed the run is not known"
                .to_owned(),
        );
    }
    let missing = record.evidence.missing.iter().chain(&record.samples.missing);
    cautions.extend(missing.map(|missing| format!("not seen: {missing}")));
    cautions
}

/// What was not measured of what was asked for: operations that the tables cannot answer, and all that a cap held back.
fn not_whole(setup: &Setup, load: &record::Load) -> Vec<String> {
    let unfit = setup.unfit.iter();
    let unfit = unfit.map(|unfit| format!("not measured: {}, because {}", unfit.operation, unfit.reason));
    let capped = load.max_rate_per_second.filter(|_| load.model == "closed").map(|most| {
        format!(
            "the load was capped at {most} calls/s (--max-rate): its throughput is not what the server can do"
        )
    });
    unfit.chain(capped).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
