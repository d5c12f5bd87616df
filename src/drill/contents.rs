//! What is in a database: counts and digests of its tables, its sequences, its definitions. Computed by the server, alike
//! wherever that runs, so that two databases can be compared without their rows.

use super::{definitions, definitions::Definition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Error, Row};

/// How a session has to be set, so that the same row has the same text everywhere. It sees no schema but `pg_catalog`, and
/// no row is hidden from it.
pub(super) const SESSION: &str = "
    SET search_path = '';
    SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = 'postgres';
    SET TimeZone = 'UTC';
    SET extra_float_digits = 3;
    SET bytea_output = 'hex';
    SET lc_monetary = 'C';
    SET xmloption = 'content';
    SET standard_conforming_strings = on;
    SET quote_all_identifiers = off;
    SET row_security = off;
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout')";

/// Values of a sequence that PostgreSQL logs ahead, so that it need not log each.
const LOGGED_AHEAD: i64 = 32;

/// The table of large objects.
pub(super) const LARGE_OBJECTS: &str = "pg_catalog.pg_largeobject_metadata";

/// Schemas that are the system's.
pub(super) const OF_USERS: &str =
    "n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ESCAPE '\\'";

/// Relations that belong to no extension.
pub(super) const OF_NO_EXTENSION: &str = "NOT EXISTS (SELECT FROM pg_depend owned
    WHERE owned.classid = 'pg_class'::regclass AND owned.objid = c.oid AND owned.deptype = 'e')";

/// What is in a database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contents {
    /// Its ordinary tables, partitions among them; those of extensions not.
    pub tables: Vec<TableContents>,
    /// Its sequences.
    pub sequences: Vec<SequenceState>,
    /// Number of its large objects.
    pub large_objects: u64,
    /// Its extensions, tables, indexes, constraints, triggers, functions and the like.
    pub definitions: Vec<Definition>,
}

/// What is in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableContents {
    /// Its name, with its schema.
    pub name: String,
    /// Number of rows.
    pub rows: u64,
    /// Two sums over all rows, with a colon between: of the first and of the second eight bytes of the SHA-256 of the row's
    /// text, its columns by name.
    pub digest: String,
    /// Whether it is in no log, and so empty after a copy of the server's files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
}

/// Where a sequence stands. It moves on whatever becomes of the transaction that moved it, so of a database that is written
/// to only the bounds are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SequenceState {
    /// Its name, with its schema.
    pub name: String,
    /// Its last value before the backup was made.
    pub before: i64,
    /// Its last value when that was done.
    pub after: i64,
    /// Whether the last value was given out; absent where that changed meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_called: Option<bool>,
    /// How far ahead of its value the write-ahead log may have it, by which it stands after a copy of the server's files.
    #[serde(default)]
    pub ahead: i64,
    /// Whether it is in no log, and so begins anew after a copy of the server's files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlogged: bool,
    /// Whether it was made while the backup was: a copy of the server's files may be without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
}

impl Contents {
    /// Rows of the table of tracks, if there is one.
    #[must_use]
    pub fn tracks(&self) -> Option<u64> {
        let is_tracks = |table: &&TableContents| table.name.ends_with(".audio_tracks");
        self.tables.iter().find(is_tracks).map(|table| table.rows)
    }
}

/// Reads all of it; in a transaction that sees one state, it is of that state. The session must be set as [`SESSION`] says.
pub(super) async fn read(client: &Client) -> Result<Contents, Error> {
    let mut tables = Vec::new();
    for row in client.query(&tables_sql(), &[]).await? {
        tables.push(table(client, &row).await?);
    }
    let count = format!("SELECT count(*) FROM {LARGE_OBJECTS}");
    let large_objects: i64 = client.query_one(&count, &[]).await?.get(0);
    let definitions = definitions::read(client).await?;
    let sequences = sequences(client).await?;
    Ok(Contents { tables, sequences, large_objects: large_objects.cast_unsigned(), definitions })
}

/// Names, persistence and columns (by name, whatever their order) of the tables that are compared.
fn tables_sql() -> String {
    format!(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relpersistence = 'u',
                coalesce((SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attname COLLATE \"C\")
                          FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '')
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND {OF_USERS} AND {OF_NO_EXTENSION}
         ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\""
    )
}

/// The rows in any order give the same sums, and so does no other set of rows that anybody came by by accident. Without
/// OFFSET the planner would have each row's digest computed twice.
async fn table(client: &Client, row: &Row) -> Result<TableContents, Error> {
    let (name, unlogged, columns): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
    let sql = format!(
        "SELECT count(*),
                coalesce(sum(('x' || substr(h, 1, 16))::bit(64)::bigint), 0)::text,
                coalesce(sum(('x' || substr(h, 17, 16))::bit(64)::bigint), 0)::text
         FROM (SELECT encode(sha256(convert_to(ROW({columns})::text, getdatabaseencoding())), 'hex') AS h
               FROM ONLY {name} OFFSET 0) AS digests"
    );
    let sums = client.query_one(&sql, &[]).await?;
    let (rows, first, second): (i64, String, String) = (sums.get(0), sums.get(1), sums.get(2));
    Ok(TableContents { name, rows: rows.cast_unsigned(), digest: format!("{first}:{second}"), unlogged })
}

/// Where the sequences stand now; those of extensions not.
pub(super) async fn sequences(client: &Client) -> Result<Vec<SequenceState>, Error> {
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname), c.relpersistence = 'u', s.seqincrement, s.seqcache
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
         WHERE c.relkind = 'S' AND {OF_USERS} AND {OF_NO_EXTENSION}
         ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\""
    );
    let mut found = Vec::new();
    for row in client.query(&sql, &[]).await? {
        let (name, unlogged): (String, bool) = (row.get(0), row.get(1));
        let (increment, cache): (i64, i64) = (row.get(2), row.get(3));
        let state = client.query_one(&format!("SELECT last_value, is_called FROM {name}"), &[]).await?;
        let value: i64 = state.get(0);
        found.push(SequenceState {
            name,
            before: value,
            after: value,
            is_called: Some(state.get(1)),
            ahead: increment.saturating_mul(cache.saturating_add(LOGGED_AHEAD)),
            unlogged,
            is_new: false,
        });
    }
    Ok(found)
}

/// The same states, but from where they stood before.
pub(super) fn since(before: &[SequenceState], mut now: Vec<SequenceState>) -> Vec<SequenceState> {
    for state in &mut now {
        if let Some(earlier) = before.iter().find(|earlier| earlier.name == state.name) {
            state.before = earlier.after;
            state.is_called = state.is_called.filter(|_| earlier.is_called == state.is_called);
        } else {
            state.is_new = true;
        }
    }
    now
}

/// Names of the tables that are compared.
pub(super) async fn tables(client: &Client) -> Result<Vec<String>, Error> {
    Ok(client.query(&tables_sql(), &[]).await?.iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_value_was_given_out_is_known_where_it_stayed_so() {
        let state = |value, is_called| SequenceState {
            name: "s".to_owned(),
            before: value,
            after: value,
            is_called: Some(is_called),
            ahead: 33,
            unlogged: false,
            is_new: false,
        };
        let of = |before, now| since(&[before], vec![now]).remove(0);
        let same = of(state(1, true), state(9, true));
        assert_eq!((same.before, same.after, same.is_called), (1, 9, Some(true)));
        assert_eq!(of(state(1, false), state(1, true)).is_called, None);
        assert!(!same.is_new && since(&[], vec![state(1, true)])[0].is_new);
    }
}
