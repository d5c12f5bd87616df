//! What is to be made better.

use crate::record::{Metric, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is to be made better, of all operations together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// The 95th percentile of the response time at a given load.
    P95,
    /// The 99th percentile.
    P99,
    /// Calls answered a second, by clients that wait for each answer.
    Throughput,
    /// The highest rate at which the objective of the workload holds.
    Knee,
}

impl Objective {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::P95, Self::P99, Self::Throughput, Self::Knee];

    /// As the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Throughput => "throughput",
            Self::Knee => "knee",
        }
    }

    /// The metric by which blocks are compared.
    #[must_use]
    pub fn metric(self) -> Metric {
        match self {
            Self::P95 => Metric::P95,
            Self::P99 => Metric::P99,
            // A block at a knee's rate is judged by what it sustained.
            Self::Throughput | Self::Knee => Metric::Throughput,
        }
    }

    /// The value of a block, in the metric's unit; of a knee calls a second. `None` where it has none.
    #[must_use]
    pub fn value(self, record: &Record) -> Option<f64> {
        match self {
            Self::Knee => record.knee.as_ref().map(|knee| knee.rate_per_second),
            other => other.metric().of(&record.overall),
        }
    }

    /// The logarithm of what a block costs, so that less is better and a difference is a ratio. Calls that were lost cost
    /// as much as if all that was answered had taken longer by their share.
    #[must_use]
    pub fn cost(self, record: &Record) -> Option<f64> {
        let value = self.value(record).filter(|value| *value > 0.0)?.ln();
        let answered = 1.0 - record.overall.lost() as f64 / record.overall.calls.max(1) as f64;
        let cost = if self.metric().higher_is_worse() { value } else { -value };
        Some(cost - answered.max(1e-3).ln())
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|objective| objective.name() == text);
        found.ok_or_else(|| "write p95, p99, throughput or knee".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture::record;

    #[test]
    fn less_is_better_and_a_difference_is_a_ratio() {
        let (fast, slow) = (record(10.0), record(12.0));
        for objective in [Objective::P95, Objective::P99, Objective::Throughput] {
            let difference = objective.cost(&slow).unwrap() - objective.cost(&fast).unwrap();
            assert!((difference - 1.2_f64.ln()).abs() < 1e-9, "{objective}: {difference}");
        }
        let mut lossy = record(10.0);
        lossy.overall.failed = 5_000;
        let difference = Objective::P95.cost(&lossy).unwrap() - Objective::P95.cost(&fast).unwrap();
        assert!((difference - 2.0_f64.ln()).abs() < 1e-9, "half of them lost is twice as slow");
        assert_eq!(Objective::Knee.cost(&fast), None, "no knee was searched for");
        assert_eq!("p99".parse(), Ok(Objective::P99));
    }
}
