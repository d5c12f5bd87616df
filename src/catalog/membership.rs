//! A shard's session among those of its run: it holds the database for the run, and tells the others how far it has come.

use super::{
    CatalogError, CatalogSpec, Ensured, State,
    ensure::{LOCK, ensure_on, lasting},
    ledger,
    marks::{Mark, RunKey, SHARDS, Seen, start_lock},
};
use crate::{
    stats::Part,
    target::{Route, Schema},
};
use tokio_postgres::{Client, Error};

/// What its session is called.
pub const SHARD_SESSION: &str = "loist-bench shard";
/// Held for the moment in which a shard looks who is there and joins them: "door" in ASCII.
const DOOR: i64 = 0x646f_6f72;
/// Every lock of this database that has two numbers.
const LOCKS: &str = "SELECT classid::int8, objid::int8 FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A shard's session.
#[derive(Debug)]
pub struct Membership {
    session: Client,
    key: RunKey,
    number: usize,
}

impl Membership {
    /// Joins the shards of the run `key` as `part` of them. Where the run `holds` the database, nobody else's loist-bench
    /// works in it meanwhile.
    ///
    /// # Errors
    /// When the database does not answer, another loist-bench is at work in it, or this shard is there already.
    pub async fn join(route: &Route, key: RunKey, part: Part, holds: bool) -> Result<Self, CatalogError> {
        let session = lasting(&route.with_application_name(SHARD_SESSION)).await?;
        let membership = Self { session, key, number: part.number() };
        let refused = CatalogError::of("shared with the other shards");
        let session = &membership.session;
        session.batch_execute("BEGIN; SET LOCAL lock_timeout = '10s'").await.map_err(&refused)?;
        session.query("SELECT pg_advisory_xact_lock($1)", &[&DOOR]).await.map_err(&refused)?;
        if holds {
            let shared = "SELECT pg_try_advisory_lock_shared($1)";
            let free = session.query_one(shared, &[&LOCK]).await.map_err(&refused)?;
            if !free.get::<_, bool>(0) {
                return Err(CatalogError::Busy);
            }
            if membership.look().await?.strangers {
                return Err(CatalogError::OtherShards);
            }
            let shared = "SELECT pg_try_advisory_lock_shared($1, $2)";
            let numbers = [SHARDS, key.run].map(u32::cast_signed);
            session.query(shared, &[&numbers[0], &numbers[1]]).await.map_err(&refused)?;
        }
        if !membership.take(key.run, Mark::Present.lock(part.number())).await.map_err(&refused)? {
            return Err(CatalogError::ShardTwice { number: part.number(), of: part.of() });
        }
        session.batch_execute("COMMIT").await.map_err(&refused)?;
        Ok(membership)
    }

    /// Takes a lock, if nobody else has it.
    async fn take(&self, first: u32, second: u32) -> Result<bool, Error> {
        let (first, second) = (first.cast_signed(), second.cast_signed());
        let taken = self.session.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&first, &second]).await?;
        Ok(taken.get(0))
    }

    /// Tells the others that this shard has come that far.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn tell(&self, mark: Mark) -> Result<(), CatalogError> {
        let told = self.take(self.key.run, mark.lock(self.number)).await;
        told.map(drop).map_err(CatalogError::of("shared with the other shards"))
    }

    /// Tells the others when all begin, in milliseconds since 1970 by the server's clock.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn tell_start(&self, start_ms: i64) -> Result<(), CatalogError> {
        let told = self.take(self.key.start, start_lock(start_ms)).await;
        told.map(drop).map_err(CatalogError::of("shared with the other shards"))
    }

    /// Looks how far the shards of the run have come.
    ///
    /// # Errors
    /// When the session has ended.
    pub async fn look(&self) -> Result<Seen, CatalogError> {
        let rows =
            self.session.query(LOCKS, &[]).await.map_err(CatalogError::of("shared with the other shards"))?;
        let number = |number: i64| u32::try_from(number).unwrap_or_default();
        let locks: Vec<_> = rows.iter().map(|row| (number(row.get(0)), number(row.get(1)))).collect();
        Ok(Seen::of(&locks, self.key))
    }

    /// The session itself, to ask the server something else by.
    #[must_use]
    pub fn session(&self) -> &Client {
        &self.session
    }

    /// Sees that the database holds the catalog, as [`super::ensure`] does.
    ///
    /// # Errors
    /// As [`super::ensure`].
    pub async fn ensure(
        &mut self,
        route: &Route,
        schema: &Schema,
        spec: CatalogSpec,
        state: State,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Ensured, CatalogError> {
        ensure_on(&mut self.session, route, schema, spec, state, progress).await
    }

    /// The catalog that another shard has made.
    ///
    /// # Errors
    /// When it is another one, or the database does not answer.
    pub async fn made(&self, spec: CatalogSpec, state: State) -> Result<Ensured, CatalogError> {
        let entry = ledger::read(&self.session).await?.filter(|entry| entry.was_made(spec, state));
        let entry = entry.ok_or(CatalogError::OtherLibrary)?;
        Ok(Ensured { steps: Vec::new(), checksum: entry.checksum, reused: true })
    }

    /// Leaves the others at once; one that is dropped does so a moment later.
    pub async fn leave(self) {
        // A session that is gone holds nothing.
        let _ = self.session.query("SELECT pg_advisory_unlock_all()", &[]).await;
    }
}
