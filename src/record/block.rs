//! The place of a run in an experiment of many.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A run that is one block of a duet: two sides, measured in turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Name of the experiment; blocks of one experiment are compared pair by pair.
    pub experiment: String,
    /// `base` or `new`.
    pub side: String,
    /// Number of its pair, from 1; 0 for the close look at the side before the first pair.
    pub pair: u32,
    /// Whether it was the first of the pair.
    pub first: bool,
}
