//! What a run tells its listeners while it goes on; the terminal is only one of them.

use crate::engine::Snapshot;
use std::time::Duration;

/// Something a listener may want to show.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step began.
    StepBegan(String),
    /// The step that began last has ended.
    StepEnded {
        /// Its name.
        name: String,
        /// How long it took.
        took: Duration,
    },
    /// Rows loaded so far, of how many.
    Loaded {
        /// So far.
        rows: u64,
        /// In all.
        of: u64,
    },
    /// A phase of load goes on.
    Progress {
        /// `floor`, `warm-up`, `search` or `measuring`.
        phase: &'static str,
        /// How long the phase lasts.
        duration: Duration,
        /// What was seen so far.
        snapshot: Box<Snapshot>,
        /// Calls a second that are asked for now; none in a closed loop.
        asked_per_second: Option<f64>,
        /// Size of the database when it was looked at last.
        database_bytes: Option<u64>,
    },
    /// A sentence worth telling.
    Note(String),
    /// A server stays when the program ends, and how to end it: to be told whatever else is not.
    Kept(String),
}
