//! Why records cannot be merged.

use crate::lab::listed;
use std::time::Duration;

/// The records are not those of one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is nothing to merge: name the records of the shards of a run")]
    Nothing,
    /// Made by a single process.
    #[error("{name} is of a run that one process made: only records of `run --shard` can be merged")]
    NoShard {
        /// The record.
        name: String,
    },
    /// Made by merging.
    #[error("{name} is merged already: name the records that it was made from")]
    Merged {
        /// The record.
        name: String,
    },
    /// Of different runs.
    #[error("{one} and {other} are not of one run: {what} differs, {own} and {others}")]
    Differs {
        /// A record.
        one: String,
        /// Another one.
        other: String,
        /// What is not the same.
        what: &'static str,
        /// What it is in the first one.
        own: String,
        /// What it is in the other.
        others: String,
    },
    /// Two of the same shard.
    #[error("shard {number} is there twice: {one} and {other}; leave one out")]
    Twice {
        /// Its number.
        number: usize,
        /// A record.
        one: String,
        /// Another one.
        other: String,
    },
    /// Some are not there.
    #[error(
        "no record of {} of {of}: name all records of the run, or merge what is there by --partial",
        listed(.missing)
    )]
    Missing {
        /// Their numbers.
        missing: Vec<usize>,
        /// How many shards the run has.
        of: usize,
    },
    /// One ended before its time.
    #[error(
        "{name}: shard {number} did not run to its end, {how}: run all shards again, or merge the others by --partial"
    )]
    CutShort {
        /// The record.
        name: String,
        /// Its number.
        number: usize,
        /// What ended it.
        how: &'static str,
    },
    /// Windows at different times are not one load.
    #[error(
        "the windows began up to {:.1} ms apart by the server's clock ({early} first, {late} last), above --tolerance {}: they put no load on together; run all shards again, or allow more if you know why",
        .apart_us / 1e3, humantime::format_duration(*.tolerance)
    )]
    Apart {
        /// How far apart they were at most.
        apart_us: f64,
        /// How far they may be.
        tolerance: Duration,
        /// The record whose window began first.
        early: String,
        /// The record whose window began last.
        late: String,
    },
    /// Windows of which one was over when another began.
    #[error(
        "the window of {early} was over when that of {late} began: they put no load on together, whatever --tolerance says"
    )]
    Disjoint {
        /// The record whose window ended first.
        early: String,
        /// The record whose window began last.
        late: String,
    },
    /// What a shard adds to its record cannot be read.
    #[error("{name}: what is there for merging cannot be used: {reason}")]
    Broken {
        /// The record.
        name: String,
        /// What is wrong.
        reason: String,
    },
}
