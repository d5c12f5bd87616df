//! What disturbed a measurement, as stored in a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something beside the database under load that shaped the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disturbance {
    /// What kind it is.
    pub kind: DisturbanceKind,
    /// What was seen, with its figures, and what to do about it.
    pub sentence: String,
    /// Whether the run's verdict is inconclusive because of it; else it is only to be known.
    pub decisive: bool,
}

/// Kinds of disturbances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisturbanceKind {
    /// The hypervisor gave the processors' time to somebody else.
    Steal,
    /// Other processes on this machine used its processors.
    OtherProcesses,
    /// The client was bound to few processors and had to share them.
    ClientStarved,
    /// The client's own threads had no time left.
    ClientSaturated,
    /// The client started calls later than its schedule says.
    ScheduleMissed,
    /// More was asked than could be answered.
    Overload,
    /// Blocks of the search for the knee were set aside.
    SearchDisturbed,
    /// The latency rose or fell through the window in a way that matters to the objective.
    NotSteady,
    /// Checkpoints began in the window.
    Checkpoint,
    /// Autovacuum was at work in the window.
    Autovacuum,
    /// Sessions waited for locks.
    LockWaits,
}
