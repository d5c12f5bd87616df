//! By how much paired values lie off zero, and how sure that is: Wilcoxon's signed-rank test turned round.

use super::{Interval, median};
use statrs::function::erf::erfc_inv;

/// With more values than this the distribution of the rank sum is taken as normal, which makes intervals a
/// little wider: by up to 9 of 5,050 Walsh averages at each end.
const MOST_EXACT: usize = 100;

/// The centre of paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Median of the means of all pairs of values, each value with itself too (Hodges and Lehmann 1963), in the
    /// unit of the values.
    pub estimate: f64,
    /// Holds the centre with at least the probability asked for; `None` where the values are too few for it.
    pub interval: Option<Interval>,
}

/// The centre of `values` and its interval, which holds the true one with a probability of `confidence` (0..1) or
/// more, whatever the distribution, if it is symmetric (Tukey 1949; Hollander and Wolfe 1999, section 3.3): its
/// ends are order statistics of the Walsh averages, their rank from the signed-rank distribution.
///
/// `None` without values or with one that is not finite. Takes n² steps and as much memory.
#[must_use]
pub fn shift(values: &[f64], confidence: f64) -> Option<Shift> {
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut averages = walsh_averages(values);
    averages.sort_unstable_by(f64::total_cmp);
    let estimate = median(&averages)?;
    let left_out = left_out(values.len(), (1.0 - confidence) / 2.0);
    let interval = left_out
        .checked_sub(1)
        .map(|first| Interval { low: averages[first], high: averages[averages.len() - left_out] });
    Some(Shift { estimate, interval })
}

/// The fewest values with which an interval can have this `confidence` (0..1): all of n lie on one side of the centre
/// with a probability of 2/2^n.
#[must_use]
pub fn fewest(confidence: f64) -> usize {
    let reached = |count: &i32| 0.5_f64.powi(count - 1) <= 1.0 - confidence;
    (1..=1_100).find(reached).map_or(usize::MAX, |count| count as usize)
}

/// The smallest p that [`super::step_down::adjusted`] gives with so many pairs where it looks at several things: the pairs as
/// they are, and all of them turned round, which makes what differs by less than the threshold look clear.
#[must_use]
pub fn clearest(count: usize) -> f64 {
    0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX).saturating_sub(1))
}

/// Means of all pairs of `values`, each value with itself too, in no order.
pub(super) fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let pairs = values.iter().enumerate().flat_map(|(at, a)| values[at..].iter().map(move |b| (a, b)));
    pairs.map(|(a, b)| f64::midpoint(*a, *b)).collect()
}

/// The largest k for which P(T < k) is within `tail` (0..0.5), T being the sum of the ranks of the positive ones of
/// `count` values; 0 for none. The k-th smallest Walsh average lies above a centre that is too small with at most
/// this probability.
pub(super) fn left_out(count: usize, tail: f64) -> usize {
    if count > MOST_EXACT {
        return left_out_of_many(count, tail);
    }
    let tail = tail.clamp(0.0, 0.5);
    let mut below = 0.0;
    let mut within = |probability: &f64| {
        below += probability;
        below <= tail
    };
    distribution(count).iter().take_while(|probability| within(probability)).count()
}

/// P(T = t) for t from 0: each rank is in the sum or not, with even chances, so that the distribution of n ranks is
/// the mean of that of n - 1 ranks and the same moved by n (Wilcoxon 1945).
fn distribution(count: usize) -> Vec<f64> {
    let mut chances = vec![0.0; count * (count + 1) / 2 + 1];
    chances[0] = 1.0;
    for rank in 1..=count {
        for sum in (0..=rank * (rank + 1) / 2).rev() {
            let without = chances[sum];
            let with = sum.checked_sub(rank).map_or(0.0, |rest| chances[rest]);
            chances[sum] = f64::midpoint(without, with);
        }
    }
    chances
}

/// As [`left_out`], from the normal distribution of T's mean n (n+1) / 4 and variance n (n+1) (2n+1) / 24, with half
/// a rank for continuity.
fn left_out_of_many(count: usize, tail: f64) -> usize {
    let n = count as f64;
    let (mean, variance) = (n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0);
    let z = std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail);
    (mean + 0.5 - z * variance.sqrt()).floor().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use proptest::prelude::*;
    use rand::RngExt;

    /// Critical values of T for two-sided tests at 5 %, 2 % and 1 % (McCornack 1965; Hollander and Wolfe 1999, table
    /// A.4): T at or below is significant.
    #[test]
    fn the_critical_values_are_those_of_the_tables() {
        for (count, at_5, at_2, at_1) in [
            (6, Some(0), None, None),
            (7, Some(2), Some(0), None),
            (8, Some(3), Some(1), Some(0)),
            (10, Some(8), Some(5), Some(3)),
            (12, Some(13), Some(9), Some(7)),
            (15, Some(25), Some(19), Some(15)),
            (20, Some(52), Some(43), Some(37)),
            (25, Some(89), Some(76), Some(68)),
            (30, Some(137), Some(120), Some(109)),
            (40, Some(264), Some(238), Some(220)),
            (50, Some(434), Some(397), Some(373)),
        ] {
            for (tail, critical) in [(0.025, at_5), (0.01, at_2), (0.005, at_1)] {
                let expected = critical.map_or(0, |critical: usize| critical + 1);
                assert_eq!(left_out(count, tail), expected, "{count} values, {tail}");
            }
        }
    }

    #[test]
    fn an_interval_needs_its_number_of_values() {
        let fewest_for = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999].map(fewest);
        assert_eq!(fewest_for, [2, 3, 5, 6, 8, 11]);
        assert_eq!((fewest(0.0), fewest(2.0)), (1, usize::MAX));
        for confidence in [0.5, 0.75, 0.8, 0.9, 0.9375, 0.95, 0.99, 0.999] {
            let fewest = fewest(confidence);
            let of = |count: usize| shift(&vec![1.0; count], confidence).unwrap().interval;
            assert!(of(fewest).is_some() && of(fewest - 1).is_none(), "{confidence}");
        }
    }

    /// Differences of the Hamilton depression scale (Hollander and Wolfe 1999, example 3.1): the estimate is -0.46,
    /// and -0.786 to -0.010 holds the centre with 96.1 %.
    #[test]
    fn matches_the_published_example() {
        let differences = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010];
        let found = shift(&differences, 0.96).unwrap();
        assert!((found.estimate + 0.46).abs() < 1e-9, "{found:?}");
        let interval = found.interval.unwrap();
        assert!((interval.low + 0.786).abs() < 1e-9 && (interval.high + 0.010).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn many_values_are_nearly_as_exact() {
        for tail in [0.05, 0.025, 0.005, 0.001] {
            let (exact, normal) = (left_out(MOST_EXACT, tail), left_out_of_many(MOST_EXACT, tail));
            assert!((-1..=9).contains(&(exact as i64 - normal as i64)), "{tail}: {exact} and {normal}");
        }
        assert!(left_out_of_many(101, 0.025) > left_out(100, 0.025));
    }

    #[test]
    fn the_distribution_is_whole() {
        for count in [0, 1, 5, 100] {
            let sum: f64 = distribution(count).iter().sum();
            assert!((sum - 1.0).abs() < 1e-12, "{count}: {sum}");
        }
        assert_eq!(distribution(3), [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0].map(|ways| ways / 8.0));
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(shift(&[], 0.95), None);
        assert_eq!(shift(&[1.0, f64::NAN], 0.95), None);
        assert_eq!(shift(&[3.0], 0.95), Some(Shift { estimate: 3.0, interval: None }));
    }

    /// The interval keeps its word for a distribution with long tails.
    #[test]
    fn the_centre_is_covered_as_often_as_promised() {
        let mut rng = stream(11, 0, 0);
        let mut long_tailed = || {
            let uniform: f64 = rng.random_range(-0.5..0.5);
            0.3 + (std::f64::consts::PI * uniform).tan()
        };
        let covered = (0..2_000).filter(|_| {
            let values: Vec<f64> = (0..12).map(|_| long_tailed()).collect();
            let interval = shift(&values, 0.95).unwrap().interval.unwrap();
            interval.low <= 0.3 && 0.3 <= interval.high
        });
        // The exact coverage of 12 values is 95.76 %; three standard errors.
        let covered = covered.count();
        assert!((1_888..=1_942).contains(&covered), "{covered} of 2,000");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate_and_moves_along(
            values in prop::collection::vec(-1e3..1e3f64, 6..40),
            by in -1e3..1e3f64,
        ) {
            let (found, wider) = (shift(&values, 0.9).unwrap(), shift(&values, 0.95).unwrap());
            let (inner, outer) = (found.interval.unwrap(), wider.interval.unwrap());
            prop_assert!(outer.low <= inner.low && inner.low <= found.estimate);
            prop_assert!(found.estimate <= inner.high && inner.high <= outer.high);
            let moved: Vec<f64> = values.iter().map(|value| value + by).collect();
            prop_assert!((shift(&moved, 0.9).unwrap().estimate - found.estimate - by).abs() < 1e-9);
            let turned: Vec<f64> = values.iter().map(|value| -value).collect();
            prop_assert!((shift(&turned, 0.9).unwrap().interval.unwrap().low + inner.high).abs() < 1e-9);
        }
    }
}
