//! A library that was there before us: looked into, never changed.

use super::{CatalogError, Library, library::Sampled};
use crate::target::describe;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tokio_postgres::{Client, Error, error::SqlState};

/// Rows that are read to draw from.
const SAMPLE: i64 = 10_000;

/// The columns of the table that the session finds, with their types.
type Columns = BTreeMap<String, String>;

/// Counts the table `audio_tracks` that the session finds, and reads a sample of it to draw from. It may lack any column
/// but the key and the title.
///
/// # Errors
/// When there is no such table, it is empty, or it cannot be read.
pub async fn sample_existing(client: &Client, seed: u64) -> Result<(u64, Library), CatalogError> {
    let columns = columns(client).await?;
    let is_there = |column: &str| columns.contains_key(column);
    let kind = columns.get("id").map(String::as_str);
    if kind != Some("uuid") || !is_there("title") {
        return Err(CatalogError::NothingThere(format!(
            "the table audio_tracks is not that of a music library, which has a key id of the type uuid and a title: {}",
            match kind {
                None => "it has no id".to_owned(),
                Some("uuid") => "it has no title".to_owned(),
                Some(other) => format!("its id is of the type {other}"),
            }
        )));
    }
    let at = if is_there("created_at") { "created_at::timestamptz" } else { "NULL::timestamptz" };
    let sql = format!(
        "SELECT count(*), max(at) FILTER (WHERE isfinite(at)) FROM (SELECT {at} AS at FROM audio_tracks) AS times"
    );
    let counted = client.query_one(&sql, &[]).await.map_err(|error| refused(&error))?;
    let tracks: i64 = counted.get(0);
    let end: DateTime<Utc> =
        counted.try_get::<_, Option<_>>(1).map_err(|error| refused(&error))?.unwrap_or_else(Utc::now);
    let rows = sample(client, &columns, tracks, seed).await.map_err(|error| refused(&error))?;
    if rows.is_empty() {
        return Err(CatalogError::NothingThere(
            "the table audio_tracks holds no track with a title: name the database of the music library"
                .to_owned(),
        ));
    }
    Ok((tracks.cast_unsigned(), Library::sampled(seed, tracks.cast_unsigned(), rows, end)))
}

/// What the server refuses, and what would help.
fn refused(error: &Error) -> CatalogError {
    let mut reason = describe(error);
    if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        reason.push_str(": GRANT SELECT on the table to this role, which is all that it needs");
    }
    CatalogError::Database { doing: "looked into", reason }
}

/// The columns of the table that the session finds.
async fn columns(client: &Client) -> Result<Columns, CatalogError> {
    let rows = client
        .query(
            "SELECT attname::text, atttypid::regtype::text FROM pg_attribute
             WHERE attrelid = to_regclass('audio_tracks') AND attnum > 0 AND NOT attisdropped",
            &[],
        )
        .await
        .map_err(|error| refused(&error))?;
    if rows.is_empty() {
        return Err(nothing_there(client).await?);
    }
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Where a table of that name is, if not where the session looks.
async fn nothing_there(client: &Client) -> Result<CatalogError, CatalogError> {
    let row = client
        .query_one(
            "SELECT string_agg(relnamespace::regnamespace::text, ','),
                    string_agg(relnamespace::regnamespace::text, ', ')
                        FILTER (WHERE NOT has_schema_privilege(relnamespace, 'USAGE'))
             FROM pg_class WHERE relname = 'audio_tracks' AND relkind IN ('r', 'p', 'v', 'm', 'f')",
            &[],
        )
        .await
        .map_err(|error| refused(&error))?;
    Ok(CatalogError::NothingThere(match (row.get::<_, Option<String>>(0), row.get::<_, Option<String>>(1)) {
        (_, Some(closed)) => format!(
            "the session finds no table audio_tracks, and may not look into the schema of one: GRANT USAGE ON SCHEMA {closed} to this role"
        ),
        (Some(schemas), None) => format!(
            "the session finds no table audio_tracks, but there is one elsewhere: add --search-path {schemas}"
        ),
        (None, None) => "the database has no table audio_tracks: name the one of the music library, or leave --use-existing out".to_owned(),
    }))
}

async fn sample(client: &Client, columns: &Columns, tracks: i64, seed: u64) -> Result<Vec<Sampled>, Error> {
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
    let or_null = |column: &'static str| if columns.contains_key(column) { column } else { "NULL" };
    let sql = format!(
        "SELECT id, {}::text, title::text, {}::int, {}::text FROM {from}
         WHERE title IS NOT NULL LIMIT {SAMPLE}",
        or_null("artist"),
        or_null("year"),
        or_null("format")
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
