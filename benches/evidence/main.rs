//! What the evidence costs: the same load with it and without it, in turns, as ratios of their throughput.
//! `cargo bench --bench evidence -- [--pairs 15] [--seconds 20] [--plain-server]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

mod server;

use clap::Parser;
use loist_bench::{
    catalog::State,
    engine::{ClientModel, Recycling},
    lab::{self, CatalogOptions, Interrupt, LoadOptions, RunOptions},
    record::Ended,
    stats::{self, Spacing},
    target::{TargetOptions, Transport},
    workload::builtin,
};
use server::Server;
use std::{error::Error, process::ExitCode, time::Duration};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs a workload with the evidence and without it, in turns, and prints the ratio of their throughput
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench evidence --")]
struct Options {
    /// How often each side runs; the order alternates
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pairs: u16,
    /// Length of each window
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    seconds: u16,
    /// Clients of the closed loop
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=250))]
    clients: u16,
    /// Tracks in the library
    #[arg(long, default_value_t = 10_000)]
    tracks: u64,
    /// A built-in workload, or a file
    #[arg(long, default_value = "mcp-mix")]
    workload: String,
    /// Run the side without evidence on a server of its own that preloads nothing: what pg_stat_statements and
    /// auto_explain cost is in the ratio, too
    #[arg(long)]
    plain_server: bool,
    /// Only see that it works
    #[arg(long)]
    test: bool,
    /// What `cargo bench` always says, and `cargo test` never
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    list: bool,
    /// Part of the name of the benchmarks to run, as for those of other targets
    #[arg(hide = true)]
    filter: Option<String>,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if options.list {
        println!("evidence: benchmark");
        return ExitCode::SUCCESS;
    }
    if options.filter.as_ref().is_some_and(|part| !"evidence".contains(part.as_str())) {
        return ExitCode::SUCCESS;
    }
    options.test |= !options.bench;
    if options.test {
        options = Options { pairs: 1, seconds: 1, clients: 2, tracks: 200, ..options };
    }
    match compare(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("evidence: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Outcome<()> {
    let interrupt = Interrupt::listen(|| {})?;
    let with = Server::start(&[])?;
    with.install_instruments()?;
    let plain = match options.plain_server {
        true => Some(Server::start(&["--set", "shared_preload_libraries="])?),
        false => None,
    };
    let without = plain.as_ref().unwrap_or(&with);
    println!("{}", heading(options));
    let mut ratios = Vec::new();
    for pair in 1..=options.pairs {
        let on = || measure(options, &with, true, &interrupt);
        let off = || measure(options, without, false, &interrupt);
        // What drifts with time favours neither side.
        let (on, off) = if pair % 2 == 1 {
            let on = on()?;
            (on, off()?)
        } else {
            let off = off()?;
            (on()?, off)
        };
        eprintln!(
            "pair {pair} of {}: {on:.0} calls/s with, {off:.0} without, {:.3}",
            options.pairs,
            on / off
        );
        ratios.push(on / off);
    }
    println!("{}", result(&ratios));
    if options.test {
        println!("This was to see that it works: figures of one second mean nothing.");
    }
    Ok(())
}

fn heading(options: &Options) -> String {
    let Options { pairs, seconds, clients, tracks, workload, .. } = options;
    let servers = match options.plain_server {
        true => "Two servers side by side; the one without evidence preloads nothing.",
        false => "One server for both, with pg_stat_statements loaded.",
    };
    format!("{workload}, {tracks} tracks, {clients} clients, {pairs} pairs of {seconds} s each.\n{servers}\n")
}

fn result(ratios: &[f64]) -> String {
    let median = stats::median(ratios).unwrap_or_default();
    let interval = match stats::median_interval(ratios) {
        Some(interval) => {
            format!("95 % interval of the median by the sign test: {:.3}..{:.3}", interval.low, interval.high)
        }
        None => "fewer than six pairs: there is no interval".to_owned(),
    };
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    format!(
        "Throughput with evidence : without, within each pair\n\
         median {median:.3} ({least:.3}..{most:.3}); {interval}\n\
         Below 1, the evidence costs throughput; an interval that holds 1 tells no difference."
    )
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
