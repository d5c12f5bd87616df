//! Looking at the data more than once: how much of the error that is allowed each look may use up.
//!
//! Each look tests at the [`increments`] of what may be spent until then. The sum over the looks is alpha, so that
//! by the union bound (Bonferroni) all of them together err no more often than that, whatever the test and however
//! the looks depend on each other.

use statrs::function::erf::{erfc, erfc_inv};

/// What part of the error `alpha` (0..1) may be spent until the share `share` (0..=1) of all data is there: little
/// early, most at the end. It is alpha*(t) = 2 - 2 Phi(z(alpha/2) / sqrt t), of which the boundaries are like those of
/// O'Brien and Fleming (Lan and DeMets 1983); 0 at 0 and `alpha` from 1 on.
#[must_use]
pub fn spent(alpha: f64, share: f64) -> f64 {
    if share <= 0.0 || alpha <= 0.0 {
        0.0
    } else if share >= 1.0 || alpha >= 1.0 {
        alpha
    } else {
        // 2 - 2 Phi(x sqrt 2) is erfc(x).
        erfc(erfc_inv(alpha) / share.sqrt())
    }
}

/// As [`spent`], by a power of the share: alpha t^rho (Kim and DeMets 1987). A `rho` of 1 spends evenly, 3 is near to
/// O'Brien and Fleming.
#[must_use]
pub fn spent_by_power(alpha: f64, share: f64, rho: f64) -> f64 {
    alpha * share.clamp(0.0, 1.0).powf(rho)
}

/// The level at which each look tests: what may be spent until its share of all data, less what was until the look
/// before. `shares` ascend; what the last one leaves of alpha stays unspent, when it lies below 1.
#[must_use]
pub fn increments(shares: &[f64], spent: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut before = 0.0;
    let level = |share: &f64| {
        let now = spent(*share).max(before);
        now - std::mem::replace(&mut before, now)
    };
    shares.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cumulative levels for five even looks at 5 %, from 2 - 2 Phi(1.959964 / sqrt t): 0.000012, 0.00194, 0.0114,
    /// 0.0284 and 0.05; z of 1.959964 / sqrt 0.2 is 4.3826.
    #[test]
    fn little_is_spent_early() {
        for (share, expected) in
            [(0.2, 1.173e-5), (0.4, 1.942e-3), (0.6, 1.139e-2), (0.8, 2.843e-2), (1.0, 0.05)]
        {
            let found = spent(0.05, share);
            assert!((found / expected - 1.0).abs() < 1e-3, "{share}: {found}");
        }
    }

    #[test]
    fn the_ends_are_nothing_and_all() {
        for alpha in [0.001, 0.01, 0.05, 0.5] {
            assert_eq!((spent(alpha, 0.0), spent(alpha, 1.0), spent(alpha, 2.0)), (0.0, alpha, alpha));
            let power = |share| spent_by_power(alpha, share, 2.0);
            assert_eq!((power(-1.0), power(0.0), power(0.5), power(1.0)), (0.0, 0.0, alpha / 4.0, alpha));
        }
        assert_eq!((spent(0.0, 0.5), spent(1.0, 0.5)), (0.0, 1.0));
    }

    #[test]
    fn a_look_has_its_part() {
        let levels = increments(&[0.25, 0.5, 1.0], |share| spent_by_power(0.04, share, 1.0));
        assert_eq!(levels, [0.01, 0.01, 0.02]);
        assert_eq!(increments(&[0.5, 0.25], |share| share), [0.5, 0.0]);
    }

    proptest! {
        #[test]
        fn more_data_spends_more_and_all_is_alpha(
            alpha in 1e-4..0.3_f64,
            mut shares in prop::collection::vec(0.01..1.0_f64, 1..9),
            rho in 0.5..4.0_f64,
        ) {
            shares.sort_by(f64::total_cmp);
            shares.push(1.0);
            for levels in [
                increments(&shares, |share| spent(alpha, share)),
                increments(&shares, |share| spent_by_power(alpha, share, rho)),
            ] {
                prop_assert!(levels.iter().all(|level| *level >= 0.0));
                prop_assert!((levels.iter().sum::<f64>() - alpha).abs() < 1e-12);
            }
        }
    }
}
