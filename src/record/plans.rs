//! Execution plans of the workload's statements, as EXPLAIN gave them after the window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How one statement is executed with one set of parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatementPlan {
    /// The workload's statements that it stands for, as `operation.statement`; equal texts are explained once.
    pub statements: Vec<String>,
    /// Which parameters.
    pub case: PlanCase,
    /// The statement as it was explained; parameters that travel beside the text stand in it as `$1`, `$2`, ...
    pub sql: String,
    /// Their values, in that order, as SQL literals; empty where they stand in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// How long the call that had these parameters held connections in the window, all its statements together;
    /// absent when they were drawn for the explanation because those of a call cannot be used twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_ms: Option<f64>,
    /// Whether the plan was executed for its actual figures (EXPLAIN ANALYZE).
    pub executed: bool,
    /// Equal for plans of the same shape: methods, relations, indexes, join types and order, without any figures or
    /// literal values. SHA-256, the first 16 digits.
    pub fingerprint: String,
    /// The shape in words, as in `Limit < Sort < Bitmap Heap Scan on audio_tracks < Bitmap Index Scan using ...`.
    pub shape: String,
    /// The first element of what EXPLAIN (FORMAT JSON) printed: `Plan`, `Settings`, `Planning Time`, `Execution Time`,
    /// `JIT`, `Triggers`.
    pub explained: serde_json::Value,
}

/// Which parameters a statement was explained with. All but the generic plan's are those of calls of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanCase {
    /// Those of the call in the middle of a sample of calls, by its time.
    Typical,
    /// Those of the slowest of the sample.
    Heavy,
    /// Those of the fastest of the sample.
    Rare,
    /// The plan that a prepared statement gets for any parameters, executed with the typical ones.
    Generic,
}

impl PlanCase {
    /// As a record writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Typical => "typical",
            Self::Heavy => "heavy",
            Self::Rare => "rare",
            Self::Generic => "generic",
        }
    }
}
