//! What a gate says: pass or fail, why, and each check by itself.

use crate::{compare::Effects, record::Metric};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every verdict.
pub const FORMAT: &str = "loist-bench/gate";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// A gate's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench gate verdict")]
pub struct Verdict {
    /// Always `loist-bench/gate`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When it was made, UTC.
    pub at: DateTime<Utc>,
    /// Pass, fail, or neither.
    pub outcome: Outcome,
    /// The outcome and its reason, in one sentence without a full stop.
    pub sentence: String,
    /// Name of the workload.
    pub workload: String,
    /// Where the policy came from: a path, or `built-in`.
    pub policy: String,
    /// What was checked, failures first within their group.
    pub checks: Vec<Check>,
    /// What each operation took, in the workload's order, then all together; empty where a comparison tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latencies: Vec<Latency>,
    /// The comparison with the base, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Effects>,
    /// The second measurement that was to confirm what the first one found slower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Effects>,
    /// Changes in the history of nights, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
    /// What makes the verdict less than it seems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// Pass or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing that the policy forbids was found.
    Pass,
    /// Something was.
    Fail,
    /// It cannot tell.
    Inconclusive,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What it was held against.
    pub against: Against,
    /// The operation, or `all`.
    pub operation: String,
    /// The metric.
    pub metric: Metric,
    /// How it went.
    pub result: CheckResult,
    /// What was seen, with its figures, and what was allowed.
    pub sentence: String,
}

/// What a check is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The base, measured in turns with what is new.
    Base,
    /// The nights before.
    History,
    /// The objective.
    Slo,
    /// The budget of errors.
    Errors,
}

impl Against {
    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "against the base",
            Self::History => "against the nights before",
            Self::Slo => "against the objective",
            Self::Errors => "against the budget of errors",
        }
    }
}

/// How a check went, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// Not as the policy wishes.
    Failed,
    /// It cannot tell.
    NotResolved,
    /// Not so, and the policy lets it pass: too new to be sure of, or not confirmed.
    Excused,
    /// As the policy wishes.
    Passed,
}

/// What one operation took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The operation, or `all`.
    pub operation: String,
    /// Median of the response time, microseconds: of what is judged, the median over its blocks. Absent where nothing was
    /// answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<f64>,
    /// 95th percentile, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_us: Option<f64>,
    /// Nights before of the same kind that were not disturbed.
    #[serde(default)]
    pub nights: usize,
    /// Median over those nights of their median, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nights_p50_us: Option<f64>,
    /// Median over those nights of their 95th percentile, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nights_p95_us: Option<f64>,
}

/// A change in the history of nights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shift {
    /// The operation, or `all`.
    pub operation: String,
    /// The metric.
    pub metric: Metric,
    /// The first night after it, as in 2026-11-26.
    pub night: String,
    /// When that night began, UTC.
    pub at: DateTime<Utc>,
    /// What was measured that night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Typical value before, in the metric's unit.
    pub before: f64,
    /// Typical value since.
    pub after: f64,
    /// Change: relative of a latency or rate, absolute of a share.
    pub change: f64,
    /// Probability of such a difference if there was no change.
    pub p: f64,
    /// Nights since, that one included.
    pub nights_since: usize,
    /// Whether it is too new to be sure of.
    pub provisional: bool,
    /// Whether it is for the worse.
    pub worse: bool,
}

/// The JSON Schema of a verdict (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Verdict).to_value()
}
