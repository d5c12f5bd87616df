//! What can go wrong with a study.

use crate::{compare::CompareError, lab::LabError, record::RecordError};

/// A study could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// A block could not be measured.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// A record could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Both sides cannot be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// The journal cannot be read, written, or gone on with.
    #[error("{place}: {reason}")]
    Journal {
        /// File and line.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// What the server begins with cannot be tuned.
    #[error("there is nothing to tune: {reason}")]
    Start {
        /// Why.
        reason: String,
    },
    /// Nothing may be tried.
    #[error("there is nothing to try: {reason}")]
    Nothing {
        /// Why.
        reason: String,
    },
    /// The user asked for the end; what was measured is kept.
    #[error("interrupted: --resume goes on with what was measured")]
    Interrupted,
}
