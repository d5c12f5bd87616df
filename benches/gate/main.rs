//! How often the gate finds a slowdown that is there: a search that does needless work, so much that it is slower by
//! what was asked for. `cargo bench --bench gate -- [--slow 20] [--trials 30] [--budget 10min] [--keep FILE]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

#[path = "../common/harness.rs"]
mod harness;
#[path = "../common/program.rs"]
mod program;
mod slowed;
mod trial;

use clap::Parser;
use harness::{Harness, Outcome, ended};
use loist_bench::stats::{clopper_pearson, median, shift};
use std::{path::PathBuf, process::ExitCode, time::Duration};
use trial::{Found, trial};

/// Runs the gate's comparison against a side whose search is slower, again and again, and tells how often it is found
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench gate --")]
struct Options {
    /// By how many percent the median of the search is slowed
    #[arg(long, default_value_t = 20.0)]
    slow: f64,
    /// Trials, each a whole comparison
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    trials: u16,
    /// Longest time of a trial
    #[arg(long, default_value = "10min", value_parser = humantime::parse_duration)]
    budget: Duration,
    /// Length of a block's window
    #[arg(long, default_value = "3s", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// Calls a second of both sides (default: a part of what the base can do)
    #[arg(long)]
    rate: Option<f64>,
    /// Tracks in the library
    #[arg(long, default_value_t = 10_000)]
    tracks: u64,
    /// Seed of the first trial
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows that the needless work goes through (default: as many as make it as slow as asked, found by measurement)
    #[arg(long)]
    rows: Option<u64>,
    /// File that gets a line for each trial; those that it has already are counted
    #[arg(long)]
    keep: Option<PathBuf>,
    #[command(flatten)]
    harness: Harness,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if !options.harness.is_wanted("gate") {
        return ExitCode::SUCCESS;
    }
    if options.harness.is_test() {
        let (budget, duration) = (Duration::from_secs(2), Duration::from_millis(300));
        options =
            Options { trials: 1, budget, duration, rate: Some(40.0), tracks: 100, rows: Some(10), ..options };
    }
    ended("gate", run(&options))
}

fn run(options: &Options) -> Outcome<()> {
    let rows = options.rows.map_or_else(|| calibrated(options), Ok)?;
    let mut found = options.keep.as_deref().map_or_else(|| Ok(Vec::new()), trial::read)?;
    while found.len() < usize::from(options.trials) {
        let one = trial(options, rows, options.seed + found.len() as u64, &[])?;
        eprintln!("trial {} of {}: {one}", found.len() + 1, options.trials);
        options.keep.as_deref().map_or(Ok(()), |file| trial::keep(file, &one))?;
        found.push(one);
    }
    println!("{}", result(options, rows, &found));
    if options.harness.is_test() {
        println!("This was to see that it works: a trial of two seconds means nothing.");
    }
    Ok(())
}

/// Pairs of the first look.
const FIRST_LOOK: [&str; 2] = ["--pairs", "12"];

/// Rows that make the median of the search as slow as asked, if what they cost grows in proportion.
fn calibrated(options: &Options) -> Outcome<u64> {
    let guess = slowed::FIRST_GUESS;
    let found = trial(options, guess, 0, &FIRST_LOOK)?;
    let change = shift(&found.pairs, 0.5).ok_or("nothing was measured to calibrate by")?.estimate.exp_m1();
    if change <= 0.0 {
        return Err(format!("{guess} rows did not slow the search: {:+.1} %", change * 100.0).into());
    }
    let rows = (guess as f64 * options.slow / 100.0 / change).round().max(1.0);
    eprintln!("{guess} rows of needless work slow the search by {:.1} %: taking {rows}", change * 100.0);
    Ok(rows as u64)
}

/// Minutes at which it is told how many trials had found it by then.
const MINUTES: [f64; 6] = [1.0, 2.0, 3.0, 5.0, 7.5, 10.0];

fn result(options: &Options, rows: u64, all: &[Found]) -> String {
    let found: Vec<&Found> = all.iter().filter(|one| one.found).collect();
    let worse: Vec<f64> = all.iter().flat_map(|one| one.pairs.iter().copied()).collect();
    let (hits, count) = (found.len() as u64, all.len() as u64);
    let share = clopper_pearson(hits, count, 0.95).map_or_else(String::new, |interval| {
        format!(", 95 % interval of the share {:.0} %..{:.0} %", interval.low * 100.0, interval.high * 100.0)
    });
    let truth = shift(&worse, 0.95).map_or_else(
        || "nothing".to_owned(),
        |shift| {
            let percent = |log: f64| log.exp_m1() * 100.0;
            let interval = shift.interval.map_or_else(String::new, |interval| {
                format!(", 95 % interval {:+.1} %..{:+.1} %", percent(interval.low), percent(interval.high))
            });
            format!("{:+.1} % ({} pairs{interval})", percent(shift.estimate), worse.len())
        },
    );
    let minutes: Vec<f64> = found.iter().map(|one| one.seconds / 60.0).collect();
    let typical = median(&minutes)
        .map_or_else(|| "it never was".to_owned(), |median| format!("median {median:.1} min"));
    let by = |most: &f64| format!("{most} min {}", minutes.iter().filter(|took| *took <= most).count());
    let by_median = found.iter().filter(|one| one.by_median).count();
    let others = all.iter().filter(|one| one.others > 0).count();
    format!(
        "Search slowed by {rows} rows of needless work: {} % as asked, {truth} as measured\n\
         Found in {hits} of {count} trials of at most {}{share}; in {by_median} of them by the search's own median\n\
         Time until it was found: {typical}; found within {}\n\
         Trials in which another operation, which was not slowed by itself, was called slower, too: {others}",
        options.slow,
        humantime::format_duration(options.budget),
        MINUTES.iter().map(by).collect::<Vec<_>>().join(", "),
    )
}
