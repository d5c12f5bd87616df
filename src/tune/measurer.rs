//! What a study asks of servers: the one seam between deciding and measuring. In earnest they are PostgreSQL's; in tests one
//! that is made up stands for them, whose settings have a known effect.

use super::{Candidate, TuneError};
use crate::record::Record;
use std::time::Duration;

/// A block's record, or why the server could not be measured with its settings.
pub(super) type Measured = Result<Record, String>;

/// Two blocks to be measured one right after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    /// The best so far, and its challenger.
    pub(super) sides: [&'a Candidate; 2],
    /// Name of the experiment that it is of.
    pub(super) experiment: &'a str,
    /// Its number in the study, from 1.
    pub(super) number: u32,
    /// Seed of what the clients of both draw.
    pub(super) seed: u64,
    /// Whether the challenger's turn is first.
    pub(super) new_first: bool,
    /// Length of each block.
    pub(super) length: Duration,
    /// What a statement may take, on both sides alike: settings that make it slower than that are bad enough.
    pub(super) patience: Duration,
}

/// Somebody who measures.
pub(super) trait Measurer {
    /// A close look, so long, at a server with these settings.
    ///
    /// # Errors
    /// When the user interrupts, or it is what the server begins with that cannot be measured.
    fn look(&mut self, settings: &Candidate, seed: u64, length: Duration) -> Result<Measured, TuneError>;

    /// Both blocks of a pair.
    ///
    /// # Errors
    /// As [`Measurer::look`].
    fn pair(&mut self, pair: &Pair<'_>) -> Result<[Measured; 2], TuneError>;

    /// The time by which the budget is counted.
    fn elapsed(&self) -> Duration;
}
