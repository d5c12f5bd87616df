//! `loist-bench capacity`.

mod question_args;

use super::{
    args::{Format, OutputArgs, ReportsArg, SloArg, WorkloadArg, flag, said, truth},
    bench_args::BenchArgs,
    failure::Failure,
    interrupt::{self, Reserved},
    keep::{self, Keeper, Series},
    load_args::time,
    output,
    progress::Progress,
    sets::records,
};
use crate::{
    capacity::{self, Capacity, CapacityError, MeasureOptions, Outcome, Prices, parse_tracks, short_tracks},
    lab::{Event, LoadOptions, Looks, Run, RunOptions, SHORTEST_SEARCH},
    record::{Place, Record},
    report, text,
};
use chrono::Utc;
use clap::{ArgMatches, Args};
use question_args::QuestionArgs;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Measure how latency, size and processor time grow with the library, and tell what follows: tiers, cost, connections
///
/// Each size is measured again and again at light load, with a library of its own each time; laws of growth are fitted to
/// that, and each prediction has its interval or the reason why none is warranted. Every run is a record in the reports, of
/// which --from builds the answer again.
///
/// Exit code: 0 the objective holds or may be missed, as the answer says; 1 it is predicted to be missed at a growth that
/// was asked for; 2 wrong usage or bad input; 3 the database or the environment failed; 4 of some operations nothing can be said,
/// or the predictions did not hold where --check measured; 130 interrupted.
#[derive(Debug, Args)]
#[command(
    mut_arg("tracks", |arg| arg.hide(true)),
    mut_arg("use_existing", |arg| arg.hide(true)),
    mut_arg("clients", |arg| arg.help("Clients, each of which makes one call at a time (default: 1, so that nobody waits)")),
    mut_arg("max_rate", |arg| arg.help("Most calls a second of all clients together (default: 150 where nothing else says how hard, so that a small library stays one; else none)")),
)]
pub(super) struct CapacityArgs {
    #[command(flatten)]
    workload: WorkloadArg,
    #[command(flatten)]
    measurement: MeasurementArgs,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    slo: SloArg,
    #[command(flatten)]
    pub(super) bench: BenchArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    reports: ReportsArg,
}

/// What is measured.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measurement")]
struct MeasurementArgs {
    /// Numbers of tracks to measure at, as in 1k,10k,100k: two or more, the largest at least a tenth of the growth that is
    /// asked for
    #[arg(long, default_value = "1k,10k,100k", value_name = "SIZES", env = "LOIST_BENCH_SIZES",
          value_delimiter = ',', value_parser = parse_tracks)]
    sizes: Vec<u64>,
    /// Runs at each size, each with a library of its own
    #[arg(long, default_value_t = 3, value_name = "RUNS", env = "LOIST_BENCH_REPEATS", value_parser = clap::value_parser!(u32).range(1..=100))]
    repeats: u32,
    /// Do not search for the highest rate that meets the objective
    #[arg(long, env = "LOIST_BENCH_NO_KNEE", value_parser = truth)]
    no_knee: bool,
    /// Longest search at each size
    #[arg(long, default_value = "1min", value_name = "TIME", env = "LOIST_BENCH_KNEE_BUDGET", value_parser = time)]
    knee_budget: Duration,
    /// Measure at this number of tracks, too, and tell whether what the sizes predict for it held
    #[arg(long, value_name = "SIZE", env = "LOIST_BENCH_CHECK", value_parser = parse_tracks)]
    check: Option<u64>,
    /// Measure nothing: answer from these records, each a record.json or a directory of some
    #[arg(long, value_name = "RECORD", num_args = 1..)]
    from: Vec<PathBuf>,
}

/// The answer's file.
pub(super) const ANSWER: &str = "capacity.json";

/// Calls a second at which a small library does not grow much in a window.
const LIGHT: f64 = 150.0;

pub(super) fn execute(args: CapacityArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let prices = args.question.prices.as_deref().map_or_else(|| Ok(Prices::shipped()), Prices::read)?;
    let question = args.question.question(args.measurement.check);
    without_contradiction(&args, matches)?;
    let (format, out) = (args.output.format, args.reports.out.clone());
    let measured = match args.measurement.from.as_slice() {
        [] => measured(args, matches)?,
        paths => {
            let mut all = Vec::new();
            for path in paths {
                all.extend(records(path)?);
            }
            Measured { records: all, is_whole: true }
        }
    };
    if !measured.is_whole {
        return Err(Failure::interrupted(format!(
            "interrupted: {} kept in {}: loist-bench capacity --from RECORD... answers from them",
            text::counted(measured.records.len(), "run"),
            out.display()
        )));
    }
    let capacity = capacity::analyse(&measured.records, &question, &prices, Utc::now().date_naive())?;
    let place = Place::reserve(&out, &format!("capacity-{}", file_name(&capacity.workload)))?;
    let page = keep_answer(&place, &capacity)?;
    keep::list(&out);
    match format {
        Format::Json => output::print_json(&capacity)?,
        Format::Text => {
            let text = report::capacity::render(&capacity);
            output::print(&format!("{text}\nReport: {}\n", page.display()))?;
        }
    }
    Ok(ExitCode::from(match capacity.outcome {
        Outcome::Holds | Outcome::InDanger => 0,
        Outcome::Missed => 1,
        Outcome::Unknown => 4,
    }))
}

/// What was said and would do nothing, or contradicts the rest.
fn without_contradiction(args: &CapacityArgs, matches: &ArgMatches) -> Result<(), Failure> {
    let measurement = &args.measurement;
    let mut sizes = measurement.sizes.clone();
    sizes.sort_unstable();
    let twice = sizes.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| short_tracks(pair[0]));
    let of_measuring =
        ["sizes", "repeats", "no_knee", "knee_budget", "seed", "state", "database_url", "embedded"];
    let idle = of_measuring.into_iter().find(|id| said(matches, id)).filter(|_| !measurement.from.is_empty());
    let wrong = [
        (said(matches, "tracks"), "--sizes names the numbers of tracks: leave --tracks out".to_owned()),
        (idle.is_some(), format!("--from measures nothing: leave {} out", flag(idle.unwrap_or_default()))),
        (twice.is_some(), format!("--sizes has {} twice: leave one out", twice.unwrap_or_default())),
        (
            measurement.from.is_empty() && measurement.check.is_some_and(|check| sizes.contains(&check)),
            "--check is for a number of tracks that is not among --sizes: leave it out of one of them"
                .to_owned(),
        ),
        (
            !measurement.no_knee && measurement.knee_budget < SHORTEST_SEARCH,
            format!("--knee-budget must be at least {}", humantime::format_duration(SHORTEST_SEARCH)),
        ),
        (
            said(matches, "knee_budget") && measurement.no_knee,
            "--knee-budget is for the search that --no-knee leaves out: leave one out".to_owned(),
        ),
    ];
    match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, sentence)) => Err(Failure::bad_input(sentence)),
        None => Ok(()),
    }
}

/// What was measured.
struct Measured {
    records: Vec<Record>,
    /// Whether nobody interrupted it.
    is_whole: bool,
}

fn measured(args: CapacityArgs, matches: &ArgMatches) -> Result<Measured, Failure> {
    let workload = args.workload.find()?;
    args.bench.load.without_effect(matches, &workload, false, false)?;
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let reports = args.reports.out.clone();
    let keeper = Keeper { reports: &reports, workload: workload.name.clone(), reserved };
    let progress = Progress::new(args.output.progress.quiet);
    let listen = |event| progress.hear(event);
    let options = options(args)?;
    listen(Event::Note(format!(
        "about {} in all; each run is kept as soon as it is over",
        text::span(options.estimate().as_secs_f64())
    )));
    let mut series = Series::begin(&keeper)?;
    let mut keep = |run: &Run| series.keep(run, &listen);
    let records = capacity::measure(&workload, &options, &interrupt, &listen, &mut keep);
    progress.end();
    series.kept.iter().for_each(|(_, record)| drop(keep::explain(record)));
    if !series.kept.is_empty() {
        keeper.list();
    }
    Ok(Measured { records: records?, is_whole: !interrupt.is_asked() })
}

fn options(args: CapacityArgs) -> Result<MeasureOptions, Failure> {
    let bench = args.bench;
    let target = bench.target.options();
    if target.use_existing {
        return Err(Failure::bad_input(
            "capacity makes libraries of several sizes, and --use-existing reads the one that is there: leave it out",
        ));
    }
    let protocol = bench.load.protocol();
    let is_left_open = bench.load.is_left_open();
    let asked = bench.load.options();
    let search = LoadOptions { rate: None, stages: Vec::new(), think: None, ..asked.clone() };
    let measurement = args.measurement;
    Ok(MeasureOptions {
        run: RunOptions {
            catalog: bench.catalog.options(),
            target,
            load: if is_left_open { light(asked) } else { asked },
            slo: args.slo.slo,
            protocol,
            knee: None,
            metrics: None,
            looks: Looks::Everything,
            block: None,
        },
        knee: (!measurement.no_knee).then_some((search, measurement.knee_budget)),
        sizes: measurement.sizes,
        repeats: measurement.repeats,
        check: measurement.check,
    })
}

/// One client, which nobody makes wait.
fn light(mut load: LoadOptions) -> LoadOptions {
    load.clients = Some(1);
    load.care.max_rate = load.care.max_rate.or(Some(LIGHT));
    load
}

/// What of a name can be part of a directory's: a record may come from anywhere.
fn file_name(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(60).collect()
}

/// Writes the answer, its page and its summary; gives where the page is.
fn keep_answer(place: &Place, capacity: &Capacity) -> Result<PathBuf, Failure> {
    place.write(ANSWER, output::json(capacity)?.as_bytes())?;
    let (page, summary) = (report::html::capacity(capacity), report::markdown::capacity(capacity));
    keep::judged(place.directory(), "capacity", &page, &summary)
}

impl From<CapacityError> for Failure {
    fn from(error: CapacityError) -> Self {
        Self::bad_input(error.to_string())
    }
}
