//! A rate over time, and how many arrivals it has brought by any moment.

use std::time::Duration;

/// One arrival a nanosecond: a [`Duration`] tells no more apart.
const FASTEST: f64 = 1e9;

/// A stretch of time in which the rate goes in a straight line from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// How long it lasts.
    pub duration: Duration,
    /// Arrivals a second at its beginning, 0 to 1e9.
    pub from: f64,
    /// Arrivals a second at its end, 0 to 1e9.
    pub to: f64,
}

impl Piece {
    /// Arrivals in its first `seconds`: the area under the line.
    fn area(&self, seconds: f64) -> f64 {
        seconds * (self.from + self.slope() * seconds / 2.0)
    }

    /// The second by which `area` arrivals have come. Of the two ways to solve a quadratic equation, the one
    /// that subtracts nothing from the root: it holds for a level line, and for one that begins at 0.
    fn second_of(&self, area: f64) -> f64 {
        if area <= 0.0 {
            return 0.0;
        }
        let root = (self.from * self.from + 2.0 * self.slope() * area).max(0.0).sqrt();
        (2.0 * area / (self.from + root)).min(self.duration.as_secs_f64())
    }

    /// Arrivals a second, a second.
    fn slope(&self) -> f64 {
        (self.to - self.from) / self.duration.as_secs_f64()
    }
}

/// A piece in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Placed {
    piece: Piece,
    /// When it begins.
    begins: Duration,
    /// Arrivals before it.
    before: f64,
    /// Arrivals up to its end.
    after: f64,
}

/// A rate over time, in pieces one behind the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    placed: Vec<Placed>,
    duration: Duration,
}

impl Profile {
    /// Puts `pieces` one behind the other. Pieces that last no time are left out; a rate outside 0 to 1e9 is
    /// taken as the nearer of the two, and one that is no number as 0.
    #[must_use]
    pub fn new(pieces: Vec<Piece>) -> Self {
        let rate = |given: f64| if given.is_nan() { 0.0 } else { given.clamp(0.0, FASTEST) };
        let (mut begins, mut before) = (Duration::ZERO, 0.0);
        let mut placed = Vec::with_capacity(pieces.len());
        for Piece { duration, from, to } in pieces.into_iter().filter(|piece| !piece.duration.is_zero()) {
            let piece = Piece { duration, from: rate(from), to: rate(to) };
            let after = before + duration.as_secs_f64() * (piece.from + piece.to) / 2.0;
            placed.push(Placed { piece, begins, before, after });
            (begins, before) = (begins.saturating_add(duration), after);
        }
        Self { placed, duration: begins }
    }

    /// The same `rate` (arrivals a second) for `duration`.
    #[must_use]
    pub fn steady(rate: f64, duration: Duration) -> Self {
        Self::new(vec![Piece { duration, from: rate, to: rate }])
    }

    /// How long all pieces last together.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Arrivals a second at time `at`; where two pieces meet, that of the later one, and 0 past the end.
    #[must_use]
    pub fn rate_at(&self, at: Duration) -> f64 {
        self.piece_at(at).map_or(0.0, |placed| {
            let share = (at - placed.begins).as_secs_f64() / placed.piece.duration.as_secs_f64();
            placed.piece.from * (1.0 - share) + placed.piece.to * share
        })
    }

    /// Arrivals expected from the start to `at`: the integral of the rate.
    #[must_use]
    pub fn expected(&self, at: Duration) -> f64 {
        self.piece_at(at).map_or(self.total(), |placed| {
            let within = placed.piece.area((at - placed.begins).as_secs_f64());
            (placed.before + within).min(placed.after)
        })
    }

    /// Arrivals expected from the start to the end.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.placed.last().map_or(0.0, |last| last.after)
    }

    /// The first moment by which `n` arrivals are expected, to the nanosecond: the inverse of
    /// [`Profile::expected`]. `None` when the profile ends before, and for a negative `n`.
    #[must_use]
    pub fn time_of(&self, n: f64) -> Option<Duration> {
        if !(0.0..=self.total()).contains(&n) {
            return None;
        }
        let placed = self.placed.get(self.placed.partition_point(|placed| placed.after < n))?;
        let within = Duration::from_secs_f64(placed.piece.second_of(n - placed.before));
        Some(placed.begins.saturating_add(within.min(placed.piece.duration)))
    }

    /// The piece in which `at` lies, unless the end has come.
    fn piece_at(&self, at: Duration) -> Option<&Placed> {
        let begun = self.placed.partition_point(|placed| placed.begins <= at);
        if at < self.duration { self.placed[..begun].last() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn piece(duration: f64, from: f64, to: f64) -> Piece {
        Piece { duration: seconds(duration), from, to }
    }

    #[test]
    fn rates_and_counts_follow_the_pieces() {
        let profile =
            Profile::new(vec![piece(10.0, 0.0, 100.0), piece(0.0, 5.0, 5.0), piece(10.0, 40.0, 40.0)]);
        assert_eq!(profile.duration(), seconds(20.0));
        assert_eq!(profile.total(), 900.0);
        for (at, rate, expected) in [
            (0.0, 0.0, 0.0),
            (5.0, 50.0, 125.0),
            (10.0, 40.0, 500.0),
            (15.0, 40.0, 700.0),
            (20.0, 0.0, 900.0),
            (99.0, 0.0, 900.0),
        ] {
            assert_eq!(profile.rate_at(seconds(at)), rate, "at {at}");
            assert_eq!(profile.expected(seconds(at)), expected, "at {at}");
        }
        assert_eq!(profile.time_of(125.0), Some(seconds(5.0)));
        assert_eq!(profile.time_of(900.0), Some(seconds(20.0)));
        assert_eq!(profile.time_of(900.1), None);
        assert_eq!(profile.time_of(-1.0), None);
    }

    #[test]
    fn a_pause_is_passed_over() {
        let profile = Profile::new(vec![piece(1.0, 10.0, 10.0), piece(5.0, 0.0, 0.0), piece(1.0, 10.0, 0.0)]);
        assert_eq!(profile.expected(seconds(3.0)), 10.0);
        assert_eq!(profile.time_of(10.0), Some(seconds(1.0)), "the first moment");
        assert!(profile.time_of(10.001).unwrap() > seconds(6.0));
        assert_eq!(profile.time_of(15.0), Some(seconds(7.0)), "a rate that ends at 0");
    }

    #[test]
    fn odd_rates_do_no_harm() {
        let none = Profile::new(vec![piece(1.0, f64::NAN, -5.0)]);
        assert_eq!((none.total(), none.time_of(0.5), none.time_of(f64::NAN)), (0.0, None, None));
        assert_eq!(Profile::new(Vec::new()).time_of(0.0), None);
        assert_eq!(Profile::steady(f64::INFINITY, seconds(1.0)).total(), FASTEST);
        let longest = Piece { duration: Duration::MAX, from: 1.0, to: 2.0 };
        assert_eq!(Profile::new(vec![longest, longest]).duration(), Duration::MAX);
    }

    prop_compose! {
        fn any_piece()(
            duration in 1_u64..100_000_000_000,
            from in prop_oneof![Just(0.0), 0.0..1e3, 0.0..1e6],
            to in prop_oneof![Just(None), Just(Some(0.0)), (0.0..1e6).prop_map(Some)],
        ) -> Piece {
            Piece { duration: Duration::from_nanos(duration), from, to: to.unwrap_or(from) }
        }
    }

    proptest! {
        #[test]
        fn time_of_is_the_inverse_of_expected(
            pieces in prop::collection::vec(any_piece(), 1..6),
            share in 0.0_f64..=1.0,
        ) {
            let profile = Profile::new(pieces);
            let n = share * profile.total();
            let at = profile.time_of(n).unwrap();
            prop_assert!(at <= profile.duration());
            // A nanosecond at the highest rate, and the last digits of the total.
            let close = 1e-9 * 1e6 + 1e-12 * profile.total();
            prop_assert!((profile.expected(at) - n).abs() <= close, "{} is not {n}", profile.expected(at));
        }

        #[test]
        fn later_arrivals_come_later(
            pieces in prop::collection::vec(any_piece(), 1..6),
            a in 0.0_f64..=1.0,
            b in 0.0_f64..=1.0,
        ) {
            let profile = Profile::new(pieces);
            let time = |share: f64| profile.time_of(share * profile.total()).unwrap();
            prop_assert!(time(a.min(b)) <= time(a.max(b)) + Duration::from_nanos(1));
        }
    }
}
