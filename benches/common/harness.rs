//! How cargo asks for a benchmark, whichever it is.

use clap::Args;
use std::{error::Error, process::ExitCode};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// How cargo asks for a benchmark, whichever it is.
#[derive(Debug, Args)]
pub(crate) struct Harness {
    /// Only see that it works
    #[arg(long)]
    test: bool,
    /// What `cargo bench` always says, and `cargo test` never
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    list: bool,
    /// Part of the name of the benchmarks to run, as for those of other targets
    #[arg(hide = true)]
    filter: Option<String>,
}

impl Harness {
    /// Whether it shall run, after it was listed if that was asked for.
    pub(crate) fn is_wanted(&self, name: &str) -> bool {
        if self.list {
            println!("{name}: benchmark");
        }
        !self.list && self.filter.as_ref().is_none_or(|part| name.contains(part.as_str()))
    }

    /// Whether it is only to be seen to work: figures mean nothing then.
    pub(crate) fn is_test(&self) -> bool {
        self.test || !self.bench
    }
}

/// Says what went wrong, if something did.
pub(crate) fn ended(name: &str, outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}
