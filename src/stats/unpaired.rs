//! Two samples that are not paired: the ratio of one to the other, and how sure it is.

use super::{Interval, paired::median};

/// Probability that the interval leaves out the ratio, on each side.
const TAIL: f64 = 0.025;

/// How many times as large values of one sample are as those of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Median of the ratios of all pairs (Hodges and Lehmann 1963, on logarithms).
    pub estimate: f64,
    /// Holds the ratio with a probability of 95 % or more; `None` where the samples are too small for that.
    pub interval: Option<Interval>,
}

/// The ratio of `changed` to `base`, positive values. Its interval is exact, whatever the distributions, if they
/// differ by a factor alone: the rank-sum test turned round (Moses 1953; Hollander and Wolfe 1999, section 4.3).
/// `None` without values on both sides.
#[must_use]
pub fn ratio(base: &[f64], changed: &[f64]) -> Option<Ratio> {
    let pairs = base.iter().flat_map(|base| changed.iter().map(move |changed| changed / base));
    let mut ratios: Vec<f64> = pairs.filter(|ratio| ratio.is_finite()).collect();
    ratios.sort_by(f64::total_cmp);
    let estimate = median(&ratios)?;
    let left_out = left_out(base.len(), changed.len());
    let interval = left_out
        .filter(|_| ratios.len() == base.len() * changed.len())
        .map(|left_out| Interval { low: ratios[left_out - 1], high: ratios[ratios.len() - left_out] });
    Some(Ratio { estimate, interval })
}

/// How many of the sorted pairs lie outside the interval on each side, its end counted: the largest k for which
/// P(U < k) is within the tail, U being Mann and Whitney's statistic of samples of these sizes. `None` for none.
fn left_out(base: usize, changed: usize) -> Option<usize> {
    // ways[u]: how many orders of the two samples have this U, adding one value of the second sample after the other
    // (Mann and Whitney 1947): the generating function is that of Gauss's binomial coefficient.
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
    let mut below = 0.0;
    let within = ways.iter().take_while(|count| {
        below += *count / all;
        below <= TAIL
    });
    match within.count() {
        0 => None,
        some => Some(some),
    }
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
            assert_eq!(left_out(base, changed), Some(critical + 1), "{base} and {changed}");
        }
        assert_eq!(left_out(3, 3), None, "20 orders are too few for 5 %");
        assert_eq!(left_out(0, 5), None);
    }

    #[test]
    fn a_ratio_has_its_interval() {
        let base = [2.0, 2.2, 2.4, 2.6, 2.8];
        let half: Vec<f64> = base.iter().map(|value| value / 2.0).collect();
        let ratio = ratio(&base, &half).unwrap();
        assert!((ratio.estimate - 0.5).abs() < 1e-9);
        let interval = ratio.interval.unwrap();
        assert!(interval.low < 0.5 && 0.5 < interval.high && interval.high < 1.0, "{interval:?}");
        assert_eq!(super::ratio(&[1.0], &[2.0]), Some(Ratio { estimate: 2.0, interval: None }));
        assert_eq!(super::ratio(&[], &[2.0]), None);
        assert_eq!(super::ratio(&[0.0; 5], &[2.0; 5]), None);
    }
}
