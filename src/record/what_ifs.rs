//! What other settings would have done: statements executed in turn as they are and with settings of the session
//! changed, after the window and on an otherwise idle server.

use super::plans::PlanCase;
use crate::stats::median;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One change of settings, tried on every plan of the workload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIf {
    /// Settings of the session, as in `random_page_cost=1.1`.
    pub settings: Vec<String>,
    /// Plans that were looked at.
    pub examined: u64,
    /// Those that changed, or that were executed because they may run faster as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Trial>,
    /// Why some were not tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// One statement, executed in turn with the settings in force and with the changed ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// The workload's statements that it stands for, as `operation.statement`.
    pub statements: Vec<String>,
    /// With which parameters.
    pub case: PlanCase,
    /// Shape of the plan as it is.
    pub shape: String,
    /// Shape of the plan under the changed settings.
    pub changed_shape: String,
    /// Times of planning and execution as it is, in milliseconds, in the order of the executions.
    pub base_ms: Vec<f64>,
    /// The same under the changed settings; the first was executed after the first as it is, and so on.
    pub changed_ms: Vec<f64>,
}

impl Trial {
    /// Median time as it is, in milliseconds.
    #[must_use]
    pub fn base_median_ms(&self) -> f64 {
        median(&self.base_ms).unwrap_or_default()
    }

    /// Median time under the changed settings, in milliseconds.
    #[must_use]
    pub fn changed_median_ms(&self) -> f64 {
        median(&self.changed_ms).unwrap_or_default()
    }

    /// Whether every execution under the changed settings was faster than every one as it is: with five of each,
    /// chance alone does that once in 252 times (Mann-Whitney).
    #[must_use]
    pub fn is_faster(&self) -> bool {
        let slowest = self.changed_ms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let fastest = self.base_ms.iter().copied().fold(f64::INFINITY, f64::min);
        self.base_ms.len().min(self.changed_ms.len()) >= 4 && slowest < fastest
    }

    /// The same the other way round.
    #[must_use]
    pub fn is_slower(&self) -> bool {
        let turned =
            Self { base_ms: self.changed_ms.clone(), changed_ms: self.base_ms.clone(), ..self.clone() };
        turned.is_faster()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faster_means_each_time() {
        let trial = |base: &[f64], changed: &[f64]| Trial {
            statements: Vec::new(),
            case: PlanCase::Typical,
            shape: String::new(),
            changed_shape: String::new(),
            base_ms: base.to_vec(),
            changed_ms: changed.to_vec(),
        };
        let clear = trial(&[5.0, 6.0, 5.5, 9.0, 5.2], &[1.0, 2.0, 1.5, 4.9, 1.2]);
        assert!(clear.is_faster() && !clear.is_slower());
        assert_eq!((clear.base_median_ms(), clear.changed_median_ms()), (5.5, 1.5));
        let mixed = trial(&[5.0, 6.0, 5.5, 9.0, 5.2], &[1.0, 2.0, 1.5, 5.1, 1.2]);
        assert!(!mixed.is_faster() && !mixed.is_slower());
        assert!(trial(&[1.0; 5], &[2.0; 5]).is_slower());
        assert!(!trial(&[2.0; 3], &[1.0; 3]).is_faster(), "too few to say");
    }
}
