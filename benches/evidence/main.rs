//! What the evidence costs: the same load with it and without it, in turns, as ratios of their throughput.
//! `cargo bench --bench evidence -- [--pairs 60] [--seconds 2] [--workload read] [--plain-server]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

#[path = "../common/mod.rs"]
mod common;
mod phases;
mod runs;

use clap::Parser;
use common::{Harness, Outcome};
use loist_bench::stats;
use std::process::ExitCode;

/// Runs a workload with the evidence and without it, in turns, and prints the ratio of their throughput
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench evidence --")]
struct Options {
    /// How often each side runs; the order alternates
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pairs: u16,
    /// Length of each window
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=3_600))]
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
    /// Make whole runs, and those without evidence on a server of its own that preloads nothing: what
    /// pg_stat_statements and auto_explain cost is in the ratio, too. Runs differ more than windows do
    #[arg(long)]
    plain_server: bool,
    #[command(flatten)]
    harness: Harness,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if !options.harness.is_wanted("evidence") {
        return ExitCode::SUCCESS;
    }
    if options.harness.is_test() {
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
    println!("{}", heading(options));
    let ratios = if options.plain_server { runs::ratios(options)? } else { phases::ratios(options)? };
    println!("{}", result(&ratios));
    if options.harness.is_test() {
        println!("This was to see that it works: figures of one second mean nothing.");
    }
    Ok(())
}

/// Tells of one pair, and gives its ratio.
fn told(pair: u16, options: &Options, on: f64, off: f64) -> f64 {
    eprintln!("pair {pair} of {}: {on:.0} calls/s with, {off:.0} without, {:.3}", options.pairs, on / off);
    on / off
}

fn heading(options: &Options) -> String {
    let Options { pairs, seconds, clients, tracks, workload, .. } = options;
    let servers = match options.plain_server {
        true => "Whole runs on two servers side by side; the one without evidence preloads nothing.",
        false => "Windows in turn over the same connections of one server, with pg_stat_statements loaded.",
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
