//! What watching costs: the same load with the collector and without it, in turns, as ratios of their throughput.
//! `cargo bench --bench monitor -- [--pairs 60] [--seconds 10] [--workload read] [--every 15s]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

mod collector;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/stage.rs"]
mod stage;
#[path = "../common/windows.rs"]
mod windows;

use clap::Parser;
use collector::Collector;
use common::{Harness, Outcome, ended, server::Server};
use loist_bench::stats;
use stage::Stage;
use std::process::ExitCode;
use windows::{WARM_UP, Windows};

/// Digits of a ratio.
const DIGITS: usize = 4;

/// Runs a workload with the collector watching and without it, in turns, and prints the ratio of their throughput
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench monitor --", mut_arg("seconds", |arg| arg.default_value("10")))]
struct Options {
    #[command(flatten)]
    windows: Windows,
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
        "1s".clone_into(&mut options.every);
        options.windows = options.windows.in_a_hurry();
    }
    ended("monitor", compare(&options))
}

/// Windows in turn over the same connections: what drifts with time, and which processor carries whom, favours neither
/// side. The collector that does not watch is stopped. It looks as soon as it goes on, so that short windows have more looks
/// than the interval alone would give them.
fn compare(options: &Options) -> Outcome<()> {
    let Options { windows, every, .. } = options;
    let Windows { pairs, seconds, clients, tracks, workload } = windows;
    println!(
        "{workload}, {tracks} tracks, {clients} clients, {pairs} pairs of {seconds} s each, a look every {every}.\n"
    );
    let server = Server::start(&[])?;
    server.seed(*tracks)?;
    stage::install_instruments(&server)?;
    let (mut stage, _) = Stage::set(windows, &server)?;
    stage.window(WARM_UP)?;
    let collector = Collector::start(&server, every)?;
    let before = collector.cpu_seconds()?;
    let ratios = windows.ratios(DIGITS, |watched| {
        collector.watch(watched)?;
        stage.window(windows.length())
    })?;
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
    let interval = windows::interval(ratios, DIGITS);
    format!(
        "Throughput with the collector : without, within each pair\n\
         median {median:.DIGITS$}, mean {mean:.DIGITS$}; {interval}\n\
         Below 1, watching costs throughput; an interval that holds 1 tells no difference."
    )
}
