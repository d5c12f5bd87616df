//! What the blocks of a night measured, of one operation or of all together.

use crate::{
    record::{Metric, Summary},
    stats::median,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One value a block in each list, in the order of the blocks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blocks {
    /// The objective that `misses` counts, as in `200ms@p95`.
    pub objective: String,
    /// Median response time, to the nanosecond; `null` where nothing was answered.
    pub p50_us: Vec<Option<f64>>,
    /// 95th percentile.
    pub p95_us: Vec<Option<f64>>,
    /// 99th percentile.
    pub p99_us: Vec<Option<f64>>,
    /// Mean response time.
    pub mean_us: Vec<Option<f64>>,
    /// Calls answered a second, to the millionth.
    pub calls_per_second: Vec<f64>,
    /// Calls that were meant to begin in the window.
    pub calls: Vec<u64>,
    /// Calls that missed the objective: too slow, failed without being expected to, shed or unfinished.
    pub misses: Vec<u64>,
    /// Calls that failed without being expected to, were shed or remained unfinished.
    pub errors: Vec<u64>,
}

impl Blocks {
    /// One block a summary.
    #[must_use]
    pub fn of(summaries: &[&Summary]) -> Self {
        let all = |metric: Metric| summaries.iter().map(|summary| us(metric.of(summary))).collect();
        let counts = |count: fn(&Summary) -> u64| summaries.iter().map(|summary| count(summary)).collect();
        Self {
            objective: summaries.first().map(|summary| summary.slo.objective.clone()).unwrap_or_default(),
            p50_us: all(Metric::P50),
            p95_us: all(Metric::P95),
            p99_us: all(Metric::P99),
            mean_us: all(Metric::Mean),
            calls_per_second: summaries.iter().map(|summary| rate(summary.calls_per_second)).collect(),
            calls: counts(|summary| summary.calls),
            misses: counts(|summary| summary.slo.misses),
            errors: counts(Summary::lost),
        }
    }

    /// The value of each block, in the metric's unit. `None` where nothing was answered or, for a share, called.
    #[must_use]
    pub fn values(&self, metric: Metric) -> Vec<Option<f64>> {
        let shares = |counts: &[u64]| {
            let share = |(count, calls): (&u64, &u64)| (*calls > 0).then(|| *count as f64 / *calls as f64);
            counts.iter().zip(&self.calls).map(share).collect()
        };
        match metric {
            Metric::P50 => self.p50_us.clone(),
            Metric::P95 => self.p95_us.clone(),
            Metric::P99 => self.p99_us.clone(),
            Metric::Mean => self.mean_us.clone(),
            Metric::Throughput => {
                self.calls_per_second.iter().map(|rate| Some(*rate).filter(|rate| *rate > 0.0)).collect()
            }
            Metric::ErrorShare => shares(&self.errors),
            Metric::MissShare => shares(&self.misses),
        }
    }

    /// The median over the blocks that have a value.
    #[must_use]
    pub fn value(&self, metric: Metric) -> Option<f64> {
        median(&self.values(metric).into_iter().flatten().collect::<Vec<_>>())
    }

    /// What is wrong with the lists of a night of so many blocks.
    pub(super) fn fault(&self, blocks: usize) -> Option<String> {
        let lists = [
            ("p50_us", self.p50_us.len()),
            ("p95_us", self.p95_us.len()),
            ("p99_us", self.p99_us.len()),
            ("mean_us", self.mean_us.len()),
            ("calls_per_second", self.calls_per_second.len()),
            ("calls", self.calls.len()),
            ("misses", self.misses.len()),
            ("errors", self.errors.len()),
        ];
        if let Some((name, length)) = lists.into_iter().find(|(_, length)| *length != blocks) {
            return Some(format!("{name} has {length} values and the night has {blocks} blocks"));
        }
        let times = [&self.p50_us, &self.p95_us, &self.p99_us, &self.mean_us].into_iter().flatten().flatten();
        let is_no_number = times.chain(&self.calls_per_second).any(|value| !value.is_finite());
        is_no_number.then(|| "one of its values is no number".to_owned())
    }
}

/// What has few digits is the same number in every notation. No number at all is none.
fn us(value: Option<f64>) -> Option<f64> {
    value.filter(|us| us.is_finite()).map(|us| rounded(us, 1e3))
}

fn rate(value: f64) -> f64 {
    if value.is_finite() { rounded(value, 1e6) } else { 0.0 }
}

fn rounded(value: f64, parts: f64) -> f64 {
    let scaled = value * parts;
    // Beyond this, a number has no parts that small.
    if scaled.abs() < 2f64.powi(53) { scaled.round() / parts } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_median_over_the_blocks_that_have_one() {
        let blocks = Blocks {
            p95_us: vec![Some(30.0), None, Some(10.0), Some(20.0)],
            calls: vec![100, 0, 50, 10],
            misses: vec![1, 0, 1, 1],
            ..Blocks::default()
        };
        assert_eq!(blocks.value(Metric::P95), Some(20.0));
        assert_eq!(blocks.values(Metric::MissShare), [Some(0.01), None, Some(0.02), Some(0.1)]);
        assert_eq!(blocks.value(Metric::MissShare), Some(0.02));
        assert_eq!(blocks.value(Metric::P50), None);
    }

    #[test]
    fn numbers_are_kept_to_the_nanosecond() {
        assert_eq!(us(Some(2_995.349_403_4)), Some(2_995.349));
        assert_eq!(us(Some(f64::NAN)), None);
        assert_eq!(us(Some(1e300)), Some(1e300));
        assert_eq!(rate(1_336.233_333_33), 1_336.233_333);
        assert_eq!(rate(f64::INFINITY), 0.0);
    }
}
