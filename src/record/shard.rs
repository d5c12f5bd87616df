//! A run that several load machines made together: what each of them adds to its record so that they can be merged, and
//! what a merged record says of them.

use super::{Host, load::Load, results::Latency};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The place of a process among those that made a run together. All else in its record is its own part alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Its number, from 1.
    pub number: usize,
    /// How many shards the run has.
    pub of: usize,
    /// The same in all records of the run, and in no other run's.
    pub run_id: String,
    /// The load of all shards together, as one process would have it.
    pub whole: Load,
    /// The server and the database, however they were reached.
    pub server: String,
    /// When the windows of all were to begin, by the server's clock.
    pub start_at: DateTime<Utc>,
    /// When its own began.
    pub clock: ShardClock,
    /// What makes its numbers less than they seem and cannot be told from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
    /// Response times by slice of the series, one entry an operation, in the workload's order: what percentiles and
    /// intervals of all shards together are made from.
    pub slices: Vec<ShardSlices>,
}

/// How a shard's clock stood to the server's, and when its window began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardClock {
    /// When its window began, by the server's clock: the moment at which the last of its threads began.
    pub began_at: DateTime<Utc>,
    /// By how much that may be wrong, to either side.
    pub uncertain_us: f64,
    /// Read before the window.
    pub before: ClockReading,
    /// Read after the window; absent where the server did not answer any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ClockReading>,
}

/// The server's clock, read over the network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockReading {
    /// By how much it was ahead of this machine's, in the middle of the shortest round trip.
    pub server_ahead_us: f64,
    /// Half of that round trip.
    pub uncertain_us: f64,
    /// Round trips that were made.
    pub round_trips: u32,
}

/// The response times of one operation of one shard. Each text is a HdrHistogram, V2 compressed encoding in base64, values in
/// nanoseconds; `null` where there were none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardSlices {
    /// One entry a slice.
    pub answered: Vec<Option<String>>,
    /// What was answered after the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<String>,
}

/// What a merged record says of the shards that it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Merged {
    /// That of the run.
    pub run_id: String,
    /// How many shards the run has.
    pub of: usize,
    /// Numbers of those whose records were not there; the numbers are those of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<usize>,
    /// The shard that looked at the server for all.
    pub observer: usize,
    /// When the windows of all were to begin, by the server's clock.
    pub start_at: DateTime<Utc>,
    /// How far apart the windows began at most, by the server's clock, all doubts included.
    pub apart_us: f64,
    /// One entry a shard, by number.
    pub shards: Vec<MergedShard>,
}

/// One shard of a merged record, and how well it did its part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedShard {
    /// Its number.
    pub number: usize,
    /// The machine that it ran on.
    pub host: Host,
    /// Its clients.
    pub clients: usize,
    /// Threads that carried them.
    pub threads: usize,
    /// Calls that were meant to begin in the window.
    pub calls: u64,
    /// Those that were lost: failed without being expected to, shed or unfinished.
    pub lost: u64,
    /// Calls answered a second.
    pub calls_per_second: f64,
    /// 95th percentile of its response time: one that is far from the others' tells of its machine or its network.
    pub p95_us: Option<f64>,
    /// How much later than intended calls were let in; absent where none were planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_error: Option<Latency>,
    /// Processors that it used, over the window; absent where that could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus_used: Option<f64>,
    /// Processors that it might use.
    pub cpus_allowed: usize,
    /// Seconds per second that the thread which waited longest for a processor waited, over the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_wait: Option<f64>,
    /// When its window began.
    pub clock: ShardClock,
}
