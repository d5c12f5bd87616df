//! `loist-bench history prune`.

use super::{PlaceArgs, shown};
use crate::{
    cli::{args::truth, failure::Failure, output},
    history::Keep,
    text::counted,
};
use chrono::Utc;
use clap::Args;
use std::{process::ExitCode, time::Duration};

/// Remove the nights that are no longer kept
///
/// What one of the two options keeps stays, and so does each night that a baseline names. Lines that cannot be read stay.
#[derive(Debug, Args)]
pub(in crate::cli) struct PruneArgs {
    /// Keep nights that began within this time, as in 400d
    #[arg(long, value_name = "TIME", env = "LOIST_BENCH_HISTORY_KEEP", value_parser = age)]
    keep: Option<Duration>,
    /// Keep so many nights of each kind, the newest
    #[arg(long, value_name = "NIGHTS", env = "LOIST_BENCH_HISTORY_KEEP_NIGHTS", value_parser = number)]
    keep_nights: Option<usize>,
    /// Only say what would be removed
    #[arg(long, env = "LOIST_BENCH_HISTORY_DRY_RUN", value_parser = truth)]
    dry_run: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

fn age(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "write a time with its unit, as in 400d".to_owned())
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "write a whole number from 1".to_owned())
}

pub(super) fn execute(args: &PruneArgs) -> Result<ExitCode, Failure> {
    let keep = Keep { age: args.keep, nights: args.keep_nights };
    if keep == Keep::default() {
        return Err(Failure::bad_input(
            "nothing says what to keep: write --keep 400d, or --keep-nights 100, or both",
        ));
    }
    let history = args.place.read()?;
    let goes = history.to_prune(&keep, Utc::now());
    let of = format!("{} of {}", goes.len(), counted(history.nights().len(), "night"));
    let place = history.directory().display();
    if !args.dry_run {
        args.place.store().prune(&goes)?;
    }
    let mut said = match (goes.is_empty(), args.dry_run) {
        (true, _) => {
            format!("Nothing to remove from {place}: {} kept\n", counted(history.nights().len(), "night"))
        }
        (false, true) => format!("Would remove {of} from {place}:\n"),
        (false, false) => format!("Removed {of} from {place}:\n"),
    };
    for night in goes {
        said += &format!("  {}\n", shown(night));
    }
    output::print(&said)?;
    Ok(ExitCode::SUCCESS)
}
