//! Variances of many responses that were each seen a few times: they borrow strength from one another.
//!
//! With three runs a variance is hardly known, and among twenty of them some come out far too small by chance. In the
//! model of Smyth 2004 (section 6) the true variances scatter about a common one as d0 s0² / chi²(d0); d0 and s0² follow
//! from the spread of the logarithms of those that were seen, and each is then taken as the mean of its own and the
//! common one, weighted by their degrees of freedom, and has the degrees of both.

use statrs::function::gamma::digamma;

/// Fewer variances than this say nothing about how variances scatter.
const FEWEST: usize = 3;

/// A variance, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variance {
    /// The variance.
    pub value: f64,
    /// Its degrees of freedom.
    pub freedom: f64,
}

impl Variance {
    /// Its root.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.value.sqrt()
    }
}

/// Each of the variances moderated by the others. What the others can add is at most as much as they know together: the
/// sum of their degrees of freedom. Values and degrees must be above 0; with fewer than three they stay as they are.
#[must_use]
pub fn moderated(seen: &[Variance]) -> Vec<Variance> {
    let Some(common) = common(seen) else { return seen.to_vec() };
    let known: f64 = seen.iter().map(|variance| variance.freedom).sum();
    let moderate = |own: &Variance| {
        let lent = common.freedom.min(known - own.freedom);
        let freedom = own.freedom + lent;
        Variance { value: (own.freedom * own.value + lent * common.value) / freedom, freedom }
    };
    seen.iter().map(moderate).collect()
}

/// The common variance s0² with d0 degrees of freedom, by the moments of the logarithms.
fn common(seen: &[Variance]) -> Option<Variance> {
    let is_usable = |variance: &Variance| variance.value > 0.0 && variance.freedom > 0.0;
    if seen.len() < FEWEST || !seen.iter().all(is_usable) {
        return None;
    }
    let count = seen.len() as f64;
    let half = |variance: &Variance| variance.freedom / 2.0;
    let logs: Vec<f64> =
        seen.iter().map(|one| one.value.ln() - digamma(half(one)) + half(one).ln()).collect();
    let mean = logs.iter().sum::<f64>() / count;
    let scatter = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let by_chance = seen.iter().map(|one| trigamma(half(one))).sum::<f64>() / count;
    // No more than chance: one variance for all.
    let (freedom, shift) = match scatter - by_chance {
        excess if excess > 0.0 => {
            let half = inverse_trigamma(excess);
            (2.0 * half, digamma(half) - half.ln())
        }
        _ => (f64::INFINITY, 0.0),
    };
    Some(Variance { value: (mean + shift).exp(), freedom })
}

/// The second derivative of the logarithm of the gamma function, by recurrence and its asymptotic series (Abramowitz and
/// Stegun 1964, formula 6.4.12).
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = 1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0));
    sum + inverse + square / 2.0 + inverse * square * series
}

/// Where it has that value, which is above 0. It falls all the way.
fn inverse_trigamma(value: f64) -> f64 {
    let (mut low, mut high) = (1e-4_f64, 1e6_f64);
    for _ in 0..100 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low * high).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::stream;
    use proptest::prelude::*;
    use rand::RngExt;
    use std::f64::consts::PI;

    #[test]
    fn the_function_has_its_known_values() {
        for (x, value) in [(1.0, PI * PI / 6.0), (0.5, PI * PI / 2.0), (2.0, PI * PI / 6.0 - 1.0)] {
            assert!((trigamma(x) - value).abs() < 1e-9, "{x}: {}", trigamma(x));
            assert!((inverse_trigamma(value) / x - 1.0).abs() < 1e-9, "{value}");
        }
    }

    fn variance(value: f64) -> Variance {
        Variance { value, freedom: 4.0 }
    }

    #[test]
    fn a_lucky_one_is_raised_and_an_unlucky_one_lowered() {
        let values = [0.01, 0.012, 0.000_01, 0.009, 0.05, 0.011];
        let seen: Vec<Variance> = values.map(variance).to_vec();
        let found = moderated(&seen);
        assert!(found[2].value > 10.0 * values[2] && found[4].value < values[4], "{found:?}");
        assert!(found.iter().all(|one| one.freedom > 4.0 && one.freedom <= 24.0), "{found:?}");
    }

    #[test]
    fn what_scatters_as_by_chance_is_one_variance() {
        let seen = vec![variance(0.01); 5];
        for one in moderated(&seen) {
            // The mean of a logarithm lies below the logarithm of the mean.
            assert!((0.01..0.02).contains(&one.value), "{one:?}");
            assert_eq!(one.freedom, 20.0, "as much as all know together");
        }
        assert_eq!(moderated(&seen[..2]), seen[..2]);
    }

    /// Intervals with moderated variances keep their promise where variances scatter.
    #[test]
    fn intervals_cover_as_promised() {
        let mut rng = stream(5, 0, 0);
        let mut normal = || (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
        let (mut held, mut all) = (0, 0);
        for _ in 0..200 {
            let deviations: Vec<f64> = (0..12).map(|_| 0.1 * (0.4 * normal()).exp()).collect();
            let runs: Vec<[f64; 5]> = deviations.iter().map(|sd| [(); 5].map(|()| sd * normal())).collect();
            let mean = |values: &[f64; 5]| values.iter().sum::<f64>() / 5.0;
            let seen: Vec<Variance> = runs
                .iter()
                .map(|values| {
                    let squares: f64 = values.iter().map(|value| (value - mean(values)).powi(2)).sum();
                    Variance { value: squares / 4.0, freedom: 4.0 }
                })
                .collect();
            for (one, values) in moderated(&seen).iter().zip(&runs) {
                let t = crate::stats::t_beyond(0.025, one.freedom).unwrap();
                held += u32::from(mean(values).abs() <= t * (one.value / 5.0).sqrt());
                all += 1;
            }
        }
        let share = f64::from(held) / f64::from(all);
        assert!((0.93..0.975).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn moderation_keeps_the_scale(values in prop::collection::vec(1e-6..1e3_f64, 3..20), scale in 1e-3..1e3_f64) {
            let seen: Vec<Variance> = values.iter().map(|value| variance(*value)).collect();
            let scaled: Vec<Variance> = values.iter().map(|value| variance(value * scale)).collect();
            for (one, other) in moderated(&seen).iter().zip(moderated(&scaled)) {
                prop_assert!((one.value * scale / other.value - 1.0).abs() < 1e-6);
                prop_assert!((one.freedom - other.freedom).abs() < 1e-6 * one.freedom);
            }
        }
    }
}
