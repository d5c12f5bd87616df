//! What was measured: latencies, counts, and how sure they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Latencies of one kind. Percentiles are `null` when nothing was recorded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Number of latencies.
    pub count: u64,
    /// Shortest.
    pub min_us: Option<f64>,
    /// Arithmetic mean.
    pub mean_us: Option<f64>,
    /// Median.
    pub p50_us: Option<f64>,
    /// 90th percentile.
    pub p90_us: Option<f64>,
    /// 95th percentile.
    pub p95_us: Option<f64>,
    /// 99th percentile.
    pub p99_us: Option<f64>,
    /// 99.9th percentile.
    pub p999_us: Option<f64>,
    /// Longest.
    pub max_us: Option<f64>,
    /// Latencies above the ten minutes that the histogram can tell apart; they stand there as ten minutes.
    pub saturated: u64,
    /// HdrHistogram V2 compressed encoding in base64, values in nanoseconds.
    pub histogram: String,
}

/// A percentile with its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuantileInterval {
    /// 0..1, as in 0.95.
    pub quantile: f64,
    /// Lower end of the 95 % interval.
    pub low_us: f64,
    /// Upper end of the 95 % interval.
    pub high_us: f64,
}

/// What became of one operation's calls. `calls = completed + expected_failures + failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationResult {
    /// Name of the tool, resource or page.
    pub name: String,
    /// Relative share of the calls, as the workload asks.
    pub weight: f64,
    /// Round trips of one successful call.
    pub round_trips: usize,
    /// Whether it changes rows.
    pub writes: bool,
    /// Counts, latencies and the objective.
    #[serde(flatten)]
    pub summary: Summary,
    /// One entry a kind of round trip.
    pub statements: Vec<StatementResult>,
    /// What failed, by SQLSTATE.
    pub errors: Vec<ErrorClass>,
}

/// Counts and latencies of one operation, or of all together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Calls made.
    pub calls: u64,
    /// Calls answered as wished.
    pub completed: u64,
    /// Calls answered with an error that the workload declares a normal answer.
    pub expected_failures: u64,
    /// Calls that failed otherwise.
    pub failed: u64,
    /// Calls a second over the whole window.
    pub calls_per_second: f64,
    /// Response time of the answered calls: from the client's wish to the last row, pool wait included.
    pub response: Latency,
    /// Service time of the answered calls: the same without waiting for a connection.
    pub service: Latency,
    /// Waiting for a connection, all checkouts of a call together.
    pub pool_wait: Latency,
    /// How sure the response percentiles are within this run, by block bootstrap over slices of time.
    /// Empty when the run was too short to say. Between runs the spread is larger.
    pub response_intervals: Vec<QuantileInterval>,
    /// The objective and whether it was met.
    pub slo: SloResult,
}

/// One kind of round trip within an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementResult {
    /// `begin`, `validate`, `commit`, `rollback`, or the statement's name in the workload.
    pub name: String,
    /// Round trips that succeeded.
    pub calls: u64,
    /// Round trips that the server answered with an error.
    pub errors: u64,
    /// Rows received.
    pub rows: u64,
    /// Service time of the successful ones: sent to last row read.
    pub service: Latency,
}

/// One class of errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorClass {
    /// SQLSTATE, or `client` for what the server did not say: a lost connection, a call that was never answered.
    pub code: String,
    /// The first message of this class.
    pub message: String,
    /// Whether the workload declares it a normal answer.
    pub expected: bool,
    /// How often.
    pub count: u64,
}

/// An objective, and whether it was met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SloResult {
    /// As the user writes it, `200ms@p95`.
    pub objective: String,
    /// Longest response time that meets it.
    pub target_us: f64,
    /// Share of calls that must meet it, 0..1.
    pub quantile: f64,
    /// The response time at that quantile.
    pub observed_us: Option<f64>,
    /// Calls that took longer, or failed without being expected to.
    pub misses: u64,
    /// `misses / calls`, 0..=1.
    pub miss_share: f64,
    /// 95 % interval of that share within this run, lower end: the wider of Wilson's and a block bootstrap's.
    pub miss_share_low: f64,
    /// Upper end.
    pub miss_share_high: f64,
    /// Met, missed, or not resolved.
    pub outcome: Outcome,
    /// Why it is not resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether an objective was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Met.
    Met,
    /// Missed.
    Missed,
    /// The run cannot tell.
    Inconclusive,
}

/// The whole run's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Missed if any operation missed; else inconclusive if one that matters could not be told.
    pub outcome: Outcome,
    /// The verdict in words.
    pub sentence: String,
    /// What makes the numbers less than they seem; empty when there is nothing to say.
    pub cautions: Vec<String>,
}

/// The window in slices of time; each list has one entry a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// Length of a slice.
    pub interval_seconds: f64,
    /// One entry an operation, in the workload's order.
    pub operations: Vec<SeriesOperation>,
}

/// One operation's slices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesOperation {
    /// Name of the operation.
    pub name: String,
    /// Calls answered in the slice.
    pub answered: Vec<u64>,
    /// Calls that failed without being expected to.
    pub failed: Vec<u64>,
    /// Median response time.
    pub p50_us: Vec<Option<f64>>,
    /// 95th percentile.
    pub p95_us: Vec<Option<f64>>,
    /// 99th percentile.
    pub p99_us: Vec<Option<f64>>,
    /// Longest.
    pub max_us: Vec<Option<f64>>,
}
