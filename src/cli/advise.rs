//! `loist-bench advise`.

use super::{
    args::{Format, FormatArg},
    failure::Failure,
    output,
};
use crate::{
    advise::{self, PlanFlip},
    record::{self, Recommendation},
    report,
};
use clap::Args;
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

/// Say again what to change, from a record alone
#[derive(Debug, Args)]
pub(super) struct AdviseArgs {
    /// A record.json, or the directory that holds it
    record: PathBuf,
    /// Another record to compare the plans with: statements that are executed in another way come first
    #[arg(long, value_name = "BASE", env = "LOIST_BENCH_BASE")]
    base: Option<PathBuf>,
    #[command(flatten)]
    output: FormatArg,
}

/// With a base, advice is one part of what is printed.
#[derive(Serialize)]
struct Compared {
    flips: Vec<PlanFlip>,
    advice: Vec<Recommendation>,
}

pub(super) fn execute(args: &AdviseArgs) -> Result<ExitCode, Failure> {
    let mut record = record::load(&args.record)?;
    let base = args.base.as_deref().map(record::load).transpose()?;
    record.advice = advise::advise(&record);
    let flips = base.as_ref().map(|base| advise::plan_flips(base, &record));
    match (args.output.format, flips) {
        (Format::Json, None) => output::print_json(&record.advice)?,
        (Format::Json, Some(flips)) => output::print_json(&Compared { flips, advice: record.advice })?,
        (Format::Text, flips) => {
            if let (Some(flips), Some(base)) = (flips, base) {
                output::print(&report::flips::render(&flips, &base, &record))?;
            }
            output::print(&report::terminal::render_advice(&record))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
