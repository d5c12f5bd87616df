//! `loist-bench compare`.

use super::{duet::code, failure::Failure, output, report::put, sets::records};
use crate::{
    compare::{self, Judgement, LEAST_CONFIDENCE, Least, MOST_CONFIDENCE, Set},
    record::{Metric, Record},
    report,
};
use clap::{Args, ValueEnum};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Tell what differs between two records, or two sets of records, and how sure that is
///
/// A set is a record.json, a directory that holds one, or a directory of them. The directory of a duet, or of a gate
/// against a base, holds both sides and is named alone. One run a side is shown and not judged: what differs between
/// runs that are the same is not known then, and duet tells it.
///
/// Exit code: 0 no operation is slower; 1 one is; 2 wrong usage or bad input; 4 not all of it could be resolved.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// The base; or the directory of a duet, or of a gate against a base
    base: PathBuf,
    /// What is compared with it
    new: Option<PathBuf>,
    #[command(flatten)]
    judgement: JudgementArgs,
    /// What to make
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_COMPARE_FORMAT")]
    format: ComparisonFormat,
    /// File to write, with --format markdown or html; - is standard output (default: that, for all but html)
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_COMPARE_OUT")]
    out: Option<PathBuf>,
}

/// How a comparison is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ComparisonFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a pull request or a job
    Markdown,
    /// One self-contained page
    Html,
}

/// How sure, and which change matters.
#[derive(Debug, Args)]
#[command(next_help_heading = "Decision")]
pub(super) struct JudgementArgs {
    /// Smallest change of a latency or rate that matters, as in 5%
    #[arg(long, value_name = "PERCENT", default_value = "5%", env = "LOIST_BENCH_LEAST_CHANGE", value_parser = percent)]
    least_change: f64,
    /// Probability that nothing is called slower or faster that is not by as much as matters, as in 99%
    #[arg(long, value_name = "PERCENT", default_value = "99%", env = "LOIST_BENCH_CONFIDENCE", value_parser = confidence)]
    confidence: f64,
    /// Operation that decides nothing (may be repeated)
    #[arg(long, value_name = "OPERATION", env = "LOIST_BENCH_EXEMPT")]
    exempt: Vec<String>,
}

/// `5%`, as 0.05.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim().parse::<f64>();
    match number {
        Ok(number) if (0.0..=1_000.0).contains(&number) => Ok(number / 100.0),
        _ => Err("write a percentage from 0 to 1000, as in 5%".to_owned()),
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    match percent(text) {
        Ok(share) if (LEAST_CONFIDENCE..=MOST_CONFIDENCE).contains(&share) => Ok(share),
        _ => Err("write a percentage from 50 to 99.99, as in 99%".to_owned()),
    }
}

impl JudgementArgs {
    pub(super) fn judgement(&self) -> Judgement {
        let judgement = Judgement::default();
        let least = Metric::ALL.into_iter().filter(|metric| !metric.is_share());
        let least =
            least.map(|metric| (metric, Least { change: self.least_change, ..judgement.least(metric) }));
        Judgement {
            confidence: self.confidence,
            least: least.collect(),
            exempt: self.exempt.clone(),
            ..judgement
        }
    }
}

pub(super) fn execute(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let out = place(args.format, args.out.as_deref())?;
    let judgement = args.judgement.judgement();
    let (base, new) = match &args.new {
        Some(new) => both(&args.base, new)?,
        None => sides(&args.base)?,
    };
    let again = args.new.is_none();
    let base = Set { label: "base".to_owned(), records: base.iter().collect() };
    let new = Set { label: "new".to_owned(), records: new.iter().collect() };
    let mut effects = compare::effects(&base, &new, &judgement, judgement.tail())
        .map_err(|error| Failure::bad_input(error.to_string()))?;
    if again {
        effects.cautions.push(AGAIN.to_owned());
    }
    match args.format {
        ComparisonFormat::Text => output::print(&report::effects::render(&effects))?,
        ComparisonFormat::Json => output::print_json(&effects)?,
        ComparisonFormat::Markdown => put(&report::markdown::effects(&effects), out)?,
        ComparisonFormat::Html => put(&report::html::effects(&effects), out)?,
    }
    Ok(ExitCode::from(code(&effects)))
}

/// Where it goes.
fn place(format: ComparisonFormat, out: Option<&Path>) -> Result<&Path, Failure> {
    match (format, out) {
        (ComparisonFormat::Text | ComparisonFormat::Json, Some(_)) => Err(Failure::bad_input(
            "--out is for --format markdown or html: add one of them, or leave --out out and redirect standard output",
        )),
        (ComparisonFormat::Html, None) => {
            Err(Failure::bad_input("a page goes into a file: add --out FILE, or --out - for standard output"))
        }
        (_, out) => Ok(out.unwrap_or_else(|| Path::new("-"))),
    }
}

/// What must be known of a duet that is judged again.
const AGAIN: &str = "judged anew, as if so many pairs had been planned: a duet that ended early because something was clear is judged a little too surely so; what it was judged as then is beside its records";

/// The records of two sides, of which none is on both.
fn both(base: &Path, new: &Path) -> Result<(Vec<Record>, Vec<Record>), Failure> {
    let (ours, theirs) = (records(base)?, records(new)?);
    if ours.iter().any(|record| theirs.contains(record)) {
        return Err(Failure::bad_input(format!(
            "{} and {} hold the same record: name two sides that were measured apart, the base first",
            base.display(),
            new.display()
        )));
    }
    Ok((ours, theirs))
}

/// Both sides of a duet; of a gate that measured something once more, those of its first measurement.
fn sides(directory: &Path) -> Result<(Vec<Record>, Vec<Record>), Failure> {
    let all = records(directory)?;
    if all.iter().any(|record| record.block.is_none()) {
        return Err(Failure::bad_input(format!(
            "{}: it is not the directory of a duet, or of a gate against a base: name two sides, the base first",
            directory.display()
        )));
    }
    let experiment = |record: &Record| record.block.as_ref().map(|block| block.experiment.clone());
    let first = all.iter().min_by_key(|record| record.run.started_at).and_then(experiment);
    let all = all.into_iter().filter(|record| experiment(record) == first);
    let is_base = |record: &Record| record.block.as_ref().is_some_and(|block| block.side == "base");
    let (base, new): (Vec<Record>, Vec<Record>) = all.partition(is_base);
    if base.is_empty() || new.is_empty() {
        return Err(Failure::bad_input(format!(
            "{}: it holds one side only, as a gate without a base does: name two sides, the base first",
            directory.display()
        )));
    }
    Ok((base, new))
}
