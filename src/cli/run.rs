//! `loist-bench run`.

use super::{
    args::{CatalogArgs, Format, OutputArgs, ReportsArg, SloArg, TargetArgs, WorkloadArg, said, truth},
    failure::Failure,
    interrupt::{self, Reserved},
    keep::{self, Keeper, Series},
    load_args::{LoadArgs, time},
    output,
    progress::Progress,
    shard_args::ShardArgs,
    sweep_arg::{Axis, axis},
};
use crate::{
    lab::{
        self, Interrupt, Looks, Run, RunOptions, SHORTEST_SEARCH, ShardOptions,
        sweep::{self, Setting},
    },
    record::{Ended, Outcome, Place, Record},
    report,
    workload::Workload,
};
use chrono::{DateTime, Utc};
use clap::{ArgMatches, Args};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

/// Measure: seed what is missing, put the load on, judge, explain
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    workload: WorkloadArg,
    #[command(flatten)]
    catalog: CatalogArgs,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    experiment: ExperimentArgs,
    #[command(flatten)]
    shards: ShardArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    reports: ReportsArg,
    /// Serve metrics for Prometheus during the run, as in 127.0.0.1:19188; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", env = "LOIST_BENCH_METRICS", help_heading = "Output")]
    metrics: Option<SocketAddr>,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Question")]
struct ExperimentArgs {
    #[command(flatten)]
    objective: SloArg,
    /// Run once for each value, as in pool=2,5,10,20,50; also clients, rate, tracks, protocol (may be repeated: every
    /// combination)
    #[arg(long, value_name = "NAME=VALUES", env = "LOIST_BENCH_SWEEP", value_parser = axis)]
    sweep: Vec<Axis>,
    /// Search for the highest rate at which the objective holds, then measure there; --rate is where the search begins
    #[arg(long, env = "LOIST_BENCH_KNEE", value_parser = truth)]
    knee: bool,
    /// Longest search; with less than 150s, its blocks get shorter and its answer less sure
    #[arg(long, default_value = "3min", value_name = "TIME", env = "LOIST_BENCH_KNEE_BUDGET", value_parser = time)]
    knee_budget: Duration,
}

pub(super) fn execute(args: RunArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let workload = args.workload.find()?;
    let experiment = &args.experiment;
    let axes: Vec<_> = experiment.sweep.iter().map(|axis| axis.0.clone()).collect();
    let sweeps_rate = axes.iter().flatten().any(|setting| matches!(setting, Setting::Rate(_)));
    args.load.without_effect(matches, &workload, experiment.knee, sweeps_rate)?;
    if said(matches, "knee_budget") && !experiment.knee {
        return Err(Failure::bad_input("--knee-budget is for --knee: add it, or leave --knee-budget out"));
    }
    if experiment.knee && experiment.knee_budget < SHORTEST_SEARCH {
        return Err(Failure::bad_input(format!(
            "--knee-budget must be at least {}: a search is made of blocks of 2 s and more",
            humantime::format_duration(SHORTEST_SEARCH)
        )));
    }
    let alone = [("--knee", experiment.knee), ("--sweep", !axes.is_empty())];
    let shard = args.shards.options(matches, &alone)?;
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let options = RunOptions {
        catalog: args.catalog.options(),
        target: args.target.options(),
        protocol: args.load.protocol(),
        load: args.load.options(),
        slo: args.experiment.objective.slo,
        knee: args.experiment.knee.then_some(args.experiment.knee_budget),
        metrics: args.metrics,
        looks: Looks::Everything,
        block: None,
    };
    let name = match &shard {
        Some(shard) => format!("{}-shard-{}-of-{}", workload.name, shard.part.number(), shard.part.of()),
        None => workload.name.clone(),
    };
    let keeper = Keeper { reports: &args.reports.out, workload: name, reserved };
    if axes.is_empty() {
        return once(workload, &options, shard.as_ref(), &interrupt, &keeper, &args.output);
    }
    let points = sweep::points(&axes)?;
    several(&workload, &options, &points, &interrupt, &keeper, &args.output)
}

fn once(
    workload: Workload,
    options: &RunOptions,
    shard: Option<&ShardOptions>,
    interrupt: &Interrupt,
    keeper: &Keeper<'_>,
    output: &OutputArgs,
) -> Result<ExitCode, Failure> {
    let place = keeper.place()?;
    let progress = Progress::new(output.progress.quiet);
    let listen = |event| progress.hear(event);
    let run = match shard {
        None => lab::run(workload, options, interrupt, &listen),
        Some(shard) => lab::run_shard(shard, workload, options, interrupt, &listen),
    };
    progress.end();
    tell(&place, &run?, keeper, output)
}

/// Keeps a run and says what it came to.
pub(super) fn tell(
    place: &Place,
    run: &Run,
    keeper: &Keeper<'_>,
    output: &OutputArgs,
) -> Result<ExitCode, Failure> {
    let stored = keep::store(place, run);
    match output.format {
        Format::Json => output::print_json(&run.record)?,
        Format::Text => output::print(&report::terminal::render(&run.record))?,
    }
    // What was measured is shown even where it cannot be kept, and kept even where no page can be made of it.
    let record = stored?;
    let page = keep::explain(&record);
    keeper.list();
    if output.format == Format::Text {
        output::print(&paths(page.as_ref(), "Record", &[record]))?;
    }
    Ok(ExitCode::from(code(&run.record)))
}

/// The last lines: the page first, then the records.
fn paths(page: Option<&PathBuf>, name: &str, records: &[PathBuf]) -> String {
    let page = page.map(|page| format!("Report: {}\n", page.display())).unwrap_or_default();
    let records: Vec<String> = records.iter().map(|record| record.display().to_string()).collect();
    let below = format!("\n{}", " ".repeat(name.len() + 2));
    format!("\n{page}{name}: {}\n", records.join(&below))
}

fn several(
    workload: &Workload,
    options: &RunOptions,
    points: &[sweep::Point],
    interrupt: &Interrupt,
    keeper: &Keeper<'_>,
    output: &OutputArgs,
) -> Result<ExitCode, Failure> {
    let mut series = Series::begin(keeper)?;
    let progress = Progress::new(output.progress.quiet);
    let listen = |event| progress.hear(event);
    let mut keep = |run: &Run| series.keep(run, &listen);
    let swept = sweep::sweep(workload, options, points, interrupt, &listen, &mut keep);
    progress.end();
    match output.format {
        _ if swept.runs.is_empty() => {}
        Format::Json => {
            output::print_json(&swept.runs.iter().map(|(_, record)| record).collect::<Vec<_>>())?;
        }
        Format::Text => output::print(&report::sweep::render(&labelled(&swept.runs)))?,
    }
    let kept = in_order(&series.kept, &swept.runs);
    let page = pages(keeper, &kept);
    if output.format == Format::Text && !swept.runs.is_empty() {
        output::print(&paths(page.as_ref(), "Records", &kept))?;
    }
    if let Some(failure) = swept.failure {
        return Err(failure);
    }
    // The gravest outcome of all speaks for the sweep.
    let gravity = [130, 3, 1, 4, 0];
    let codes: Vec<u8> = swept.runs.iter().map(|(_, record)| code(record)).collect();
    Ok(ExitCode::from(gravity.into_iter().find(|code| codes.contains(code)).unwrap_or_default()))
}

/// The records in the order of the points: they ran in another one.
fn in_order(kept: &[(DateTime<Utc>, PathBuf)], runs: &[(sweep::Point, Record)]) -> Vec<PathBuf> {
    let of = |(_, record): &(sweep::Point, Record)| {
        kept.iter().find(|(started, _)| *started == record.run.started_at).map(|(_, file)| file.clone())
    };
    runs.iter().filter_map(of).collect()
}

/// The pages of a sweep: one of each point, one of all.
fn pages(keeper: &Keeper<'_>, records: &[PathBuf]) -> Option<PathBuf> {
    for record in records {
        keep::explain(record);
    }
    let page = keep::compare(records);
    if !records.is_empty() {
        keeper.list();
    }
    page
}

fn labelled(runs: &[(sweep::Point, Record)]) -> Vec<(Vec<(String, String)>, &Record)> {
    let label = |setting: &Setting| (setting.dimension().to_owned(), setting.value());
    runs.iter().map(|(point, record)| (point.iter().map(label).collect(), record)).collect()
}

fn code(record: &Record) -> u8 {
    match (record.run.ended, record.verdict.outcome) {
        (Ended::Interrupted, _) => 130,
        (Ended::ServerLost, _) => 3,
        (Ended::AsPlanned, Outcome::Met) => 0,
        (Ended::AsPlanned, Outcome::Missed) => 1,
        (Ended::Braked, _) | (Ended::AsPlanned, Outcome::Inconclusive) => 4,
    }
}
