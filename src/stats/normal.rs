//! The standard normal distribution, to 7.5e-8: Abramowitz and Stegun 1964, formula 26.2.17.

/// Beyond this the probability is taken as 0; it is 1e-9 here.
const FAR: f64 = 6.0;

/// Probability that a deviate lies at or below `z`, 0..=1.
pub(super) fn cdf(z: f64) -> f64 {
    if z > 0.0 { 1.0 - tail(z) } else { tail(-z) }
}

/// Probability that a deviate lies at least as far from 0 as `z`, 0..=1.
pub(super) fn two_sided(z: f64) -> f64 {
    (2.0 * tail(z.abs())).clamp(0.0, 1.0)
}

/// Probability that a deviate lies above `z`, which is not negative.
fn tail(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] =
        [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    if z > FAR {
        return 0.0;
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = COEFFICIENTS.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt() * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_that_of_the_tables() {
        for (z, share) in [(0.0, 0.5), (1.0, 0.841_344_75), (-1.959_963_98, 0.025), (3.0, 0.998_650_10)] {
            assert!((cdf(z) - share).abs() < 1e-7, "{z}: {}", cdf(z));
        }
        assert_eq!((cdf(-7.0), cdf(7.0)), (0.0, 1.0));
    }

    #[test]
    fn both_tails_match_the_tables() {
        for (z, p) in
            [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (2.575_829, 0.01), (3.290_527, 0.001)]
        {
            assert!((two_sided(z) - p).abs() < 5e-7, "{z}: {}", two_sided(z));
            assert!((two_sided(-z) - p).abs() < 5e-7);
        }
        assert!(two_sided(40.0) < 1e-12);
    }
}
