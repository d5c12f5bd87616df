//! `loist-bench advise`.

use super::{args::Format, failure::Failure, output};
use crate::{advise, record, report};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Say again what to change, from a record alone
#[derive(Debug, Args)]
pub(super) struct AdviseArgs {
    /// A record.json, or the directory that holds it
    record: PathBuf,
    /// What to print on standard output
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_FORMAT")]
    format: Format,
}

pub(super) fn execute(args: &AdviseArgs) -> Result<ExitCode, Failure> {
    let mut record = record::load(&args.record)?;
    record.advice = advise::advise(&record);
    match args.format {
        Format::Json => output::print_json(&record.advice)?,
        Format::Text => output::print(&report::terminal::render_advice(&record))?,
    }
    Ok(ExitCode::SUCCESS)
}
