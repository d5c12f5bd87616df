//! The server's clock: several machines agree on a moment by it, and none of them need trust its own.
//!
//! As NTP does, each look is a round trip: the server looked at its clock at some time between the question and the answer.
//! The shortest round trip leaves least doubt.

use super::ObserveError;
use crate::record::ClockReading;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Round trips of a reading. A network that is busy now and then leaves some of them alone.
const LOOKS: u32 = 10;

/// What the server's clock showed at a moment of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerClock {
    at: Instant,
    showed: DateTime<Utc>,
    /// What this machine's own clock showed then.
    own: DateTime<Utc>,
    uncertain: Duration,
}

/// One round trip.
#[derive(Debug, Clone, Copy)]
struct Look {
    sent: Instant,
    showed: DateTime<Utc>,
    received: Instant,
    /// This machine's clock when the answer was received.
    own: DateTime<Utc>,
}

impl ServerClock {
    /// Reads it, by some round trips one after the other.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn read(client: &Client) -> Result<Self, ObserveError> {
        let failed = |error| ObserveError::of("clock")(error);
        // A statement that is prepared takes one round trip, and is planned before the first look.
        let statement = client.prepare("SELECT clock_timestamp()").await.map_err(failed)?;
        let mut best: Option<Look> = None;
        for _ in 0..LOOKS {
            let sent = Instant::now();
            let row = client.query_one(&statement, &[]).await.map_err(failed)?;
            let (received, own) = (Instant::now(), Utc::now());
            let look = Look { sent, showed: row.get(0), received, own };
            best = Some(best.map_or(look, |best| best.or_shorter(look)));
        }
        let reason = || ObserveError { what: "clock", reason: "it was not looked at".to_owned() };
        best.map(Look::reading).ok_or_else(reason)
    }

    /// What it shows at `at`.
    #[must_use]
    pub fn time_of(&self, at: Instant) -> DateTime<Utc> {
        let apart = |to: Instant, from: Instant| {
            TimeDelta::from_std(to.saturating_duration_since(from)).unwrap_or(TimeDelta::MAX)
        };
        let later = self.showed.checked_add_signed(apart(at, self.at));
        later.and_then(|time| time.checked_sub_signed(apart(self.at, at))).unwrap_or(self.showed)
    }

    /// When it shows `time`; `None` where that is further away than this process can tell.
    #[must_use]
    pub fn instant_of(&self, time: DateTime<Utc>) -> Option<Instant> {
        let apart = time - self.showed;
        match apart.to_std() {
            Ok(ahead) => self.at.checked_add(ahead),
            Err(_) => self.at.checked_sub((-apart).to_std().ok()?),
        }
    }

    /// By how much it may be wrong, to either side: half of the round trip.
    #[must_use]
    pub fn uncertain(&self) -> Duration {
        self.uncertain
    }

    /// As a record has it.
    #[must_use]
    pub fn reading(&self) -> ClockReading {
        let ahead = self.showed - self.own;
        ClockReading {
            server_ahead_us: ahead.num_microseconds().unwrap_or_default() as f64,
            uncertain_us: self.uncertain.as_secs_f64() * 1e6,
            round_trips: LOOKS,
        }
    }
}

impl Look {
    fn took(self) -> Duration {
        self.received.saturating_duration_since(self.sent)
    }

    fn or_shorter(self, other: Self) -> Self {
        if other.took() < self.took() { other } else { self }
    }

    /// The server looked in the middle of it, or up to half of it earlier or later.
    fn reading(self) -> ServerClock {
        let half = self.took() / 2;
        let own = TimeDelta::from_std(half).ok().and_then(|half| self.own.checked_sub_signed(half));
        ServerClock {
            at: self.sent + half,
            showed: self.showed,
            own: own.unwrap_or(self.own),
            uncertain: half,
        }
    }
}

/// What tells one server and database from others, however they are reached: since when the server runs, and the number of
/// the database.
///
/// # Errors
/// When the connection fails.
pub async fn server_identity(client: &Client) -> Result<String, ObserveError> {
    let sql = "SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()";
    let row = client.query_one(sql, &[]).await.map_err(ObserveError::of("start time"))?;
    let (since, database): (DateTime<Utc>, u32) = (row.get(0), row.get(1));
    Ok(format!("running since {}, database {database}", since.format("%Y-%m-%dT%H:%M:%S%.6fZ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(sent: Instant, took_us: u64, showed_us: i64) -> Look {
        let received = sent + Duration::from_micros(took_us);
        let showed = DateTime::from_timestamp_micros(showed_us).unwrap();
        Look { sent, showed, received, own: DateTime::from_timestamp_micros(5_000_000).unwrap() }
    }

    #[test]
    fn the_shortest_round_trip_counts() {
        let now = Instant::now();
        let best =
            look(now, 400, 1_000_000).or_shorter(look(now, 100, 2_000_000)).or_shorter(look(now, 300, 3));
        let clock = best.reading();
        assert_eq!(
            (clock.showed.timestamp_micros(), clock.uncertain()),
            (2_000_000, Duration::from_micros(50))
        );
        let reading = clock.reading();
        assert_eq!((reading.server_ahead_us, reading.uncertain_us), (-2_999_950.0, 50.0));
    }

    proptest! {
        /// Wherever in the round trip the server looked, its time is within the doubt that is told.
        #[test]
        fn the_doubt_holds_the_truth(took_us in 1_u64..1_000_000, share in 0.0_f64..1.0) {
            let sent = Instant::now();
            let looked = sent + Duration::from_micros(took_us).mul_f64(share);
            let clock = look(sent, took_us, 77_000_000).reading();
            let error = clock.time_of(looked) - DateTime::from_timestamp_micros(77_000_000).unwrap();
            let error = Duration::from_nanos(error.num_nanoseconds().unwrap().unsigned_abs());
            prop_assert!(error <= clock.uncertain() + Duration::from_micros(1), "{error:?}, {clock:?}");
        }

        #[test]
        fn moments_and_times_belong_together(ahead_us in -1_000_000_000_i64..1_000_000_000) {
            let clock = look(Instant::now(), 10, 2_000_000_000).reading();
            let time = DateTime::from_timestamp_micros(2_000_000_000 + ahead_us).unwrap();
            // A machine that was started just now has no earlier moments.
            if let Some(at) = clock.instant_of(time) {
                prop_assert_eq!(clock.time_of(at), time);
            }
        }
    }
}
