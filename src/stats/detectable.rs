//! What a measurement of so many pairs would have found: the smallest effect, from the pairs' own spread.

use super::random::{below, stream};
use super::signed_rank::{left_out, shift, walsh_averages};
use rand::Rng;

/// Measurements that are thought up to find the power: it is right to 1.5 %, one standard error, at 90 %.
const TRIALS: usize = 400;

/// A planned test of "the centre of the pairs' log ratios is `threshold` or less", by signed ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// How many pairs are measured.
    pub count: usize,
    /// The test's one-sided level, 0..0.5; for one of m hypotheses a part of the family's.
    pub level: f64,
    /// The log ratio that has to be exceeded: ln 1.05 for 5 %, 0 for any effect.
    pub threshold: f64,
    /// With what probability the effect is to be found, 0..1.
    pub power: f64,
}

/// The smallest effect, as a log ratio, that `design` would have found with its power, if pairs spread as the log
/// ratios in `observed` do about their centre.
///
/// The spread is that of a smooth bootstrap in the manner of Efron and Tibshirani 1993, chapter 25: values less their
/// Hodges-Lehmann centre, each with either sign as the test takes them as symmetric, and widened by
/// sqrt(n / (n - 1)), which makes their variance unbiased (Davison and Hinkley 1997, section 2.4). The
/// test rejects when the Walsh average of its rank lies above the threshold, and an effect moves all of them
/// by itself: so each trial names the least effect it would have needed, and the answer is their quantile.
///
/// `None` with fewer than two values or one that is not finite, or when so few pairs cannot reach the level.
#[must_use]
pub fn detectable(observed: &[f64], design: &Design, seed: u64) -> Option<f64> {
    let rank = left_out(design.count, design.level).checked_sub(1)?;
    let n = observed.len();
    let centre = shift(observed, 0.0).filter(|_| n >= 2)?.estimate;
    let widened = (n as f64 / (n - 1) as f64).sqrt();
    let spread: Vec<f64> = observed.iter().map(|value| (value - centre) * widened).collect();

    let mut rng = stream(seed, 0, design.count as u64);
    let mut needed: Vec<f64> = (0..TRIALS)
        .map(|_| {
            let trial: Vec<f64> = (0..design.count).map(|_| draw(&spread, &mut rng)).collect();
            let mut averages = walsh_averages(&trial);
            design.threshold - *averages.select_nth_unstable_by(rank, f64::total_cmp).1
        })
        .collect();
    needed.sort_unstable_by(f64::total_cmp);
    let last = (design.power * TRIALS as f64).ceil() as usize;
    needed.get(last.clamp(1, TRIALS) - 1).copied()
}

/// One of `spread`, with either sign.
fn draw(spread: &[f64], rng: &mut impl Rng) -> f64 {
    let number = below(rng, 2 * spread.len() as u64) as usize;
    let value = spread[number / 2];
    if number.is_multiple_of(2) { value } else { -value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use statrs::function::erf::erfc_inv;

    const DESIGN: Design = Design { count: 20, level: 0.05, threshold: 0.0, power: 0.9 };

    /// Quantiles of the normal distribution of this standard deviation.
    fn normal(count: usize, deviation: f64) -> Vec<f64> {
        let quantile =
            |at: usize| -std::f64::consts::SQRT_2 * erfc_inv(2.0 * (at as f64 + 0.5) / count as f64);
        (0..count).map(|at| deviation * quantile(at)).collect()
    }

    /// For normal values the test is nearly as strong as that of Student, of which the effect is about
    /// (z(level) + z(power)) deviation / sqrt(count), over the root of its efficiency of 3/pi (Lehmann 1975, section 4.2).
    #[test]
    fn normal_spread_gives_the_effect_of_the_formula() {
        for (count, level) in [(12, 0.05), (20, 0.05), (48, 0.005)] {
            let z: f64 =
                [level, 0.1].map(|tail| std::f64::consts::SQRT_2 * erfc_inv(2.0 * tail)).iter().sum();
            let formula = z * 0.1 / (count as f64 * 3.0 / std::f64::consts::PI).sqrt();
            let found = detectable(&normal(200, 0.1), &Design { count, level, ..DESIGN }, 1).unwrap();
            assert!((found / formula - 1.0).abs() < 0.12, "{count}: {found} and {formula}");
        }
    }

    /// The effect has its power: of new measurements that have it, nine in ten are found.
    #[test]
    fn the_effect_is_found_as_often_as_asked() {
        let spread = normal(60, 0.08);
        let effect = detectable(&spread, &DESIGN, 1).unwrap();
        let mut rng = stream(9, 0, 0);
        let found = (0..1_000).filter(|_| {
            let values: Vec<f64> = (0..DESIGN.count).map(|_| effect + draw(&spread, &mut rng)).collect();
            shift(&values, 1.0 - 2.0 * DESIGN.level).unwrap().interval.unwrap().low > DESIGN.threshold
        });
        let found = found.count();
        assert!((850..=945).contains(&found), "{found} of 1,000");
    }

    #[test]
    fn too_little_says_nothing() {
        assert_eq!(detectable(&[0.1], &DESIGN, 1), None);
        assert_eq!(detectable(&[0.1, f64::INFINITY], &DESIGN, 1), None);
        assert_eq!(detectable(&[0.1, 0.2], &Design { count: 4, ..DESIGN }, 1), None);
        assert_eq!(detectable(&[0.1; 9], &Design { threshold: 0.05, ..DESIGN }, 1), Some(0.05));
    }

    proptest! {
        #[test]
        fn the_effect_follows_the_spread_and_the_threshold(
            values in prop::collection::vec(-1.0..1.0f64, 6..30),
            by in -1.0..1.0f64,
        ) {
            let found = detectable(&values, &DESIGN, 1).unwrap();
            let moved: Vec<f64> = values.iter().map(|value| value + by).collect();
            prop_assert!((detectable(&moved, &DESIGN, 1).unwrap() - found).abs() < 1e-9);
            let twice: Vec<f64> = values.iter().map(|value| value * 2.0).collect();
            prop_assert!((detectable(&twice, &DESIGN, 1).unwrap() - 2.0 * found).abs() < 1e-9);
            let lifted = Design { threshold: 0.05, ..DESIGN };
            prop_assert!((detectable(&values, &lifted, 1).unwrap() - found - 0.05).abs() < 1e-9);
            let surer = Design { power: 0.95, ..DESIGN };
            prop_assert!(detectable(&values, &surer, 1).unwrap() >= found);
        }
    }
}
