//! `loist-bench merge`.

use super::{
    args::{OutputArgs, ReportsArg, truth},
    failure::Failure,
    interrupt::Reserved,
    keep::Keeper,
    load_args::time,
    run::tell,
    sets::files,
};
use crate::{
    merge::{MergeError, Options, Piece, merge},
    record,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Make one record of those of a run's shards
///
/// Counts and histograms are added exactly; percentiles, intervals and the verdict are made from the sums as `run` makes
/// them. The evidence of the server is that of shard 1. What comes out is a record like any other, which `report`, `compare`,
/// `gate` and `advise` read, and the exit code is that of a run.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// A record.json of each shard, the directory that holds it, or a directory of them
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// Merge what is there, where shards are missing or ended before their time, and say so
    #[arg(long, env = "LOIST_BENCH_PARTIAL", value_parser = truth)]
    partial: bool,
    /// How far apart the windows of the shards may have begun, all doubts of the clocks included
    #[arg(long, value_name = "TIME", default_value = "100ms", env = "LOIST_BENCH_TOLERANCE", value_parser = time)]
    tolerance: Duration,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    reports: ReportsArg,
}

pub(super) fn execute(args: &MergeArgs) -> Result<ExitCode, Failure> {
    let mut pieces = Vec::new();
    for path in &args.records {
        for file in files(path)? {
            let record = record::load(&file)?;
            pieces.push(Piece { name: file.display().to_string(), record });
        }
    }
    let options = Options { partial: args.partial, tolerance: args.tolerance };
    let run = merge(pieces, &options)?;
    let name = format!("{}-merged", run.record.workload.name);
    let keeper = Keeper { reports: &args.reports.out, workload: name, reserved: Reserved::default() };
    tell(&keeper.place()?, &run, &keeper, &args.output)
}

impl From<MergeError> for Failure {
    fn from(error: MergeError) -> Self {
        Self::bad_input(error.to_string())
    }
}
