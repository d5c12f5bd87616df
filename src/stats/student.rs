//! Student's t and Fisher's F distributions, as intervals and tests of means ask for them.

use statrs::function::beta::checked_beta_reg;

/// From here on the t distribution is the normal one, to the fourth digit.
const MOST_FREEDOM: f64 = 1e4;
/// No quantile that is asked for lies beyond.
const FARTHEST: f64 = 1e9;

/// The value that Student's t with so many degrees of freedom exceeds with the probability `tail`, 0..0.5. `None` without a
/// degree of freedom, or for a tail that is none.
#[must_use]
pub fn t_beyond(tail: f64, freedom: f64) -> Option<f64> {
    let is_tail = tail > 0.0 && tail < 0.5;
    let freedom = Some(freedom).filter(|freedom| *freedom > 0.0 && is_tail)?.min(MOST_FREEDOM);
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom)? > 2.0 * tail {
        (low, high) = (high, 2.0 * high);
        if high > FARTHEST {
            return None;
        }
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Some(high);
        }
        if two_sided(middle, freedom)? > 2.0 * tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// Probability of a t at least as far from 0: the beta function I(d / (d + t²); d / 2, 1 / 2).
fn two_sided(t: f64, freedom: f64) -> Option<f64> {
    checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + t * t)).ok()
}

/// Probability that Fisher's F with these degrees of freedom is at least `ratio`. `None` where one of them is not above 0.
#[must_use]
pub(super) fn f_tail(ratio: f64, above: f64, below: f64) -> Option<f64> {
    let is_known = above > 0.0 && below > 0.0 && !ratio.is_nan();
    if !is_known {
        return None;
    }
    let below = below.min(MOST_FREEDOM);
    let share = below / (below + above * ratio.max(0.0));
    checked_beta_reg(below / 2.0, above / 2.0, share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (tail, freedom, quantile) in [
            (0.025, 1.0, 12.7062),
            (0.025, 2.0, 4.302_65),
            (0.025, 4.0, 2.776_45),
            (0.005, 4.0, 4.604_09),
            (0.025, 10.0, 2.228_14),
            (0.05, 30.0, 1.697_26),
            (0.025, f64::INFINITY, 1.959_96),
        ] {
            let found = t_beyond(tail, freedom).unwrap();
            assert!((found - quantile).abs() < 3e-4, "{tail} {freedom}: {found}");
        }
        assert_eq!((t_beyond(0.025, 0.0), t_beyond(0.0, 3.0), t_beyond(0.7, 3.0)), (None, None, None));
    }

    /// Critical values of F at 5 % and 1 %.
    #[test]
    fn tails_are_those_of_the_tables() {
        for (ratio, above, below, tail) in [
            (7.7086, 1.0, 4.0, 0.05),
            (21.198, 1.0, 4.0, 0.01),
            (5.1433, 2.0, 6.0, 0.05),
            (3.4781, 4.0, 10.0, 0.05),
        ] {
            let found = f_tail(ratio, above, below).unwrap();
            assert!((found - tail).abs() < 2e-5, "{ratio}: {found}");
        }
        assert_eq!(f_tail(0.0, 1.0, 4.0), Some(1.0));
        assert_eq!((f_tail(1.0, 0.0, 4.0), f_tail(f64::NAN, 1.0, 4.0)), (None, None));
    }
}
