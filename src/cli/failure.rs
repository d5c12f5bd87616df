//! What went wrong, in one sentence, and the exit code that says of which kind it is.

use super::config_file::Places;
use crate::{
    catalog::CatalogError, engine::EngineError, flags::secret::without_passwords, lab::LabError,
    record::RecordError, target::TargetError, text::FileError, workload::WorkloadError,
};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::{error::Error, io::Write, process::ExitCode};

/// Wrong usage or bad input.
const BAD_INPUT: u8 = 2;
/// The database or the environment failed.
const ENVIRONMENT: u8 = 3;
/// Nothing can be said of what was measured.
const INCONCLUSIVE: u8 = 4;
/// Interrupted by the user.
const INTERRUPTED: u8 = 130;

/// A command could not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Told in one sentence.
    Said { message: String, code: u8 },
    /// clap has its own words, among them help and version. With the place of what is wrong, where that is not the
    /// command line.
    Usage(clap::Error, Option<String>),
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::bad_input(error.to_string())
    }
}

impl Failure {
    pub(super) fn bad_input(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), code: BAD_INPUT }
    }

    pub(super) fn environment(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), code: ENVIRONMENT }
    }

    pub(super) fn interrupted(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), code: INTERRUPTED }
    }

    /// An error of either kind: bad input, or the environment's.
    pub(super) fn of(error: &impl Error, is_bad_input: bool) -> Self {
        let message = error.to_string();
        if is_bad_input { Self::bad_input(message) } else { Self::environment(message) }
    }

    /// What is said of it, in one sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Said { message, .. } => message.clone(),
            Self::Usage(error, _) => error.to_string(),
        }
    }

    /// What clap found. `places` tells where the configuration file says what.
    pub(super) fn usage(error: clap::Error, places: &Places) -> Self {
        let place = place(&error, places);
        Self::Usage(error, place)
    }

    /// Prints it once, to standard error, and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Said { message, code } => {
                let _ = writeln!(anstream::stderr(), "loist-bench: {}", without_passwords(&message));
                ExitCode::from(code)
            }
            Self::Usage(error, place)
                if error.use_stderr()
                    && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
            {
                let place = place.map_or_else(String::new, |place| format!("{place}: "));
                let said = without_passwords(&sentence(&error));
                let _ = writeln!(anstream::stderr(), "loist-bench: {place}{said}");
                ExitCode::from(BAD_INPUT)
            }
            Self::Usage(error, _) => {
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
    let told: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        // What begins with a dash is hardly ever meant as a workload's name.
        .filter(|line| !(line.starts_with("tip: to pass") && line.contains("as a value")))
        .collect();
    let told = told.join(" ").replace(" tip: ", "; ");
    format!("{}; see --help", told.trim_start_matches("error: "))
}

/// Where a bad value stands, if not on the command line: the environment variable, or the line of the file.
fn place(error: &clap::Error, places: &Places) -> Option<String> {
    let text = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.as_str()),
        _ => None,
    };
    let (argument, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let name = argument.strip_prefix("--")?.split_whitespace().next()?;
    let said = |word: std::ffi::OsString| {
        let word = word.to_string_lossy().into_owned();
        word.strip_prefix("--").is_some_and(|rest| rest.split('=').next() == Some(name))
    };
    if std::env::args_os().any(said) {
        return None;
    }
    let variable = format!("LOIST_BENCH_{}", name.replace('-', "_").to_ascii_uppercase());
    let own = variable.replacen("LOIST_BENCH_", "LOIST_BENCH_REPORT_", 1);
    let set = |variable: &String| std::env::var(variable).is_ok_and(|set| set == value);
    if let Some(variable) = [variable, own].into_iter().find(set) {
        return Some(variable);
    }
    [name.to_owned(), format!("report-{name}")]
        .iter()
        .filter_map(|name| places.get(name))
        .find(|(_, texts)| texts.iter().any(|text| text == value))
        .map(|(place, _)| place.clone())
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        let message = error.to_string();
        match error {
            LabError::Usage(_) | LabError::Workload(_) | LabError::Compare(_) => Self::bad_input(message),
            LabError::Interrupted => Self::interrupted(message),
            LabError::Braked(_) => Self::Said { message, code: INCONCLUSIVE },
            LabError::Target(error) => error.into(),
            LabError::Catalog(error) => error.into(),
            LabError::Engine(error) => error.into(),
            LabError::Observe(_)
            | LabError::System(_)
            | LabError::Metrics(_)
            | LabError::Shard(_)
            | LabError::Unhealthy { .. }
            | LabError::ServerLost { .. } => Self::environment(message),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::of(&error, error.is_bad_input())
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self::of(&error, error.is_bad_input())
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
