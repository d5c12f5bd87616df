//! `loist-bench tune`.

use super::{
    args::{Format, OutputArgs, ReportsArg, SloArg, WorkloadArg, flag, said, truth},
    bench_args::BenchArgs,
    failure::Failure,
    flags::settings_of,
    interrupt::{self, Reserved},
    keep,
    load_args::time,
    output,
    progress::Progress,
};
use crate::{
    flags::space,
    lab::Event,
    record::{Existing, write_whole},
    report,
    target::address_named,
    tune::{self, Begun, Candidate, Journal, Objective, Outcome, Search, Study, TuneError, TuneOptions},
};
use clap::{ArgMatches, Args, ValueEnum, parser::ValueSource};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Search settings that are measurably better, by experiment, or tell that there are none
///
/// What the server does as it is is looked at; what the advisor, the defaults, a formula and a search propose is measured
/// against the best so far, block by block in turns on servers that begin as copies of one that was seeded; what does
/// nothing is taken out; what is left is confirmed with other seeds. Of a database that is there already only what a
/// session may set for itself is tried, in sessions of its own.
///
/// Exit code: 0 improved (of settings to --verify: no worse); 1 nothing to gain (or worse); 2 wrong usage or bad input; 3 the
/// database or the environment failed; 4 it cannot tell, or the brake ended the load; 130 interrupted, and --resume goes on.
#[derive(Debug, Args)]
#[command(
    mut_arg("duration", |arg| arg
        .default_value("1500ms")
        .env("LOIST_BENCH_BLOCK_DURATION")
        .hide_default_value(true)
        .help("Length of a block's measured window (default: 1.5 s, or as long as the objective needs at the rate)")),
    mut_arg("warmup", |arg| arg.default_value("1s").env("LOIST_BENCH_BLOCK_WARMUP").help("Load before each block's window, not measured")),
    mut_arg("keep_server", |arg| arg.hide(true)),
)]
pub(super) struct TuneArgs {
    #[command(flatten)]
    workload: WorkloadArg,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    pub(super) bench: BenchArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    reports: ReportsArg,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Question")]
struct QuestionArgs {
    /// What is to be made better: p95, p99, throughput or knee, of all operations together
    #[arg(long, default_value = "p95", env = "LOIST_BENCH_OBJECTIVE")]
    objective: Objective,
    /// Longest time for the measurement
    #[arg(long, default_value = "20min", value_name = "TIME", env = "LOIST_BENCH_BUDGET", value_parser = time)]
    budget: Duration,
    /// Settings that may be changed, as in work_mem,jit (default: all that a tuner changes)
    #[arg(long, value_name = "NAMES", env = "LOIST_BENCH_ONLY", value_delimiter = ',', value_parser = tunable)]
    only: Vec<String>,
    /// Try settings, too, that may lose what was committed when the machine fails
    #[arg(long, env = "LOIST_BENCH_INCLUDE_DURABILITY", value_parser = truth)]
    include_durability: bool,
    /// How challengers are chosen; all but guided are for comparison
    #[arg(long, value_enum, default_value = "guided", env = "LOIST_BENCH_SEARCH")]
    search: SearchArg,
    /// Check these settings against the ones that the server begins with, instead of a search: a profile, or a file in any
    /// form that `flags check` reads
    #[arg(long, value_name = "PROFILE|FILE", env = "LOIST_BENCH_VERIFY")]
    verify: Option<String>,
    /// Directory of a study that was cut off, to go on with; the other options must be those that it began with
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_TUNE_RESUME")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    slo: SloArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SearchArg {
    /// By advice, defaults and a formula, then by Parzen estimators
    Guided,
    /// Anywhere in the space
    Random,
    /// One setting at a time
    Single,
    /// What pgtune's formula says, at once
    Formula,
}

fn tunable(text: &str) -> Result<String, String> {
    let name = text.trim();
    match space::find(name) {
        Some(row) if row.scale != space::Scale::No => Ok(row.name.to_owned()),
        Some(row) => Err(format!("{name} is not tried: {}", row.note)),
        None => Err(format!(
            "{name} is not among what a tuner changes: `loist-bench flags show {name}` says what it is"
        )),
    }
}

/// The study's file.
pub(super) const STUDY: &str = "study.json";
/// The settings to change, as postgresql.conf has them.
const SETTINGS: &str = "settings.conf";

pub(super) fn execute(args: TuneArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let resume = args.question.resume.clone();
    let (quiet, format, out) = (args.output.progress.quiet, args.output.format, args.reports.out.clone());
    let mut options = options(args, matches)?;
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let progress = Progress::new(quiet);
    let listen = |event: Event| progress.hear(event);
    let name = format!("tune-{}", options.workload.name);
    let place = resume.is_none().then(|| reserved.reserve(&out, &name)).transpose()?;
    let directory = match (&resume, &place) {
        (Some(directory), _) => directory.clone(),
        (None, Some(place)) => place.directory().to_owned(),
        (None, None) => PathBuf::from("."),
    };
    let begun = Begun::make_ready(&directory, resume.is_some(), &mut options, &interrupt, &listen)?;
    let mut journal = Journal::open(&directory)?;
    let study = tune::tune(&options, &begun, &mut journal, &interrupt, &listen);
    progress.end();
    let study = study?;
    let page = keep_study(&directory, &study)?;
    keep::list(&out);
    match format {
        Format::Json => output::print_json(&study)?,
        Format::Text => output::print(&format!(
            "{}\nReport: {}\nRecords: {}\n",
            report::study::render(&study),
            page.display(),
            directory.display()
        ))?,
    }
    Ok(ExitCode::from(match study.outcome {
        Outcome::Improved => 0,
        Outcome::NothingToGain if options.given.is_some() => 0,
        Outcome::NothingToGain | Outcome::Worse => 1,
        Outcome::Inconclusive => 4,
    }))
}

/// What was said and would do nothing.
fn without_effect(args: &TuneArgs, matches: &ArgMatches) -> Result<(), Failure> {
    let found = ["only", "search", "include_durability"].into_iter().find(|id| said(matches, id));
    match found.filter(|_| args.question.verify.is_some()) {
        Some(id) => Err(Failure::bad_input(format!(
            "--verify checks the settings that it is given: leave {} out",
            flag(id)
        ))),
        None => Ok(()),
    }
}

fn options(args: TuneArgs, matches: &ArgMatches) -> Result<TuneOptions, Failure> {
    without_effect(&args, matches)?;
    let workload = args.workload.find()?;
    let (question, bench) = (args.question, args.bench);
    let objective = question.objective;
    let settles_rate =
        objective.metric().is_latency() && bench.load.is_left_open() && workload.stages.is_empty();
    bench.load.without_effect(matches, &workload, objective == Objective::Knee, settles_rate)?;
    let target = bench.target.options();
    let external = address_named(&target)?;
    let wanted = question.verify.as_deref().map(settings_of).transpose()?;
    let (given, notes) = wanted.map(|wanted| (wanted.settings, wanted.notes)).unzip();
    let catalog = bench.catalog.options();
    Ok(TuneOptions {
        protocol: bench.load.protocol(),
        load: bench.load.options(),
        is_duration_chosen: matches.value_source("duration") != Some(ValueSource::DefaultValue),
        workload,
        target,
        slo: question.slo.slo,
        objective,
        budget: question.budget,
        only: question.only,
        durability: question.include_durability,
        search: match question.search {
            SearchArg::Guided => Search::Guided,
            SearchArg::Random => Search::Random,
            SearchArg::Single => Search::Single,
            SearchArg::Formula => Search::Formula,
        },
        given: given.map(|settings: Vec<_>| Candidate::new("given", settings)),
        notes: notes.unwrap_or_default(),
        external,
        seed: catalog.seed,
        catalog,
    })
}

/// Writes the study, its page and its summary, and the settings as a file to include; gives where the page is.
fn keep_study(directory: &Path, study: &Study) -> Result<PathBuf, Failure> {
    let json = output::json(study)?;
    // All of them are this program's own.
    write_whole(&directory.join(STUDY), json.as_bytes(), Existing::Replace)?;
    let (page, summary) = (report::html::study(study), report::markdown::study(study));
    let page = keep::judged(directory, "study", &page, &summary)?;
    if let Some(text) = report::study::words::settings_file(study) {
        write_whole(&directory.join(SETTINGS), text.as_bytes(), Existing::Replace)?;
    }
    Ok(page)
}

impl From<TuneError> for Failure {
    fn from(error: TuneError) -> Self {
        match error {
            TuneError::Lab(error) => error.into(),
            TuneError::Record(error) => error.into(),
            TuneError::Interrupted => Self::interrupted(error.to_string()),
            TuneError::Start { .. } => Self::environment(error.to_string()),
            TuneError::Compare(_) | TuneError::Journal { .. } | TuneError::Nothing { .. } => {
                Self::bad_input(error.to_string())
            }
        }
    }
}
