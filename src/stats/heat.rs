//! Where the latencies lie, slice by slice: counts by classes that are equally wide on a logarithmic axis.

use super::{counts::Counts, slices::Slice};

/// Ends of the ten classes of a decade, of which the first ends with the decade before.
const DECADE: [u64; 10] = [100, 126, 158, 200, 251, 316, 398, 501, 631, 794];

/// Counts by slice and class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    /// Bounds of the classes in nanoseconds, ascending, one more than there are classes: each holds what is above its
    /// first bound and at most its second.
    pub bounds_ns: Vec<u64>,
    /// One row a slice, one count a class. The first class and the last one are not empty in all rows.
    pub counts: Vec<Vec<u64>>,
}

impl Heat {
    /// What the slices hold, or `None` where that is nothing.
    pub fn of(slices: impl Iterator<Item = Slice>) -> Option<Self> {
        let mut counts: Vec<Vec<u64>> = slices.map(|slice| row(&slice.latencies)).collect();
        let filled = |row: &Vec<u64>| row.iter().position(|count| *count > 0);
        let first = counts.iter().filter_map(filled).min()?;
        let end = counts.iter().map(Vec::len).max()?;
        for row in &mut counts {
            row.resize(end, 0);
            row.drain(..first);
        }
        Some(Self { bounds_ns: (first..=end).map(begin_ns).collect(), counts })
    }
}

/// Counts by class from the shortest class on, to the last that is not empty.
fn row(latencies: &Counts) -> Vec<u64> {
    let mut row = Vec::new();
    let mut class = 0;
    // They ascend, and so do the classes.
    for (ns, count) in latencies.values() {
        while begin_ns(class + 1) < *ns {
            class += 1;
        }
        row.resize(class + 1, 0);
        row[class] += count;
    }
    row
}

/// What a class's latencies are above, in nanoseconds, which is where the one before ends. The shortest class holds all
/// up to 0.1 µs: histograms begin to tell latencies apart above that.
fn begin_ns(class: usize) -> u64 {
    let Some(before) = class.checked_sub(1) else { return 0 };
    let decade = u32::try_from(before / DECADE.len()).unwrap_or(u32::MAX);
    DECADE[before % DECADE.len()].saturating_mul(10u64.saturating_pow(decade))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Slices;
    use proptest::prelude::*;
    use std::time::Duration;

    fn slice(latencies: &[(u64, u64)]) -> Slice {
        let mut slice = Slice::default();
        slice.add(latencies, 1);
        slice
    }

    #[test]
    fn a_class_holds_its_end_and_not_its_beginning() {
        let slices = [slice(&[(1_000_000, 3), (1_000_001, 2)]), slice(&[]), slice(&[(1_900_000, 1)])];
        let heat = Heat::of(slices.into_iter()).unwrap();
        assert_eq!(heat.bounds_ns, [794_000, 1_000_000, 1_260_000, 1_580_000, 2_000_000]);
        assert_eq!(heat.counts, [[3, 2, 0, 0], [0; 4], [0, 0, 0, 1]]);
    }

    #[test]
    fn nothing_has_no_classes() {
        assert_eq!(Heat::of(std::iter::empty()), None);
        assert_eq!(Heat::of([slice(&[]), slice(&[])].into_iter()), None);
    }

    #[test]
    fn classes_are_a_tenth_of_a_decade_wide() {
        assert_eq!([begin_ns(0), begin_ns(1), begin_ns(11), begin_ns(21)], [0, 100, 1_000, 10_000]);
        for class in 1..100 {
            let exact = 10f64.powf(2.0 + (class - 1) as f64 / 10.0);
            assert!((begin_ns(class) as f64 / exact - 1.0).abs() < 0.005, "{class}");
        }
        let longest = Heat::of([slice(&[(u64::MAX, 1)])].into_iter()).unwrap();
        assert_eq!((longest.bounds_ns.last(), longest.counts), (Some(&u64::MAX), vec![vec![1]]));
    }

    proptest! {
        #[test]
        fn every_latency_is_in_the_class_that_holds_it(latencies in prop::collection::vec((0u64..20, 0u32..40, 1u64..2_000, 1u64..9), 1..200)) {
            let mut slices = Slices::new(Duration::from_secs(1), 2);
            for (second, power, mantissa, count) in latencies {
                let ns = mantissa << (power / 2);
                slices.add(second as usize % 2, Duration::from_secs(second), &[(ns, count)], 0);
            }
            let heat = Heat::of(slices.all()).unwrap();
            prop_assert!(heat.bounds_ns.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(heat.counts.len(), slices.length());
            for (row, slice) in heat.counts.iter().zip(slices.all()) {
                prop_assert_eq!(row.iter().sum::<u64>(), slice.count());
                for (bounds, counted) in heat.bounds_ns.windows(2).zip(row) {
                    let held = slice.latencies.above(bounds[0]) - slice.latencies.above(bounds[1]);
                    prop_assert_eq!(*counted, held);
                }
            }
            let total = |class: usize| heat.counts.iter().map(|row| row[class]).sum::<u64>();
            prop_assert!(total(0) > 0 && total(heat.bounds_ns.len() - 2) > 0);
        }
    }
}
