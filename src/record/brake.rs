//! The brake: what was watched for the sake of others who use the same server, and whether it stopped the load.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was watched, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Brake {
    /// One entry a condition.
    pub watched: Vec<Watched>,
    /// Why the load was stopped, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tripped: Option<String>,
}

/// A condition under which the load is stopped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Watched {
    /// As it was asked for, as in `connections>90%`.
    pub condition: String,
    /// What the figures are of: `connections`, `sessions` or `ms`.
    pub unit: String,
    /// The figure above which the load is stopped; absent where it was never known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// The figure before any load, where the limit is a multiple of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// The highest figure that was seen under the load; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<f64>,
    /// What of it could not be seen, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}
