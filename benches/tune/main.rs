//! What the tuner makes of bad starts that are planted, beside random search and a formula, and of one that is well set.
//! `cargo bench --bench tune -- [--start NAME] [--search guided,random,formula] [--budget 10min] [--well-set 10] [--keep FILE]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

#[path = "../common/harness.rs"]
mod harness;
mod kept;
#[path = "../common/program.rs"]
mod program;
mod recovery;
mod starts;

use clap::Parser;
use harness::{Harness, Outcome, ended};
use kept::{Kept, Key};
use recovery::{Tuned, recovered, tuned};
use starts::{STARTS, Start, WELL_SET};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// The search that is to show what it is worth; the others are its controls.
const GUIDED: &str = "guided";
/// Part of a loss that is to be won back.
const WANTED: f64 = 0.9;
/// What is left of a loss with one search may be more than with another by this much (a logarithm), by chance.
const SLACK: f64 = 0.05;

/// Plants bad starts, lets the tuner search, and tells how much of the loss it won back
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench tune --")]
struct Options {
    /// Bad start (default: each of them, and one that is well set)
    #[arg(long)]
    start: Option<String>,
    /// Searches that are compared
    #[arg(long, value_delimiter = ',', default_value = "guided,random,single,formula")]
    search: Vec<String>,
    /// Studies of each start by each search, each with a seed of its own
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Longest time of a study
    #[arg(long, default_value = "10min", value_parser = humantime::parse_duration)]
    budget: Duration,
    /// Studies of a start that is well set
    #[arg(long, default_value_t = 10)]
    well_set: u64,
    /// Pairs of blocks by which what was won back is measured; fewer than 11 only show that it works
    #[arg(long, default_value_t = 20)]
    pairs: u32,
    /// File that gets a line for each study; those that it has already are not made again
    #[arg(long)]
    keep: Option<PathBuf>,
    #[command(flatten)]
    harness: Harness,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if !options.harness.is_wanted("tune") {
        return ExitCode::SUCCESS;
    }
    if options.harness.is_test() {
        let (budget, search) = (Duration::from_secs(20), vec![GUIDED.to_owned()]);
        options = Options { budget, search, start: Some("jit".to_owned()), pairs: 3, ..options };
    }
    ended("tune", run(&options))
}

fn run(options: &Options) -> Outcome<()> {
    let mut kept = Kept::open(options.keep.as_deref())?;
    let (mut won, mut beaten, mut all) = (0, 0, 0);
    let wanted = |start: &&Start| options.start.as_ref().is_none_or(|name| start.name == name);
    for start in STARTS.iter().filter(wanted) {
        let start = &if options.harness.is_test() { in_a_hurry(start) } else { *start };
        for seed in 1..=options.seeds {
            let mut left = Vec::new();
            for search in &options.search {
                let found = one(options, &mut kept, start, search, seed)?;
                println!("{}", line(start.name, search, &found));
                left.extend(found.recovered.map(|of| (search.as_str(), of)));
            }
            let guided = left.iter().find(|(search, _)| *search == GUIDED).map(|(_, of)| *of);
            let Some(guided) = guided else { continue };
            all += 1;
            won += u64::from(guided.share().is_some_and(|share| share >= WANTED));
            beaten += u64::from(left.iter().all(|(_, other)| guided.tuned <= other.tuned + SLACK));
        }
    }
    if all > 0 {
        println!("At least {:.0} % of the loss was won back in {won} of {all} studies", WANTED * 100.0);
        println!("No control was better by more than {:.0} % in {beaten} of {all}", SLACK * 100.0);
    }
    if options.start.is_none() {
        well_set(options, &mut kept)?;
    }
    if options.harness.is_test() {
        println!("This was to see that it works: a study of seconds means nothing.");
    }
    Ok(())
}

/// The same with blocks that take next to no time.
fn in_a_hurry(start: &Start) -> Start {
    let load = &["--clients", "4", "--duration", "300ms", "--warmup", "100ms"];
    Start { tracks: 300, load, ..*start }
}

/// Studies where there is nothing to win.
fn well_set(options: &Options, kept: &mut Kept) -> Outcome<()> {
    let mut quiet = 0;
    for seed in 1..=options.well_set {
        let found = one(options, kept, &WELL_SET, GUIDED, seed)?;
        println!("{}", line(WELL_SET.name, GUIDED, &found));
        quiet += u64::from(found.recommended.is_empty() && found.sentence.starts_with("nothing to gain"));
    }
    println!(
        "From a start that is well set, {quiet} of {} studies found nothing to gain and changed nothing",
        options.well_set
    );
    Ok(())
}

fn one(options: &Options, kept: &mut Kept, start: &Start, search: &str, seed: u64) -> Outcome<Tuned> {
    let key = Key {
        start: start.name.to_owned(),
        search: search.to_owned(),
        seed,
        budget_seconds: options.budget.as_secs(),
        pairs: options.pairs,
    };
    let known = kept.cost_of(start.name, options.pairs);
    kept.get_or(key, || {
        let mut found = tuned(start, search, options.budget, seed)?;
        if start.name != WELL_SET.name {
            found.recovered = Some(recovered(start, &found.recommended, options.pairs, known)?);
        }
        Ok(found)
    })
}

fn line(start: &str, search: &str, found: &Tuned) -> String {
    let settings: Vec<String> =
        found.recommended.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let won = found.recovered.map_or_else(String::new, |of| {
        let share = of.share().map_or_else(
            || "no loss to win back".to_owned(),
            |share| format!("won back {:.0} % of it", share * 100.0),
        );
        format!("; what is planted costs {:+.1} %, {share}", of.start.exp_m1() * 100.0)
    });
    format!(
        "{start}, {search}: {} in {:.1} min, {} measurements: {}{won}",
        found.sentence,
        found.seconds / 60.0,
        found.trials,
        if settings.is_empty() { "no change".to_owned() } else { settings.join(" ") }
    )
}
