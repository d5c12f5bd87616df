//! Dealing out what is numbered, like cards, to several who do not speak to each other: clients to processes, and the
//! arrivals of one schedule to clients.

use super::arrivals::Arrivals;
use std::time::Duration;

/// One of several equal parts of a whole: what has number n in the whole belongs to the part with the index n modulo `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    index: usize,
    of: usize,
}

impl Part {
    /// The only part of all there is.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Part `number` of `of`, both from 1; `None` where there is no such part.
    #[must_use]
    pub fn new(number: usize, of: usize) -> Option<Self> {
        (1..=of).contains(&number).then(|| Self { index: number - 1, of })
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self.index + 1
    }

    /// How many parts there are.
    #[must_use]
    pub fn of(self) -> usize {
        self.of
    }

    /// Every part there is.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (0..self.of).map(move |index| Self { index, of: self.of })
    }

    /// How many of `whole` belong to it; the first parts have one more where they cannot be equal.
    #[must_use]
    pub fn share(self, whole: usize) -> usize {
        (whole + self.of - 1 - self.index) / self.of
    }

    /// The number in the whole of what has the number `own` in the part, both from 0.
    #[must_use]
    pub fn in_whole(self, own: usize) -> usize {
        self.index + own * self.of
    }

    /// The number in the part of what has the number `whole` in the whole, if it belongs to the part; both from 0.
    fn in_part(self, whole: usize) -> Option<usize> {
        (whole % self.of == self.index).then_some(whole / self.of)
    }
}

/// A lane's clients among all that share one schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deal {
    /// Clients of the whole, above 0.
    pub clients: usize,
    /// The part of them that the lane's process has.
    pub part: Part,
    /// Number of the lane's first client among those of the part.
    pub first: usize,
    /// How many clients the lane has.
    pub own: usize,
}

impl Deal {
    /// Whether arrival `number` of the whole schedule is the lane's: it is that of the client with this number, modulo all
    /// clients.
    #[must_use]
    pub fn owns(self, number: u64) -> bool {
        let client = (number % self.clients as u64) as usize;
        self.part.in_part(client).is_some_and(|own| (self.first..self.first + self.own).contains(&own))
    }
}

/// A lane's arrivals, each with its number in the schedule that the lane makes.
#[derive(Debug, Clone)]
pub struct Dealt {
    arrivals: Arrivals,
    next: u64,
    deal: Option<Deal>,
}

impl Dealt {
    /// All of a schedule.
    #[must_use]
    pub fn all(arrivals: Arrivals) -> Self {
        Self { arrivals, next: 0, deal: None }
    }

    /// What `deal` leaves to the lane of a schedule that every lane makes in the same way: all lanes together have the
    /// whole of it, none of it twice.
    #[must_use]
    pub fn new(arrivals: Arrivals, deal: Deal) -> Self {
        Self { arrivals, next: 0, deal: Some(deal) }
    }
}

impl Iterator for Dealt {
    type Item = (u64, Duration);

    fn next(&mut self) -> Option<(u64, Duration)> {
        loop {
            let at = self.arrivals.next()?;
            let number = self.next;
            self.next += 1;
            if self.deal.is_none_or(|deal| deal.owns(number)) {
                return Some((number, at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Profile, Share, Spacing, stream};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn schedule(spacing: Spacing, seed: u64) -> Arrivals {
        let profile = Arc::new(Profile::steady(200.0, Duration::from_secs(2)));
        Arrivals::new(profile, spacing, Share { first: 0, own: 1, of: 1 }, stream(seed, 0, 0))
    }

    #[test]
    fn parts_have_numbers_from_one() {
        assert_eq!([0, 4].map(|number| Part::new(number, 3)), [None, None]);
        let part = Part::new(2, 3).unwrap();
        assert_eq!((part.number(), part.of()), (2, 3));
        assert_eq!(Part::new(1, 1), Some(Part::WHOLE));
        assert_eq!(part.all().map(Part::number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(part.all().map(|part| part.share(10)).collect::<Vec<_>>(), [4, 3, 3]);
        assert_eq!((0..3).map(|own| part.in_whole(own)).collect::<Vec<_>>(), [1, 4, 7]);
    }

    proptest! {
        #[test]
        fn everything_belongs_to_one_part(whole in 0_usize..500, of in 1_usize..20) {
            let parts: Vec<Part> = Part::new(1, of).unwrap().all().collect();
            prop_assert_eq!(parts.iter().map(|part| part.share(whole)).sum::<usize>(), whole);
            let mut dealt: Vec<usize> =
                parts.iter().flat_map(|part| (0..part.share(whole)).map(|own| part.in_whole(own))).collect();
            dealt.sort_unstable();
            prop_assert_eq!(dealt, (0..whole).collect::<Vec<_>>());
            for number in 0..whole {
                let own: Vec<_> = parts.iter().filter_map(|part| Some((part, part.in_part(number)?))).collect();
                prop_assert_eq!(own.len(), 1);
                prop_assert_eq!(own[0].0.in_whole(own[0].1), number);
            }
        }

        #[test]
        fn lanes_make_the_whole_schedule(
            of in 1_usize..7,
            more in 0_usize..20,
            cut in 0_usize..5,
            seed: u64,
            uniform: bool,
        ) {
            let clients = of + more;
            let spacing = if uniform { Spacing::Uniform } else { Spacing::Poisson };
            let mut dealt = Vec::new();
            for part in Part::new(1, of).unwrap().all() {
                // Two lanes in each process.
                let own = part.share(clients);
                let cut = cut.min(own);
                for (first, own) in [(0, cut), (cut, own - cut)] {
                    dealt.extend(Dealt::new(schedule(spacing, seed), Deal { clients, part, first, own }));
                }
            }
            dealt.sort_unstable();
            prop_assert_eq!(dealt, Dealt::all(schedule(spacing, seed)).collect::<Vec<_>>());
        }
    }

    /// Of any few arrivals in a row, each process has its share: none gets a burst.
    #[test]
    fn arrivals_come_to_the_parts_in_turn() {
        let clients = 10;
        for part in Part::new(1, 3).unwrap().all() {
            let deal = Deal { clients, part, first: 0, own: part.share(clients) };
            let owned: Vec<u64> = (0..1_000).filter(|number| deal.owns(*number)).collect();
            assert_eq!(owned.len(), 100 * part.share(clients));
            assert!(owned.windows(2).all(|two| (1..=4).contains(&(two[1] - two[0]))), "{part:?}");
        }
    }
}
