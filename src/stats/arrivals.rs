//! When calls are due, by a rate over time: a schedule that is made as it is used, in fixed memory, and that
//! several threads share out among themselves without speaking to each other.

use super::profile::Profile;
use rand::Rng;
use rand_pcg::Pcg64;
use std::{sync::Arc, time::Duration};

/// How arrivals lie around the rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly, each in the middle of its share of the time.
    Uniform,
    /// By chance and independent of each other, as from many users who know nothing of one another.
    #[default]
    Poisson,
}

/// A lane's part of a schedule: `own` of `of` clients, numbers `first..first + own`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Number of its first client, from 0.
    pub first: u64,
    /// How many clients are its own.
    pub own: u64,
    /// How many clients there are in all lanes.
    pub of: u64,
}

/// The moments at which a lane's calls are due, since the profile's start, in order.
///
/// - [`Spacing::Uniform`]: arrival number n of all lanes is due when n + 0.5 arrivals are expected, and belongs
///   to client n modulo `of`: all lanes together make the whole schedule, none of it twice.
/// - [`Spacing::Poisson`]: a process of rate 1 whose time is stretched by the inverse of the integrated rate
///   (Çinlar 1975, section 4.7; Lewis and Shedler 1979). Each lane has a process of its own, at its share of the
///   rate; independent ones together are again a Poisson process, at the sum of their rates.
#[derive(Debug, Clone)]
pub struct Arrivals {
    profile: Arc<Profile>,
    pace: Pace,
    latest: Duration,
}

/// Where in the schedule a lane is.
#[derive(Debug, Clone)]
enum Pace {
    /// The smallest number that the next arrival may have.
    Uniform { share: Share, next: u64 },
    /// Arrivals of all lanes that were expected by the latest one, and the lane's mean gap in these terms.
    Poisson { rng: Pcg64, expected: f64, mean_gap: f64 },
}

impl Arrivals {
    /// The part `share` of the schedule that `profile` and `spacing` make. What exceeds the `of` clients in
    /// `share` is left out; a lane without clients has no arrivals. `rng` decides Poisson arrivals alone: give
    /// each lane a stream of its own.
    #[must_use]
    pub fn new(profile: Arc<Profile>, spacing: Spacing, share: Share, rng: Pcg64) -> Self {
        let own = share.own.min(share.of.saturating_sub(share.first));
        let share = Share { own, of: share.of.max(1), ..share };
        let profile = if own == 0 { Arc::new(Profile::new(Vec::new())) } else { profile };
        let pace = match spacing {
            Spacing::Uniform => Pace::Uniform { share, next: 0 },
            Spacing::Poisson => Pace::Poisson { rng, expected: 0.0, mean_gap: share.of as f64 / own as f64 },
        };
        Self { profile, pace, latest: Duration::ZERO }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let expected = match &mut self.pace {
            Pace::Uniform { share, next } => {
                let number = share.own_from(*next);
                *next = number + 1;
                number as f64 + 0.5
            }
            Pace::Poisson { rng, expected, mean_gap } => {
                *expected += exponential(rng) * *mean_gap;
                *expected
            }
        };
        // The last digit of a root may go back by a nanosecond; time does not.
        self.latest = self.latest.max(self.profile.time_of(expected)?);
        Some(self.latest)
    }
}

impl Share {
    /// The first number from `n` on that belongs to the lane, which has clients.
    fn own_from(&self, n: u64) -> u64 {
        let client = n % self.of;
        if client < self.first {
            n + (self.first - client)
        } else if client - self.first < self.own {
            n
        } else {
            n + (self.of - client) + self.first
        }
    }
}

/// A number of the exponential distribution of mean 1, by inverse transform: the logarithm of 53 random bits,
/// of `1..=2^53` parts of 1, so never of 0. Its last digit may differ between machines, by far less than a
/// nanosecond of a schedule.
pub fn exponential(rng: &mut Pcg64) -> f64 {
    let parts = (rng.next_u64() >> 11) + 1;
    -(parts as f64 / (1_u64 << 53) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Piece;
    use crate::stats::random::stream;
    use proptest::prelude::*;

    const ALL: Share = Share { first: 0, own: 1, of: 1 };

    fn steady(rate: f64, seconds: u64) -> Arc<Profile> {
        Arc::new(Profile::steady(rate, Duration::from_secs(seconds)))
    }

    fn poisson(profile: &Arc<Profile>, share: Share, seed: u64) -> Arrivals {
        Arrivals::new(profile.clone(), Spacing::Poisson, share, stream(seed, 0, share.first))
    }

    fn uniform(profile: &Arc<Profile>, share: Share) -> Arrivals {
        Arrivals::new(profile.clone(), Spacing::Uniform, share, stream(0, 0, 0))
    }

    /// Lanes of these sizes, one behind the other.
    fn lanes(sizes: &[u64]) -> Vec<Share> {
        let of = sizes.iter().sum();
        let mut first = 0;
        let lane = |own: &u64| {
            first += own;
            Share { first: first - own, own: *own, of }
        };
        sizes.iter().map(lane).collect()
    }

    fn mean_and_variance(counts: &[f64]) -> (f64, f64) {
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        let squares: f64 = counts.iter().map(|count| (count - mean).powi(2)).sum();
        (mean, squares / (counts.len() - 1) as f64)
    }

    /// How many of `arrivals` fall into each of `parts` equal parts of `duration`.
    fn counts(arrivals: impl Iterator<Item = Duration>, duration: Duration, parts: usize) -> Vec<f64> {
        let mut counts = vec![0.0; parts];
        for at in arrivals {
            let part = (at.as_secs_f64() / duration.as_secs_f64() * parts as f64) as usize;
            counts[part.min(parts - 1)] += 1.0;
        }
        counts
    }

    #[test]
    fn uniform_arrivals_are_even() {
        let at: Vec<u128> = uniform(&steady(4.0, 1), ALL).map(|at| at.as_millis()).collect();
        assert_eq!(at, [125, 375, 625, 875]);
        let second: Vec<u128> =
            uniform(&steady(4.0, 1), Share { first: 1, own: 1, of: 2 }).map(|at| at.as_millis()).collect();
        assert_eq!(second, [375, 875]);
    }

    /// Over many seeds, the number of arrivals has the mean and the variance of a Poisson distribution, for
    /// the whole schedule and for a lane of it.
    #[test]
    fn poisson_counts_have_their_mean_and_variance() {
        let ramp = Piece { duration: Duration::from_secs(2), from: 0.0, to: 200.0 };
        for (profile, share, expected) in [
            (steady(100.0, 1), ALL, 100.0),
            (Arc::new(Profile::new(vec![ramp])), ALL, 200.0),
            (steady(300.0, 1), Share { first: 2, own: 3, of: 9 }, 100.0),
        ] {
            let seeds = 4_000;
            let counts: Vec<f64> =
                (0..seeds).map(|seed| poisson(&profile, share, seed).count() as f64).collect();
            let (mean, variance) = mean_and_variance(&counts);
            // Four standard errors of each.
            let seeds = seeds as f64;
            assert!((mean - expected).abs() < 4.0 * (expected / seeds).sqrt(), "{mean} is not {expected}");
            assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / seeds).sqrt(), "{variance}, {expected}");
        }
    }

    /// Independent lanes make one Poisson process: the index of dispersion (variance over mean of the counts
    /// of a long schedule's parts) is 1, where an even schedule has 0.
    #[test]
    fn dispersion_tells_chance_from_order() {
        let profile = steady(1_000.0, 400);
        let dispersion = |arrivals: Vec<Duration>| {
            let (mean, variance) =
                mean_and_variance(&counts(arrivals.into_iter(), profile.duration(), 4_000));
            variance / mean
        };
        let of_lanes = |sizes: &[u64]| -> Vec<Duration> {
            lanes(sizes).into_iter().flat_map(|share| poisson(&profile, share, 7)).collect()
        };
        let error = 4.0 * (2.0_f64 / 4_000.0).sqrt();
        for sizes in [&[1][..], &[3, 1, 4], &[1; 16]] {
            let index = dispersion(of_lanes(sizes));
            assert!((index - 1.0).abs() < error, "{sizes:?}: {index}");
        }
        assert!(dispersion(uniform(&profile, ALL).collect()) < 0.001);
    }

    /// Gaps at a steady rate are exponential: `exp(-x)` of them are longer than x times their mean.
    #[test]
    fn gaps_are_exponential() {
        let arrivals: Vec<f64> =
            poisson(&steady(100.0, 1_000), ALL, 3).map(|at| at.as_secs_f64() * 100.0).collect();
        let gaps = arrivals.len() as f64 - 1.0;
        for x in [0.1, 0.5, 1.0, 2.0, 4.0] {
            let longer = arrivals.windows(2).filter(|pair| pair[1] - pair[0] > x).count() as f64 / gaps;
            let expected = (-x).exp();
            let error = 4.0 * (expected * (1.0 - expected) / gaps).sqrt();
            assert!((longer - expected).abs() < error, "{longer} above {x}, not {expected}");
        }
    }

    /// A ramp from 0 brings a ninth, three ninths and five ninths of its arrivals in its thirds.
    #[test]
    fn a_ramp_fills_its_thirds() {
        let piece = Piece { duration: Duration::from_secs(30), from: 0.0, to: 6_000.0 };
        let profile = Arc::new(Profile::new(vec![piece]));
        let expected = [10_000.0, 30_000.0, 50_000.0];
        let even = counts(uniform(&profile, ALL), piece.duration, 3);
        assert_eq!(even, expected);
        let chance = counts(poisson(&profile, ALL, 1), piece.duration, 3);
        for (count, expected) in chance.iter().zip(expected) {
            assert!((count - expected).abs() < 4.0 * expected.sqrt(), "{chance:?}");
        }
    }

    #[test]
    fn a_lane_without_clients_has_nothing_to_do() {
        for share in [(0, 0, 4), (4, 1, 4), (9, 1, 4), (0, 0, 0), (0, 3, 0)] {
            let share = Share { first: share.0, own: share.1, of: share.2 };
            assert_eq!(uniform(&steady(10.0, 1), share).next(), None);
            assert_eq!(poisson(&steady(10.0, 1), share, 1).next(), None);
        }
        assert_eq!(poisson(&steady(0.0, 1), ALL, 1).next(), None);
    }

    proptest! {
        #[test]
        fn uniform_lanes_make_the_whole(
            sizes in prop::collection::vec(0_u64..6, 1..8),
            from in 0.0_f64..500.0,
            to in 0.0_f64..500.0,
        ) {
            prop_assume!(sizes.iter().sum::<u64>() > 0);
            let piece = Piece { duration: Duration::from_secs(3), from, to };
            let profile = Arc::new(Profile::new(vec![piece, Piece { from: to, to: from, ..piece }]));
            let mut parts: Vec<Duration> =
                lanes(&sizes).into_iter().flat_map(|share| uniform(&profile, share)).collect();
            parts.sort_unstable();
            let whole: Vec<Duration> = uniform(&profile, ALL).collect();
            prop_assert_eq!(whole.len() as f64, (profile.total() + 0.5).floor());
            prop_assert_eq!(parts, whole);
        }

        #[test]
        fn arrivals_are_in_order_and_within(seed: u64, own in 1_u64..5, from in 0.0_f64..2e3, to in 0.0_f64..2e3) {
            let piece = Piece { duration: Duration::from_millis(700), from, to };
            let profile = Arc::new(Profile::new(vec![piece]));
            for arrivals in [poisson(&profile, Share { first: 0, own, of: 5 }, seed), uniform(&profile, ALL)] {
                let all: Vec<Duration> = arrivals.collect();
                prop_assert!(all.is_sorted());
                prop_assert!(all.last().is_none_or(|last| *last <= piece.duration));
            }
        }
    }
}
