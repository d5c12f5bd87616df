//! How sure a number is.
//!
//! Calls of one run are serially dependent (a checkpoint slows all of its neighbours), so they are
//! never the sample size. Percentiles get a block bootstrap whose blocks are slices of time:
//! resample whole slices with replacement, merge, read the percentile (Künsch 1989; the percentile
//! method of Efron and Tibshirani 1993, section 13.3). It speaks for this run alone, never for the
//! difference between runs, which is larger.

use super::slices::{PackedSlice, Slice};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// Resamples per interval.
const RESAMPLES: usize = 500;
/// Fewer slices than this say nothing about the spread between slices.
const FEWEST_SLICES: usize = 8;
/// Share of intervals that cover the true value; of those of a run, if its slices are exchangeable.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// 95 % intervals in microseconds for each of `quantiles` (0..=1), by block bootstrap over `slices`.
///
/// `None` when fewer than eight slices hold calls: the run was too short to say. The resampling is
/// seeded, so the same slices give the same interval.
#[must_use]
pub fn quantile_intervals(slices: &[PackedSlice], quantiles: &[f64], seed: u64) -> Option<Vec<Interval>> {
    let blocks = Blocks::of(slices);
    if blocks.blocks.len() < FEWEST_SLICES {
        return None;
    }
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut estimates = vec![Vec::with_capacity(RESAMPLES); quantiles.len()];
    let mut counts = vec![0u64; blocks.values.len()];
    for _ in 0..RESAMPLES {
        counts.fill(0);
        for _ in 0..blocks.blocks.len() {
            let block = &blocks.blocks[rng.random_range(0..blocks.blocks.len())];
            for (value, count) in block.values.iter().zip(&block.counts) {
                counts[usize::from(*value)] += u64::from(*count);
            }
        }
        let total: u64 = counts.iter().sum();
        for (estimate, quantile) in estimates.iter_mut().zip(quantiles) {
            estimate.push(blocks.quantile(&counts, total, *quantile));
        }
    }
    Some(estimates.into_iter().map(percentile_interval).collect())
}

/// Slices with their values numbered, so that a resample is additions alone. It holds every distinct value of every
/// slice at once: what it takes for one decides the memory of the whole program.
struct Blocks {
    values: Vec<u64>,
    blocks: Vec<Block>,
}

/// The numbers of a slice's values, and their counts: apart, they need a quarter less than in pairs.
struct Block {
    values: Box<[u16]>,
    counts: Box<[u32]>,
}

impl Blocks {
    fn of(slices: &[PackedSlice]) -> Self {
        let mut whole = Slice::default();
        slices.iter().for_each(|slice| whole.absorb(&slice.unpack()));
        let values: Vec<u64> = whole.latencies.values().iter().map(|(ns, _)| *ns).collect();
        // A histogram has 25,000 buckets, and no block of a run that ends four thousand million calls in one of them.
        let number = |ns: &u64| u16::try_from(values.partition_point(|own| own < ns)).unwrap_or(u16::MAX);
        let fits = |count: &u64| u32::try_from(*count).unwrap_or(u32::MAX);
        let numbered = |slice: &PackedSlice| {
            let slice = slice.unpack();
            let recorded = slice.latencies.values();
            Block {
                values: recorded.iter().map(|(ns, _)| number(ns)).collect(),
                counts: recorded.iter().map(|(_, count)| fits(count)).collect(),
            }
        };
        let blocks = slices.iter().map(numbered).filter(|block| !block.values.is_empty()).collect();
        Self { values, blocks }
    }

    fn quantile(&self, counts: &[u64], total: u64, quantile: f64) -> f64 {
        let rank = ((quantile * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        let index = counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        index.map_or(0.0, |index| self.values[index] as f64 / 1_000.0)
    }
}

fn percentile_interval(mut estimates: Vec<f64>) -> Interval {
    estimates.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let last = estimates.len() - 1;
    let at = |share: f64| estimates[(share * last as f64).round() as usize];
    Interval { low: at(tail), high: at(1.0 - tail) }
}

/// 95 % interval for the share of calls that took longer than `target_ns` or failed, by the same block bootstrap.
/// `None` when fewer than eight slices hold calls.
#[must_use]
pub fn miss_share_interval(slices: &[PackedSlice], target_ns: u64, seed: u64) -> Option<Interval> {
    let blocks: Vec<(u64, u64)> = slices
        .iter()
        .map(PackedSlice::unpack)
        .map(|slice| (slice.latencies.above(target_ns) + slice.lost, slice.count() + slice.lost))
        .filter(|(_, calls)| *calls > 0)
        .collect();
    if blocks.len() < FEWEST_SLICES {
        return None;
    }
    let mut rng = Pcg64::seed_from_u64(seed);
    let resample = |_| {
        let (misses, calls) = (0..blocks.len()).fold((0, 0), |(misses, calls), _| {
            let (more_misses, more_calls) = blocks[rng.random_range(0..blocks.len())];
            (misses + more_misses, calls + more_calls)
        });
        misses as f64 / calls as f64
    };
    Some(percentile_interval((0..RESAMPLES).map(resample).collect()))
}

/// Wilson's 95 % score interval for a share of `hits` in `total` (Wilson 1927), treating the calls of
/// this run as independent. `None` when `total` is 0.
#[must_use]
pub fn wilson(hits: u64, total: u64) -> Option<Interval> {
    if total == 0 {
        return None;
    }
    Some(wilson_of(hits as f64 / total as f64, total as f64, Z))
}

/// The quantile of the normal distribution that leaves 2.5 % beyond it.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// The same for a share of what is worth `n` independent calls, above 0, `z` standard deviations to each side. It holds the
/// share: at 0 and at 1 its end is the share itself, which roundings would miss by a hair.
pub(super) fn wilson_of(share: f64, n: f64, z: f64) -> Interval {
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    Interval {
        low: ((centre - half) / scale).max(0.0).min(share),
        high: ((centre + half) / scale).min(1.0).max(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Slices;
    use std::time::Duration;

    fn slice(values: &[u64]) -> PackedSlice {
        let mut slices = Slices::new(Duration::from_secs(1), 1);
        let mut sorted = values.to_vec();
        sorted.sort_unstable();
        sorted.iter().for_each(|ns| slices.add(0, Duration::ZERO, &[(*ns, 1)], 0));
        PackedSlice::from(&slices.of(0).next().unwrap_or_default())
    }

    #[test]
    fn too_few_slices_have_no_interval() {
        let slices = vec![slice(&[1_000, 2_000]); FEWEST_SLICES - 1];
        assert_eq!(quantile_intervals(&slices, &[0.5], 1), None);
    }

    #[test]
    fn identical_slices_have_an_interval_of_no_width() {
        let slices = vec![slice(&[1_000, 2_000, 3_000]); 20];
        let found = quantile_intervals(&slices, &[0.5, 1.0], 1).unwrap();
        assert_eq!(found, vec![Interval { low: 2.0, high: 2.0 }, Interval { low: 3.0, high: 3.0 }]);
    }

    /// A slow slice moves all of its calls together; treating calls as independent would give an
    /// interval several times too narrow. 200 runs drawn from a known process must be covered.
    #[test]
    fn covers_the_true_value_when_slices_are_correlated() {
        let mut rng = Pcg64::seed_from_u64(7);
        let mut covered = 0;
        for run in 0..200 {
            let slices: Vec<PackedSlice> = (0..40)
                .map(|_| {
                    let level: u64 = rng.random_range(1_000..2_000);
                    slice(&(0..50).map(|_| level * 1_000 + rng.random_range(0..1_000)).collect::<Vec<_>>())
                })
                .collect();
            let interval = quantile_intervals(&slices, &[0.5], run).unwrap()[0];
            covered += u32::from(interval.low <= 1_500.0 && 1_500.0 <= interval.high);
        }
        assert!((176..=200).contains(&covered), "{covered} of 200 intervals cover the median");
    }

    /// One slow second out of thirty: taken as independent, its calls would prove a share that they do not.
    #[test]
    fn misses_in_one_slice_are_one_event() {
        let mut slices = vec![slice(&[1_000; 1_000]); 29];
        slices.push(slice(&vec![9_000; 2_000]));
        let found = miss_share_interval(&slices, 5_000, 1).unwrap();
        let independent = wilson(2_000, 31_000).unwrap();
        assert!(independent.low > 0.05, "{independent:?}");
        assert!(found.low < 0.01 && found.high > 0.1, "{found:?}");
        assert_eq!(miss_share_interval(&slices[..5], 5_000, 1), None);
    }

    #[test]
    fn wilson_matches_published_values() {
        // Newcombe 1998, table I: 81 of 263 and 0 of 20.
        let found = wilson(81, 263).unwrap();
        assert!((found.low - 0.2553).abs() < 5e-5 && (found.high - 0.3662).abs() < 5e-5, "{found:?}");
        let none = wilson(0, 20).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!(wilson(0, 0), None);
    }
}
