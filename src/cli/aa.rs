//! `loist-bench aa`.

use super::{
    args::{Format, OutputArgs, ReportsArg},
    compare::JudgementArgs,
    duet_args::DuetArgs,
    failure::Failure,
    index,
    interrupt::{self, Reserved},
    keep, output,
    own_file::{OwnFile, is_own},
    progress::Progress,
    report::document::Document,
};
use crate::{
    gate::{self, FalseAlarms},
    lab::Until,
    record::{Existing, write_whole},
    report,
};
use clap::{ArgMatches, Args};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Measure how often the gate cries wolf on this machine, and the smallest change that it can see
///
/// A side is compared with itself again and again, as the gate does it: every alarm is a false one. What there is is
/// kept after each comparison; --resume goes on with it, also on another day.
#[derive(Debug, Args)]
pub(super) struct AaArgs {
    /// The side, as in as-is or flags:plan
    #[arg(default_value = "as-is", value_name = "SIDE")]
    side: String,
    /// Comparisons, those of --resume counted
    #[arg(long, default_value_t = 20, value_name = "COMPARISONS", env = "LOIST_BENCH_COMPARISONS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    comparisons: u32,
    /// File of an earlier measurement to go on with
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_RESUME")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    pub(super) duet: DuetArgs,
    #[command(flatten)]
    judgement: JudgementArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    reports: ReportsArg,
}

/// Pairs of a comparison, where nothing else is said: enough for an alarm at 99 %.
const PAIRS: usize = 12;
/// The file in the measurement's directory.
const NAME: &str = "aa.json";

pub(super) fn execute(args: AaArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let mut options = args.duet.options(matches, [&args.side, &args.side], args.judgement.judgement())?;
    options.most_pairs = Some(options.most_pairs.unwrap_or(PAIRS));
    (options.portraits, options.until) = (false, Until::Slower);
    let earlier = args.resume.as_deref().map(load).transpose()?;
    options.load.rate = options.load.rate.or(earlier.as_ref().and_then(|earlier| earlier.rate_per_second));
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let progress = Progress::new(args.output.progress.quiet);
    let listen = |event| progress.hear(event);
    // A directory that cannot be written is told before anything is measured.
    let name = format!("aa-{}", options.sides[0].workload.name);
    let reserve = || reserved.reserve(&args.reports.out, &name);
    let place = args.resume.is_none().then(reserve).transpose()?;
    options.settle_load(&interrupt, &listen)?;
    let new = FalseAlarms::begin(&options);
    let so_far = match earlier {
        Some(earlier) if earlier.is_alike(&new) => earlier,
        Some(_) => {
            return Err(Failure::bad_input(format!(
                "{}: it was measured on another machine or with other options: leave --resume out, or repeat its options",
                args.resume.as_deref().unwrap_or(Path::new("")).display()
            )));
        }
        None => new,
    };
    let file = args.resume.clone().or(place.as_ref().map(|place| place.directory().join(NAME)));
    let mut keep = |found: &FalseAlarms| -> Result<(), Failure> {
        let json = serde_json::to_string(found).map_err(|error| Failure::environment(error.to_string()))?;
        // It is this program's own, from this measurement or from the one that it goes on with.
        file.iter().try_for_each(|file| Ok(write_whole(file, json.as_bytes(), Existing::Replace)?))
    };
    let found = gate::aa(&options, args.comparisons as usize, so_far, &interrupt, &listen, &mut keep);
    progress.end();
    let found = found?;
    match args.output.format {
        Format::Json => output::print_json(&found)?,
        Format::Text => output::print(&report::false_alarms::render(&found))?,
    }
    if let Some(file) = &file {
        let page = file.with_extension("html");
        OwnFile::at(&page)?.write(&report::html::false_alarms(&found))?;
        listed_in(args.resume.as_deref(), &args.reports.out).into_iter().for_each(keep::list);
        if args.output.format == Format::Text {
            output::print(&format!("\nReport: {}\nFile: {}\n", page.display(), file.display()))?;
        }
    }
    Ok(ExitCode::from(if interrupt.is_asked() { 130 } else { 0 }))
}

/// The directory of runs that lists it: of an earlier measurement, where that was listed.
fn listed_in<'a>(resume: Option<&'a Path>, reports: &'a Path) -> Option<&'a Path> {
    let Some(file) = resume else { return Some(reports) };
    let directory = match file.ancestors().nth(2) {
        None => Path::new(".."),
        Some(here) if here.as_os_str().is_empty() => Path::new("."),
        Some(directory) => directory,
    };
    Some(directory).filter(|directory| is_own(&directory.join(index::NAME)))
}

/// An earlier measurement.
fn load(file: &Path) -> Result<FalseAlarms, Failure> {
    match Document::read(file)? {
        Some(Document::Aa(found)) => Ok(*found),
        _ => Err(Failure::bad_input(format!(
            "{}: this is no A/A measurement of loist-bench: name the aa.json of one, or leave --resume out",
            file.display()
        ))),
    }
}
