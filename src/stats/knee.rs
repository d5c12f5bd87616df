//! The knee of an objective: the highest arrival rate at which it holds, by stochastic search.
//!
//! One block at one rate is noisy, because the capacity of a machine wanders by some percent from block to
//! block. So bisection, which believes each answer, ends beside the knee and cannot say how far. This search
//! keeps a posterior instead (see `belief`), and puts each block where its answer is least certain.
//!
//! 1. Bracketing: twice the rate, or half of it, until one block held and one missed, or a saturated server has
//!    shown how much it answers.
//! 2. Placement: around the posterior median, with a uniform jitter as wide as the spread of the blocks. The
//!    median is where a hold and a miss are equally likely; the jitter teaches the spread, without which
//!    there is no honest interval, and keeps the search awake when the capacity drifts.
//!
//! The capacity of a saturated server is a hint and no more. As evidence for the knee it cannot be trusted: an
//! objective may fail well before saturation, a server may answer less when overloaded, and it shows its
//! capacity in its bad blocks alone. In simulations of fifteen blocks, intervals that took it at its word
//! covered the knee in 71 to 93 % of the searches where the distance was foreseen, and in 0 to 64 % where not.

mod belief;
#[cfg(test)]
mod simulation;
mod sustained;

pub use sustained::sustained;

use super::random::stream;
use belief::Belief;
use rand::Rng;

/// Domain of the random numbers of this search.
const JITTER: u64 = 0x6b6e_6565;
/// Factor between neighbouring rates until there is a bracket.
const STRIDE: f64 = 2.0;
/// Widest distance from the posterior median, in spreads.
const WIDEST_JITTER: f64 = 1.25;
/// Blocks at a limit, all of one outcome, after which the knee is known to lie beyond.
const ENOUGH_AT_A_LIMIT: usize = 2;

/// What one block showed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Arrival rate of the block in calls per second, above 0.
    pub rate: f64,
    /// Whether the objective held.
    pub held: bool,
    /// Calls answered per second, if the server was saturated. It guides the search and hardly moves the estimate
    /// once there is a bracket; a value that is not above 0 is ignored.
    pub capacity: Option<f64>,
}

/// Where the knee lies after the trials so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KneeEstimate {
    /// The knee in calls per second: at this rate a block holds as often as not (posterior median). Without a
    /// bracket, the tried rate that is nearest to it; without a trial, the guess.
    pub rate: f64,
    /// Lower end of the 95 % credible interval.
    pub low: f64,
    /// Upper end of the 95 % credible interval.
    pub high: f64,
    /// Number of blocks.
    pub trials: usize,
    /// Whether at least one block held and one missed. If not, the knee may lie outside of the limits.
    pub bracketed: bool,
}

/// A search for the knee between two limits. The same seed and outcomes give the same rates.
#[derive(Debug, Clone)]
pub struct KneeSearch {
    low: f64,
    high: f64,
    guess: f64,
    seed: u64,
    trials: Vec<Trial>,
    belief: Belief,
}

impl KneeSearch {
    /// A search from `low` to `high` calls per second that begins at `guess`.
    ///
    /// # Panics
    /// Unless `0 < low <= high` and all three are finite.
    #[must_use]
    pub fn new(low: f64, high: f64, guess: f64, seed: u64) -> Self {
        assert!(low > 0.0 && low <= high && high.is_finite() && guess.is_finite(), "limits of a knee search");
        let belief = Belief::new(low, high);
        Self { low, high, guess: guess.clamp(low, high), seed, trials: Vec::new(), belief }
    }

    /// The rate of the next block in calls per second. The same until something is learnt.
    #[must_use]
    pub fn next_rate(&self) -> f64 {
        if self.bracketed() || self.belief.has_hint() {
            return self.around_the_median();
        }
        let rate = match (self.highest_held(), self.lowest_missed()) {
            (Some(held), _) => held * STRIDE,
            (None, Some(missed)) => missed / STRIDE,
            (None, None) => self.guess,
        };
        rate.clamp(self.low, self.high)
    }

    /// Takes the outcome of a block into account; its rate need not be the one proposed.
    ///
    /// # Panics
    /// Unless the trial's rate is finite and above 0.
    pub fn learn(&mut self, trial: Trial) {
        assert!(trial.rate > 0.0 && trial.rate.is_finite(), "the rate of a trial");
        self.belief.learn(trial.rate, trial.held, trial.capacity);
        self.trials.push(trial);
    }

    /// Where the knee lies, as far as is known.
    #[must_use]
    pub fn estimate(&self) -> KneeEstimate {
        let bracketed = self.bracketed();
        let nearest = self.highest_held().or(self.lowest_missed()).unwrap_or(self.guess);
        let rate = if bracketed { self.belief.quantile(0.5) } else { nearest };
        KneeEstimate {
            rate,
            low: self.belief.quantile(0.025).min(rate),
            high: self.belief.quantile(0.975).max(rate),
            trials: self.trials.len(),
            bracketed,
        }
    }

    /// Whether more blocks are not worth their time: half of the interval is at most `relative_half_width` of
    /// the knee (0.05 is 5 %), or the knee lies beyond a limit (two blocks there, and all blocks, agree).
    #[must_use]
    pub fn resolved(&self, relative_half_width: f64) -> bool {
        let estimate = self.estimate();
        if estimate.bracketed {
            return (estimate.high - estimate.low) / 2.0 <= relative_half_width * estimate.rate;
        }
        let at_limit =
            |trial: &&Trial| if trial.held { trial.rate >= self.high } else { trial.rate <= self.low };
        self.trials.iter().filter(at_limit).count() >= ENOUGH_AT_A_LIMIT
    }

    fn around_the_median(&self) -> f64 {
        let number = stream(self.seed, JITTER, self.trials.len() as u64).next_u64() >> 11;
        let even = number as f64 / (1_u64 << 53) as f64;
        let jitter = (2.0 * even - 1.0) * WIDEST_JITTER * self.belief.spread();
        (self.belief.quantile(0.5) * jitter.exp()).clamp(self.low, self.high)
    }

    fn bracketed(&self) -> bool {
        self.trials.iter().any(|trial| trial.held) && self.trials.iter().any(|trial| !trial.held)
    }

    fn highest_held(&self) -> Option<f64> {
        self.trials.iter().filter(|trial| trial.held).map(|trial| trial.rate).reduce(f64::max)
    }

    fn lowest_missed(&self) -> Option<f64> {
        self.trials.iter().filter(|trial| !trial.held).map(|trial| trial.rate).reduce(f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(search: &mut KneeSearch, knee: f64, blocks: usize) -> Vec<f64> {
        let rates = (0..blocks).map(|_| {
            let rate = search.next_rate();
            search.learn(Trial { rate, held: rate <= knee, capacity: None });
            rate
        });
        rates.collect()
    }

    #[test]
    fn brackets_by_doubling_or_halving() {
        assert_eq!(answer(&mut KneeSearch::new(1.0, 1e5, 50.0, 1), 300.0, 4), [50.0, 100.0, 200.0, 400.0]);
        assert_eq!(answer(&mut KneeSearch::new(1.0, 1e5, 900.0, 1), 300.0, 3), [900.0, 450.0, 225.0]);
    }

    #[test]
    fn a_capacity_spares_the_halving() {
        let mut search = KneeSearch::new(1.0, 1e5, 8_000.0, 1);
        search.learn(Trial { rate: 8_000.0, held: false, capacity: Some(300.0) });
        assert!((250.0..330.0).contains(&search.next_rate()), "{}", search.next_rate());
    }

    #[test]
    fn a_knee_above_the_limit_is_the_limit() {
        let mut search = KneeSearch::new(10.0, 400.0, 300.0, 1);
        assert_eq!(answer(&mut search, 1e9, 2), [300.0, 400.0]);
        assert!(!search.resolved(0.05));
        assert_eq!(answer(&mut search, 1e9, 1), [400.0]);
        let estimate = search.estimate();
        assert_eq!((estimate.rate, estimate.bracketed, estimate.trials), (400.0, false, 3));
        assert!(search.resolved(0.05));
    }

    #[test]
    fn a_knee_below_the_limit_is_the_limit() {
        let mut search = KneeSearch::new(10.0, 400.0, 15.0, 1);
        assert_eq!(answer(&mut search, 0.0, 3), [15.0, 10.0, 10.0]);
        assert_eq!((search.estimate().rate, search.estimate().bracketed), (10.0, false));
        assert!(search.resolved(0.05));
    }

    #[test]
    fn the_same_seed_gives_the_same_search_and_another_does_not() {
        let run = |seed| answer(&mut KneeSearch::new(1.0, 1e5, 100.0, seed), 300.0, 12);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn a_clear_knee_is_resolved_and_a_guess_is_not() {
        let mut search = KneeSearch::new(1.0, 1e5, 100.0, 1);
        assert_eq!((search.estimate().rate, search.resolved(0.5)), (100.0, false));
        answer(&mut search, 300.0, 20);
        assert!(search.resolved(0.05), "{:?}", search.estimate());
    }

    /// One block that failed by chance far below the knee does not hold the search down.
    #[test]
    fn a_stray_miss_is_outvoted() {
        let mut search = KneeSearch::new(1.0, 1e5, 40.0, 1);
        search.learn(Trial { rate: 20.0, held: true, capacity: None });
        search.learn(Trial { rate: 40.0, held: false, capacity: None });
        answer(&mut search, 300.0, 20);
        assert!((search.estimate().rate / 300.0 - 1.0).abs() < 0.05, "{:?}", search.estimate());
    }
}
