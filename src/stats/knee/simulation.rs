//! The search against servers whose knee is known.

use super::{KneeSearch, Trial};
use crate::stats::stream;
use proptest::prelude::*;
use rand::Rng;

const SEARCHES: u64 = 200;

fn even(rng: &mut impl Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Box and Muller 1958.
fn normal(rng: &mut impl Rng) -> f64 {
    (-2.0 * even(rng).ln()).sqrt() * (std::f64::consts::TAU * even(rng)).cos()
}

/// A server whose capacity wanders by `spread` from block to block.
#[derive(Clone, Copy)]
struct Server {
    knee: f64,
    spread: f64,
    /// Logarithm of what it answers under overload against its knee, if it says.
    says: Option<f64>,
}

struct Found {
    /// Relative, without sign.
    errors: Vec<f64>,
    /// Share of the intervals that cover the knee.
    covered: f64,
}

fn search(server: Server, guess: f64, seed: u64, blocks: usize) -> KneeSearch {
    let mut rng = stream(seed, 1, 0);
    let mut search = KneeSearch::new(1.0, 50_000.0, guess, seed);
    for _ in 0..blocks {
        let rate = search.next_rate();
        let capacity = server.knee * (server.spread * normal(&mut rng)).exp();
        let held = rate <= capacity;
        let answered = server.says.filter(|_| !held).map(|bias| capacity * bias.exp());
        search.learn(Trial { rate, held, capacity: answered });
    }
    search
}

/// Searches whose guesses are off by up to ten times in both directions.
fn searches(server: Server, blocks: usize) -> Found {
    let estimates = (0..SEARCHES).map(|index| {
        let off = 10_f64.powf(2.0 * index as f64 / (SEARCHES - 1) as f64 - 1.0);
        search(server, server.knee * off, index, blocks).estimate()
    });
    let estimates: Vec<_> = estimates.collect();
    let covering = |e: &&super::KneeEstimate| e.low <= server.knee && server.knee <= e.high;
    let covered = estimates.iter().filter(covering).count() as f64 / SEARCHES as f64;
    let mut errors: Vec<f64> = estimates.iter().map(|e| (e.rate / server.knee - 1.0).abs()).collect();
    errors.sort_unstable_by(f64::total_cmp);
    Found { errors, covered }
}

fn fifteen_blocks_find(knee: f64) {
    for (spread, most) in [(0.02, 0.02), (0.05, 0.03), (0.1, 0.05)] {
        for says in [None, Some(0.1)] {
            let found = searches(Server { knee, spread, says }, 15);
            let median = found.errors[SEARCHES as usize / 2];
            assert!(median <= most, "knee {knee}, spread {spread}, {says:?}: off by {median}");
            assert!(found.covered >= 0.9, "knee {knee}, spread {spread}, {says:?}: covers {}", found.covered);
        }
    }
}

#[test]
fn fifteen_blocks_find_a_low_knee() {
    fifteen_blocks_find(20.0);
}

#[test]
fn fifteen_blocks_find_a_middling_knee() {
    fifteen_blocks_find(300.0);
}

#[test]
fn fifteen_blocks_find_a_high_knee() {
    fifteen_blocks_find(5_000.0);
}

/// A server that answers half as much under overload must not halve the estimate.
#[test]
fn a_misleading_capacity_does_not_mislead() {
    let found = searches(Server { knee: 300.0, spread: 0.05, says: Some(-0.7) }, 15);
    assert!(found.errors[SEARCHES as usize / 2] <= 0.04, "off by {}", found.errors[SEARCHES as usize / 2]);
    assert!(found.covered >= 0.9, "covers {}", found.covered);
}

proptest! {
    #[test]
    fn rates_and_estimates_stay_in_order(
        outcomes in prop::collection::vec((any::<bool>(), prop::option::of(0.0..1e6)), 0..12),
        guess in 0.0..1e6,
        seed: u64,
    ) {
        let mut search = KneeSearch::new(10.0, 1_000.0, guess, seed);
        for (held, capacity) in outcomes {
            let rate = search.next_rate();
            prop_assert!((10.0..=1_000.0).contains(&rate));
            search.learn(Trial { rate, held, capacity });
            let e = search.estimate();
            prop_assert!(9.9 < e.low && e.low <= e.rate && e.rate <= e.high && e.high < 1_001.0, "{:?}", e);
        }
    }
}
