//! `loist-bench history`: what nightly runs measured, a line a night.
//!
//! What a night is, and how it is kept, is known to `src/history` alone. A subcommand is added as a file and a variant of
//! `HistoryCommand`.

mod add;
mod baseline;
mod export;
mod import;
mod list;
mod prune;

use super::failure::Failure;
use crate::{
    history::{History, HistoryError, Night, Store, Warning},
    report::xml::plain,
};
use clap::{Args, Subcommand};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// Keep what nightly runs measured: add a night, list, name, export, import and prune them
#[derive(Debug, Subcommand)]
pub(super) enum HistoryCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Baseline(baseline::BaselineArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Prune(prune::PruneArgs),
}

/// Which history.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// Directory of the history, one file a month
    #[arg(long, value_name = "DIR", default_value = "reports/history", env = "LOIST_BENCH_HISTORY")]
    history: PathBuf,
}

impl PlaceArgs {
    fn store(&self) -> Store {
        Store::at(&self.history)
    }

    /// Reads the history, and says which lines of it could not be used.
    fn read(&self) -> Result<History, Failure> {
        let history = self.store().read()?;
        warn(history.warnings());
        Ok(history)
    }
}

pub(super) fn execute(command: HistoryCommand) -> Result<ExitCode, Failure> {
    match command {
        HistoryCommand::Add(args) => add::execute(args),
        HistoryCommand::List(args) => list::execute(&args),
        HistoryCommand::Baseline(args) => baseline::execute(&args),
        HistoryCommand::Export(args) => export::execute(&args),
        HistoryCommand::Import(args) => import::execute(&args),
        HistoryCommand::Prune(args) => prune::execute(&args),
    }
}

fn warn(warnings: &[Warning]) {
    for warning in warnings {
        let _ = writeln!(anstream::stderr(), "left out: {}", plain(&warning.to_string()));
    }
}

/// A night on one line: `0123456789abcdef of 2026-11-26 05:05 UTC, revision 3f2a1b0`.
fn shown(night: &Night) -> String {
    let revision =
        night.revision.as_ref().map(|revision| format!(", revision {}", plain(revision))).unwrap_or_default();
    format!("{} of {}{revision}", night.id, night.at.format("%Y-%m-%d %H:%M UTC"))
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        Self::of(&error, error.is_bad_input())
    }
}
