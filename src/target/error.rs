//! What can be wrong with a database or an embedded server: one sentence each, with its remedy.

use std::path::PathBuf;

/// A database could not be had.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Options that do not go together.
    #[error("{option} {reason}")]
    Contradiction {
        /// The option.
        option: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A server's files cannot be kept for others to begin with.
    #[error("the seeded server's files cannot be kept: {reason}")]
    Seeded {
        /// Why.
        reason: String,
    },
    /// Connection settings that cannot be read. The text never holds a value.
    #[error("{origin}: {reason}")]
    Settings {
        /// Where they stand.
        origin: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The database does not answer, or refuses.
    #[error("cannot connect to {address}: {reason}")]
    Connect {
        /// Host, port, database and user.
        address: String,
        /// The cause.
        reason: String,
    },
    /// No usable server programs.
    #[error("{0}")]
    Programs(String),
    /// The embedded server did not come up.
    #[error("the embedded PostgreSQL could not be started: {0}")]
    Start(String),
    /// A directory that is no kept server's.
    #[error("{directory} {reason}")]
    NotKept {
        /// The directory.
        directory: PathBuf,
        /// Why it was left alone.
        reason: String,
    },
    /// Tracks that somebody else made.
    #[error(
        "the database holds {table}, which loist-bench did not make, so nothing was touched: measure it as it is with --use-existing, or name another database"
    )]
    Foreign {
        /// The table.
        table: String,
    },
    /// The ledger of migrations is not a beginning of ours.
    #[error("{place}: {reason}")]
    Ledger {
        /// The file or version.
        place: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error("{place}: {reason}")]
    Migration {
        /// File and line, or what else was tried.
        place: String,
        /// The cause.
        reason: String,
    },
    /// Files that make no schema.
    #[error("{origin}: {reason}")]
    Schema {
        /// The directory, or what else holds them.
        origin: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A server could not be ended.
    #[error("the server in {directory} could not be ended: {reason}")]
    Stop {
        /// Its directory.
        directory: PathBuf,
        /// The cause.
        reason: String,
    },
}

impl TargetError {
    /// Whether what the user said is wrong, and not the environment.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(
            self,
            Self::Contradiction { .. }
                | Self::Settings { .. }
                | Self::NotKept { .. }
                | Self::Foreign { .. }
                | Self::Ledger { .. }
                | Self::Schema { .. }
        )
    }
}

/// A PostgreSQL error in one line: the server's message with its SQLSTATE, or the chain of causes.
#[must_use]
pub fn describe(error: &tokio_postgres::Error) -> String {
    let missing =
        std::error::Error::source(error).is_some_and(|cause| cause.to_string() == "password missing");
    if missing {
        return "the server asks for a password, and none was given: name its file by --password-file, or set PGPASSWORD or DB_PASSWORD"
            .to_owned();
    }
    if let Some(refusal) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
