//! Whole runs, with the evidence on one server and without it on another that preloads nothing.

use super::{Options, Outcome, common::server::Server, phases::install_instruments, told};
use loist_bench::{
    catalog::State,
    lab::{self, CatalogOptions, Interrupt, LoadOptions, Looks, RunOptions},
    record::Ended,
    target::TargetOptions,
    workload::builtin,
};
use std::time::Duration;

/// Throughput with evidence : without, of each pair.
pub(crate) fn ratios(options: &Options) -> Outcome<Vec<f64>> {
    let interrupt = Interrupt::listen(|| {})?;
    let with = Server::start(&[])?;
    install_instruments(&with)?;
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
    // Without pauses, whatever the evidence takes is missing from the rate.
    let load = LoadOptions {
        warmup: Duration::from_secs(if options.harness.is_test() { 0 } else { 2 }),
        ..LoadOptions::closed(options.clients.into(), Duration::from_secs(options.seconds.into()))
    };
    let run = RunOptions {
        catalog: CatalogOptions { tracks: options.tracks, seed: 42, state: State::Vacuumed },
        target: TargetOptions::at(server.url()),
        load,
        slo: None,
        protocol: None,
        knee: None,
        metrics: None,
        looks: if evidence { Looks::Everything } else { Looks::Nothing },
        block: None,
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
