//! Whole runs, with the evidence on one server and without it on another that preloads nothing.

use super::{Options, Outcome, common::server::Server, stage::install_instruments};
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
    options.windows.ratios(super::DIGITS, |evidence| {
        let server = if evidence { &with } else { &without };
        measure(options, server, evidence, &interrupt)
    })
}

/// Calls a second of one window.
fn measure(options: &Options, server: &Server, evidence: bool, interrupt: &Interrupt) -> Outcome<f64> {
    let windows = &options.windows;
    // Without pauses, whatever the evidence takes is missing from the rate.
    let load = LoadOptions {
        warmup: Duration::from_secs(if options.harness.is_test() { 0 } else { 2 }),
        ..LoadOptions::closed(windows.clients.into(), windows.length())
    };
    let catalog = CatalogOptions { tracks: windows.tracks, seed: 42, state: State::Vacuumed };
    let looks = if evidence { Looks::Everything } else { Looks::Nothing };
    let run = RunOptions { looks, ..RunOptions::of(catalog, TargetOptions::at(server.url()), load) };
    let record = lab::run(builtin::find(&windows.workload)?, &run, interrupt, &|_| {})?.record;
    if record.run.ended != Ended::AsPlanned {
        return Err("the run was cut short".into());
    }
    let overall = &record.overall;
    if overall.completed == 0 || overall.failed > 0 {
        return Err(format!("{} calls failed", overall.failed).into());
    }
    Ok(overall.calls_per_second)
}
