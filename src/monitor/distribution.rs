//! Latencies in the few buckets that Prometheus gets.

/// Upper ends of the buckets in microseconds, from 0.1 ms to 10 s; above them is one more, without an end.
const BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// Counts of latencies between fixed bounds, with their number and sum. Made from a histogram's recorded values,
/// it is as exact as they are: three significant digits, also at the bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Not cumulative; the last is above all bounds.
    counts: [u64; BOUNDS_US.len() + 1],
    sum_ns: u128,
}

impl Distribution {
    /// Adds latencies in nanoseconds, each with its count.
    pub fn add(&mut self, latencies: impl IntoIterator<Item = (u64, u64)>) {
        for (ns, count) in latencies {
            self.counts[BOUNDS_US.partition_point(|bound| bound * 1_000 < ns)] += count;
            self.sum_ns += u128::from(ns) * u128::from(count);
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.sum_ns += other.sum_ns;
    }

    /// Number of latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Sum of the latencies in seconds.
    #[must_use]
    pub fn sum_seconds(&self) -> f64 {
        self.sum_ns as f64 / 1e9
    }

    /// Upper end in seconds and count of each bucket by itself, ascending; the last end is infinite.
    #[must_use]
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = BOUNDS_US.iter().map(|us| *us as f64 / 1e6).chain([f64::INFINITY]);
        bounds.zip(self.counts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below() {
        let mut latencies = Distribution::default();
        latencies.add([(0, 1), (100_000, 1), (100_001, 2), (10_000_000_000, 3), (10_000_000_001, 4)]);
        let filled: Vec<_> = latencies.buckets().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0.0001, 2), (0.00025, 2), (10.0, 3), (f64::INFINITY, 4)]);
        assert_eq!(latencies.count(), 11);
        assert_eq!(latencies.sum_seconds(), 70.000_300_006);
    }

    proptest! {
        #[test]
        fn every_latency_is_in_its_bucket(latencies in prop::collection::vec((0_u64..60_000_000_000, 1_u64..1_000), 0..50)) {
            let mut all = Distribution::default();
            all.add(latencies.iter().copied());
            let mut below = 0.0;
            for (bound, count) in all.buckets() {
                let inside = |ns: u64| below < ns as f64 / 1e9 && ns as f64 / 1e9 <= bound || ns == 0 && below == 0.0;
                let expected: u64 = latencies.iter().filter(|(ns, _)| inside(*ns)).map(|(_, count)| count).sum();
                prop_assert_eq!(count, expected);
                below = bound;
            }
        }
    }
}
