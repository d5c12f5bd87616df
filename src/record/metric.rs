//! What runs are compared by.

use super::Summary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A number that sums up one operation of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Median of the response time, microseconds.
    P50,
    /// 95th percentile of the response time, microseconds.
    P95,
    /// 99th percentile of the response time, microseconds.
    P99,
    /// Arithmetic mean of the response time, microseconds.
    Mean,
    /// Calls answered a second.
    Throughput,
    /// Share of the calls that failed without being expected to, were shed or remained unfinished, 0..=1.
    ErrorShare,
    /// Share of the calls that missed the objective, 0..=1.
    MissShare,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::P50, Self::P95, Self::P99, Self::Mean, Self::Throughput, Self::ErrorShare, Self::MissShare];

    /// As files and the command line write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Mean => "mean",
            Self::Throughput => "throughput",
            Self::ErrorShare => "error_share",
            Self::MissShare => "miss_share",
        }
    }

    /// As people read it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ErrorShare => "errors",
            Self::MissShare => "SLO misses",
            other => other.name(),
        }
    }

    /// Whether more of it is worse.
    #[must_use]
    pub fn higher_is_worse(self) -> bool {
        self != Self::Throughput
    }

    /// Whether it is a time.
    #[must_use]
    pub fn is_latency(self) -> bool {
        matches!(self, Self::P50 | Self::P95 | Self::P99 | Self::Mean)
    }

    /// Whether it is a share of the calls, which is 0 more often than not.
    #[must_use]
    pub fn is_share(self) -> bool {
        matches!(self, Self::ErrorShare | Self::MissShare)
    }

    /// What a change of it is counted in: points of a share of the calls, else percent.
    #[must_use]
    pub fn unit_of_change(self) -> &'static str {
        if self.is_share() { "points" } else { "%" }
    }

    /// The quantile that it is, if it is one.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            _ => None,
        }
    }

    /// Its unit: `us`, `per second`, or none for a share.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Throughput => "per second",
            share if share.is_share() => "",
            _ => "us",
        }
    }

    /// Its value in a summary; `None` where nothing was called or answered.
    #[must_use]
    pub fn of(self, summary: &Summary) -> Option<f64> {
        let share = |count: u64| (summary.calls > 0).then(|| count as f64 / summary.calls as f64);
        match self {
            Self::P50 => summary.response.p50_us,
            Self::P95 => summary.response.p95_us,
            Self::P99 => summary.response.p99_us,
            Self::Mean => summary.response.mean_us,
            Self::Throughput => Some(summary.calls_per_second).filter(|rate| *rate > 0.0),
            Self::ErrorShare => share(summary.lost()),
            Self::MissShare => share(summary.slo.misses),
        }
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|metric| metric.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no metric: write one of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
        assert!("p42".parse::<Metric>().unwrap_err().contains("p50, p95"));
    }
}
