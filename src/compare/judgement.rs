//! How sure a decision must be, and which change matters.

use crate::record::Metric;
use std::time::Duration;

/// The smallest change that matters; a smaller one is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Least {
    /// Of a latency or a rate: relative change, 0.05 being 5 %. Of a share of the calls: absolute change, 0.01 being one
    /// percentage point.
    pub change: f64,
    /// Of a latency: what is less than this does not matter, however large it is against the base.
    pub floor: Duration,
}

impl Least {
    /// The smallest change that matters where the base is `base`, in the metric's own unit.
    #[must_use]
    pub fn at(self, metric: Metric, base: f64) -> f64 {
        let floor_us = self.floor.as_secs_f64() * 1e6;
        if metric.is_latency() && base > 0.0 { self.change.max(floor_us / base) } else { self.change }
    }
}

/// How sure a decision must be, and which change matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Probability, [`LEAST_CONFIDENCE`]..=[`MOST_CONFIDENCE`], that none of the operations and metrics looked at is
    /// called slower or faster though it is not by as much as matters: of all of them together, in both directions.
    pub confidence: f64,
    /// What a decision rests on. Other metrics are compared as well, as a family of their own.
    pub gated: Vec<Metric>,
    /// The smallest change that matters, by metric.
    pub least: Vec<(Metric, Least)>,
    /// Operations that decide nothing.
    pub exempt: Vec<String>,
    /// Seed of the permutations.
    pub seed: u64,
}

/// The confidences that can be had: below, an answer means nothing; beyond, the permutations that are drawn (2^18) do not
/// tell so small a probability.
pub const LEAST_CONFIDENCE: f64 = 0.5;
/// The largest of them.
pub const MOST_CONFIDENCE: f64 = 0.999_9;
/// Share of the times in which a change that is called detectable would have been found.
pub const POWER: f64 = 0.9;
/// Five percent: less is hard to tell from nothing on a shared machine, and not felt by anybody.
const LEAST_CHANGE: f64 = 0.05;
/// A change of a latency by less than this is lost in the network.
const FLOOR: Duration = Duration::from_micros(50);
/// Of the calls, in a hundred.
const LEAST_SHARE: f64 = 0.005;

impl Default for Judgement {
    fn default() -> Self {
        Self {
            confidence: 0.99,
            gated: vec![Metric::P50, Metric::P95, Metric::ErrorShare, Metric::MissShare],
            least: Vec::new(),
            exempt: Vec::new(),
            seed: 42,
        }
    }
}

impl Judgement {
    /// The smallest change of `metric` that matters.
    #[must_use]
    pub fn least(&self, metric: Metric) -> Least {
        let own = self.least.iter().find(|(of, _)| *of == metric).map(|(_, least)| *least);
        own.unwrap_or(Least {
            change: if metric.is_share() { LEAST_SHARE } else { LEAST_CHANGE },
            floor: if metric.is_latency() { FLOOR } else { Duration::ZERO },
        })
    }

    /// Probability of an error in one direction.
    #[must_use]
    pub fn tail(&self) -> f64 {
        (1.0 - self.confidence) / 2.0
    }

    /// Whether a decision rests on this metric of this operation.
    #[must_use]
    pub fn gates(&self, operation: &str, metric: Metric) -> bool {
        self.gated.contains(&metric) && !self.exempt.iter().any(|exempt| exempt == operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_of_latencies_alone() {
        let judgement = Judgement::default();
        let p50 = judgement.least(Metric::P50);
        assert_eq!(p50.at(Metric::P50, 10_000.0), 0.05);
        assert_eq!(p50.at(Metric::P50, 200.0), 0.25, "50 of 200 microseconds");
        assert_eq!(judgement.least(Metric::ErrorShare).at(Metric::ErrorShare, 0.0), 0.005);
        let own = Least { change: 0.2, floor: Duration::ZERO };
        let judgement = Judgement { least: vec![(Metric::P50, own)], ..judgement };
        assert_eq!(judgement.least(Metric::P50).at(Metric::P50, 1.0), 0.2);
    }

    #[test]
    fn what_is_exempt_gates_nothing() {
        let judgement = Judgement { exempt: vec!["facets".to_owned()], ..Judgement::default() };
        assert!(judgement.gates("search", Metric::P50));
        assert!(!judgement.gates("facets", Metric::P50) && !judgement.gates("search", Metric::P99));
    }
}
