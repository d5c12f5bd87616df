//! What capacity planning came to, as a file and as what others print.

use super::{
    check::Check,
    connections::Connections,
    cost::{Cost, PlanCheck},
    growth::{Response, RowOutcome},
    question::Question,
    tier::Tier,
};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every answer.
pub const FORMAT: &str = "loist-bench/capacity";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// How latency, size and processor time grow with the number of tracks, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench capacity")]
pub struct Capacity {
    /// Always `loist-bench/capacity`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When the first of its runs began, UTC.
    pub at: DateTime<Utc>,
    /// What it came to, of the numbers of tracks that were asked for.
    pub outcome: Outcome,
    /// The same in one short sentence.
    pub sentence: String,
    /// What else is to be known of it, a line each: what comes closest to its objective, of what nothing is known and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// Name of the workload.
    pub workload: String,
    /// The machine that the server is for, or the one that it ran on.
    pub machine: String,
    /// As in `15.18`.
    pub postgresql: String,
    /// The load under which it was measured, in words.
    pub load: String,
    /// The objective of all operations, or of the first where they differ.
    pub objective: String,
    /// Probability that all intervals of the operations together hold a new run, if the laws are among those considered.
    pub confidence: f64,
    /// What was asked.
    pub question: Question,
    /// What was measured at each number of tracks.
    pub sizes: Vec<Size>,
    /// One entry an operation, in the workload's order.
    pub operations: Vec<Operation>,
    /// The whole database, in bytes.
    pub database: Response,
    /// The heap of the tracks, with TOAST, in bytes.
    pub heap: Response,
    /// Their indexes, in bytes.
    pub indexes: Response,
    /// Processor time of the server for one call of the workload's mix, in microseconds.
    pub cpu: Response,
    /// One entry a number of tracks: those that were asked for and others for orientation.
    pub rows: Vec<GrowthRow>,
    /// Connections that the instances may open, against what tiers take; absent where no tier is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// Whether the predictions held, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Name of the price list.
    pub prices: String,
    /// The day for which its prices are.
    pub prices_date: NaiveDate,
    /// What of the prices could not be confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices_unconfirmed: Vec<String>,
    /// The figures of the server's own plan, and why these differ.
    pub plan: PlanCheck,
    /// What the answers rest on beside the measurements.
    pub assumptions: Vec<String>,
    /// What makes it less than it seems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every operation keeps its objective.
    Holds,
    /// One of them may miss it: its interval reaches beyond.
    InDanger,
    /// One of them is predicted to miss it.
    Missed,
    /// None is predicted to miss it, but of some nothing can be said; or predictions did not hold.
    Unknown,
}

/// What was measured at one number of tracks, medians over its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Size {
    /// Tracks when the runs began.
    pub tracks: u64,
    /// Runs at light load.
    pub runs: usize,
    /// Size of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_bytes: Option<f64>,
    /// Heap of the tracks, with TOAST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heap_bytes: Option<f64>,
    /// Indexes of the tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_bytes: Option<f64>,
    /// Processor time of the server for one call of the mix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_call: Option<f64>,
    /// Time for which a call of the mix holds a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_us_per_call: Option<f64>,
    /// Write-ahead log for each track that was ingested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_ingest: Option<f64>,
    /// Calls of the mix a second that one processor would answer with all of its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_vcpu_second: Option<f64>,
    /// The highest rate that meets the objective, where it was searched for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<Knee>,
}

/// The highest rate that meets the objective on the machine that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// The rate at which a block meets the objective as often as not.
    pub rate_per_second: f64,
    /// Lower end of its 95 % credible interval.
    pub low_per_second: f64,
    /// Upper end.
    pub high_per_second: f64,
    /// Whether it was found; if not, it lies beyond.
    pub bracketed: bool,
    /// Processors that the server used at the rate that was measured after the search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_cpus: Option<f64>,
    /// That rate for each processor that the server used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_cpu_second: Option<f64>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// Its response time at the objective's quantile, in microseconds.
    #[serde(flatten)]
    pub response: Response,
    /// Its share of the calls, as the workload asks, 0..=1.
    pub share: f64,
    /// Its objective, as in `200ms@p95`.
    pub objective: String,
    /// Longest response time that meets it.
    pub target_us: f64,
    /// One entry a size.
    pub at_size: Vec<AtSize>,
    /// Where it reaches its objective.
    pub reach: Reach,
}

/// An operation at one number of tracks, medians over its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AtSize {
    /// Tracks when the runs began.
    pub tracks: u64,
    /// Calls of all runs together.
    pub calls: u64,
    /// Median of the response time.
    pub p50_us: Option<f64>,
    /// 95th percentile.
    pub p95_us: Option<f64>,
    /// Its 95 % interval within the runs, by block bootstrap: medians of the ends. Between runs the spread is larger.
    pub p95_within_us: Option<(f64, f64)>,
    /// Mean time for which a call holds a connection.
    pub service_us: Option<f64>,
    /// Processor time of the server for one call, shared out by service time.
    pub cpu_us: Option<f64>,
}

/// Numbers of tracks at which a response time reaches the objective; absent where it does not within the horizon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// The upper end of the interval does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_tracks: Option<u64>,
    /// The estimate does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_tracks: Option<u64>,
    /// The lower end does: from there on it is certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_tracks: Option<u64>,
    /// As far as it can be predicted; 0 where it cannot.
    pub horizon_tracks: u64,
}

/// What a number of tracks takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GrowthRow {
    /// Tracks.
    pub tracks: u64,
    /// Whether it was asked for: the exit code speaks of these.
    pub asked: bool,
    /// The gravest outcome of its operations.
    pub outcome: RowOutcome,
    /// Operations that are predicted to miss their objective.
    pub missed: Vec<String>,
    /// Operations that may.
    pub in_danger: Vec<String>,
    /// Operations of which nothing can be said.
    pub unknown: Vec<String>,
    /// The smallest tier that bears the load, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Why there is none, or what to know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Storage of the audio files, which is Cloud Storage's and no part of the database's cost, a month.
    pub audio_usd: f64,
}

/// The JSON Schema of an answer (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Capacity).to_value()
}
