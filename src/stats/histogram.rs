//! Latency histograms: HdrHistogram with three significant digits, in nanoseconds.
//!
//! A recording thread owns an [`IntervalHistogram`]; each interval is poured into a [`LatencyHistogram`], so the sum
//! of the parts is always the whole. Both keep only the buckets that were met: a run has hundreds of histograms, and
//! the 25,000 buckets of a full one would be 200 kB each.

use super::counts::Counts;
use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};
use rustc_hash::FxHashMap;
use std::{sync::LazyLock, time::Duration};

/// Smallest difference the histograms tell apart, in nanoseconds (a power of two). Three significant digits begin at
/// 0.52 ms with it; below, a finer one would only keep the clock's noise, in four times the memory.
const LOWEST_NS: u64 = 256;
/// Longest latency told apart, in nanoseconds (ten minutes); longer ones saturate and are counted.
pub(super) const HIGHEST_NS: u64 = 600_000_000_000;
/// Significant decimal digits kept over the whole range.
const DIGITS: u8 = 3;

/// An empty histogram with the bounds of all.
pub(super) fn bounded<T: hdrhistogram::Counter>() -> Histogram<T> {
    Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS).expect("constant bounds are valid")
}

fn nanoseconds(latency: Duration) -> u64 {
    u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX)
}

/// Where the boundaries of the buckets lie; nothing is ever recorded in it.
static BUCKETS: LazyLock<Histogram<u8>> = LazyLock::new(bounded);

/// The highest latency, in nanoseconds, that histograms hold for `latency`: what is above it is longer for sure.
#[must_use]
pub fn bucket_end_ns(latency: Duration) -> u64 {
    BUCKETS.highest_equivalent(nanoseconds(latency).min(HIGHEST_NS))
}

/// What one thread records during one interval: memory for the buckets that were met, and no allocation once those of
/// a load are known.
#[derive(Debug, Clone, Default)]
pub struct IntervalHistogram {
    /// By the bucket, as a 32-bit float of what follows it: that has twelve significant bits at most, so it is exact.
    counts: FxHashMap<u32, u32>,
    saturated: u64,
}

impl IntervalHistogram {
    /// Records one latency. One above ten minutes is recorded as ten minutes and counted as saturated.
    pub fn record(&mut self, latency: Duration) {
        let ns = nanoseconds(latency);
        self.saturated += u64::from(ns > HIGHEST_NS);
        let next = BUCKETS.next_non_equivalent(ns.min(HIGHEST_NS));
        *self.counts.entry((next as f32).to_bits()).or_default() += 1;
    }

    /// The distinct recorded values in nanoseconds, ascending, each with its count.
    #[must_use]
    pub fn recorded(&self) -> Vec<(u64, u64)> {
        let value = |bits: &u32| f32::from_bits(*bits) as u64 - 1;
        let mut recorded: Vec<_> =
            self.counts.iter().map(|(bits, count)| (value(bits), u64::from(*count))).collect();
        recorded.sort_unstable();
        recorded
    }

    /// Forgets everything and keeps the memory.
    pub fn reset(&mut self) {
        self.counts.clear();
        self.saturated = 0;
    }
}

/// A whole window's latencies.
#[derive(Debug, Clone, Default)]
pub struct LatencyHistogram {
    counts: Counts,
    saturated: u64,
}

/// A histogram in a record could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The text is not base64.
    #[error("the histogram is not base64 text")]
    Base64(#[from] base64::DecodeError),
    /// The bytes are not HdrHistogram's V2 encoding.
    #[error("the histogram is not in HdrHistogram's V2 encoding: {0}")]
    Encoding(String),
}

impl LatencyHistogram {
    /// What holds these latencies: nanoseconds as a histogram has them, ascending, each with its count.
    #[must_use]
    pub fn of(values: &[(u64, u64)]) -> Self {
        let mut histogram = Self::default();
        histogram.counts.add(values);
        histogram
    }

    /// The same, of whose latencies so many were above ten minutes.
    #[must_use]
    pub fn with_saturated(self, saturated: u64) -> Self {
        Self { saturated, ..self }
    }

    /// Pours one interval in. Nothing is lost: counts add up exactly.
    pub fn add(&mut self, part: &IntervalHistogram) {
        self.counts.add(&part.recorded());
        self.saturated += part.saturated;
    }

    /// Adds another window's latencies.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(other.counts.values());
        self.saturated += other.saturated;
    }

    /// The recorded latencies in nanoseconds, ascending, each with its count.
    #[must_use]
    pub fn values(&self) -> &[(u64, u64)] {
        self.counts.values()
    }

    /// Number of latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.total()
    }

    /// Number of latencies above ten minutes, which stand in the histogram as ten minutes.
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// Latency in microseconds at `quantile` (0..=1), or `None` when nothing was recorded.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> Option<f64> {
        self.counts.quantile(quantile).map(microseconds)
    }

    /// Mean latency in microseconds, or `None` when nothing was recorded.
    #[must_use]
    pub fn mean_us(&self) -> Option<f64> {
        self.counts.mean().map(|ns| ns / 1_000.0)
    }

    /// Longest latency in microseconds, or `None` when nothing was recorded.
    #[must_use]
    pub fn max_us(&self) -> Option<f64> {
        self.counts.values().last().map(|(ns, _)| microseconds(*ns))
    }

    /// Shortest latency in microseconds, or `None` when nothing was recorded.
    #[must_use]
    pub fn min_us(&self) -> Option<f64> {
        self.counts.values().first().map(|(ns, _)| microseconds(*ns))
    }

    /// How many latencies lie above `target` (to the histogram's three digits).
    #[must_use]
    pub fn count_above(&self, target: Duration) -> u64 {
        self.counts.above(bucket_end_ns(target))
    }

    /// Points of the percentile curve: (quantile 0..1, microseconds), denser towards the tail.
    #[must_use]
    pub fn percentile_curve(&self) -> Vec<(f64, f64)> {
        self.dense()
            .iter_quantiles(5)
            .map(|step| (step.quantile(), microseconds(step.value_iterated_to())))
            .collect()
    }

    /// Base64 text of HdrHistogram's V2 compressed encoding, which the public HdrHistogram tools read.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.dense(), &mut bytes)
            .expect("writing to memory does not fail");
        STANDARD.encode(bytes)
    }

    fn dense(&self) -> Histogram<u64> {
        let mut dense = bounded();
        for (value, count) in self.counts.values() {
            dense.saturating_record_n(*value, *count);
        }
        dense
    }

    /// Reads what [`Self::encode`] wrote. The number of saturated latencies is not part of the encoding.
    ///
    /// # Errors
    /// When the text is not base64 or not a V2 histogram.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let bytes = STANDARD.decode(text)?;
        let dense: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| DecodeError::Encoding(error.to_string()))?;
        let mut counts = Counts::default();
        let recorded = dense.iter_recorded();
        counts.add(
            &recorded.map(|s| (s.value_iterated_to(), s.count_since_last_iteration())).collect::<Vec<_>>(),
        );
        Ok(Self { counts, saturated: 0 })
    }
}

/// Nanoseconds as microseconds; exact to the histogram's three digits.
fn microseconds(ns: u64) -> f64 {
    ns as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn empty_has_no_percentiles() {
        let empty = LatencyHistogram::default();
        assert_eq!(empty.quantile_us(0.5), None);
        assert_eq!(empty.count_above(Duration::ZERO), 0);
    }

    #[test]
    fn beyond_the_range_is_counted_not_lost() {
        let mut part = IntervalHistogram::default();
        part.record(Duration::from_secs(3_600));
        let mut whole = LatencyHistogram::default();
        whole.add(&part);
        assert_eq!((whole.count(), whole.saturated()), (1, 1));
    }

    #[test]
    fn garbage_is_refused() {
        assert!(matches!(LatencyHistogram::decode("???"), Err(DecodeError::Base64(_))));
        assert!(matches!(LatencyHistogram::decode("aGVsbG8="), Err(DecodeError::Encoding(_))));
    }

    proptest! {
        #[test]
        fn the_sum_of_the_parts_is_the_whole(parts in prop::collection::vec(prop::collection::vec(0u64..700_000_000_000, 0..200), 1..6)) {
            let mut whole = LatencyHistogram::default();
            let mut all = IntervalHistogram::default();
            for part in &parts {
                let mut one = IntervalHistogram::default();
                for ns in part {
                    one.record(Duration::from_nanos(*ns));
                    all.record(Duration::from_nanos(*ns));
                }
                whole.add(&one);
            }
            prop_assert_eq!(whole.count(), parts.iter().map(|p| p.len() as u64).sum::<u64>());
            for quantile in [0.0, 0.5, 0.95, 0.999, 1.0] {
                let mut together = LatencyHistogram::default();
                together.add(&all);
                prop_assert_eq!(whole.quantile_us(quantile), together.quantile_us(quantile));
            }
        }

        #[test]
        fn quantiles_keep_three_digits(values in prop::collection::vec(1_000u64..100_000_000_000, 1..300)) {
            let mut part = IntervalHistogram::default();
            values.iter().for_each(|ns| part.record(Duration::from_nanos(*ns)));
            let mut whole = LatencyHistogram::default();
            whole.add(&part);
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let exact = sorted[(sorted.len() - 1) / 2] as f64 / 1_000.0;
            let seen = whole.quantile_us(((sorted.len() - 1) / 2 + 1) as f64 / sorted.len() as f64 - 1e-9).unwrap();
            prop_assert!((seen - exact).abs() <= (exact * 0.001).max(0.256), "{} against {}", seen, exact);
        }

        #[test]
        fn encoding_round_trips(values in prop::collection::vec(0u64..600_000_000_000, 0..300), target in 0u64..600_000_000_000) {
            let mut part = IntervalHistogram::default();
            values.iter().for_each(|ns| part.record(Duration::from_nanos(*ns)));
            let mut whole = LatencyHistogram::default();
            whole.add(&part);
            let back = LatencyHistogram::decode(&whole.encode()).unwrap();
            prop_assert_eq!(back.count(), whole.count());
            prop_assert_eq!(back.max_us(), whole.max_us());
            let target = Duration::from_nanos(target);
            prop_assert_eq!(back.count_above(target), whole.count_above(target));
            prop_assert_eq!(back.values(), whole.values());
            prop_assert_eq!(LatencyHistogram::of(whole.values()).encode(), whole.encode());
        }
    }
}
