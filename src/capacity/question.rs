//! What is asked of the measurements.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked, and what the answers are to assume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Numbers of tracks that the objective is to hold at.
    pub growth: Vec<u64>,
    /// Number of tracks at which the predictions are checked; runs of that size are no part of the fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<u64>,
    /// Calls a second that are to be borne.
    pub load_per_second: f64,
    /// Most of the processors' time that they may take, 0..=1.
    pub busy: f64,
    /// Processor time on a virtual processor of the tier for one unit of it where it was measured: 2 is a processor that
    /// takes twice as long.
    pub vcpu_factor: f64,
    /// Storage that the instance begins with, in GB.
    pub storage_gb: u64,
    /// Instances of the server that run at once.
    pub instances: u32,
    /// Most connections of each one's pool.
    pub pool_max: u32,
    /// Connections of others.
    pub other_connections: u32,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            growth: vec![10_000, 50_000, 100_000],
            check: None,
            load_per_second: 10.0,
            busy: 0.6,
            vcpu_factor: 1.0,
            storage_gb: 20,
            instances: 10,
            pool_max: 10,
            other_connections: 30,
        }
    }
}
