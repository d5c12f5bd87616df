//! What an A/A measurement comes to, as a file: how often the gate raised an alarm where both sides are the same.

use crate::{
    record::Metric,
    stats::{at_most, clopper_pearson},
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every file.
pub const FORMAT: &str = "loist-bench/aa";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;
/// Probability that a bound holds.
const CONFIDENCE: f64 = 0.95;

/// How often the gate cries wolf on this machine, and the smallest change that it can see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench A/A measurement")]
pub struct FalseAlarms {
    /// Always `loist-bench/aa`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When it began, UTC.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took_seconds: f64,
    /// The machine: processor model, processors, memory.
    pub machine: String,
    /// Version of PostgreSQL.
    pub postgresql: String,
    /// Name of the workload.
    pub workload: String,
    /// The side that was compared with itself.
    #[serde(default)]
    pub side: String,
    /// The load, in words.
    pub load: String,
    /// SHA-256 of all that was asked: only what was asked alike can be added.
    #[serde(default)]
    pub options_sha256: String,
    /// Calls a second that were asked of both sides, in an open loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<f64>,
    /// Tracks of the catalog.
    pub tracks: u64,
    /// Probability that a comparison raises no false alarm, as the gate promises.
    pub confidence: f64,
    /// Length of a block's window.
    pub block_seconds: f64,
    /// Pairs of blocks of each comparison.
    pub pairs: usize,
    /// Pairs that were set aside, in all.
    pub set_aside: usize,
    /// One entry a comparison.
    pub comparisons: Vec<Comparison>,
    /// The smallest change that a comparison of so many pairs finds nine times in ten, by operation and metric.
    pub detectable: Vec<Detectable>,
    /// What the pairs differed by, from which that follows.
    pub spread: Vec<Spread>,
}

/// By how much pairs of blocks differed, though they were of the same side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The operation, or `all`.
    pub operation: String,
    /// The metric.
    pub metric: Metric,
    /// Median of the base in the last comparison, in the metric's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<f64>,
    /// One value a pair: logarithm of the ratio, or difference of the shares, to four digits.
    pub values: Vec<f64>,
}

/// One comparison of a side with itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Operations and metrics that decisions rest on.
    pub judged: usize,
    /// Those that were called slower: the gate raises an alarm if there is one.
    pub slower: usize,
    /// Those that were called faster.
    pub faster: usize,
    /// Those that were called equivalent.
    pub equivalent: usize,
    /// Those that are worse by more than the smallest change that matters, median against median: what a gate with a
    /// fixed threshold would call slower.
    pub over_threshold: usize,
    /// Those whose first pair alone differs by more than the intervals that its calls would have if they were
    /// independent: what a test of single runs calls slower.
    pub single_run: usize,
}

/// The smallest change that is found nine times in ten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Detectable {
    /// The operation, or `all`.
    pub operation: String,
    /// The metric.
    pub metric: Metric,
    /// Spread of the pairs: standard deviation of the logarithm of their ratio, or of the difference of shares.
    pub spread: f64,
    /// With as many pairs as these comparisons had; relative of a latency or rate, absolute of a share.
    pub change: Option<f64>,
}

/// How many comparisons of one judge raised an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Comparisons with an alarm.
    pub alarms: u64,
    /// Comparisons.
    pub of: u64,
    /// Ends of the exact 95 % interval of the rate (Clopper and Pearson 1934).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The rate is at most this, with a probability of 95 % (one-sided).
    pub at_most: f64,
}

impl FalseAlarms {
    /// Alarms of the gate.
    #[must_use]
    pub fn gate(&self) -> Rate {
        self.rate(|comparison| comparison.slower)
    }

    /// Alarms in either direction.
    #[must_use]
    pub fn either(&self) -> Rate {
        self.rate(|comparison| comparison.slower + comparison.faster)
    }

    /// Alarms of a gate with a fixed threshold.
    #[must_use]
    pub fn fixed_threshold(&self) -> Rate {
        self.rate(|comparison| comparison.over_threshold)
    }

    /// Alarms of a test of one run a side.
    #[must_use]
    pub fn single_run(&self) -> Rate {
        self.rate(|comparison| comparison.single_run)
    }

    fn rate(&self, alarms: impl Fn(&Comparison) -> usize) -> Rate {
        let of = self.comparisons.len() as u64;
        let alarms = self.comparisons.iter().filter(|comparison| alarms(comparison) > 0).count() as u64;
        let interval = clopper_pearson(alarms, of, CONFIDENCE);
        Rate {
            alarms,
            of,
            low: interval.map_or(0.0, |interval| interval.low),
            high: interval.map_or(1.0, |interval| interval.high),
            at_most: at_most(alarms, of, CONFIDENCE).unwrap_or(1.0),
        }
    }
}

/// The JSON Schema of an A/A measurement (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(FalseAlarms).to_value()
}
