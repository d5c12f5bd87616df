//! Latencies by time slice, in memory that does not grow with the length of a run.
//!
//! Slices serve as the time series and as the blocks of the bootstrap. When there are too many,
//! neighbours are merged and each slice becomes twice as long.

use std::{collections::BTreeMap, time::Duration};

/// More slices than this are merged in pairs.
const MOST_SLICES: usize = 240;

/// What happened in one slice of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slice {
    /// Recorded latencies in nanoseconds (histogram buckets), each with its count.
    pub latencies: BTreeMap<u64, u64>,
    /// Calls that failed without being expected to.
    pub failed: u64,
}

impl Slice {
    /// Number of latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.latencies.values().sum()
    }

    /// Number of latencies above `target_ns`.
    #[must_use]
    pub fn count_above(&self, target_ns: u64) -> u64 {
        self.latencies.range(target_ns + 1..).map(|(_, count)| count).sum()
    }

    /// Latency in microseconds at `quantile` (0..=1), or `None` when the slice is empty.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> Option<f64> {
        let total = self.count();
        let rank = ((quantile * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        self.latencies.iter().find_map(|(ns, count)| {
            seen += count;
            (seen >= rank).then_some(*ns as f64 / 1_000.0)
        })
    }

    fn absorb(&mut self, other: Self) {
        for (ns, count) in other.latencies {
            *self.latencies.entry(ns).or_default() += count;
        }
        self.failed += other.failed;
    }
}

/// Equal slices of time, for several series (operations) side by side.
#[derive(Debug, Clone)]
pub struct Slices {
    width: Duration,
    series: Vec<Vec<Slice>>,
}

impl Slices {
    /// Slices of `width` for `series` series.
    #[must_use]
    pub fn new(width: Duration, series: usize) -> Self {
        Self { width, series: vec![Vec::new(); series] }
    }

    /// Length of each slice by now; only the last one may be shorter in the run itself.
    #[must_use]
    pub fn width(&self) -> Duration {
        self.width
    }

    /// The slices of one series, oldest first.
    #[must_use]
    pub fn of(&self, series: usize) -> &[Slice] {
        &self.series[series]
    }

    /// Adds what series number `series` saw around `at` (time since the window began).
    pub fn add(&mut self, series: usize, at: Duration, recorded: &[(u64, u64)], failed: u64) {
        while self.index(at) >= MOST_SLICES {
            self.coarsen();
        }
        let index = self.index(at);
        for slices in &mut self.series {
            if slices.len() <= index {
                slices.resize_with(index + 1, Slice::default);
            }
        }
        let slice = &mut self.series[series][index];
        for (ns, count) in recorded {
            *slice.latencies.entry(*ns).or_default() += count;
        }
        slice.failed += failed;
    }

    /// Answers in the last third of the slices against those in the first, all series together: 1.0 in a steady
    /// state. The last slice, which may be shorter or longer, is left out. `None` with fewer than ten slices, or
    /// without an answer in the first third.
    #[must_use]
    pub fn drift(&self) -> Option<f64> {
        let length = self.series.iter().map(Vec::len).max().unwrap_or_default();
        if length < 10 {
            return None;
        }
        let third = (length - 1) / 3;
        let answers = |range: std::ops::Range<usize>| -> u64 {
            self.series.iter().flat_map(|slices| &slices[range.clone()]).map(Slice::count).sum()
        };
        let (first, last) = (answers(0..third), answers(length - 1 - third..length - 1));
        (first > 0).then(|| last as f64 / first as f64)
    }

    fn index(&self, at: Duration) -> usize {
        (at.as_nanos() / self.width.as_nanos().max(1)) as usize
    }

    fn coarsen(&mut self) {
        self.width *= 2;
        for slices in &mut self.series {
            let mut merged: Vec<Slice> = Vec::with_capacity(MOST_SLICES);
            for (index, slice) in std::mem::take(slices).into_iter().enumerate() {
                if index % 2 == 0 {
                    merged.push(slice);
                } else if let Some(last) = merged.last_mut() {
                    last.absorb(slice);
                }
            }
            *slices = merged;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_get_wider_slices_and_lose_nothing() {
        let mut slices = Slices::new(Duration::from_secs(1), 2);
        for second in 0..10_000 {
            slices.add(1, Duration::from_secs(second), &[(1_000, 2), (5_000, 1)], 1);
        }
        assert!(slices.of(1).len() <= MOST_SLICES);
        assert_eq!(slices.of(0).len(), slices.of(1).len());
        assert_eq!(slices.of(1).iter().map(Slice::count).sum::<u64>(), 30_000);
        assert_eq!(slices.of(1).iter().map(|slice| slice.failed).sum::<u64>(), 10_000);
        assert_eq!(slices.width(), Duration::from_secs(64));
    }

    #[test]
    fn drift_compares_the_last_third_with_the_first() {
        let with = |counts: &[u64]| {
            let mut slices = Slices::new(Duration::from_secs(1), 2);
            for (second, count) in counts.iter().enumerate() {
                slices.add(second % 2, Duration::from_secs(second as u64), &[(1_000, *count)], 0);
            }
            slices.drift()
        };
        assert_eq!(with(&[5; 9]), None);
        assert_eq!(with(&[5; 30]), Some(1.0));
        assert_eq!(with(&[8, 8, 8, 6, 6, 6, 4, 4, 4, 100]), Some(0.5));
        assert_eq!(with(&[0; 10]), None);
    }

    #[test]
    fn quantiles_of_a_slice() {
        let slice = Slice { latencies: BTreeMap::from([(1_000, 9), (7_000, 1)]), failed: 0 };
        assert_eq!(slice.quantile_us(0.5), Some(1.0));
        assert_eq!(slice.quantile_us(0.9), Some(1.0));
        assert_eq!(slice.quantile_us(0.95), Some(7.0));
        assert_eq!(Slice::default().quantile_us(0.5), None);
    }
}
