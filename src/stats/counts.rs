//! Values with how often each was met: memory follows the number of distinct values, not of the calls.

/// Distinct values in ascending order, each with its count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(Vec<(u64, u64)>);

impl Counts {
    /// Adds `part`, whose values ascend and are distinct. Counts add up exactly.
    pub fn add(&mut self, part: &[(u64, u64)]) {
        if part.is_empty() {
            return;
        }
        self.0.extend_from_slice(part);
        // Two ascending runs: the stable sort merges them in one pass.
        self.0.sort_by_key(|(value, _)| *value);
        self.0.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            kept.1 += if same { later.1 } else { 0 };
            same
        });
        // Most of what is added was met before; room for it twice would stay for good.
        self.0.shrink_to_fit();
    }

    /// The values, ascending, each with its count.
    #[must_use]
    pub fn values(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Whether nothing was met.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were met in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many lie above `value`.
    #[must_use]
    pub fn above(&self, value: u64) -> u64 {
        let first = self.0.partition_point(|(own, _)| *own <= value);
        self.0[first..].iter().map(|(_, count)| count).sum()
    }

    /// The smallest value that at least a share of `quantile` (0..=1) does not exceed; `None` when nothing was met.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let total = self.total();
        let rank = ((quantile * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        self.0.iter().find_map(|(value, count)| {
            seen += count;
            (seen >= rank).then_some(*value)
        })
    }

    /// The arithmetic mean, or `None` when nothing was met.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let total = self.total();
        let sum: f64 = self.0.iter().map(|(value, count)| *value as f64 * *count as f64).sum();
        (total > 0).then(|| sum / total as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn counts(values: &[u64]) -> Counts {
        let mut sorted = BTreeMap::new();
        values.iter().for_each(|value| *sorted.entry(*value).or_default() += 1);
        let mut counts = Counts::default();
        counts.add(&sorted.into_iter().collect::<Vec<_>>());
        counts
    }

    #[test]
    fn quantiles_are_ranks() {
        let few = counts(&[1, 1, 1, 1, 1, 1, 1, 1, 1, 7]);
        assert_eq!([few.quantile(0.0), few.quantile(0.9), few.quantile(0.95)], [Some(1), Some(1), Some(7)]);
        assert_eq!(Counts::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn parts_add_up(a in prop::collection::vec(0u64..50, 0..80), b in prop::collection::vec(0u64..50, 0..80), limit in 0u64..60) {
            let mut sum = counts(&a);
            sum.add(counts(&b).values());
            let mut all = [a, b].concat();
            prop_assert_eq!(&sum, &counts(&all));
            all.sort_unstable();
            prop_assert_eq!(sum.total(), all.len() as u64);
            prop_assert_eq!(sum.above(limit), all.iter().filter(|value| **value > limit).count() as u64);
            for (rank, value) in all.iter().enumerate() {
                let share = (rank as f64 + 0.5) / all.len() as f64;
                prop_assert_eq!(sum.quantile(share), Some(*value));
            }
        }
    }
}
