//! What went wrong, in one sentence, and the exit code that says of which kind it is.

use crate::{
    catalog::CatalogError, engine::EngineError, lab::LabError, record::RecordError, target::TargetError,
    workload::WorkloadError,
};
use clap::error::ErrorKind;
use std::{io::Write, process::ExitCode};

/// Wrong usage or bad input.
const BAD_INPUT: u8 = 2;
/// The database or the environment failed.
const ENVIRONMENT: u8 = 3;
/// Interrupted by the user.
const INTERRUPTED: u8 = 130;

/// A command could not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Told in one sentence.
    Said { message: String, code: u8 },
    /// clap has its own words, among them help and version.
    Usage(clap::Error),
}

impl Failure {
    pub(super) fn bad_input(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), code: BAD_INPUT }
    }

    pub(super) fn environment(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), code: ENVIRONMENT }
    }

    pub(super) fn from_clap(error: clap::Error) -> Self {
        Self::Usage(error)
    }

    /// Prints it once, to standard error, and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Said { message, code } => {
                let _ = writeln!(anstream::stderr(), "loist-bench: {message}");
                ExitCode::from(code)
            }
            Self::Usage(error)
                if error.use_stderr()
                    && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
            {
                let _ = writeln!(anstream::stderr(), "loist-bench: {}", sentence(&error));
                ExitCode::from(BAD_INPUT)
            }
            Self::Usage(error) => {
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(BAD_INPUT))
            }
        }
    }
}

/// clap's words without its layout: what is wrong, what is possible, what might be meant.
fn sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let told: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with("For more information")).collect();
    format!("{}; see --help", told.join(" ").trim_start_matches("error: "))
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        let message = error.to_string();
        match error {
            LabError::Usage(_) | LabError::Workload(_) => Self::bad_input(message),
            LabError::Interrupted => Self::Said { message, code: INTERRUPTED },
            LabError::Target(error) => error.into(),
            LabError::Catalog(error) => error.into(),
            LabError::Engine(error) => error.into(),
            LabError::Record(error) => error.into(),
            LabError::Observe(_)
            | LabError::System(_)
            | LabError::Metrics(_)
            | LabError::Unhealthy { .. }
            | LabError::ServerLost { .. } => Self::environment(message),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let message = error.to_string();
        if error.is_bad_input() { Self::bad_input(message) } else { Self::environment(message) }
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        let message = error.to_string();
        if error.is_bad_input() { Self::bad_input(message) } else { Self::environment(message) }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Workload(error) => error.into(),
            other => Self::environment(other.to_string()),
        }
    }
}

impl From<WorkloadError> for Failure {
    fn from(error: WorkloadError) -> Self {
        Self::bad_input(error.to_string())
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        let message = error.to_string();
        match error {
            RecordError::Io { what, .. } if what.contains("write") || what.contains("make") => {
                Self::environment(message)
            }
            _ => Self::bad_input(message),
        }
    }
}
