//! A latency objective such as `200ms@p95`.

use crate::text::percentile;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, time::Duration};

/// A service level objective: at least this share of the calls answers within the target.
///
/// ```
/// let slo: loist_bench::workload::Slo = "200ms@p95".parse()?;
/// assert_eq!((slo.target.as_millis(), slo.quantile), (200, 0.95));
/// assert_eq!(slo.to_string(), "200ms@p95");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slo {
    /// Longest response time that still meets the objective.
    pub target: Duration,
    /// Share of calls that must meet it, 0..1 exclusive (0.95 for `p95`).
    pub quantile: f64,
}

impl Default for Slo {
    /// The server's own target: p95 under 200 ms.
    fn default() -> Self {
        Self { target: Duration::from_millis(200), quantile: 0.95 }
    }
}

impl Slo {
    /// The quantile as people write it: `p95`, `p99.9`.
    #[must_use]
    pub fn percentile(&self) -> String {
        percentile(self.quantile)
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = humantime::format_duration(self.target).to_string().replace(' ', "");
        write!(f, "{target}@{}", self.percentile())
    }
}

impl FromStr for Slo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a latency objective: write TIME@pNN, as in 200ms@p95");
        let (target, percentile) = text.split_once('@').ok_or_else(wrong)?;
        let target = humantime::parse_duration(target.trim()).map_err(|_| wrong())?;
        let percent: f64 =
            percentile.trim().strip_prefix('p').and_then(|p| p.parse().ok()).ok_or_else(wrong)?;
        if target.is_zero() || !(0.0001..=99.9999).contains(&percent) {
            return Err(wrong());
        }
        Ok(Self { target, quantile: percent / 100.0 })
    }
}

impl Serialize for Slo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, milliseconds, quantile) in
            [("200ms@p95", 200, 0.95), ("1s@p99.9", 1_000, 0.999), ("50ms@p50", 50, 0.5)]
        {
            let slo: Slo = text.parse().unwrap();
            assert_eq!(slo.target, Duration::from_millis(milliseconds));
            assert!((slo.quantile - quantile).abs() < 1e-12);
            assert_eq!(slo.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_objective() {
        for text in [
            "",
            "200ms",
            "@p95",
            "200ms@95",
            "200ms@p0",
            "200ms@p100",
            "200ms@p99.99999",
            "0ms@p95",
            "fast@p95",
            "200@p95",
        ] {
            assert!(text.parse::<Slo>().unwrap_err().contains("200ms@p95"), "{text}");
        }
    }
}
