//! Samples the machine and the server through the window, in memory and time that have bounds.

use super::{
    activity::{Activity, Seen},
    blockers::blockers,
    host_times::{self, HostTimes},
    sizes::Sizes,
    storage::Storage,
};
use crate::record::{Sample, Samples};
use std::{
    future::Future,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, Error};

/// More samples than this are not kept.
const MOST_SAMPLES: usize = 600;
/// A server that answers later than this is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Time between two samples of a window: a second, more in long windows so that 600 samples do, less in windows under
/// five seconds, 200 ms at least.
#[must_use]
pub fn interval_for(window: Duration) -> Duration {
    if window < Duration::from_secs(5) {
        (window / 5).max(Duration::from_millis(200))
    } else {
        // Rounded up, so that the window has no more ticks than samples are kept.
        let shortest = window.as_millis().div_ceil(MOST_SAMPLES as u128);
        Duration::from_millis(u64::try_from(shortest).unwrap_or(u64::MAX)).max(Duration::from_secs(1))
    }
}

/// Takes samples; what cannot be read is left out of them and said once.
#[derive(Debug)]
pub struct Sampler {
    host: HostTimes,
    storage: Storage,
    activity: Activity,
    /// `application_name` of the load's own sessions.
    application: String,
    checkpoints: Option<u64>,
    sizes: Sizes,
    samples: Samples,
}

impl Sampler {
    /// Begins now: the first sample's interval starts here, so this is to be called when the window begins.
    ///
    /// `backend_pid` is the number of any backend of the server (`pg_backend_pid()`). It is used only where
    /// `server_is_local`, and only if a PostgreSQL process of this machine has it. `application` is the
    /// `application_name` of the load's own sessions.
    #[must_use]
    pub fn new(
        interval: Duration,
        server_is_local: bool,
        backend_pid: Option<i32>,
        application: &str,
    ) -> Self {
        let host = HostTimes::new(server_is_local, backend_pid);
        let storage = Storage::new();
        let samples = Samples {
            interval_seconds: interval.as_secs_f64(),
            processors: host.processors(),
            allowed_processors: host_times::allowed_processors(),
            missing: host.missing().iter().chain(storage.missing()).cloned().collect(),
            ..Samples::default()
        };
        Self {
            host,
            storage,
            activity: Activity::default(),
            application: application.to_owned(),
            checkpoints: None,
            sizes: Sizes::default(),
            samples,
        }
    }

    /// Prepares the session, finds the tables whose size is followed, and reads the counter of checkpoints, so that the
    /// first sample knows how many began in its interval, then begins anew. Not needed otherwise.
    pub async fn begin(&mut self, client: &Client) {
        if let Some(seen) = self.look(client).await {
            self.checkpoints = seen.checkpoints;
            match in_time(self.sizes.follow_largest(client)).await {
                Ok(tables) => self.samples.tables = tables,
                Err(reason) => self.miss(format!("largest tables: {reason}")),
            }
        }
        self.begin_now();
    }

    /// The window begins only now: what the machine did before is no part of the first sample.
    pub fn begin_now(&mut self) {
        self.storage.add_to(&mut self.host.sample());
    }

    /// The session is another one, of a server that may have been started again; `backend_pid` as for [`Self::new`].
    pub fn begin_anew(&mut self, backend_pid: Option<i32>) {
        self.activity.begin_anew();
        self.host.renew(backend_pid);
    }

    /// Size of the database as seen last.
    #[must_use]
    pub fn database_bytes(&self) -> Option<u64> {
        self.sizes.database()
    }

    /// Takes a sample of what happened since the last one. `at` is the time since the window began. Takes at most a
    /// second: a query is given up after half of one, then the sample has no server in it. So it has when there is no
    /// client or its connection is closed. Of more than 600 samples the first 600 are kept.
    ///
    /// Returns whether the server answered in time.
    pub async fn tick(&mut self, client: Option<&Client>, at: Duration) -> bool {
        let mut sample = self.host.sample();
        self.storage.add_to(&mut sample);
        sample.at_seconds = at.as_secs_f64();
        let answered = match client.filter(|client| !client.is_closed()) {
            Some(client) => self.add_activity(client, &mut sample).await,
            None => false,
        };
        if self.samples.samples.len() < MOST_SAMPLES {
            self.samples.samples.push(sample);
        }
        answered
    }

    /// The samples.
    #[must_use]
    pub fn finish(self) -> Samples {
        self.samples
    }

    async fn add_activity(&mut self, client: &Client, sample: &mut Sample) -> bool {
        let began = Instant::now();
        let Some(seen) = self.look(client).await else { return false };
        if seen.autovacuums.is_none() {
            self.miss(
                "autovacuum, and sessions of other roles: GRANT pg_read_all_stats to this role".to_owned(),
            );
        }
        sample.sessions_active = seen.sessions_active;
        sample.waits = seen.waits;
        sample.lock_waits = seen.lock_waits;
        sample.longest_lock_wait_ms = seen.longest_lock_wait_ms;
        sample.autovacuums = seen.autovacuums;
        sample.checkpoints =
            seen.checkpoints.zip(self.checkpoints).map(|(now, before)| now.saturating_sub(before));
        self.checkpoints = seen.checkpoints.or(self.checkpoints);
        if seen.lock_waits.is_some_and(|waiting| waiting > 0) {
            match in_time(blockers(client, &self.application)).await {
                Ok(blockers) => sample.blockers = blockers,
                Err(reason) => self.miss(format!("who held locks that others waited for: {reason}")),
            }
        }
        // The tick must not take much longer than a second.
        if self.sizes.are_due()
            && began.elapsed() < PATIENCE
            && let Err(reason) = in_time(self.sizes.read(client)).await
        {
            self.sizes.give_up();
            self.miss(format!("sizes of the database and its largest tables: {reason}"));
        }
        sample.database_bytes = self.sizes.database();
        sample.table_bytes = self.sizes.tables();
        true
    }

    async fn look(&mut self, client: &Client) -> Option<Seen> {
        match in_time(self.activity.look(client)).await {
            Ok(seen) => Some(seen),
            Err(reason) => {
                self.miss(format!("activity of the server: {reason}"));
                None
            }
        }
    }

    /// A reason is said once, however often it comes.
    fn miss(&mut self, what: String) {
        if !self.samples.missing.contains(&what) {
            self.samples.missing.push(what);
        }
    }
}

/// A query that is given up is still answered by the server and its answer thrown away; the session's own limits end
/// one that hangs.
async fn in_time<T>(query: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, query).await {
        Ok(answer) => answer.map_err(|error| crate::target::describe(&error)),
        Err(_) => Err(format!("the server did not answer within {} ms", PATIENCE.as_millis())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn intervals_suit_the_window() {
        for (window_ms, interval_ms) in [
            (0, 200),
            (500, 200),
            (4_000, 800),
            (4_999, 999),
            (5_000, 1_000),
            (30_000, 1_000),
            (600_000, 1_000),
            (1_200_000, 2_000),
        ] {
            let interval = interval_for(Duration::from_millis(window_ms));
            assert_eq!(interval.as_millis(), interval_ms, "{window_ms}");
        }
    }

    proptest! {
        #[test]
        fn a_window_has_no_more_ticks_than_samples_are_kept(milliseconds in 0u64..10_000_000_000) {
            let window = Duration::from_millis(milliseconds);
            prop_assert!(window.as_nanos() / interval_for(window).as_nanos() <= MOST_SAMPLES as u128);
        }
    }

    #[tokio::test]
    async fn samples_without_a_server_and_within_bounds() {
        let mut sampler = Sampler::new(Duration::from_secs(1), false, Some(1), "loist-bench");
        for second in 1..=MOST_SAMPLES as u64 + 20 {
            sampler.tick(None, Duration::from_secs(second)).await;
        }
        let samples = sampler.finish();
        assert_eq!(samples.samples.len(), MOST_SAMPLES);
        assert_eq!((samples.interval_seconds, samples.samples[1].at_seconds), (1.0, 2.0));
        assert!(samples.allowed_processors >= 1);
        assert!(
            samples
                .samples
                .iter()
                .all(|sample| sample.server_cpus.is_none() && sample.sessions_active.is_none())
        );
        assert!(samples.missing.iter().any(|what| what.contains("not known to be on this machine")));
    }
}
