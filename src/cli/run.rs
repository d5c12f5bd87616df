//! `loist-bench run`.

use super::{
    args::{CatalogArgs, Format, OutputArgs, TargetArgs},
    failure::Failure,
    output,
    progress::Progress,
};
use crate::{
    lab::{self, Interrupt, RunOptions},
    record::{Ended, Outcome, Place, Record},
    report,
    workload::{Protocol, Slo, builtin},
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Measure: seed what is missing, put the load on, judge, explain
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Built-in workload (mcp-mix, read, search, ingest, browse, fuzzy) or a workload file
    #[arg(default_value = builtin::DEFAULT, env = "LOIST_BENCH_WORKLOAD")]
    workload: String,
    #[command(flatten)]
    catalog: CatalogArgs,
    #[command(flatten)]
    load: LoadArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Directory that gets a directory for this run's record
    #[arg(
        long,
        value_name = "DIR",
        default_value = "reports",
        env = "LOIST_BENCH_OUT",
        help_heading = "Output"
    )]
    out: PathBuf,
}

/// How hard.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
struct LoadArgs {
    /// Clients that call at the same time, each its next call when the last is answered
    #[arg(long, short, default_value_t = 4, env = "LOIST_BENCH_CLIENTS", value_parser = count)]
    clients: usize,
    /// Connections that the clients share (default: one each)
    #[arg(long, env = "LOIST_BENCH_CONNECTIONS", value_parser = count)]
    connections: Option<usize>,
    /// Load before the window, not measured
    #[arg(long, default_value = "2s", value_name = "TIME", env = "LOIST_BENCH_WARMUP", value_parser = time)]
    warmup: Duration,
    /// Length of the measured window
    #[arg(long, short, default_value = "30s", value_name = "TIME", env = "LOIST_BENCH_DURATION", value_parser = some_time)]
    duration: Duration,
    /// Objective of every operation, as in 200ms@p95 (default: the workload's own, else 200ms@p95)
    #[arg(long, value_name = "TIME@pNN", env = "LOIST_BENCH_SLO")]
    slo: Option<Slo>,
    /// How statements travel (default: the workload's own)
    #[arg(long, value_enum, env = "LOIST_BENCH_PROTOCOL")]
    protocol: Option<ProtocolArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProtocolArg {
    /// Parameters in the text, parsed and planned each time: what the server's driver does
    Simple,
    /// Parameters beside the text, parsed and planned each time
    Extended,
    /// Parsed once a connection
    Prepared,
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err("write a whole number from 1 to 10000".to_owned()),
    }
}

/// Longest phase; a longer one is a slip of the finger.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

fn time(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "write a time with its unit, as in 30s or 5min".to_owned())?;
    if duration > LONGEST {
        return Err("the longest time is 30d".to_owned());
    }
    Ok(duration)
}

fn some_time(text: &str) -> Result<Duration, String> {
    let duration = time(text)?;
    if duration < Duration::from_millis(100) {
        return Err("the window must last at least 100ms".to_owned());
    }
    Ok(duration)
}

pub(super) fn execute(args: RunArgs) -> Result<ExitCode, Failure> {
    let workload = builtin::find(&args.workload)?;
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::environment(format!("signals cannot be handled: {error}")))?;
    let options = RunOptions {
        catalog: args.catalog.options(),
        target: args.target.options(),
        clients: args.load.clients,
        connections: args.load.connections.unwrap_or(args.load.clients),
        warmup: args.load.warmup,
        duration: args.load.duration,
        slo: args.load.slo,
        protocol: args.load.protocol.map(|protocol| match protocol {
            ProtocolArg::Simple => Protocol::Simple,
            ProtocolArg::Extended => Protocol::Extended,
            ProtocolArg::Prepared => Protocol::Prepared,
        }),
    };
    let place = Place::reserve(&args.out, &workload.name)?;
    let progress = Progress::new(args.output.quiet);
    let record = lab::run(workload, &options, &interrupt, &|event| progress.hear(event));
    progress.end();
    let record = record?;
    let picture = report::curve::percentiles(&record);
    let stored = place.store(&record).and_then(|()| place.write("latency.svg", picture.as_bytes()));
    match args.output.format {
        Format::Json => output::print_json(&record)?,
        Format::Text => output::print(&report::terminal::render(&record))?,
    }
    // What was measured is shown even where it cannot be kept.
    stored?;
    if args.output.format == Format::Text {
        output::print(&format!("\nRecord: {}\n", place.directory().join("record.json").display()))?;
    }
    Ok(exit_code(&record))
}

fn exit_code(record: &Record) -> ExitCode {
    ExitCode::from(match (record.run.ended, record.verdict.outcome) {
        (Ended::Interrupted, _) => 130,
        (Ended::ServerLost, _) => 3,
        (Ended::AsPlanned, Outcome::Met) => 0,
        (Ended::AsPlanned, Outcome::Missed) => 1,
        (Ended::AsPlanned, Outcome::Inconclusive) => 4,
    })
}
