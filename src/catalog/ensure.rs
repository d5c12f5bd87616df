//! Sees that the catalog is in the database: found there, or made.

use super::{
    CatalogError, CatalogSpec, State, TABLE, indexes,
    ledger::{self, Entry},
    load,
};
use crate::target::{Route, Schema, connect, migrate};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Number of the advisory lock that one loist-bench at a time holds in a database: "loist" in ASCII.
pub(super) const LOCK: i64 = 0x006c_6f69_7374;

/// A catalog that is in the database.
#[derive(Debug)]
pub struct Ensured {
    /// How long each step took.
    pub steps: Vec<(String, Duration)>,
    /// SHA-256 over the rows' binary COPY form, in hexadecimal digits.
    pub checksum: String,
    /// Whether it was there already.
    pub reused: bool,
}

/// The session that holds the database for this process: as long as it lives, no other loist-bench works in it.
#[derive(Debug)]
pub struct Hold {
    session: Client,
}

impl Hold {
    /// Lets others have the database at once; a hold that is dropped does so a moment later.
    pub async fn release(self) {
        // A session that is gone holds nothing.
        let _ = self.session.query("SELECT pg_advisory_unlock($1)", &[&LOCK]).await;
    }
}

/// Sees that the database holds the catalog of `spec` in `state`. `progress` hears how many rows are there.
///
/// # Errors
/// When the database does not answer, holds somebody else's tracks, is in use by another loist-bench, or refuses a
/// statement.
pub async fn ensure(
    route: &Route,
    schema: &Schema,
    spec: CatalogSpec,
    state: State,
    progress: &mut dyn FnMut(u64),
) -> Result<(Ensured, Hold), CatalogError> {
    let mut client = locked(route).await?;
    let ensured = ensure_on(&mut client, route, schema, spec, state, progress).await?;
    Ok((ensured, Hold { session: client }))
}

/// The same by a session that holds the database.
pub(super) async fn ensure_on(
    client: &mut Client,
    route: &Route,
    schema: &Schema,
    spec: CatalogSpec,
    state: State,
    progress: &mut dyn FnMut(u64),
) -> Result<Ensured, CatalogError> {
    let began = Instant::now();
    migrate(client, schema).await?;
    let mut steps = vec![("schema".to_owned(), began.elapsed())];
    let began = Instant::now();
    let found = ledger::read(client).await?;
    if let Some(entry) = found.as_ref().filter(|entry| entry.matches(spec, state))
        && is_untouched(client, spec, entry).await?
    {
        steps.push(("found".to_owned(), began.elapsed()));
        return Ok(Ensured { steps, checksum: entry.checksum.clone(), reused: true });
    }
    if let Some(entry) = found.filter(|entry| !entry.missing_indexes.is_empty()) {
        // A load was cut off. Its rows go, so that bringing the indexes back costs nothing.
        client.batch_execute(&format!("TRUNCATE {TABLE}")).await.map_err(CatalogError::of("emptied"))?;
        indexes::bring_back(client, route, &entry.missing_indexes).await?;
        ledger::indexes_are_back(client).await?;
    }
    let (checksum, loading) = load::load(client, route, spec, state, progress).await?;
    steps.extend(loading);
    Ok(Ensured { steps, checksum, reused: false })
}

/// A session that holds the database for this process.
///
/// # Errors
/// When the database does not answer, or is in use by another loist-bench.
pub(super) async fn locked(route: &Route) -> Result<Client, CatalogError> {
    let client = lasting(route).await?;
    let free = client
        .query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(CatalogError::of("locked"))?;
    if free.get::<_, bool>(0) { Ok(client) } else { Err(CatalogError::Busy) }
}

/// A session that may be idle for as long as the load goes on.
pub(super) async fn lasting(route: &Route) -> Result<Client, CatalogError> {
    let client = connect(route).await?;
    // PostgreSQL 13 has no such setting.
    let stay = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'";
    client.query(stay, &[]).await.map_err(CatalogError::of("locked"))?;
    Ok(client)
}

/// Whether every row is still the one that the load wrote, and the table what it was: somebody may have been at them
/// with other tools. A row's `xmin` is the transaction that wrote this version of it.
async fn is_untouched(client: &Client, spec: CatalogSpec, entry: &Entry) -> Result<bool, CatalogError> {
    let sql = format!("SELECT count(*), count(*) FILTER (WHERE xmin::text = ANY($1)) FROM {TABLE}");
    let row = client.query_one(&sql, &[&entry.written_by]).await.map_err(CatalogError::of("counted"))?;
    let (rows, original): (i64, i64) = (row.get(0), row.get(1));
    let whole = rows == original && rows.cast_unsigned() == spec.tracks;
    Ok(whole && ledger::shape(client).await? == entry.shape)
}
