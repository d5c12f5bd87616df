//! `loist-bench gate`.

mod measure;
mod outputs;

use super::{
    args::{QuietArg, ReportsArg, nearer, truth},
    duet_args::DuetArgs,
    failure::Failure,
    interrupt::{self, Reserved},
    keep,
    progress::Progress,
    sets::records,
    side_arg,
};
use crate::{
    gate::{CutShort, Evidence, Outcome, Policy, judge, latencies, nights},
    history::{History, Night, Store, check_revision},
    lab::DuetOptions,
    record::Record,
};
use chrono::Utc;
use clap::{ArgMatches, Args};
use measure::Measured;
use outputs::Outputs;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The policy in the current directory, if there is one.
const POLICY: &str = "loist-gate.toml";

/// Pass or fail, for CI: against a base, against the nights before, against the objective
///
/// With --base both sides are measured in turns on this machine, so that its drift comes to both alike; what is slower is
/// measured once more before it fails. With --history tonight's blocks are put behind those of the nights before, and a
/// change of the level is told with the night it began. The objective and the budget of errors are judged in any case.
/// A file loist-gate.toml in the current directory says what may pass.
///
/// Exit code: 0 pass; 1 fail; 2 wrong usage or bad input; 3 a server went away, or the environment failed; 4 it cannot tell, or
/// the brake ended the load; 130 interrupted, and what was measured is kept.
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// Side that is the base, as in git:origin/main; without it nothing is compared with a base
    #[arg(long, value_name = "SIDE", env = "LOIST_BENCH_GATE_BASE", help_heading = "Question")]
    base: Option<String>,
    /// Side that is judged, as in here or set:work_mem=64kB (default: here where the base is a git revision, else as-is)
    #[arg(long, value_name = "SIDE", env = "LOIST_BENCH_GATE_NEW", help_heading = "Question")]
    new: Option<String>,
    /// Directory of the history that tonight is judged against, and added to
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_GATE_HISTORY", help_heading = "Question")]
    history: Option<PathBuf>,
    /// Leave the history as it is
    #[arg(long, env = "LOIST_BENCH_NO_APPEND", value_parser = truth, help_heading = "Question")]
    no_append: bool,
    /// What was measured, for the history (default: the revision of the git repository here)
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_REVISION", help_heading = "Question")]
    revision: Option<String>,
    /// Judge these records, or directories of them, instead of measuring (may be repeated)
    #[arg(long, value_name = "PATH", env = "LOIST_BENCH_GATE_RECORDS", help_heading = "Question")]
    records: Vec<PathBuf>,
    /// Policy (default: loist-gate.toml here, else the defaults that docs/gate.md shows)
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_POLICY", help_heading = "Question")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) duet: DuetArgs,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    progress: QuietArg,
    #[command(flatten)]
    reports: ReportsArg,
}

impl GateArgs {
    /// When both a base and records are named, the one that was said nearer wins.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), Failure> {
        if self.base.is_some() && !self.records.is_empty() {
            match nearer(matches, "base", "records")? {
                "base" => self.records.clear(),
                _ => self.base = None,
            }
        }
        Ok(())
    }

    /// The side that is judged.
    fn new_side(&self) -> String {
        let of_revision = self.base.as_deref().is_some_and(side_arg::is_of_revision);
        let usual = if of_revision { side_arg::HERE } else { side_arg::AS_IS };
        self.new.clone().unwrap_or_else(|| usual.to_owned())
    }
}

pub(super) fn execute(args: GateArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let (policy, origin) = policy(args.policy.as_deref())?;
    let files = args.outputs.check()?;
    let store = args.history.as_deref().map(Store::at);
    // What cannot be meant or read is told before anything is measured.
    let revision = args.revision.clone().filter(|revision| !revision.trim().is_empty()).or_else(revision);
    revision.as_deref().map(check_revision).transpose()?;
    store.as_ref().map(Store::read).transpose()?;
    let base = args.base.clone();
    let sides = [base.clone().unwrap_or_else(|| args.new_side()), args.new_side()];
    let is_measured = args.records.is_empty();
    let options = is_measured.then(|| options(args.duet, matches, &sides, &policy, store.is_some()));
    let options = options.transpose()?;
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let place = reserved.reserve(&args.reports.out, "gate")?;
    let progress = Progress::new(args.progress.quiet);
    let listen = |event| progress.hear(event);
    let measured = match options {
        Some(options) => measure::measure(options, base.is_some(), &policy, &place, &interrupt, &listen),
        None => {
            let all = args.records.iter().map(|path| records(path)).collect::<Result<Vec<_>, _>>();
            all.and_then(|all| of_one_kind(all.into_iter().flatten().collect()))
        }
    };
    progress.end();
    let Measured { effects, confirmation, runs, left_out, cut_short } = measured?;
    let runs: Vec<&Record> = runs.iter().collect();
    let cautions = not_judged(left_out).into_iter().collect();
    let mut evidence = Evidence { effects, confirmation, runs, cut_short, cautions, ..Evidence::default() };
    let held = store.filter(|_| cut_short.is_none());
    let tonight =
        held.as_ref().map(|store| against_nights(store, &mut evidence, revision, &policy)).transpose()?;
    if evidence.effects.is_none() && tonight.is_none() {
        let alone = Night::of(&evidence.runs, None).ok();
        evidence.latencies.extend(alone.iter().flat_map(|night| latencies(&History::default(), night)));
    }
    let verdict = judge(evidence, &policy, &origin, Utc::now());
    files.write(&verdict, &place)?;
    keep::list(&args.reports.out);
    // The verdict is kept before what may yet fail.
    if let Some((store, night)) = held.zip(tonight).filter(|_| !args.no_append) {
        store.add(&[night])?;
    }
    Ok(ExitCode::from(match (verdict.outcome, cut_short) {
        (_, Some(CutShort::Interrupted)) => 130,
        (_, Some(CutShort::ServerLost)) => 3,
        (Outcome::Pass, None) => 0,
        (Outcome::Fail, None) => 1,
        (_, Some(CutShort::Braked)) | (Outcome::Inconclusive, None) => 4,
    }))
}

/// What is measured.
fn options(
    duet: DuetArgs,
    matches: &ArgMatches,
    [base, new]: &[String; 2],
    policy: &Policy,
    is_night: bool,
) -> Result<DuetOptions, Failure> {
    let options = duet.options(matches, [base, new], policy.judgement())?;
    if is_night && options.is_load_open() {
        return Err(Failure::bad_input(
            "nights can only be compared at one load: name it, as in --rate 100, and keep to it",
        ));
    }
    Ok(options)
}

/// Puts tonight behind the nights before, and gives it.
fn against_nights(
    store: &Store,
    evidence: &mut Evidence<'_>,
    revision: Option<String>,
    policy: &Policy,
) -> Result<Night, Failure> {
    let night = Night::of(&evidence.runs, revision)?;
    let history = store.read()?.with(night.clone());
    evidence.cautions.extend(history.warnings().iter().map(ToString::to_string));
    evidence.history = Some(nights(&history, &night, policy));
    evidence.latencies = latencies(&history, &night);
    Ok(night)
}

/// That records were named and left out.
fn not_judged(left_out: usize) -> Option<String> {
    (left_out > 0).then(|| {
        format!(
            "{left_out} records of a base or of a close look stood beside these and were not judged: loist-bench compare tells how both sides differ"
        )
    })
}

/// Records to judge, if they are of one kind; of a duet, the blocks of what is new.
fn of_one_kind(records: Vec<Record>) -> Result<Measured, Failure> {
    let count = records.len();
    let runs = of_new_side(records);
    Night::of(&runs.iter().collect::<Vec<_>>(), None)?;
    let left_out = count - runs.len();
    Ok(Measured { runs, left_out, ..Measured::default() })
}

fn of_new_side(runs: Vec<Record>) -> Vec<Record> {
    let has_sides = runs.iter().any(measure::is_of_new_side);
    if has_sides { runs.into_iter().filter(measure::is_of_new_side).collect() } else { runs }
}

fn policy(named: Option<&Path>) -> Result<(Policy, String), Failure> {
    let here = Path::new(POLICY);
    match named.or_else(|| here.exists().then_some(here)) {
        Some(path) => Ok((Policy::load(path)?, path.display().to_string())),
        None => Ok((Policy::default(), "built-in".to_owned())),
    }
}

/// The revision of the git repository in the current directory, if there is one.
fn revision() -> Option<String> {
    let head = side_arg::git(&["rev-parse", "--short=12", "HEAD"]).ok()?;
    Some(head.trim().to_owned()).filter(|head| !head.is_empty())
}
