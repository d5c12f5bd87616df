//! The one session: it looks on, cannot write, waits for nobody, and is opened again when the server comes back.

use super::{
    Distribution,
    activity::ACTIVITY,
    canary,
    durability::DURABILITY,
    metric::Readings,
    metrics::{CONNECT, CONNECTS},
    question::Prepared,
};
use crate::{
    observe,
    target::{self, Route, TargetError},
};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// What the server's views call it.
pub(super) const APPLICATION: &str = "loist-bench observe";
/// Its own limits: somebody's lock must not hold it, and no query of its may become a load. Compiling a query costs more than
/// any of these takes.
const LIMITS: &str =
    "SET lock_timeout = '1s'; SET statement_timeout = '5s'; SET default_transaction_read_only = on;
    SET jit = off";
/// How long one try to open it may take, all questions at its beginning included.
const TRY: Duration = Duration::from_secs(15);
/// Rest after a session was opened, should it end at once, and after the first try that failed; it doubles with each
/// further one.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(30);

/// A session, and what was prepared on it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    /// Version of the server, as in 150018.
    pub(super) version_number: i32,
    /// As in `15.18`.
    pub(super) version: String,
    pub(super) activity: Prepared,
    pub(super) durability: Prepared,
    /// What the canary reads.
    pub(super) read: canary::Read,
}

impl Session {
    async fn open(route: &Route) -> Result<Self, TargetError> {
        let refused = |reason: String| TargetError::Connect { address: route.address(), reason };
        let client = target::connect(route).await?;
        observe::limit_session(&client).await.map_err(|error| refused(error.to_string()))?;
        client.batch_execute(LIMITS).await.map_err(|error| refused(target::describe(&error)))?;
        let facts = observe::server_facts(&client).await.map_err(|error| refused(error.to_string()))?;
        let activity = ACTIVITY.prepare(&client).await.map_err(refused)?;
        let durability = DURABILITY.prepare(&client).await.map_err(refused)?;
        let read = canary::Read::choose(&client).await.map_err(|error| refused(target::describe(&error)))?;
        let version_number = i32::try_from(facts.version_number).unwrap_or_default();
        Ok(Self { client, version_number, version: facts.version, activity, durability, read })
    }
}

/// Opens sessions, and rests between tries that fail.
#[derive(Debug)]
pub(super) struct Door {
    route: Route,
    next_try: Instant,
    rest: Duration,
    opened: u64,
    failed: u64,
    took: Distribution,
}

impl Door {
    pub(super) fn new(route: &Route) -> Self {
        Self {
            route: route.with_application_name(APPLICATION),
            next_try: Instant::now(),
            rest: FIRST_REST,
            opened: 0,
            failed: 0,
            took: Distribution::default(),
        }
    }

    /// When it is tried again.
    pub(super) fn next_try(&self) -> Instant {
        self.next_try
    }

    /// Tries once.
    pub(super) async fn open(&mut self) -> Result<Session, TargetError> {
        let began = Instant::now();
        let outcome = tokio::time::timeout(TRY, Session::open(&self.route)).await.unwrap_or_else(|_| {
            let reason = format!("the server did not answer within {} s", TRY.as_secs());
            Err(TargetError::Connect { address: self.route.address(), reason })
        });
        self.note(outcome.is_ok(), began);
        outcome
    }

    fn note(&mut self, opened: bool, began: Instant) {
        let now = Instant::now();
        if opened {
            self.opened += 1;
            (self.next_try, self.rest) = (now + FIRST_REST, FIRST_REST);
            self.took.add([(u64::try_from((now - began).as_nanos()).unwrap_or(u64::MAX), 1)]);
        } else {
            self.failed += 1;
            self.next_try = now + self.rest;
            self.rest = (self.rest * 2).min(LONGEST_REST);
        }
    }

    pub(super) fn readings(&self) -> Readings {
        let mut readings = Readings::default();
        readings.put_for(&CONNECTS, ["opened"], self.opened as f64);
        readings.put_for(&CONNECTS, ["failed"], self.failed as f64);
        readings.put_distribution(&CONNECT, self.took.clone());
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_until_a_session_is_opened() {
        let mut door = Door::new(&Route::parse("postgres://u@127.0.0.1:1/d").unwrap());
        let mut rest = || {
            let began = Instant::now();
            door.note(false, began);
            (door.next_try - began).as_secs()
        };
        assert_eq!([rest(), rest(), rest(), rest(), rest(), rest(), rest()], [1, 2, 4, 8, 16, 30, 30]);
        door.note(true, Instant::now());
        assert_eq!((door.rest, door.opened, door.failed, door.took.count()), (FIRST_REST, 1, 7, 1));
    }
}
