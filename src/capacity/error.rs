//! Why capacity cannot be planned.

use crate::text::FileError;
use chrono::{DateTime, Utc};

/// The records or the prices do not serve.
#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    /// Nothing to go by.
    #[error("{0}")]
    Nothing(String),
    /// Runs that are not of one series.
    #[error(
        "the runs of {} and {} differ in more than size and seed: the {what} is `{one}` and `{other}`: name records that differ in tracks and seed alone",
        started[0].format("%Y-%m-%d %H:%M:%S"), started[1].format("%Y-%m-%d %H:%M:%S")
    )]
    Differ {
        /// What differs.
        what: String,
        /// What it is in the first.
        one: String,
        /// What it is in the other.
        other: String,
        /// When both began.
        started: [DateTime<Utc>; 2],
    },
    /// A price list that cannot be used.
    #[error(transparent)]
    Prices(#[from] FileError),
}
