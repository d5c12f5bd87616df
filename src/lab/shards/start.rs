//! The moment at which the windows of all shards begin, by the server's clock.

use super::ShardError;
use crate::{observe::ServerClock, record::ShardClock};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, Instant};

/// Between the warm-up and the window: for the sessions to hand their statistics in, and for shard 1 to read the counters.
const GAP: Duration = Duration::from_secs(3);
/// For a start to come round before the warm-up begins.
const NOTICE: Duration = Duration::from_secs(2);
/// Shard 1 reads the counters this long before the start, whoever has not come so far by then.
const LAST_COUNTERS: Duration = Duration::from_secs(2);
/// From here on nobody waits for anything but the clock.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// When all begin.
#[derive(Debug, Clone, Copy)]
pub(in crate::lab) struct Agreed {
    /// By the server's clock.
    pub(super) at: DateTime<Utc>,
    /// By this process.
    pub(in crate::lab) start: Instant,
    before: ServerClock,
    warmup: Duration,
}

/// The start that shard 1 chooses: enough time for all that comes before the window, in whole milliseconds.
pub(super) fn chosen_ms(now: DateTime<Utc>, warmup: Duration) -> i64 {
    let ahead = i64::try_from((warmup + GAP + NOTICE).as_millis()).unwrap_or(i64::MAX);
    now.timestamp_millis().saturating_add(ahead).saturating_add(1)
}

impl Agreed {
    /// That a window begins at `at`, where there still is the time for what comes before it.
    ///
    /// # Errors
    /// [`ShardError::TooLate`] where there is not.
    pub(super) fn on(at: DateTime<Utc>, before: ServerClock, warmup: Duration) -> Result<Self, ShardError> {
        let now = Instant::now();
        let ahead = warmup + GAP;
        let start = before.instant_of(at).filter(|start| *start >= now + ahead);
        let behind = before.time_of(now + ahead) - at;
        let late = behind.to_std().unwrap_or_default();
        let start = start.ok_or(ShardError::TooLate { at, ahead, late })?;
        Ok(Self { at, start, before, warmup })
    }

    /// When the warm-up begins.
    pub(in crate::lab) fn warm_up(&self) -> Instant {
        self.before_start(self.warmup + GAP)
    }

    /// Until when others are waited for before the counters are read.
    pub(super) fn counters(&self) -> Instant {
        self.before_start(LAST_COUNTERS)
    }

    /// Until when there is time for anything.
    pub(in crate::lab) fn last_wait(&self) -> Instant {
        self.before_start(LAST_WAIT)
    }

    fn before_start(&self, ahead: Duration) -> Instant {
        self.start.checked_sub(ahead).unwrap_or(self.start)
    }

    /// That it is over and nothing has begun.
    pub(in crate::lab) fn missed(&self) -> ShardError {
        ShardError::TooLate { at: self.at, ahead: LAST_WAIT, late: self.last_wait().elapsed() }
    }

    /// When the window really began, whose last thread began so much later; `after` is the server's clock after it.
    pub(super) fn clock(&self, begun_after: Duration, after: Option<&ServerClock>) -> ShardClock {
        let began = self.start + begun_after;
        let by_before = self.before.time_of(began);
        let by_after = after.map_or(by_before, |after| after.time_of(began));
        let doubts = [Some(&self.before), after].into_iter().flatten().map(ServerClock::uncertain);
        let (began_at, uncertain) = between(by_before, by_after, doubts.max().unwrap_or_default());
        ShardClock {
            began_at,
            uncertain_us: uncertain.as_secs_f64() * 1e6,
            before: self.before.reading(),
            after: after.map(ServerClock::reading),
        }
    }
}

/// The time in the middle of two that should be the same, and how far it may be wrong: clocks drift, and are set.
fn between(one: DateTime<Utc>, other: DateTime<Utc>, doubt: Duration) -> (DateTime<Utc>, Duration) {
    let half: TimeDelta = (other - one) / 2;
    (one + half, doubt + half.abs().to_std().unwrap_or_default())
}

/// How far apart windows began at most, in microseconds, that began at these times with these doubts.
#[must_use]
pub(crate) fn apart_us(clocks: &[&ShardClock]) -> f64 {
    let us = |at: DateTime<Utc>| at.timestamp_micros() as f64;
    let latest = clocks.iter().map(|clock| us(clock.began_at) + clock.uncertain_us).fold(f64::MIN, f64::max);
    let earliest =
        clocks.iter().map(|clock| us(clock.began_at) - clock.uncertain_us).fold(f64::MAX, f64::min);
    if clocks.len() < 2 { 0.0 } else { latest - earliest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ClockReading;

    fn at(us: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(us).unwrap()
    }

    #[test]
    fn a_clock_that_moved_adds_to_the_doubt() {
        let doubt = Duration::from_micros(40);
        assert_eq!(between(at(1_000), at(1_000), doubt), (at(1_000), doubt));
        assert_eq!(between(at(1_000), at(1_100), doubt), (at(1_050), Duration::from_micros(90)));
        assert_eq!(between(at(1_100), at(1_000), doubt), (at(1_050), Duration::from_micros(90)));
    }

    #[test]
    fn the_start_leaves_time_for_the_warm_up() {
        let chosen = chosen_ms(at(1_000_400), Duration::from_secs(2));
        assert_eq!(chosen, 1_000 + 2_000 + 3_000 + 2_000 + 1);
    }

    #[test]
    fn windows_are_apart_by_their_times_and_doubts() {
        let reading = ClockReading { server_ahead_us: 0.0, uncertain_us: 1.0, round_trips: 1 };
        let clock =
            |us, uncertain_us| ShardClock { began_at: at(us), uncertain_us, before: reading, after: None };
        let (one, two, three) = (clock(5_000, 100.0), clock(7_000, 10.0), clock(6_000, 1_500.0));
        assert_eq!(apart_us(&[&one]), 0.0);
        assert_eq!(apart_us(&[&one, &two]), 2_110.0);
        assert_eq!(apart_us(&[&three, &two, &one]), 3_000.0, "the widest doubt counts");
    }
}
