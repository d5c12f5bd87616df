//! The whole engine beside pgbench: the same SQL on the same server, in turns, as ratios with their spread.
//! `cargo bench --bench pgbench -- [--clients 8,16] [--pairs 5] [--seconds 10]`.

#![allow(clippy::print_stdout, clippy::print_stderr)] // It is a program for a terminal.

mod child;
#[path = "../common/mod.rs"]
mod common;
mod server;
mod side;
mod table;

use clap::Parser;
use common::{Harness, Outcome, ended};
use loist_bench::{lab::Interrupt, text::grouped};
use rand::seq::SliceRandom;
use server::Server;
use side::{Figures, Run, SIDES, THREADS};
use std::{io::Write, process::ExitCode, time::Duration};

/// Tracks in the library.
const TRACKS: u64 = 10_000;

/// Runs loist-bench, pgbench and pgbench -l in turns on one embedded server, and prints their ratios
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench pgbench --")]
struct Options {
    /// Numbers of clients, each measured on its own
    #[arg(long, value_delimiter = ',', default_value = "8,16", value_parser = clap::value_parser!(u16).range(1..=250))]
    clients: Vec<u16>,
    /// How often each side runs, for each number of clients
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pairs: u16,
    /// Length of each run
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    seconds: u16,
    #[command(flatten)]
    harness: Harness,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    if !options.harness.is_wanted("pgbench") {
        return ExitCode::SUCCESS;
    }
    if options.harness.is_test() {
        options = Options { clients: vec![2], pairs: 1, seconds: 1, ..options };
    }
    ended("pgbench", compare(&options))
}

fn compare(options: &Options) -> Outcome<()> {
    let interrupt = Interrupt::listen(|| {})?;
    let server = Server::start(TRACKS)?;
    let Some(pgbench) = server.pgbench()? else {
        let sentence = "there is no pgbench on this machine: install PostgreSQL's contrib programs";
        if options.harness.is_test() {
            println!("pgbench: skipped, {sentence}");
            return Ok(());
        }
        return Err(sentence.into());
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", heading(options, &server, &pgbench.version))?;
    for clients in &options.clients {
        let run = Run::new(&server, &pgbench, *clients, Duration::from_secs(options.seconds.into()))?;
        let mut pairs = Vec::new();
        for pair in 1..=options.pairs {
            eprintln!("{clients} clients, pair {pair} of {}", options.pairs);
            pairs.push(in_turns(&run, &interrupt)?);
        }
        writeln!(out, "{}", table::render(*clients, &pairs))?;
    }
    writeln!(out, "{}", table::EXPLANATION)?;
    if options.harness.is_test() {
        writeln!(out, "This was to see that it works: figures of one second mean nothing.")?;
    }
    Ok(())
}

/// Each side once, in random order; the figures come in the order of [`SIDES`].
fn in_turns(run: &Run<'_>, interrupt: &Interrupt) -> Outcome<[Figures; 3]> {
    let mut order = [0, 1, 2];
    order.shuffle(&mut rand::rng());
    let mut pair = [Figures::default(); 3];
    for index in order {
        pair[index] = run.measure(SIDES[index], interrupt)?;
    }
    Ok(pair)
}

fn heading(options: &Options, server: &Server, pgbench: &str) -> String {
    format!(
        "One track of {} by its id, 20 columns, the same row each time, prepared, in no transaction block.\n\
         PostgreSQL {}, {pgbench}; all on this machine, over the Unix socket.\n\
         Closed loop, a connection for each client, {THREADS} client threads, no warm-up.\n\
         Pairs: {}. In each, every side runs once for {} s, one after the other in random order.\n",
        grouped(TRACKS),
        server.version,
        options.pairs,
        options.seconds
    )
}
