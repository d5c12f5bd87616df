//! How large a share may be of which some hits were seen: exact bounds for independent trials.

use super::Interval;
use statrs::function::beta::checked_beta_reg;

/// Clopper and Pearson's interval for a share of `hits` in `total` independent trials (Clopper and Pearson 1934): it
/// holds the true share with a probability of `confidence` (0..1) or more, for every share and number of trials.
/// `None` without trials.
#[must_use]
pub fn clopper_pearson(hits: u64, total: u64, confidence: f64) -> Option<Interval> {
    let tail = (1.0 - confidence) / 2.0;
    let misses = total.checked_sub(hits)?;
    Some(Interval { low: 1.0 - largest(misses, total, tail)?, high: largest(hits, total, tail)? })
}

/// The share that the true one exceeds with a probability of at most 1 - `confidence` (0..1), after `hits` in `total`
/// independent trials: the one-sided bound of Clopper and Pearson, 1 - (1 - confidence)^(1/total) without hits.
/// `None` without trials.
#[must_use]
pub fn at_most(hits: u64, total: u64, confidence: f64) -> Option<f64> {
    largest(hits, total, 1.0 - confidence)
}

/// The largest share with which `hits` or fewer in `total` have at least the probability `tail`. That probability
/// is 1 - I(share; hits + 1, total - hits), the regularised incomplete beta function, which rises with the share.
fn largest(hits: u64, total: u64, tail: f64) -> Option<f64> {
    if total == 0 || hits > total {
        return None;
    }
    if hits == total {
        return Some(1.0);
    }
    let (a, b) = (hits as f64 + 1.0, (total - hits) as f64);
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Some(high);
        }
        if checked_beta_reg(a, b, middle).ok()? < 1.0 - tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// P(at most `hits` in `total`) with a chance of `share` each, by logarithms: the terms are small.
    fn binomial(hits: u64, total: u64, share: f64) -> f64 {
        let mut chance = total as f64 * (-share).ln_1p();
        let mut sum = chance.exp();
        for hit in 1..=hits {
            chance += ((total + 1 - hit) as f64 / hit as f64).ln() + share.ln() - (-share).ln_1p();
            sum += chance.exp();
        }
        sum
    }

    /// Newcombe 1998, table I, method 5.
    #[test]
    fn matches_published_values() {
        for (hits, total, low, high) in [
            (81, 263, 0.2527, 0.3676),
            (15, 148, 0.0578, 0.1617),
            (0, 20, 0.0, 0.1684),
            (1, 29, 0.0009, 0.1776),
        ] {
            let found = clopper_pearson(hits, total, 0.95).unwrap();
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{found:?}");
        }
    }

    /// Without hits, the bound has a formula.
    #[test]
    fn no_hits_bound_the_share() {
        let both = clopper_pearson(0, 200, 0.95).unwrap();
        assert!(both.low == 0.0 && (both.high - 0.018_275).abs() < 5e-7, "{both:?}");
        let one = at_most(0, 200, 0.95).unwrap();
        assert!((one - 0.014_867).abs() < 5e-7, "{one}");
        for total in [1, 10, 1_000, 1_000_000, 1_000_000_000] {
            let bound = at_most(0, total, 0.95).unwrap();
            let formula = -(0.05_f64.ln() / total as f64).exp_m1();
            assert!((bound / formula - 1.0).abs() < 1e-6, "{total}: {bound} and {formula}");
        }
    }

    #[test]
    fn the_ends_are_ends() {
        assert_eq!(
            (clopper_pearson(0, 0, 0.95), at_most(0, 0, 0.95), at_most(3, 2, 0.95)),
            (None, None, None)
        );
        let all = clopper_pearson(7, 7, 0.95).unwrap();
        assert!(all.high == 1.0 && (all.low - 0.025_f64.powf(1.0 / 7.0)).abs() < 1e-9, "{all:?}");
    }

    proptest! {
        /// At its bound a share leaves exactly the tail.
        #[test]
        fn the_bound_leaves_the_tail(total in 1_u64..400, part in 0.0..1.0_f64, confidence in 0.5..0.999_f64) {
            let hits = (part * total as f64) as u64;
            prop_assume!(hits < total);
            let bound = at_most(hits, total, confidence).unwrap();
            prop_assert!((binomial(hits, total, bound) - (1.0 - confidence)).abs() < 1e-6);
            let both = clopper_pearson(hits, total, confidence).unwrap();
            let share = hits as f64 / total as f64;
            prop_assert!(both.low <= share && share <= both.high && bound <= both.high);
        }
    }
}
