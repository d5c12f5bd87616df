//! The schema, by numbered SQL files and a ledger of those that were applied.

use super::{
    OWN_SCHEMA, TargetError, describe, made,
    schema::{Migration, Schema},
};
use crate::text::sha256;
use std::time::Instant;
use tokio_postgres::{
    Client,
    error::{ErrorPosition, SqlState},
};

impl Migration {
    fn checksum(&self) -> String {
        sha256(&self.sql)
    }

    /// The server names a character; a file has lines.
    fn failed(&self, error: &tokio_postgres::Error) -> TargetError {
        let position = error.as_db_error().and_then(|refusal| refusal.position());
        let line = match position {
            Some(ErrorPosition::Original(at)) => {
                1 + self.sql.chars().take(*at as usize).filter(|character| *character == '\n').count()
            }
            _ => 1,
        };
        TargetError::Migration {
            place: format!("schema/{}:{line}", self.file),
            reason: format!("the server refuses it: {}", describe(error)),
        }
    }
}

/// Brings the schema of loist-bench's own up to date: each file not in the ledger is applied in a transaction
/// of its own, with its checksum and how long it took.
///
/// # Errors
/// When the database holds tracks that loist-bench did not make (nothing is touched then), when an applied file
/// has another checksum by now, or when the server refuses a statement.
pub async fn migrate(client: &mut Client, schema: &Schema) -> Result<(), TargetError> {
    refuse_foreign_tracks(client).await?;
    refuse_hidden_extensions(client).await?;
    begin(client).await.map_err(refused("the ledger of migrations"))?;
    let applied = client
        .query(&format!("SELECT version, checksum FROM {OWN_SCHEMA}.schema_migrations ORDER BY version"), &[])
        .await
        .map_err(refused("the ledger of migrations"))?;
    let applied: Vec<(String, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    compare(schema, &applied)?;
    for migration in schema.migrations().iter().skip(applied.len()) {
        apply(client, migration).await?;
    }
    Ok(())
}

/// How many of the files of `schema` the ledger of a database says were applied, without changing anything; `None` where
/// there is no ledger.
///
/// # Errors
/// When the ledger is no beginning of the list of files, or cannot be read.
pub async fn known_migrations(client: &Client, schema: &Schema) -> Result<Option<usize>, TargetError> {
    let refused = refused("the ledger of migrations");
    let ledger = format!("{OWN_SCHEMA}.schema_migrations");
    let is_there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&ledger]).await;
    if !is_there.map_err(&refused)?.get::<_, bool>(0) {
        return Ok(None);
    }
    let sql = format!("SELECT version, checksum FROM {ledger} ORDER BY version");
    let applied = client.query(&sql, &[]).await.map_err(&refused)?;
    let applied: Vec<(String, String)> = applied.iter().map(|row| (row.get(0), row.get(1))).collect();
    compare(schema, &applied)?;
    Ok(Some(applied.len()))
}

/// Makes the schema and its ledgers, where they are missing.
async fn begin(client: &mut Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute("SET client_min_messages = warning").await?;
    let transaction = client.transaction().await?;
    let before = made::present(&transaction).await?;
    transaction
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS {OWN_SCHEMA};
             CREATE TABLE IF NOT EXISTS {OWN_SCHEMA}.schema_migrations (
                 version text PRIMARY KEY,
                 applied_at timestamptz NOT NULL DEFAULT now(),
                 checksum text NOT NULL,
                 execution_time_ms integer NOT NULL);
             {}",
            made::create()
        ))
        .await?;
    made::note(&transaction, &before).await?;
    transaction.commit().await
}

async fn apply(client: &mut Client, migration: &Migration) -> Result<(), TargetError> {
    let failed = |error: tokio_postgres::Error| migration.failed(&error);
    let began = Instant::now();
    let transaction = client.transaction().await.map_err(failed)?;
    let before = made::present(&transaction).await.map_err(failed)?;
    transaction.batch_execute(&migration.sql).await.map_err(failed)?;
    let took = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
    let insert = format!(
        "INSERT INTO {OWN_SCHEMA}.schema_migrations (version, checksum, execution_time_ms) VALUES ($1, $2, $3)"
    );
    transaction
        .execute(&insert, &[&migration.version(), &migration.checksum(), &took])
        .await
        .map_err(failed)?;
    made::note(&transaction, &before).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// The ledger must be a beginning of the list of files.
fn compare(schema: &Schema, applied: &[(String, String)]) -> Result<(), TargetError> {
    for (index, (version, checksum)) in applied.iter().enumerate() {
        let Some(migration) =
            schema.migrations().get(index).filter(|migration| migration.version() == version)
        else {
            return Err(TargetError::Ledger {
                place: format!("migration {version}"),
                reason: format!(
                    "the database's ledger holds it, and this loist-bench does not know it: use the loist-bench that made it, or drop the schema {OWN_SCHEMA} to begin anew"
                ),
            });
        };
        if *checksum != migration.checksum() {
            return Err(TargetError::Ledger {
                place: format!("schema/{}", migration.file),
                reason: format!(
                    "its checksum differs from the one that the database's ledger recorded when it was applied: use the loist-bench that applied it, or drop the schema {OWN_SCHEMA} to begin anew"
                ),
            });
        }
    }
    Ok(())
}

/// Looks for a relation named `audio_tracks` that is not in our schema, or stands there without our ledger.
async fn refuse_foreign_tracks(client: &Client) -> Result<(), TargetError> {
    let rows = client
        .query(
            "SELECT format('%I.%I', n.nspname, c.relname)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relname = 'audio_tracks' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
               AND (n.nspname <> $1 OR to_regclass(format('%I.schema_migrations', $1)) IS NULL)",
            &[&OWN_SCHEMA],
        )
        .await
        .map_err(refused("the list of tables"))?;
    match rows.first() {
        None => Ok(()),
        Some(row) => Err(TargetError::Foreign { table: row.get(0) }),
    }
}

/// An extension has one place in a database; ours are looked for in `public`.
async fn refuse_hidden_extensions(client: &Client) -> Result<(), TargetError> {
    let rows = client
        .query(
            "SELECT e.extname::text, n.nspname::text
             FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname IN ('uuid-ossp', 'pg_trgm') AND n.nspname NOT IN ('public', 'pg_catalog')",
            &[],
        )
        .await
        .map_err(refused("the list of extensions"))?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (extension, schema): (&str, &str) = (row.get(0), row.get(1));
    Err(TargetError::Migration {
        place: format!("the extension {extension} is in the schema {schema}"),
        reason: format!(
            "loist-bench looks for it in public: name another database, or move it by ALTER EXTENSION \"{extension}\" SET SCHEMA public"
        ),
    })
}

fn refused(what: &'static str) -> impl Fn(tokio_postgres::Error) -> TargetError {
    move |error| {
        let remedy = match error.code() {
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => {
                ": this server only reads; measure it as it is with --use-existing, or name another"
            }
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                ": give this user CREATE on the database, or name another database"
            }
            _ => "",
        };
        TargetError::Migration {
            place: what.to_owned(),
            reason: format!("the server refuses it: {}{remedy}", describe(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(count: usize) -> Vec<(String, String)> {
        Schema::default().migrations()[..count]
            .iter()
            .map(|m| (m.version().to_owned(), m.checksum()))
            .collect()
    }

    #[test]
    fn a_ledger_is_a_beginning_of_the_list() {
        for count in 0..=Schema::default().migrations().len() {
            compare(&Schema::default(), &ledger(count)).unwrap();
        }
        let mut changed = ledger(3);
        changed[1].1 = "0".repeat(64);
        let error = compare(&Schema::default(), &changed).unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("002_audio_tracks.sql"), "{error}");
        let mut newer = ledger(Schema::default().migrations().len());
        newer.push(("999".into(), "x".into()));
        assert!(compare(&Schema::default(), &newer).unwrap_err().to_string().contains("does not know it"));
        assert!(compare(&Schema::default(), &ledger(2)[1..]).is_err(), "one is missing");
    }
}
