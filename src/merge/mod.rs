//! One record of those of several processes that made a run together: counts and histograms are added, and everything
//! else is made from the sums as a run makes it. Pure.
//!
//! Records are merged only where they are of one run (`check`). What else shards are to share is added here: read back from
//! a record in `part`, added up in `sum`, or the same in all of them in `check`.

mod assemble;
mod cautions;
mod check;
mod error;
mod part;
mod sum;
#[cfg(test)]
mod tests;

pub use error::MergeError;

use crate::{
    lab::{self, Run},
    record::{Record, Shard},
};
use std::time::Duration;

/// A record, and what it is called in a message.
#[derive(Debug, Clone)]
pub struct Piece {
    /// As the user named it.
    pub name: String,
    /// What it holds.
    pub record: Record,
}

/// What may be merged.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether shards may be missing, or have ended before their time.
    pub partial: bool,
    /// How far apart the windows may have begun, all doubts included.
    pub tolerance: Duration,
}

/// A shard whose record counts.
struct Counted {
    record: Record,
    shard: Shard,
}

/// Merges the records of a run's shards into one: always the same one.
///
/// # Errors
/// When they are not all of one run, one is missing or twice there, one did not run to its end, or their windows were not at
/// the same time.
pub fn merge(pieces: Vec<Piece>, options: &Options) -> Result<Run, MergeError> {
    let checked = check::check(pieces, options)?;
    let measured = |piece: &check::NamedShard| {
        let measured = part::measured(&piece.counted.record, &piece.counted.shard);
        measured.map_err(|reason| MergeError::Broken { name: piece.name.clone(), reason })
    };
    let mut parts = checked.pieces.iter().map(measured);
    let mut measured = parts.next().ok_or(MergeError::Nothing)??;
    for part in parts {
        sum::add(&mut measured, &part?);
    }
    let record = assemble::assemble(&checked, &measured)?;
    let interval_log = lab::interval_log(&measured, record.window.started_at);
    Ok(Run { record, interval_log })
}
