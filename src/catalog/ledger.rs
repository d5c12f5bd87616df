//! What the database's own note says of the catalog in it: what it was made from, and whether it still is that.

use super::{CatalogError, CatalogSpec, GENERATOR_VERSION, State, TABLE};
use crate::target::OWN_SCHEMA;
use tokio_postgres::{Client, Row};

/// The note. There is at most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    spec: CatalogSpec,
    state: String,
    generator_version: i32,
    pub(super) checksum: String,
    modified: bool,
    /// Definitions of indexes that a load took away and did not bring back.
    pub(super) missing_indexes: Vec<String>,
    /// Transactions that wrote the rows.
    pub(super) written_by: Vec<String>,
    /// [`shape`] of the table when the load was done.
    pub(super) shape: String,
}

impl Entry {
    /// Whether the catalog is what a new load would make.
    pub(super) fn matches(&self, spec: CatalogSpec, state: State) -> bool {
        self.was_made(spec, state) && !self.modified
    }

    /// Whether it was that when it was made; a load may have written to it since.
    pub(super) fn was_made(&self, spec: CatalogSpec, state: State) -> bool {
        self.spec == spec
            && self.state == state.name()
            && i64::from(self.generator_version) == i64::from(GENERATOR_VERSION)
            && !self.checksum.is_empty()
            && self.missing_indexes.is_empty()
    }
}

/// Reads the note.
pub(super) async fn read(client: &Client) -> Result<Option<Entry>, CatalogError> {
    let sql = format!(
        "SELECT seed, tracks, state, generator_version, checksum, modified, missing_indexes, written_by, shape
         FROM {OWN_SCHEMA}.catalog"
    );
    let row = client.query_opt(&sql, &[]).await.map_err(CatalogError::of("looked up"))?;
    Ok(row.as_ref().map(entry))
}

fn entry(row: &Row) -> Entry {
    // SQL has only signed numbers.
    let spec = CatalogSpec {
        seed: row.get::<_, i64>(0).cast_unsigned(),
        tracks: row.get::<_, i64>(1).cast_unsigned(),
    };
    Entry {
        spec,
        state: row.get(2),
        generator_version: row.get(3),
        checksum: row.get(4),
        modified: row.get(5),
        missing_indexes: row.get(6),
        written_by: row.get(7),
        shape: row.get(8),
    }
}

/// Notes what is being loaded; without a checksum it is not there yet.
pub(super) async fn write(
    client: &impl tokio_postgres::GenericClient,
    spec: CatalogSpec,
    state: State,
    missing_indexes: &[String],
) -> Result<(), tokio_postgres::Error> {
    let sql = format!(
        "INSERT INTO {OWN_SCHEMA}.catalog
             (seed, tracks, state, generator_version, checksum, modified, missing_indexes, written_by, shape)
         VALUES ($1, $2, $3, $4, '', false, $5, '{{}}', '')
         ON CONFLICT (one) DO UPDATE SET seed = excluded.seed, tracks = excluded.tracks, state = excluded.state,
             generator_version = excluded.generator_version, checksum = '', modified = false,
             missing_indexes = excluded.missing_indexes, written_by = '{{}}', shape = ''"
    );
    let version = i32::try_from(GENERATOR_VERSION).unwrap_or(i32::MAX);
    let (seed, tracks) = (spec.seed.cast_signed(), spec.tracks.cast_signed());
    client.execute(&sql, &[&seed, &tracks, &state.name(), &version, &missing_indexes]).await?;
    Ok(())
}

/// Notes that every index is back.
pub(super) async fn indexes_are_back(client: &Client) -> Result<(), CatalogError> {
    let sql = format!("UPDATE {OWN_SCHEMA}.catalog SET missing_indexes = '{{}}'");
    client.batch_execute(&sql).await.map_err(CatalogError::of("noted down"))
}

/// Notes that the catalog is whole, and which transactions wrote its rows.
pub(super) async fn complete(
    client: &Client,
    checksum: &str,
    written_by: &[String],
) -> Result<(), CatalogError> {
    let shape = shape(client).await?;
    let sql = format!("UPDATE {OWN_SCHEMA}.catalog SET checksum = $1, written_by = $2, shape = $3");
    client.execute(&sql, &[&checksum, &written_by, &shape]).await.map_err(CatalogError::of("noted down"))?;
    Ok(())
}

/// A digest of all that makes the table what it is, but for its rows: usable indexes, columns, triggers and whether
/// they fire, options, whether the planner has statistics, whether it was vacuumed, and which file it is in: that is another
/// one once the table was written anew.
pub(super) async fn shape(client: &Client) -> Result<String, CatalogError> {
    let sql = format!(
        "SELECT md5(concat_ws('|',
             (SELECT string_agg(pg_get_indexdef(indexrelid), ';' ORDER BY pg_get_indexdef(indexrelid))
              FROM pg_index WHERE indrelid = t.oid AND indisvalid),
             (SELECT string_agg(concat_ws(' ', attname, atttypid::regtype, atttypmod, attnotnull), ';' ORDER BY attnum)
              FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped),
             (SELECT string_agg(concat_ws(' ', tgname, tgenabled, tgfoid::regproc), ';' ORDER BY tgname)
              FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal),
             t.reloptions::text, t.relallvisible > 0, pg_relation_filenode(t.oid),
             EXISTS (SELECT FROM pg_stats WHERE format('%I.%I', schemaname, tablename) = '{TABLE}')))
         FROM pg_class t WHERE t.oid = '{TABLE}'::regclass"
    );
    let row = client.query_one(&sql, &[]).await.map_err(CatalogError::of("looked into"))?;
    Ok(row.get(0))
}

/// Notes that the catalog is about to be written to, so that the next run makes it anew.
///
/// # Errors
/// When the connection fails.
pub async fn mark_modified(client: &Client) -> Result<(), CatalogError> {
    let sql = format!("UPDATE {OWN_SCHEMA}.catalog SET modified = true");
    client.batch_execute(&sql).await.map_err(CatalogError::of("noted down"))
}
