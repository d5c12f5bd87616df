//! Two samples that are not paired: the ratio of one to the other, and how sure it is.

use super::{Interval, Shift, interval::CONFIDENCE, paired::median};
use std::cmp::Ordering;

/// How many times as large values of one sample are as those of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Median of the ratios of all pairs (Hodges and Lehmann 1963, on logarithms).
    pub estimate: f64,
    /// Holds the ratio with a probability of 95 % or more; `None` where the samples are too small for that.
    pub interval: Option<Interval>,
}

/// The ratio of `changed` to `base`, positive values. Its interval is exact, whatever the distributions, if they
/// differ by a factor alone. `None` without values on both sides, or where one has no logarithm.
#[must_use]
pub fn ratio(base: &[f64], changed: &[f64]) -> Option<Ratio> {
    let logarithms = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let shift = shift_of_groups(&logarithms(base), &logarithms(changed), CONFIDENCE)?;
    let interval = shift.interval.map(|of| Interval { low: of.low.exp(), high: of.high.exp() });
    Some(Ratio { estimate: shift.estimate.exp(), interval })
}

/// By how much values of `changed` lie above those of `base`: the median of the differences of all pairs (Hodges and
/// Lehmann 1963), and an interval that holds it with at least `confidence` (0..1), exact whatever the distributions if
/// they differ by a shift alone: the rank-sum test turned round (Moses 1953; Hollander and Wolfe 1999, section 4.3).
/// `None` without values on both sides, or with one that is not finite.
#[must_use]
pub fn shift_of_groups(base: &[f64], changed: &[f64], confidence: f64) -> Option<Shift> {
    if !base.iter().chain(changed).all(|value| value.is_finite()) {
        return None;
    }
    let pairs = base.iter().flat_map(|base| changed.iter().map(move |changed| changed - base));
    let mut differences: Vec<f64> = pairs.collect();
    differences.sort_by(f64::total_cmp);
    let estimate = median(&differences)?;
    let left_out = left_out(base.len(), changed.len(), (1.0 - confidence) / 2.0);
    let ends = |left_out| Interval {
        low: differences[left_out - 1],
        high: differences[differences.len() - left_out],
    };
    Some(Shift { estimate, interval: left_out.map(ends) })
}

/// Probability of such values or clearer ones if those of `changed` do not lie above those of `base` (Mann and Whitney
/// 1947). Equal values count as half above. `None` without values on both sides.
#[must_use]
pub fn rank_sum_p(base: &[f64], changed: &[f64]) -> Option<f64> {
    if base.is_empty() || changed.is_empty() {
        return None;
    }
    let pairs = base.iter().flat_map(|base| changed.iter().map(move |changed| changed.total_cmp(base)));
    let above: f64 = pairs
        .map(|order| match order {
            Ordering::Greater => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Less => 0.0,
        })
        .sum();
    // By symmetry as many orders have a U from so many on as have one up to what is left.
    let rest = (base.len() * changed.len()) as f64 - above;
    Some(orders(base.len(), changed.len()).iter().take(rest.floor() as usize + 1).sum::<f64>().min(1.0))
}

/// How many of the sorted pairs lie outside the interval on each side, its end counted: the largest k for which
/// P(U < k) is within `tail`, U being Mann and Whitney's statistic of samples of these sizes. `None` for none.
fn left_out(base: usize, changed: usize, tail: f64) -> Option<usize> {
    let mut below = 0.0;
    let orders = orders(base, changed);
    let within = orders.iter().take_while(|share| {
        below += **share;
        below <= tail
    });
    match within.count() {
        0 => None,
        some => Some(some),
    }
}

/// Share of the orders of two samples that have each U, adding one value of the second sample after the other (Mann and
/// Whitney 1947): the generating function is that of Gauss's binomial coefficient.
fn orders(base: usize, changed: usize) -> Vec<f64> {
    let most = base * changed;
    let mut ways = vec![0.0_f64; most + 1];
    ways[0] = 1.0;
    for index in 1..=changed {
        for u in (base + index..=most).rev() {
            ways[u] -= ways[u - base - index];
        }
        for u in index..=most {
            ways[u] += ways[u - index];
        }
    }
    let all: f64 = ways.iter().sum();
    ways.iter().map(|count| count / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Critical values of U at 5 %, two-sided, as tables have them (Mann and Whitney 1947): U at or below is significant.
    #[test]
    fn the_critical_values_are_those_of_the_tables() {
        for (base, changed, critical) in
            [(4, 4, 0), (5, 5, 2), (6, 6, 5), (5, 8, 6), (10, 10, 23), (20, 20, 127)]
        {
            assert_eq!(left_out(base, changed, 0.025), Some(critical + 1), "{base} and {changed}");
        }
        assert_eq!(left_out(3, 3, 0.025), None, "20 orders are too few for 5 %");
        assert_eq!(left_out(0, 5, 0.025), None);
    }

    #[test]
    fn a_ratio_has_its_interval() {
        let base = [2.0, 2.2, 2.4, 2.6, 2.8];
        let half: Vec<f64> = base.iter().map(|value| value / 2.0).collect();
        let ratio = ratio(&base, &half).unwrap();
        assert!((ratio.estimate - 0.5).abs() < 1e-9);
        let interval = ratio.interval.unwrap();
        assert!(interval.low < 0.5 && 0.5 < interval.high && interval.high < 1.0, "{interval:?}");
        let single = super::ratio(&[1.0], &[2.0]).unwrap();
        assert!((single.estimate - 2.0).abs() < 1e-9 && single.interval.is_none());
        assert_eq!(super::ratio(&[], &[2.0]), None);
        assert_eq!(super::ratio(&[0.0; 5], &[2.0; 5]), None);
    }

    /// One-sided probabilities as tables have them: U of 0 in 20 orders of three and three, and so on.
    #[test]
    fn the_probabilities_are_those_of_the_tables() {
        let p = |base: &[f64], changed: &[f64]| rank_sum_p(base, changed).unwrap();
        assert!((p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]) - 0.05).abs() < 1e-12);
        assert!((p(&[1.0, 2.0, 4.0], &[3.0, 5.0, 6.0]) - 0.10).abs() < 1e-12);
        assert!((p(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0]) - 1.0).abs() < 1e-12);
        assert!(p(&[1.0; 4], &[1.0; 4]) > 0.5);
        assert_eq!(rank_sum_p(&[], &[1.0]), None);
    }
}
