//! Makes the catalog in the database, in a known state.

use super::{
    CatalogError, CatalogSpec, State, TABLE,
    copy::{COLUMNS, Generator, HEADER, TRAILER},
    indexes, ledger,
    size::Size,
};
use crate::{target::Route, text::hex};
use bytes::Bytes;
use futures_util::SinkExt;
use sha2::{Digest, Sha256};
use std::{
    ops::Range,
    pin::pin,
    time::{Duration, Instant},
};
use tokio_postgres::{Client, Transaction, error::SqlState};

/// Rows that `fresh` loads into finished indexes, as an ingest would: more than enough for every GIN index to
/// hold as many pending entries as it ever does (`gin_pending_list_limit`, 4 MB).
const PENDING_TAIL: u64 = 20_000;

/// A load without them would leave no search vector, and measure nothing.
const TRIGGERS: &str = "ENABLE TRIGGER audio_tracks_search_vector, ENABLE TRIGGER audio_tracks_updated_at";

/// How long each step took.
pub(super) type Steps = Vec<(String, Duration)>;

/// Loads the catalog over whatever stands in the table, and gives its checksum.
pub(super) async fn load(
    client: &mut Client,
    route: &Route,
    spec: CatalogSpec,
    state: State,
    progress: &mut dyn FnMut(u64),
) -> Result<(String, Steps), CatalogError> {
    let mut steps = Steps::new();
    let size = Size::of(spec.tracks);
    let bulk = match state {
        State::Vacuumed => spec.tracks,
        State::Fresh => spec.tracks.saturating_sub(PENDING_TAIL),
    };
    let began = Instant::now();
    let refused = CatalogError::of("loaded");
    let mut transaction = client.transaction().await.map_err(&refused)?;
    transaction.batch_execute(&format!("TRUNCATE {TABLE}")).await.map_err(&refused)?;
    // Before the first row: autovacuum must not come between the load and the state that was asked for.
    let autovacuum = match state {
        State::Vacuumed => "RESET (autovacuum_enabled)",
        State::Fresh => "SET (autovacuum_enabled = off)",
    };
    let prepare = format!("ALTER TABLE {TABLE} {autovacuum}, {TRIGGERS}");
    transaction.batch_execute(&prepare).await.map_err(&refused)?;
    let gone =
        if bulk > 0 { indexes::take_away(&mut transaction).await.map_err(&refused)? } else { Vec::new() };
    ledger::write(&transaction, spec, state, &gone).await.map_err(&refused)?;
    let generator = Generator::start(spec.seed, size, 0..bulk, Sha256::new());
    let (mut digest, written_by) = copy(&transaction, generator, progress).await.map_err(&refused)?;
    let mut written_by = vec![written_by];
    transaction.commit().await.map_err(&refused)?;
    steps.push(("rows".to_owned(), began.elapsed()));
    if !gone.is_empty() {
        let began = Instant::now();
        indexes::bring_back(client, route, &gone).await?;
        ledger::indexes_are_back(client).await?;
        steps.push(("indexes".to_owned(), began.elapsed()));
    }
    let tail: Range<u64> = bulk..spec.tracks;
    if !tail.is_empty() {
        let began = Instant::now();
        let generator = Generator::start(spec.seed, size, tail, digest);
        let transaction = client.transaction().await.map_err(&refused)?;
        let (all, by) = copy(&transaction, generator, progress).await.map_err(&refused)?;
        digest = all;
        written_by.push(by);
        transaction.commit().await.map_err(&refused)?;
        steps.push(("rows into indexes".to_owned(), began.elapsed()));
    }
    let began = Instant::now();
    settle(client, state).await?;
    steps.push(("settle".to_owned(), began.elapsed()));
    let checksum = hex(&digest.finalize());
    ledger::complete(client, &checksum, &written_by).await?;
    Ok((checksum, steps))
}

/// Sends rows through the table's triggers; the search vectors are theirs. Gives the digest of the rows so far, and the
/// transaction's number as rows carry it.
async fn copy(
    transaction: &Transaction<'_>,
    mut generator: Generator,
    progress: &mut dyn FnMut(u64),
) -> Result<(Sha256, String), tokio_postgres::Error> {
    let sink = transaction.copy_in(&format!("COPY {TABLE} ({COLUMNS}) FROM STDIN (FORMAT binary)")).await?;
    let mut sink = pin!(sink);
    sink.send(Bytes::from_static(HEADER)).await?;
    while let Some(piece) = generator.next().await {
        sink.send(piece.bytes).await?;
        progress(piece.rows);
    }
    sink.send(Bytes::from_static(TRAILER)).await?;
    sink.finish().await?;
    let written_by = transaction.query_one("SELECT pg_current_xact_id()::xid::text", &[]).await?;
    Ok((generator.finish(), written_by.get(0)))
}

/// Brings the table into the state that the load begins with.
async fn settle(client: &Client, state: State) -> Result<(), CatalogError> {
    let refused = CatalogError::of("settled");
    match state {
        State::Vacuumed => {
            hand_statistics_in(client).await.map_err(&refused)?;
            client.batch_execute(&format!("VACUUM (ANALYZE) {TABLE}")).await.map_err(&refused)?;
            match client.batch_execute("CHECKPOINT").await {
                // Only a superuser may; without it the checkpoint comes by itself, some time.
                Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(()),
                outcome => outcome.map_err(&refused),
            }
        }
        State::Fresh => forget_statistics(client).await,
    }
}

/// A session tells up to a second later what it did to a table: rows that were loaded before ANALYZE would count as changed
/// since, and bring autovacuum into the measurement.
async fn hand_statistics_in(client: &Client) -> Result<(), tokio_postgres::Error> {
    let known = client
        .query_one("SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'pg_stat_force_next_flush')", &[])
        .await?;
    if known.get(0) {
        return client.batch_execute("SELECT pg_stat_force_next_flush()").await;
    }
    // Before PostgreSQL 15 it does so with the first statement after half a second.
    tokio::time::sleep(Duration::from_millis(600)).await;
    client.batch_execute("SELECT 1").await
}

/// A table keeps the planner's statistics when it is emptied: those of an earlier load must go.
async fn forget_statistics(client: &Client) -> Result<(), CatalogError> {
    let refused = CatalogError::of("settled");
    let old = format!("pg_statistic WHERE starelid = '{TABLE}'::regclass");
    let kept = client
        .query_one(
            &format!("SELECT EXISTS (SELECT FROM pg_stats WHERE format('%I.%I', schemaname, tablename) = '{TABLE}')"),
            &[],
        )
        .await
        .map_err(&refused)?;
    if !kept.get::<_, bool>(0) {
        return Ok(());
    }
    match client.batch_execute(&format!("DELETE FROM {old}")).await {
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Err(CatalogError::Database {
            doing: "brought into the state `fresh`",
            reason: "only a superuser can take away the statistics of an earlier load: drop the schema loist_bench, or use --state vacuumed".to_owned(),
        }),
        outcome => outcome.map_err(&refused),
    }
}
