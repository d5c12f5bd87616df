//! What is believed about the knee: a posterior on a grid of (knee, spread), one trial at a time.
//!
//! The psychometric function of QUEST (Watson and Pelli 1983) with the spread as a second unknown, as in the
//! Psi method (Kontsevich and Tyler 1999):
//!
//! `P(held | rate) = LAPSE + (1 - 2 LAPSE) Phi((ln knee - ln rate) / spread)`

use super::super::normal;

/// Share of blocks whose outcome says nothing about the rate: a checkpoint, a neighbour, a lucky block.
const LAPSE: f64 = 0.02;
/// Distance of neighbouring knees on the grid, in natural logarithms: half a percent.
const STEP: f64 = 0.005;
/// The most knees on the grid; a range that would need more (a factor of 10^8) gets wider steps.
const MOST_KNEES: usize = 4_000;
/// Smallest and largest spread of the capacity from block to block, in natural logarithms.
const SPREADS: (f64, f64) = (0.01, 0.25);
/// Number of spreads on the grid, evenly spaced in their logarithm.
const SPREAD_COUNT: usize = 10;
/// The likeliest spread, and how far off it may well be (one standard deviation of its logarithm).
const USUAL_SPREAD: (f64, f64) = (0.055, 0.8);
/// Where the knee stands against the answers a second of a saturated server, and how far off that may well
/// be, in natural logarithms: the knee is mostly a little below.
const HINT: (f64, f64) = (-0.05, 0.15);

/// Posterior over the knee and the spread.
#[derive(Debug, Clone)]
pub(super) struct Belief {
    /// Natural logarithm of the lowest knee.
    first: f64,
    step: f64,
    spreads: [f64; SPREAD_COUNT],
    /// One row of knees for each spread; sums to 1.
    weights: Vec<Vec<f64>>,
    /// Logarithms of the capacities seen, ascending.
    capacities: Vec<f64>,
    /// Weight of each knee, hint included; sums to 1.
    knees: Vec<f64>,
}

impl Belief {
    /// Every knee from `low` to `high` is as likely as any other, in logarithms.
    pub(super) fn new(low: f64, high: f64) -> Self {
        let range = (high / low).ln();
        let intervals = ((range / STEP).ceil() as usize).clamp(1, MOST_KNEES - 1);
        let spreads = std::array::from_fn(|index| {
            let share = index as f64 / (SPREAD_COUNT - 1) as f64;
            SPREADS.0 * (SPREADS.1 / SPREADS.0).powf(share)
        });
        let weight = |spread: &f64| (-0.5 * ((spread / USUAL_SPREAD.0).ln() / USUAL_SPREAD.1).powi(2)).exp();
        let mut belief = Self {
            first: low.ln(),
            step: range / intervals as f64,
            spreads,
            weights: spreads.iter().map(|spread| vec![weight(spread); intervals + 1]).collect(),
            capacities: Vec::new(),
            knees: vec![0.0; intervals + 1],
        };
        belief.settle();
        belief
    }

    /// Takes one outcome into account (Bayes).
    pub(super) fn learn(&mut self, rate: f64, held: bool, capacity: Option<f64>) {
        let sign = if held { 1.0 } else { -1.0 };
        for (spread, row) in self.spreads.iter().zip(&mut self.weights) {
            // Phi at z and at z + step / spread: a miss is a hold seen in a mirror.
            let start = sign * (self.first - rate.ln()) / spread;
            let stride = sign * self.step / spread;
            for (index, weight) in row.iter_mut().enumerate() {
                *weight *= LAPSE + (1.0 - 2.0 * LAPSE) * normal::cdf(start + stride * index as f64);
            }
        }
        if let Some(capacity) = capacity.filter(|capacity| *capacity > 0.0 && capacity.is_finite()) {
            let place = self.capacities.partition_point(|other| *other < capacity.ln());
            self.capacities.insert(place, capacity.ln());
        }
        self.settle();
    }

    /// Whether a saturated server has shown how much it answers.
    pub(super) fn has_hint(&self) -> bool {
        !self.capacities.is_empty()
    }

    /// The knee below which `share` (0..=1) of the posterior lies, in calls a second.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let mut below = 0.0;
        let index = self.knees.iter().position(|weight| {
            below += weight;
            below >= share
        });
        let index = index.unwrap_or(self.knees.len() - 1);
        // The weight of a knee stands for the step around it.
        let into = if self.knees[index] > 0.0 { 0.5 - (below - share) / self.knees[index] } else { 0.0 };
        let last = (self.knees.len() - 1) as f64;
        (self.first + self.step * (index as f64 + into).clamp(0.0, last)).exp()
    }

    /// Posterior mean of the spread, in natural logarithms.
    pub(super) fn spread(&self) -> f64 {
        let hints: Vec<f64> = (0..self.knees.len()).map(|index| self.hint(index)).collect();
        let weights: Vec<f64> =
            self.weights.iter().map(|row| row.iter().zip(&hints).map(|(w, h)| w * h).sum()).collect();
        let total: f64 = weights.iter().sum();
        self.spreads.iter().zip(&weights).map(|(spread, weight)| spread * weight).sum::<f64>() / total
    }

    /// The density of Student's t with three degrees of freedom around the median capacity, not normalised.
    ///
    /// All capacities together count once: they share the unknown distance from the knee, so ten of them say
    /// little more than one. The tails are heavy, so that trials win where overload makes the server slower.
    fn hint(&self, index: usize) -> f64 {
        let Some(median) = self.capacities.get(self.capacities.len() / 2) else { return 1.0 };
        let off = (self.first + self.step * index as f64 - median - HINT.0) / HINT.1;
        (1.0 + off * off / 3.0).powi(-2)
    }

    /// Makes the weights sum to 1 and adds up those of each knee.
    fn settle(&mut self) {
        let total: f64 = self.weights.iter().flatten().sum();
        self.weights.iter_mut().flatten().for_each(|weight| *weight /= total);
        self.knees.fill(0.0);
        for row in &self.weights {
            self.knees.iter_mut().zip(row).for_each(|(knee, weight)| *knee += weight);
        }
        let hinted: Vec<f64> =
            self.knees.iter().enumerate().map(|(at, weight)| weight * self.hint(at)).collect();
        let total: f64 = hinted.iter().sum();
        self.knees = hinted.into_iter().map(|weight| weight / total).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_any_trial_all_knees_are_alike() {
        let belief = Belief::new(1.0, 10_000.0);
        for (share, rate) in [(0.0, 1.0), (0.25, 10.0), (0.5, 100.0), (0.75, 1_000.0), (1.0, 10_000.0)] {
            assert!(
                (belief.quantile(share) / rate - 1.0).abs() < 0.01,
                "{share}: {}",
                belief.quantile(share)
            );
        }
    }

    #[test]
    fn a_bracket_encloses_the_median() {
        let mut belief = Belief::new(1.0, 10_000.0);
        (0..2).for_each(|_| belief.learn(90.0, true, None));
        (0..2).for_each(|_| belief.learn(160.0, false, None));
        assert!((95.0..150.0).contains(&belief.quantile(0.5)), "{}", belief.quantile(0.5));
    }

    #[test]
    fn a_hint_guides_but_trials_win() {
        let mut belief = Belief::new(1.0, 10_000.0);
        belief.learn(1_000.0, false, Some(100.0));
        assert!((85.0..105.0).contains(&belief.quantile(0.5)), "{}", belief.quantile(0.5));
        (0..4).for_each(|_| belief.learn(200.0, true, None));
        assert!(belief.quantile(0.5) > 190.0, "{}", belief.quantile(0.5));
    }

    #[test]
    fn the_spread_grows_with_contradictions() {
        let (mut clear, mut blurred) = (Belief::new(1.0, 10_000.0), Belief::new(1.0, 10_000.0));
        for (index, rate) in [90.0, 95.0, 105.0, 110.0].into_iter().cycle().take(40).enumerate() {
            clear.learn(rate, rate < 100.0, None);
            blurred.learn(rate, index % 3 == 0, None);
        }
        assert!(clear.spread() < 0.04 && blurred.spread() > 0.1, "{} {}", clear.spread(), blurred.spread());
    }
}
