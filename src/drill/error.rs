//! Why a drill could not be held. What it finds is no error: that is its result.

use crate::{catalog::CatalogError, lab::LabError, target::TargetError, text::told};

/// A drill could not be held.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// Options that contradict each other, the database, or what lies on disk.
    #[error("{0}")]
    Usage(String),
    /// A server could not be reached or started.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The library could not be made.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A load could not be put on.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The operating system refused something basic.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
    /// A program, a right or room is missing.
    #[error("{0}")]
    Environment(String),
    /// The database refused a statement.
    #[error("the database could not be {doing}: {reason}")]
    Database {
        /// What was done with it.
        doing: &'static str,
        /// The cause.
        reason: String,
    },
    /// A program failed that makes the backup.
    #[error("{program} failed: {said}")]
    Program {
        /// Its name.
        program: String,
        /// What it said.
        said: String,
    },
    /// The user asked for the end.
    #[error("interrupted: nothing of this drill is left behind but backups that were moved to --keep before")]
    Interrupted,
}

impl DrillError {
    /// A statement that the database refused.
    pub(super) fn of(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |error| Self::Database { doing, reason: crate::target::describe(&error) }
    }

    /// Something with a file.
    pub(super) fn file(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Environment(told(&path, &error))
    }
}
