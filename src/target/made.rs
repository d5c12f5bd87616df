//! What loist-bench made in a database: noted there by whom and when, so that it can be listed and removed, and nothing
//! else with it.

use super::OWN_SCHEMA;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tokio_postgres::{Error, GenericClient};

/// The ledger.
pub const LEDGER: &str = "loist_bench.created";

/// Something in a database, as the server itself calls it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// As in `table`, `function`, `extension`, `index`.
    pub kind: String,
    /// Its name with its schema, quoted where it must be.
    pub name: String,
}

/// When something was made, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The role.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Everything that stands in the schema of loist-bench's own, the schema itself, and every extension of the database.
///
/// The value is the table that something is a part of and goes with, if it is one: an index, a trigger, a constraint.
pub type Present = BTreeMap<Named, Option<String>>;

/// SQL that makes the ledger, where there is none.
pub(super) fn create() -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {LEDGER} (
             kind text NOT NULL,
             name text NOT NULL,
             created_by text NOT NULL DEFAULT current_user,
             created_at timestamptz NOT NULL DEFAULT now(),
             PRIMARY KEY (kind, name))"
    )
}

/// What is there now.
///
/// # Errors
/// When the connection fails.
pub async fn present(client: &impl GenericClient) -> Result<Present, Error> {
    let rows = client
        .query(
            "WITH own AS (
                 SELECT oid, nspname FROM pg_namespace WHERE nspname = $1),
             inside AS (
                 SELECT d.classid, d.objid FROM pg_depend d JOIN own ON d.refobjid = own.oid
                 WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n' AND d.objsubid = 0),
             parts AS (
                 SELECT DISTINCT d.classid, d.objid, i.objid AS of FROM pg_depend d
                 JOIN inside i ON i.classid = d.refclassid AND i.objid = d.refobjid
                 WHERE d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND d.objsubid = 0)
             SELECT 'schema', nspname::text, NULL FROM own
             UNION ALL SELECT 'extension', extname::text, NULL FROM pg_extension
             UNION ALL SELECT o.type, o.identity, NULL FROM inside, pg_identify_object(classid, objid, 0) o
             UNION ALL SELECT o.type, o.identity, whole.identity
             FROM parts, pg_identify_object(classid, objid, 0) o,
                  pg_identify_object('pg_class'::regclass, of, 0) whole
             WHERE o.type IN ('index', 'trigger', 'table constraint', 'policy', 'rule', 'statistics object')",
            &[&OWN_SCHEMA],
        )
        .await?;
    Ok(rows.iter().map(|row| (Named { kind: row.get(0), name: row.get(1) }, row.get(2))).collect())
}

/// Notes what has come since `before`.
pub(super) async fn note(client: &impl GenericClient, before: &Present) -> Result<(), Error> {
    let insert = format!("INSERT INTO {LEDGER} (kind, name) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    for made in present(client).await?.keys().filter(|made| !before.contains_key(*made)) {
        client.execute(&insert, &[&made.kind, &made.name]).await?;
    }
    Ok(())
}

/// What the ledger holds; nothing where there is none, or one of before it noted what was made.
///
/// # Errors
/// When the connection fails, or this role may not read it.
pub async fn noted(client: &impl GenericClient) -> Result<BTreeMap<Named, Note>, Error> {
    let is_there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&LEDGER]).await?;
    if !is_there.get::<_, bool>(0) {
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT kind, name, created_by, created_at FROM {LEDGER}");
    let rows = client.query(&sql, &[]).await?;
    let entry = |row: &tokio_postgres::Row| {
        (Named { kind: row.get(0), name: row.get(1) }, Note { by: row.get(2), at: row.get(3) })
    };
    Ok(rows.iter().map(entry).collect())
}

/// Makes extensions that are not there, in `public`, and notes it where there is a ledger.
///
/// # Errors
/// When the server does not have them, or refuses.
pub async fn create_extensions(client: &impl GenericClient, names: &[&str]) -> Result<(), Error> {
    let before = present(client).await?;
    for name in names {
        let create = format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" WITH SCHEMA public");
        client.batch_execute(&create).await?;
    }
    let is_kept = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&LEDGER]).await?;
    if is_kept.get(0) { note(client, &before).await } else { Ok(()) }
}
