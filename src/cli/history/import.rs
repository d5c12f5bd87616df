//! `loist-bench history import`.

use super::{PlaceArgs, warn};
use crate::{
    cli::{failure::Failure, output},
    history,
    text::counted,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Add the nights of another history
///
/// A night that is here already counts once. A baseline of the other history is taken where nothing here has its name.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// Files of another history, or what an export of it wrote as jsonl or csv
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) fn execute(args: &ImportArgs) -> Result<ExitCode, Failure> {
    let read = |path: &PathBuf| match std::fs::read(path) {
        Ok(bytes) => Ok((path.clone(), bytes)),
        Err(error) => Err(Failure::bad_input(format!("{}: cannot be read: {error}", path.display()))),
    };
    let files = args.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let all = history::import(&files)?;
    warn(&all.warnings);
    let store = args.place.store();
    let taken = store.take(&all)?;
    output::print(&format!(
        "Imported {} of {} into {}, and {}\n",
        taken.nights,
        counted(all.nights.len(), "night"),
        store.directory().display(),
        counted(taken.baselines, "baseline")
    ))?;
    Ok(ExitCode::SUCCESS)
}
