//! Where to look next: the one seam between the search and the library that chooses points.

use crate::{
    flags::space::Tunable,
    stats::{SEEDS, below, stream},
};
use rand_pcg::Pcg64;

/// Purpose of the stream that seeds a sampler.
const SEED_STREAM: u64 = 107;

/// Chooses points of a space, and learns what they cost. A point has a place from 0 to 1 for each setting.
pub trait Sampler {
    /// A point to try.
    fn ask(&mut self) -> Vec<f64>;
    /// What a point costs; less is better.
    fn tell(&mut self, point: &[f64], cost: f64);
}

/// Tree-structured Parzen estimators, one for each setting (Bergstra and others 2011; the crate `tpe`): places where costs
/// were among the lowest are likely to be tried again, nearby.
pub struct Parzen {
    dimensions: Vec<Option<tpe::TpeOptimizer>>,
    rng: Pcg64,
}

impl Parzen {
    /// For so many settings.
    #[must_use]
    pub fn new(settings: usize, seed: u64) -> Self {
        let dimension = |_| {
            let range = tpe::range(0.0, 1.0).ok()?;
            Some(tpe::TpeOptimizer::new(tpe::parzen_estimator(), range))
        };
        Self { dimensions: (0..settings).map(dimension).collect(), rng: stream(seed, SEED_STREAM, 0) }
    }
}

impl Sampler for Parzen {
    fn ask(&mut self) -> Vec<f64> {
        let rng = &mut self.rng;
        let mut place = |one: &mut Option<tpe::TpeOptimizer>| one.as_mut()?.ask(rng).ok();
        // What it cannot say stands in the middle.
        self.dimensions.iter_mut().map(|one| place(one).unwrap_or(0.5)).collect()
    }

    fn tell(&mut self, point: &[f64], cost: f64) {
        for (dimension, place) in self.dimensions.iter_mut().zip(point) {
            let Some(dimension) = dimension else { continue };
            // A cost that is no number is what it takes no notice of.
            let _ = dimension.tell(place.clamp(0.0, 1.0 - f64::EPSILON), cost);
        }
    }
}

/// Anywhere, with the same chance: what a sampler has to beat.
pub struct Anywhere {
    settings: usize,
    rng: Pcg64,
}

impl Anywhere {
    /// For so many settings.
    #[must_use]
    pub fn new(settings: usize, seed: u64) -> Self {
        Self { settings, rng: stream(seed, SEED_STREAM, 0) }
    }
}

impl Sampler for Anywhere {
    fn ask(&mut self) -> Vec<f64> {
        // 53 bits are all that a place can hold.
        (0..self.settings).map(|_| below(&mut self.rng, SEEDS) as f64 / SEEDS as f64).collect()
    }

    fn tell(&mut self, _: &[f64], _: f64) {}
}

/// The values of a point.
pub(super) fn values(space: &[Tunable], point: &[f64]) -> Vec<(String, String)> {
    let value = |(tunable, place): (&Tunable, &f64)| (tunable.flag.name.to_owned(), tunable.at(*place));
    space.iter().zip(point).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A response with one narrow valley in two of six dimensions, and noise.
    fn response(point: &[f64], noise: f64) -> f64 {
        let off = |place: f64, best: f64| (place - best).abs().min(0.5);
        off(point[0], 0.2) + off(point[3], 0.8) + noise
    }

    /// Mean of the true cost of the best point that a sampler finds in so many trials.
    fn found(make: &dyn Fn(u64) -> Box<dyn Sampler>) -> f64 {
        let costs = (0..40).map(|seed| {
            let mut sampler = make(seed);
            let mut noise = stream(seed, 1, 1);
            let mut best: Option<(f64, f64)> = None;
            for _ in 0..60 {
                let point = sampler.ask();
                let jitter = (below(&mut noise, 1_000) as f64 / 1_000.0 - 0.5) * 0.1;
                let cost = response(&point, jitter);
                sampler.tell(&point, cost);
                if best.is_none_or(|(seen, _)| cost < seen) {
                    best = Some((cost, response(&point, 0.0)));
                }
            }
            best.unwrap().1
        });
        costs.sum::<f64>() / 40.0
    }

    #[test]
    fn what_is_learnt_beats_chance_on_a_noisy_response() {
        let parzen = found(&|seed| Box::new(Parzen::new(6, seed)));
        let anywhere = found(&|seed| Box::new(Anywhere::new(6, seed)));
        assert!(parzen < 0.7 * anywhere, "{parzen} and {anywhere}");
    }

    #[test]
    fn a_seed_gives_the_same_points() {
        let points = |seed| {
            let mut sampler = Parzen::new(3, seed);
            let first = sampler.ask();
            sampler.tell(&first, 1.0);
            (first, sampler.ask())
        };
        assert_eq!(points(7), points(7));
        assert_ne!(points(7), points(8));
    }
}
