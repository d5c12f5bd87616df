//! Why a catalog could not be had.

use crate::target::{TargetError, describe};
use tokio_postgres::error::SqlState;

/// A catalog could not be made or found.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database could not be reached, or its schema not be brought up to date.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Somebody else is at it.
    #[error(
        "another loist-bench is at work in this database: wait until it has ended, or name another database"
    )]
    Busy,
    /// Shards of another run are at it.
    #[error(
        "shards of another run, or of this run with other options, are at work in this database: give all shards of a run the same options but for --shard, or wait until the others have ended"
    )]
    OtherShards,
    /// Two processes take themselves for the same shard.
    #[error(
        "shard {number} of {of} is at work in this database already: give each shard a number of its own"
    )]
    ShardTwice {
        /// Its number, from 1.
        number: usize,
        /// How many shards there are.
        of: usize,
    },
    /// Another library is there than shard 1 was to make.
    #[error("the library in this database is not the one that shard 1 was asked for: start all shards again")]
    OtherLibrary,
    /// Something of somebody else's would go with what is to be removed, or hangs on it.
    #[error(
        "nothing was removed: what loist-bench did not make stands in the schema loist_bench or hangs on what is in it: {what}; move or drop that first"
    )]
    Strangers {
        /// What it is.
        what: String,
    },
    /// There is nothing to measure.
    #[error("{0}")]
    NothingThere(String),
    /// A statement failed.
    #[error("the catalog could not be {doing}: {reason}")]
    Database {
        /// What was done.
        doing: &'static str,
        /// The cause.
        reason: String,
    },
}

impl CatalogError {
    /// Whether what the user said is wrong, and not the environment.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Target(error) => error.is_bad_input(),
            Self::NothingThere(_) | Self::Strangers { .. } => true,
            Self::Busy
            | Self::OtherShards
            | Self::ShardTwice { .. }
            | Self::OtherLibrary
            | Self::Database { .. } => false,
        }
    }

    pub(super) fn of(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Self {
        move |error| {
            let mut reason = describe(&error);
            // Somebody's own foreign key or view hangs on the table.
            if [Some(&SqlState::FEATURE_NOT_SUPPORTED), Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST)]
                .contains(&error.code())
            {
                reason.push_str(": drop what hangs on it, or the schema loist_bench as a whole");
            }
            Self::Database { doing, reason }
        }
    }
}
