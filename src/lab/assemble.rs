//! From what a run measured to its record. Pure.

use super::{
    Prepared, RunOptions,
    brake::Brake,
    conclusion::{Seen, conclude, disturbances},
    load_record::{load, schedule},
    observer::Absence,
    prepare::Steps,
    results::{self, kinds},
    setup::Setup,
    window::Window,
};
use crate::{
    observe,
    record::{self, Ended, Outcome, Record},
    target::Target,
    text::sha256,
};
use chrono::{DateTime, Utc};

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
        let kinds = kinds(workload, slo, self.options.slo.is_some());
        let results = results::results(&kinds, &window.driven.measured, slo, self.prepared.seed);
        let stages = results::stages(&setup.load.own_stages(), &window.driven.measured, slo);
        let seen = seen(setup, &window, &self.prepared.target);
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
            shard: shard(self.prepared, &window, &seen),
            merged: None,
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
        record.disturbances = disturbances(&record);
        record.verdict = conclude(&record, &seen);
        record
    }
}

/// Its place among others, if it has one.
fn shard(prepared: &Prepared, window: &Window, seen: &Seen) -> Option<record::Shard> {
    let (shard, agreed) = prepared.shard.as_ref().zip(window.agreed.as_ref())?;
    Some(shard.record(agreed, window.clock_after.as_ref(), &window.driven.measured, seen.cautions()))
}

/// What this process saw and the numbers do not tell.
fn seen(setup: &Setup, window: &Window, target: &Target) -> Seen {
    let away = |absence: &Absence| {
        let from = absence.from.as_secs_f64();
        match absence.until {
            Some(until) => format!(
                "the server was away, or ended the session that looks on: seen from {from:.1} s to {:.1} s into the window",
                until.as_secs_f64()
            ),
            None => format!("the server was away from {from:.1} s into the window on"),
        }
    };
    let unfit = setup.unfit.iter();
    let unfit = unfit.map(|unfit| format!("not measured: {}, because {}", unfit.operation, unfit.reason));
    Seen {
        target: target.cautions(),
        away: window.driven.absences.iter().map(away).collect(),
        unfit: unfit.collect(),
        // Who asks waits for what the guard may have to say.
        fate: (window.ended == Ended::ServerLost).then(|| target.fate()).flatten(),
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
        sha256: sha256(&workload.text),
        protocol: setup.bound.protocol.name().to_owned(),
        left_out: left_out.into_iter().chain(unfit).collect(),
    }
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
