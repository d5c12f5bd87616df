//! `loist-bench gate`.

mod measure;
mod outputs;

use super::{
    args::truth,
    duet_args::DuetArgs,
    failure::Failure,
    interrupt::{self, Reserved},
    keep,
    progress::Progress,
    sets::records,
};
use crate::{
    gate::{Evidence, Outcome, Policy, PolicyError, judge, nights},
    history::{Night, Store},
    record::{Place, Record},
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
/// Exit code: 0 pass; 1 fail; 4 it cannot tell.
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// Side that is the base, as in git:origin/main; without it nothing is compared with a base
    #[arg(long, value_name = "SIDE", env = "LOIST_BENCH_GATE_BASE", help_heading = "Question")]
    base: Option<String>,
    /// Side that is judged, as in as-is or set:work_mem=64kB
    #[arg(
        long,
        value_name = "SIDE",
        default_value = "as-is",
        env = "LOIST_BENCH_GATE_NEW",
        help_heading = "Question"
    )]
    new: String,
    /// Directory of the history that tonight is judged against, and added to
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_GATE_HISTORY", help_heading = "Question")]
    history: Option<PathBuf>,
    /// Leave the history as it is
    #[arg(long, env = "LOIST_BENCH_NO_APPEND", value_parser = truth, help_heading = "Question")]
    no_append: bool,
    /// What was measured, for the history (default: the revision of the git repository here)
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_REVISION", help_heading = "Question")]
    revision: Option<String>,
    /// Judge these records, or directories of them, instead of measuring
    #[arg(long, value_name = "PATH", conflicts_with = "base", help_heading = "Question")]
    records: Vec<PathBuf>,
    /// Policy (default: loist-gate.toml here, else as documented)
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_POLICY", help_heading = "Question")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    pub(super) duet: DuetArgs,
    #[command(flatten)]
    outputs: Outputs,
    /// No progress on standard error
    #[arg(long, short, env = "LOIST_BENCH_QUIET", value_parser = truth, help_heading = "Output")]
    quiet: bool,
    /// Directory that gets a directory for the gate's records
    #[arg(
        long,
        value_name = "DIR",
        default_value = "reports",
        env = "LOIST_BENCH_OUT",
        help_heading = "Output"
    )]
    out: PathBuf,
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::bad_input(error.to_string())
    }
}

pub(super) fn execute(args: GateArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let (policy, origin) = policy(args.policy.as_deref())?;
    let files = args.outputs.check()?;
    let store = args.history.as_deref().map(Store::at);
    // What cannot be read is told before anything is measured.
    store.as_ref().map(Store::read).transpose()?;
    if args.records.is_empty() && store.is_some() && args.duet.load.is_left_open() {
        return Err(Failure::bad_input(
            "nights can only be compared at one load: name it, as in --rate 100, and keep to it",
        ));
    }
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let place = Place::reserve(&args.out, "gate")?;
    reserved.is(&place);
    let progress = Progress::new(args.quiet);
    let listen = |event| progress.hear(event);
    let measured = if args.records.is_empty() {
        let base = args.base.as_deref();
        let sides = [base.unwrap_or(&args.new), &args.new];
        let options = args.duet.options(matches, sides, policy.judgement())?;
        measure::measure(options, base.is_some(), &policy, &place, &interrupt, &listen)
    } else {
        let all: Vec<Vec<Record>> =
            args.records.iter().map(|path| records(path)).collect::<Result<_, _>>()?;
        Ok(Measured { runs: of_new_side(all.into_iter().flatten().collect()), ..Measured::default() })
    };
    progress.end();
    let measured = measured?;
    let runs: Vec<&Record> = measured.runs.iter().collect();
    let mut evidence = Evidence {
        effects: measured.effects,
        confirmation: measured.confirmation,
        runs: runs.clone(),
        ..Evidence::default()
    };
    if let Some(store) = store {
        let tonight = Night::of(&runs, args.revision.or_else(revision))?;
        let history = store.read()?.with(tonight.clone());
        evidence.cautions.extend(history.warnings().iter().map(ToString::to_string));
        evidence.history = Some(nights(&history, &tonight, &policy));
        if !args.no_append && !interrupt.is_asked() {
            store.add(&[tonight])?;
        }
    }
    let verdict = judge(evidence, &policy, &origin, Utc::now());
    files.write(&verdict, &place)?;
    keep::list(&args.out);
    Ok(ExitCode::from(match verdict.outcome {
        _ if interrupt.is_asked() => 130,
        Outcome::Pass => 0,
        Outcome::Fail => 1,
        Outcome::Inconclusive => 4,
    }))
}

/// Of a duet, the blocks of what is new.
fn of_new_side(runs: Vec<Record>) -> Vec<Record> {
    let is_new = |run: &Record| run.block.as_ref().is_some_and(|block| block.side == "new" && block.pair > 0);
    if runs.iter().any(is_new) { runs.into_iter().filter(is_new).collect() } else { runs }
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
    let head = super::side_arg::git(&["rev-parse", "--short=12", "HEAD"]).ok()?;
    Some(head.trim().to_owned()).filter(|head| !head.is_empty())
}
