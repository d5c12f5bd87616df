//! What watching costs: the same load with the collector and without it, in turns, as ratios of their throughput.
//! `cargo bench --bench monitor -- [--pairs 60] [--seconds 10] [--workload read] [--every 15s]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

mod collector;
#[path = "../common/mod.rs"]
mod common;
mod load;

use clap::Parser;
use collector::Collector;
use common::{Harness, Outcome, server::Server};
use load::Stage;
use loist_bench::stats;
use std::{process::ExitCode, time::Duration};

const WARM_UP: Duration = Duration::from_secs(2);

/// Runs a workload with the collector watching and without it, in turns, and prints the ratio of their throughput
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench monitor --")]
struct Options {
    /// How often each side runs; the order alternates
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pairs: u16,
    /// Length of each window
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    seconds: u16,
    /// Clients of the closed loop
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=250))]
    clients: u16,
    /// Tracks in the library
    #[arg(long, default_value_t = 10_000)]
    tracks: u64,
    /// A built-in workload, or a file
    #[arg(long, default_value = "read")]
    workload: String,
    /// How often the collector looks
    #[arg(long, default_value = "15s")]
    every: String,
    #[command(flatten)]
    harness: Harness,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if !options.harness.is_wanted("monitor") {
        return ExitCode::SUCCESS;
    }
    if options.harness.is_test() {
        let every = "1s".to_owned();
        options = Options { pairs: 1, seconds: 1, clients: 2, tracks: 200, every, ..options };
    }
    match compare(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("monitor: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Windows in turn over the same connections: what drifts with time, and which processor carries whom, favours neither
/// side. The collector that does not watch is stopped. It looks as soon as it goes on, so that short windows have more looks
/// than the interval alone would give them.
fn compare(options: &Options) -> Outcome<()> {
    let Options { pairs, seconds, clients, tracks, workload, every, .. } = options;
    println!(
        "{workload}, {tracks} tracks, {clients} clients, {pairs} pairs of {seconds} s each, a look every {every}.\n"
    );
    let server = Server::start(&[])?;
    server.seed(*tracks)?;
    load::install_instruments(&server)?;
    let mut stage = Stage::set(options, &server)?;
    stage.window(WARM_UP)?;
    let collector = Collector::start(&server, every)?;
    let before = collector.cpu_seconds()?;
    let mut ratios = Vec::new();
    for pair in 1..=*pairs {
        let mut window = |watched: bool| -> Outcome<f64> {
            collector.watch(watched)?;
            stage.window(Duration::from_secs((*seconds).into()))
        };
        let first_watched = pair % 2 == 1;
        let (first, second) = (window(first_watched)?, window(!first_watched)?);
        let (on, off) = if first_watched { (first, second) } else { (second, first) };
        eprintln!("pair {pair} of {pairs}: {on:.0} calls/s with, {off:.0} without, {:.4}", on / off);
        ratios.push(on / off);
    }
    collector.watch(true)?;
    let used = collector.cpu_seconds()? - before;
    let watched = f64::from(*pairs) * f64::from(*seconds);
    println!("{}", result(&ratios));
    println!("The collector itself used {used:.2} s of a processor in {watched:.0} s of watching.");
    if options.harness.is_test() {
        println!("This was to see that it works: figures of one second mean nothing.");
    }
    Ok(())
}

fn result(ratios: &[f64]) -> String {
    let median = stats::median(ratios).unwrap_or_default();
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let interval = match stats::median_interval(ratios) {
        Some(interval) => {
            format!("95 % interval of the median by the sign test: {:.4}..{:.4}", interval.low, interval.high)
        }
        None => "fewer than six pairs: there is no interval".to_owned(),
    };
    format!(
        "Throughput with the collector : without, within each pair\n\
         median {median:.4}, mean {mean:.4}; {interval}\n\
         Below 1, watching costs throughput; an interval that holds 1 tells no difference."
    )
}
