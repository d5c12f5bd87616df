//! Whole runs, with the evidence on one server and without it on another that preloads nothing.

use super::{Options, Outcome, server::Server, told};
use loist_bench::{
    catalog::State,
    engine::{ClientModel, Recycling},
    lab::{self, CatalogOptions, Interrupt, LoadOptions, RunOptions},
    record::Ended,
    stats::Spacing,
    target::{TargetOptions, Transport},
    workload::builtin,
};
use std::time::Duration;

/// Throughput with evidence : without, of each pair.
pub(crate) fn ratios(options: &Options) -> Outcome<Vec<f64>> {
    let interrupt = Interrupt::listen(|| {})?;
    let with = Server::start(&[])?;
    with.install_instruments()?;
    let without = Server::start(&["--set", "shared_preload_libraries="])?;
    let mut ratios = Vec::new();
    for pair in 1..=options.pairs {
        let on = || measure(options, &with, true, &interrupt);
        let off = || measure(options, &without, false, &interrupt);
        // What drifts with time favours neither side.
        let (on, off) = if pair % 2 == 1 {
            let on = on()?;
            (on, off()?)
        } else {
            let off = off()?;
            (on()?, off)
        };
        ratios.push(told(pair, options, on, off));
    }
    Ok(ratios)
}

/// Calls a second of one window.
fn measure(options: &Options, server: &Server, evidence: bool, interrupt: &Interrupt) -> Outcome<f64> {
    let run = RunOptions {
        catalog: CatalogOptions { tracks: options.tracks, seed: 42, state: State::Vacuumed },
        target: target(server),
        load: load(options),
        slo: None,
        protocol: None,
        knee: None,
        metrics: None,
        evidence,
    };
    let record = lab::run(builtin::find(&options.workload)?, &run, interrupt, &|_| {})?.record;
    if record.run.ended != Ended::AsPlanned {
        return Err("the run was cut short".into());
    }
    let overall = &record.overall;
    if overall.completed == 0 || overall.failed > 0 {
        return Err(format!("{} calls failed", overall.failed).into());
    }
    Ok(overall.calls_per_second)
}

fn target(server: &Server) -> TargetOptions {
    TargetOptions {
        database_url: Some(server.url().to_owned()),
        embedded: false,
        pg_bin: None,
        pg_version: None,
        transport: Transport::Unix,
        settings: Vec::new(),
        machine: None,
        profile: None,
        keep_server: false,
        use_existing: false,
    }
}

/// A closed loop without pauses: whatever the evidence takes is missing from the rate.
fn load(options: &Options) -> LoadOptions {
    LoadOptions {
        rate: None,
        stages: Vec::new(),
        spacing: Spacing::Poisson,
        think: None,
        model: ClientModel::Pool,
        clients: Some(options.clients.into()),
        connections: None,
        pool_min: 0,
        connect_per_checkout: false,
        recycling: Recycling::Fast,
        pool_timeout: None,
        queue: None,
        round_trip: Duration::ZERO,
        threads: None,
        warmup: Duration::from_secs(if options.test { 0 } else { 2 }),
        duration: Duration::from_secs(options.seconds.into()),
    }
}
