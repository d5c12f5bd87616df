//! A challenger against the best so far, pair of blocks by pair of blocks: go on, take it, or leave it.
//!
//! The search may be wrong cheaply: what it takes is shrunk and confirmed afterwards, with other seeds and an error that is
//! kept. So it decides by the mean of few pairs and the noise that all duels so far have shown, as SMAC's intensification
//! does (Hutter, Hoos and Leyton-Brown 2011), which gives most blocks to what is promising.

use super::{
    Candidate, TuneError,
    bench::Bench,
    trial::{Purpose, Seen},
};
use crate::stats::median;

/// Standard errors by which a challenger must be better to be taken.
const SURE: f64 = 2.5;
/// Standard errors by which it must miss what is worth having to be left before that is clear.
const HOPELESS: f64 = 2.0;
/// A gain below this is not worth a flag.
const LEAST_GAIN: f64 = 0.02;
/// After this many pairs one that shows less than half of it is left: most challengers do nothing, and the time is better
/// spent on the next.
const FEWEST: usize = 3;
/// Most pairs of a duel.
const MOST: usize = 8;
/// Pairs of one duel that may be set aside before it is given up.
const MOST_SET_ASIDE: usize = 4;
/// Standard deviation of a pair that is assumed before there is any: that of two identical blocks of a second.
const ASSUMED: f64 = 0.1;
/// Noise below this would make any difference look sure.
const LEAST_NOISE: f64 = 0.01;
/// Quantile of the normal distribution for nine times in ten.
const NINE_IN_TEN: f64 = 1.281_6;

/// Pairs of two sides.
#[derive(Debug, Default)]
pub(super) struct Fought {
    /// The logarithm of what the challenger costs over what the best so far costs, of each pair that counts.
    pub(super) pairs: Vec<f64>,
    /// Pairs that do not count.
    pub(super) set_aside: usize,
    /// Why the challenger cannot be measured, if it cannot.
    pub(super) failed: Option<String>,
}

impl Fought {
    /// Mean of the pairs; `None` without any.
    pub(super) fn mean(&self) -> Option<f64> {
        mean(&self.pairs)
    }
}

/// Measures pairs until `is_over` says so of those that count, a part of the budget is spent, the challenger cannot be
/// measured, or too many pairs are set aside.
pub(super) fn fight(
    bench: &mut Bench<'_>,
    purpose: Purpose,
    sides: [&Candidate; 2],
    share: f64,
    is_over: &dyn Fn(&[f64]) -> bool,
) -> Result<Fought, TuneError> {
    let mut fought = Fought::default();
    while !is_over(&fought.pairs) && fought.set_aside <= MOST_SET_ASIDE && bench.holds(share) > 0 {
        match bench.pair(purpose, sides)?.seen() {
            Seen::Worse(by) => fought.pairs.push(by),
            Seen::Nothing => fought.set_aside += 1,
            Seen::Failed(why) => {
                fought.failed = Some(why.to_owned());
                break;
            }
        }
    }
    Ok(fought)
}

/// What to do with a challenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another pair.
    Again,
    /// It is better: it is the best now.
    Take,
    /// It is no better, or cannot be told to be.
    Leave,
}

/// What so many pairs say of a challenger: each the logarithm of its cost over that of the best so far.
#[must_use]
pub(super) fn decide(pairs: &[f64], noise: f64) -> Decision {
    let Some(mean) = mean(pairs) else { return Decision::Again };
    let error = error(pairs.len(), noise);
    let better = mean + SURE * error < 0.0 && mean <= -LEAST_GAIN;
    // Hopeless is what would have to be luckier than this to be worth anything.
    let hopeless = mean - HOPELESS * error > -LEAST_GAIN;
    let futile = pairs.len() >= FEWEST && mean > -LEAST_GAIN / 2.0;
    match () {
        () if hopeless || futile => Decision::Leave,
        () if better && pairs.len() >= FEWEST => Decision::Take,
        () if pairs.len() >= MOST => Decision::Leave,
        () => Decision::Again,
    }
}

/// The smallest gain (share of the cost, 0..1) for which so many pairs would have let a challenger be taken nine times in
/// ten: by the normal distribution, so no more than an orientation.
#[must_use]
pub(super) fn detectable(count: usize, noise: f64) -> f64 {
    let needed = (SURE * error(count, noise)).max(LEAST_GAIN);
    1.0 - (-(needed + NINE_IN_TEN * error(count, noise))).exp()
}

/// Standard error of the mean of so many pairs.
#[must_use]
pub(super) fn error(count: usize, noise: f64) -> f64 {
    noise.max(LEAST_NOISE) / (count.max(1) as f64).sqrt()
}

/// `None` without values.
#[must_use]
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// What duels have shown of the noise: the standard deviation of a pair about its duel's mean, by the median of the amounts,
/// which a few wild pairs do not move.
#[derive(Debug, Clone, Default)]
pub(super) struct Noise {
    residuals: Vec<f64>,
}

impl Noise {
    /// Takes up a duel that is over. One pair says nothing of its own spread.
    pub(super) fn learn(&mut self, pairs: &[f64]) {
        let Some(mean) = mean(pairs).filter(|_| pairs.len() > 1) else { return };
        // A residual is smaller than the noise by this: the mean follows its pairs.
        let count = pairs.len() as f64;
        let scale = (count / (count - 1.0)).sqrt();
        self.residuals.extend(pairs.iter().map(|pair| (pair - mean).abs() * scale));
    }

    /// Standard deviation of a pair.
    #[must_use]
    pub(super) fn deviation(&self) -> f64 {
        // So many residuals weigh as much as what is assumed.
        const WEIGHT: f64 = 6.0;
        let count = self.residuals.len() as f64;
        // The median amount of a normal value is 0.6745 standard deviations.
        let seen = median(&self.residuals).map_or(ASSUMED, |amount| amount / 0.674_5);
        (WEIGHT * ASSUMED + count * seen) / (WEIGHT + count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hopeless_is_left_after_one_pair() {
        assert_eq!(decide(&[], 0.1), Decision::Again);
        assert_eq!(decide(&[0.9], 0.1), Decision::Leave);
        assert_eq!(decide(&[0.0], 0.1), Decision::Again, "one pair may be bad luck");
    }

    #[test]
    fn what_is_better_is_taken_after_three() {
        assert_eq!(decide(&[-0.5, -0.5], 0.1), Decision::Again);
        assert_eq!(decide(&[-0.5, -0.5, -0.5], 0.1), Decision::Take);
        assert_eq!(decide(&[-0.1; 3], 0.1), Decision::Again, "as yet it may be noise");
        assert_eq!(decide(&[-0.1; 7], 0.1), Decision::Take);
    }

    #[test]
    fn what_gains_next_to_nothing_is_left() {
        assert_eq!(decide(&[0.0; 3], 0.1), Decision::Leave, "three pairs are enough for most");
        assert_eq!(decide(&[-0.03; 3], 0.1), Decision::Again);
        assert_eq!(decide(&[-0.03; 8], 0.1), Decision::Leave);
        assert_eq!(decide(&[-0.015; 8], 0.01), Decision::Leave, "sure, and not worth it");
    }

    #[test]
    fn more_pairs_and_less_noise_see_more() {
        assert!(detectable(8, 0.1) < detectable(3, 0.1) && detectable(3, 0.05) < detectable(3, 0.1));
        // (2.5 + 1.2816) x 0.1 / 2 = 0.189.
        assert!((detectable(4, 0.1) - 0.172).abs() < 1e-3, "{}", detectable(4, 0.1));
        assert!(detectable(1_000, 0.0) >= 0.02, "what is worth nothing is not asked for");
    }

    #[test]
    fn noise_is_learnt() {
        let mut noise = Noise::default();
        let is_assumed = |noise: &Noise| (noise.deviation() - ASSUMED).abs() < 1e-12;
        assert!(is_assumed(&noise));
        noise.learn(&[0.3]);
        assert!(is_assumed(&noise), "one pair says nothing");
        for _ in 0..40 {
            noise.learn(&[0.5 - 0.02, 0.5 + 0.02]);
        }
        assert!(noise.deviation() < 0.055, "{}", noise.deviation());
    }
}
