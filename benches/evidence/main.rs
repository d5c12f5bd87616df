//! What the evidence costs: the same load with it and without it, in turns, as ratios of their throughput.
//! `cargo bench --bench evidence -- [--pairs 60] [--seconds 2] [--workload read] [--plain-server]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

#[path = "../common/mod.rs"]
mod common;
mod phases;
mod runs;
#[path = "../common/stage.rs"]
mod stage;
#[path = "../common/windows.rs"]
mod windows;

use clap::Parser;
use common::{Harness, Outcome, ended};
use loist_bench::stats;
use std::process::ExitCode;
use windows::Windows;

/// Digits of a ratio.
const DIGITS: usize = 3;

/// Runs a workload with the evidence and without it, in turns, and prints the ratio of their throughput
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench evidence --")]
struct Options {
    #[command(flatten)]
    windows: Windows,
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
        options.windows = options.windows.in_a_hurry();
    }
    ended("evidence", compare(&options))
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

fn heading(options: &Options) -> String {
    let Windows { pairs, seconds, clients, tracks, workload } = &options.windows;
    let servers = match options.plain_server {
        true => "Whole runs on two servers side by side; the one without evidence preloads nothing.",
        false => "Windows in turn over the same connections of one server, with pg_stat_statements loaded.",
    };
    format!("{workload}, {tracks} tracks, {clients} clients, {pairs} pairs of {seconds} s each.\n{servers}\n")
}

fn result(ratios: &[f64]) -> String {
    let median = stats::median(ratios).unwrap_or_default();
    let interval = windows::interval(ratios, DIGITS);
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    format!(
        "Throughput with evidence : without, within each pair\n\
         median {median:.DIGITS$} ({least:.DIGITS$}..{most:.DIGITS$}); {interval}\n\
         Below 1, the evidence costs throughput; an interval that holds 1 tells no difference."
    )
}
