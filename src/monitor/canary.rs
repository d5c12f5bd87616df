//! A small read about once a second, as a client sends it, and how long it takes: what everybody else's queries feel of a
//! server that stalls.

use super::{
    Distribution,
    metric::Readings,
    metrics::{CANARY, CANARY_READS, CANARY_READS_OF},
};
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

/// Time between two reads.
pub(super) const GAP: Duration = Duration::from_secs(1);
/// A read that hangs holds back no more than this many that were due behind it.
const MOST_HELD_BACK: u32 = 60;
/// Rows that are read in turn.
const KEYS: &str = "SELECT id FROM audio_tracks LIMIT 64";
/// Asked before, so that a database without them has no error in its log.
const READABLE: &str = "SELECT coalesce(has_table_privilege(to_regclass('audio_tracks'), 'SELECT'), false)";
const TRACK: &str = "SELECT 1 FROM audio_tracks WHERE id = $1";
/// What there is in every database, for one without tracks, or whose tracks the role may not read.
const CATALOG: &str = "SELECT 1 FROM pg_class WHERE oid = 'pg_class'::regclass";

/// What is read over one session.
#[derive(Debug)]
pub(super) enum Read {
    /// A row of the tracks, by its key.
    Track { statement: Statement, keys: Vec<Uuid> },
    /// A row that every database has.
    Catalog(Statement),
}

impl Read {
    /// Chooses what the role may read. A table without rows is none to read from, nor is one whose key is something else.
    pub(super) async fn choose(client: &Client) -> Result<Self, Error> {
        match track(client).await {
            Some(track) => Ok(track),
            None => Ok(Self::Catalog(client.prepare(CATALOG).await?)),
        }
    }

    /// Reads the tracks from now on if there are some now: a library may be younger than who watches it.
    pub(super) async fn look_for_tracks(&mut self, client: &Client) {
        if matches!(self, Self::Catalog(_))
            && let Some(track) = track(client).await
        {
            *self = track;
        }
    }

    fn table(&self) -> &'static str {
        match self {
            Self::Track { .. } => "audio_tracks",
            Self::Catalog(_) => "pg_class",
        }
    }
}

async fn track(client: &Client) -> Option<Read> {
    let is_readable: bool = client.query_one(READABLE, &[]).await.ok()?.get(0);
    if !is_readable {
        return None;
    }
    let rows = client.query(KEYS, &[]).await.ok()?;
    let keys: Vec<Uuid> = rows.iter().map(|row| row.try_get(0).ok()).collect::<Option<_>>()?;
    let statement = client.prepare(TRACK).await.ok()?;
    (!keys.is_empty()).then_some(Read::Track { statement, keys })
}

/// How the reads fared.
#[derive(Debug, Default)]
pub(super) struct Canary {
    took: Distribution,
    answered: u64,
    failed: u64,
}

impl Canary {
    /// Reads once.
    pub(super) async fn sing(&mut self, client: &Client, read: &Read) {
        let began = Instant::now();
        let outcome = match read {
            Read::Track { statement, keys } => {
                let next = usize::try_from(self.answered + self.failed).unwrap_or_default() % keys.len();
                client.query_opt(statement, &[&keys[next]]).await
            }
            Read::Catalog(statement) => client.query_opt(statement, &[]).await,
        };
        self.note(began.elapsed(), outcome.is_ok());
    }

    /// Notes down a read that took this long, answered or not.
    pub(super) fn note(&mut self, took: Duration, answered: bool) {
        if answered {
            self.answered += 1;
        } else {
            self.failed += 1;
        }
        self.took.add(waited(took).into_iter().map(|waited| {
            let nanoseconds = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
            (nanoseconds, 1)
        }));
    }

    pub(super) fn readings(&self, read: Option<&Read>) -> Readings {
        let mut readings = Readings::default();
        readings.put_distribution(&CANARY, self.took.clone());
        readings.put_for(&CANARY_READS, ["answered"], self.answered as f64);
        readings.put_for(&CANARY_READS, ["failed"], self.failed as f64);
        if let Some(read) = read {
            readings.put_for(&CANARY_READS_OF, [read.table()], 1.0);
        }
        readings
    }
}

/// How long this read waited, and those that were due behind it: they count with the time that they would have waited.
fn waited(took: Duration) -> Vec<Duration> {
    (0..=MOST_HELD_BACK).map_while(|number| took.checked_sub(GAP * number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_hangs_holds_back_those_behind_it() {
        let ms = Duration::from_millis;
        assert_eq!(waited(ms(3)), [ms(3)]);
        assert_eq!(waited(ms(2_500)), [ms(2_500), ms(1_500), ms(500)]);
        assert_eq!(waited(Duration::from_secs(86_400)).len(), 61, "hours of silence take no memory");
    }

    #[test]
    fn reads_that_fail_are_counted_with_their_time() {
        let mut canary = Canary::default();
        canary.note(Duration::from_millis(1), true);
        canary.note(Duration::from_millis(1_100), false);
        assert_eq!((canary.answered, canary.failed, canary.took.count()), (1, 1, 3));
        assert!((canary.took.sum_seconds() - 1.201).abs() < 1e-9);
    }
}
