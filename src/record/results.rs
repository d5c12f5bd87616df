//! What was measured: latencies, counts, and how sure they are.

use super::heat::HeatMap;
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

/// What became of one operation's calls. `calls = completed + expected_failures + failed + shed + unfinished`.
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
    /// Calls that were meant to begin in the window: in a closed loop those that were made, in an open loop the
    /// arrivals.
    pub calls: u64,
    /// Calls answered as wished.
    pub completed: u64,
    /// Calls answered with an error that the workload declares a normal answer.
    pub expected_failures: u64,
    /// Calls that failed otherwise.
    pub failed: u64,
    /// Calls that were turned away because the queue in front of the clients was full.
    #[serde(default)]
    pub shed: u64,
    /// Calls that still waited or were under way when the load was over, and were given up.
    #[serde(default)]
    pub unfinished: u64,
    /// Calls answered within the window, by its length in seconds; what was answered later is not counted here.
    pub calls_per_second: f64,
    /// Response time of the answered calls: from the intended start (in a closed loop without think time, when the
    /// client was free) to the last row, all waiting included.
    pub response: Latency,
    /// Service time of the answered calls: while they held a connection, statements sent to last row read.
    pub service: Latency,
    /// From the intended start until a client took the call up.
    #[serde(default)]
    pub queue_wait: Latency,
    /// Waiting for the pool, all checkouts of a call together.
    pub pool_wait: Latency,
    /// How sure the response percentiles are within this run, by block bootstrap over slices of time.
    /// Empty when the run was too short to say. Between runs the spread is larger.
    pub response_intervals: Vec<QuantileInterval>,
    /// The objective and whether it was met.
    pub slo: SloResult,
}

impl Summary {
    /// Calls that were lost: failed without being expected to, shed or unfinished.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.failed + self.shed + self.unfinished
    }
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
    /// Rows returned or changed, as the server counts them.
    pub rows: u64,
    /// Service time of the successful ones: sent to last row read.
    pub service: Latency,
}

/// One class of errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorClass {
    /// Its kind: `connection_lost`, `connection_refused`, `server_unavailable`, `too_many_connections`, `disk_full`,
    /// `deadlock`, `serialization_failure`, `canceled`, `pool_exhausted`, `pool_timeout`, `server` or `client` (any
    /// other of either).
    #[serde(default)]
    pub class: String,
    /// SQLSTATE, or `client` for what the server did not say, such as a lost connection.
    pub code: String,
    /// The first message of this class.
    pub message: String,
    /// Whether the workload declares it a normal answer.
    pub expected: bool,
    /// How often, each attempt counted.
    pub count: u64,
    /// How many of them were followed by another attempt, as the workload's policy says.
    #[serde(default)]
    pub retried: u64,
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
    /// Calls that took longer, failed without being expected to, were shed or remained unfinished.
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

impl SloResult {
    /// How many times faster than its target the observed quantile is: more than 1 where it meets it. `None` where no call
    /// was answered.
    #[must_use]
    pub fn headroom(&self) -> Option<f64> {
        self.observed_us.filter(|us| *us > 0.0).map(|us| self.target_us / us)
    }
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
    /// Length of a slice; the last one ends with the window.
    pub interval_seconds: f64,
    /// How long after the window's end the last call ended, or was given up.
    #[serde(default)]
    pub late_seconds: f64,
    /// One entry an operation, in the workload's order.
    pub operations: Vec<SeriesOperation>,
    /// Where the response times of all of them lay; absent where nothing was answered within the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat: Option<HeatMap>,
}

impl Series {
    /// Answers in the last third of the slices against those in the first, all operations together: 1.0 in a steady
    /// closed loop. The last slice, which may be shorter or longer, is left out. `None` with fewer than ten slices, or
    /// without an answer in the first third.
    #[must_use]
    pub fn drift(&self) -> Option<f64> {
        let length =
            self.operations.iter().map(|operation| operation.answered.len()).max().unwrap_or_default();
        if length < 10 {
            return None;
        }
        let third = (length - 1) / 3;
        let answers = |range: std::ops::Range<usize>| -> u64 {
            // The lists of a record that somebody edited may differ in length: what is missing was not answered.
            let of = |operation: &SeriesOperation| -> u64 {
                operation.answered.iter().take(range.end).skip(range.start).sum()
            };
            self.operations.iter().map(of).sum()
        };
        let (first, last) = (answers(0..third), answers(length - 1 - third..length - 1));
        (first > 0).then(|| last as f64 / first as f64)
    }
}

/// One operation's slices.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesOperation {
    /// Name of the operation.
    pub name: String,
    /// Calls answered in the slice.
    pub answered: Vec<u64>,
    /// Calls that failed without being expected to, were shed or remained unfinished.
    #[serde(alias = "failed")]
    pub lost: Vec<u64>,
    /// Median response time.
    pub p50_us: Vec<Option<f64>>,
    /// 95th percentile.
    pub p95_us: Vec<Option<f64>>,
    /// 99th percentile.
    pub p99_us: Vec<Option<f64>>,
    /// Longest.
    pub max_us: Vec<Option<f64>>,
    /// What ended after the window; absent where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
}

/// Calls that began in the window and ended after it. They count in every total and percentile, and not in the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Late {
    /// Calls answered.
    pub answered: u64,
    /// Calls that failed without being expected to, or were given up.
    pub lost: u64,
    /// Median response time.
    pub p50_us: Option<f64>,
    /// 95th percentile.
    pub p95_us: Option<f64>,
    /// 99th percentile.
    pub p99_us: Option<f64>,
    /// Longest.
    pub max_us: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_compares_the_last_third_with_the_first() {
        let with = |answered: &[u64]| {
            let operation = SeriesOperation { answered: answered.to_vec(), ..SeriesOperation::default() };
            Series {
                interval_seconds: 1.0,
                late_seconds: 0.0,
                operations: vec![operation.clone(), operation],
                heat: None,
            }
            .drift()
        };
        assert_eq!(with(&[5; 9]), None);
        assert_eq!(with(&[5; 30]), Some(1.0));
        assert_eq!(with(&[8, 8, 8, 6, 6, 6, 4, 4, 4, 100]), Some(0.5));
        assert_eq!(with(&[0; 10]), None);
        let uneven = [vec![4; 10], Vec::new(), vec![1; 3]];
        let operations = uneven.map(|answered| SeriesOperation { answered, ..SeriesOperation::default() });
        let series =
            Series { interval_seconds: 1.0, late_seconds: 0.0, operations: operations.to_vec(), heat: None };
        assert_eq!(series.drift(), Some(0.8), "15 calls, then 12");
    }
}
