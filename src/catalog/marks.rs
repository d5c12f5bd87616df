//! What the shards of one run tell each other by advisory locks: who is there, how far each has come, and when they begin.
//! Pure.
//!
//! A lock has two numbers of 32 bits. The first one is made from what all shards of a run have in common, the second one says
//! what is told. Everybody sees who holds which in `pg_locks`, and what a shard holds goes with its session.

use sha2::{Digest, Sha256};

/// First number of the lock that all shards of all runs hold, each with its run's number as the second one: "lois" in ASCII.
pub(super) const SHARDS: u32 = 0x6c6f_6973;
/// Above it in a second number stands the mark, below it the shard.
const MOST_SHARDS: u32 = 1 << 16;

/// Numbers of the locks of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey {
    pub(super) run: u32,
    pub(super) start: u32,
}

/// How far a shard has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It is there.
    Present,
    /// The catalog is in the database; shard 1 tells it.
    Catalog,
    /// It can begin.
    Ready,
    /// The load before its window is over, and its sessions have handed their statistics in.
    Warm,
    /// So has its window.
    Done,
    /// Its brake ended the load.
    Braked,
}

/// What can be seen of a run's shards at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    marks: Vec<(Mark, usize)>,
    start: Option<u32>,
    /// Whether there are shards of another run.
    pub(super) strangers: bool,
}

impl RunKey {
    /// The numbers that follow from what all shards of a run have in common, and no other run.
    #[must_use]
    pub fn of(common: &str) -> Self {
        let digest = Sha256::digest(common.as_bytes());
        let digest: &[u8] = &digest;
        let number = |at: usize| {
            digest[at..at + 4].iter().fold(0, |number: u32, byte| (number << 8) | u32::from(*byte))
        };
        Self { run: number(0), start: number(4) }
    }
}

impl Mark {
    const ALL: [Self; 6] = [Self::Present, Self::Catalog, Self::Ready, Self::Warm, Self::Done, Self::Braked];

    /// The second number of its lock, for shard `number`, from 1.
    pub(super) fn lock(self, number: usize) -> u32 {
        self as u32 * MOST_SHARDS + u32::try_from(number).unwrap_or_default() % MOST_SHARDS
    }

    fn of_lock(lock: u32) -> Option<(Self, usize)> {
        let mark = Self::ALL.into_iter().find(|mark| *mark as u32 == lock / MOST_SHARDS)?;
        Some((mark, (lock % MOST_SHARDS) as usize))
    }
}

impl Seen {
    /// What the locks with these two numbers say of the run.
    pub(super) fn of(locks: &[(u32, u32)], key: RunKey) -> Self {
        let of = |first: u32| locks.iter().filter(move |lock| lock.0 == first).map(|lock| lock.1);
        let mut marks: Vec<_> = of(key.run).filter_map(Mark::of_lock).collect();
        marks.sort_unstable();
        marks.dedup();
        Self { marks, start: of(key.start).next(), strangers: of(SHARDS).any(|run| run != key.run) }
    }

    /// Whether shard `number` has come that far.
    #[must_use]
    pub fn has(&self, mark: Mark, number: usize) -> bool {
        self.marks.contains(&(mark, number))
    }

    /// The shards that have come that far, by number.
    pub fn with(&self, mark: Mark) -> impl Iterator<Item = usize> {
        self.marks.iter().filter(move |(seen, _)| *seen == mark).map(|(_, number)| *number)
    }

    /// The moment at which all begin, in milliseconds since 1970 by the server's clock, if it was named. Half of its digits
    /// are told, which is enough within three weeks of `near`.
    #[must_use]
    pub fn start_ms(&self, near: i64) -> Option<i64> {
        self.start.map(|told| near + i64::from(told.wrapping_sub(start_lock(near)).cast_signed()))
    }
}

/// The second number of the lock that names a start, in milliseconds since 1970: the lower half.
pub(super) fn start_lock(start_ms: i64) -> u32 {
    (start_ms & i64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_read_as_they_are_written() {
        let key = RunKey::of("a run");
        let mut locks: Vec<(u32, u32)> = Vec::new();
        for (mark, number) in [(Mark::Present, 1), (Mark::Present, 3), (Mark::Ready, 3), (Mark::Catalog, 1)] {
            locks.push((key.run, mark.lock(number)));
        }
        // A lock that two hold stands there twice; others' locks mean nothing.
        locks.push(locks[0]);
        locks.extend([(7, 7), (SHARDS, key.run)]);
        let seen = Seen::of(&locks, key);
        assert_eq!(seen.with(Mark::Present).collect::<Vec<_>>(), [1, 3]);
        assert!(seen.has(Mark::Ready, 3) && !seen.has(Mark::Ready, 1) && seen.has(Mark::Catalog, 1));
        assert_eq!((seen.start_ms(0), seen.strangers), (None, false));
        assert!(Seen::of(&[(SHARDS, 1)], key).strangers);
        assert_eq!(Seen::of(&locks, RunKey::of("another run")).with(Mark::Present).count(), 0);
    }

    proptest! {
        #[test]
        fn a_start_survives_half_of_its_digits(
            start in 0_i64..4_000_000_000_000,
            apart in -1_800_000_000_i64..1_800_000_000,
        ) {
            let key = RunKey::of("x");
            let seen = Seen::of(&[(key.start, start_lock(start))], key);
            prop_assert_eq!(seen.start_ms(start + apart), Some(start));
        }

        #[test]
        fn no_lock_makes_the_reader_panic(locks in prop::collection::vec((any::<u32>(), any::<u32>()), 0..20)) {
            let key = RunKey { run: locks.first().map_or(0, |lock| lock.0), start: 1 };
            let _ = Seen::of(&locks, key).start_ms(0);
        }
    }
}
