//! A library that was there before us: looked into, never changed.

use super::{CatalogError, Library, library::Sampled};
use chrono::{DateTime, Utc};
use tokio_postgres::Client;

/// Rows that are read to draw from.
const SAMPLE: i64 = 10_000;

/// Counts the table `audio_tracks` that the session finds, and reads a sample of it to draw from.
///
/// # Errors
/// When there is no such table, it is empty, or it cannot be read.
pub async fn sample_existing(client: &Client, seed: u64) -> Result<(u64, Library), CatalogError> {
    let refused = CatalogError::of("looked into");
    let found = client
        .query_one(
            "SELECT to_regclass('audio_tracks') IS NOT NULL,
                    (SELECT string_agg(relnamespace::regnamespace::text, ', ') FROM pg_class
                     WHERE relname = 'audio_tracks' AND relkind IN ('r', 'p', 'v', 'm', 'f'))",
            &[],
        )
        .await
        .map_err(&refused)?;
    if !found.get::<_, bool>(0) {
        return Err(CatalogError::NothingThere(match found.get::<_, Option<String>>(1) {
            Some(schemas) => format!(
                "the session finds no table audio_tracks, but there is one in {schemas}: add options=-csearch_path={schemas} to the URL"
            ),
            None => "the database has no table audio_tracks: name the one of the music library, or leave --use-existing out".to_owned(),
        }));
    }
    let counted = client
        .query_one(
            "SELECT count(*), max(at) FILTER (WHERE isfinite(at))
             FROM (SELECT created_at::timestamptz AS at FROM audio_tracks) AS times",
            &[],
        )
        .await
        .map_err(&refused)?;
    let tracks: i64 = counted.get(0);
    let end: DateTime<Utc> = counted.try_get::<_, Option<_>>(1).map_err(&refused)?.unwrap_or_else(Utc::now);
    let rows = sample(client, tracks, seed).await.map_err(&refused)?;
    if rows.is_empty() {
        return Err(CatalogError::NothingThere(
            "the table audio_tracks holds no track with a title: name the database of the music library"
                .to_owned(),
        ));
    }
    Ok((tracks.cast_unsigned(), Library::sampled(seed, tracks.cast_unsigned(), rows, end)))
}

async fn sample(client: &Client, tracks: i64, seed: u64) -> Result<Vec<Sampled>, tokio_postgres::Error> {
    // A little more than needed; a view or a small table is read from its beginning.
    let share = (SAMPLE as f64 * 110.0 / tracks.max(1) as f64).min(100.0);
    let is_table = client
        .query_one(
            "SELECT relkind IN ('r', 'p', 'm') FROM pg_class WHERE oid = to_regclass('audio_tracks')",
            &[],
        )
        .await?;
    let from = if is_table.get(0) && share < 100.0 {
        format!("audio_tracks TABLESAMPLE SYSTEM ({share}) REPEATABLE ({})", seed % 1_000_000)
    } else {
        "audio_tracks".to_owned()
    };
    let sql = format!(
        "SELECT id, artist::text, title::text, year::int, format::text FROM {from}
         WHERE title IS NOT NULL LIMIT {SAMPLE}"
    );
    let rows = client.query(&sql, &[]).await?;
    let sampled = |row: &tokio_postgres::Row| {
        Ok(Sampled {
            id: row.try_get(0)?,
            artist: row.try_get(1)?,
            title: row.try_get(2)?,
            year: row.try_get(3)?,
            format: row.try_get::<_, Option<String>>(4)?.unwrap_or_default(),
        })
    };
    rows.iter().map(sampled).collect()
}
