//! Backups by pg_dump: of one snapshot, in which its counts and digests are taken, too, so that a database that is written to
//! meanwhile can be compared exactly.

use super::{
    cipher, contents,
    context::Context,
    error::DrillError,
    files,
    manifest::Made,
    options::{Encryption, Method},
    result::Part,
    source::{self, Source},
    tool::{self, Way},
};
use crate::{target::Programs, text::first_of};
use chrono::{DateTime, Utc};
use std::path::Path;
use tokio_postgres::{Client, error::SqlState};

/// The file of a custom dump.
pub(super) const FILE: &str = "database.dump";
/// The directory of a dump, and the file that it is packed into when it is encrypted.
pub(super) const DIRECTORY: &str = "database";
pub(super) const PACKED: &str = "database.tar";
/// How long somebody's lock on a table is waited for, in milliseconds.
const LOCK_LIMIT: u32 = 60_000;

/// Dumps a database into a directory that is there.
///
/// # Errors
/// When the role may not read all of it, pg_dump fails, or the user asks for the end.
pub(super) fn make(
    context: &Context<'_>,
    source: &Source,
    programs: &Programs,
    method: Method,
    directory: &Path,
) -> Result<Made, DrillError> {
    let snapshot = context.ask(Snapshot::take(source))?;
    let way = Way::of(context, &source.route)?;
    let mut parts = Vec::new();
    let ((), seconds) = context.step(&format!("{method}: pg_dump"), || {
        write(context, programs, &way, method, &snapshot.name, directory)
    })?;
    let finished_at = Utc::now();
    parts.push(Part { name: "dump".to_owned(), seconds, bytes: Some(files::bytes(directory)) });
    let (contents, _) = context.step(&format!("{method}: digests in the same snapshot"), || {
        context.ask(async { snapshot.contents().await })
    })?;
    let tools = tool::version(programs, "pg_dump").into_iter().collect();
    let (changed, redefined) = (Vec::new(), Vec::new());
    Ok(Made { as_of: snapshot.at, finished_at, tools, contents, changed, redefined, point: None, parts })
}

/// Whether the role may read all that a dump holds.
///
/// # Errors
/// When it may not, with what would let it.
pub(super) fn check_rights(context: &Context<'_>, source: &Source) -> Result<(), DrillError> {
    let closed = context.ask(async {
        let client = source.session().await?;
        source::unreadable(&client).await.map_err(DrillError::of("looked at"))
    })?;
    let Some(first) = closed.first() else { return Ok(()) };
    let names: Vec<&str> = closed.iter().map(|one| one.name.as_str()).collect();
    let names = first_of(&names, 1);
    Err(DrillError::Environment(match first.is_by_policy {
        true => format!(
            "row-level security hides rows of {names} from this role, and a dump holds all: name a role with BYPASSRLS, or the owner"
        ),
        false => format!(
            "this role may not read {names}, which a dump holds: GRANT pg_read_all_data to it, or SELECT on these and USAGE on their schemas"
        ),
    }))
}

/// How often tables may have changed while they were locked, before it is given up.
const TRIES: usize = 5;

/// A state of the database that stays to be seen.
struct Snapshot {
    client: Client,
    name: String,
    at: DateTime<Utc>,
    sequences: Vec<contents::SequenceState>,
}

impl Snapshot {
    async fn take(source: &Source) -> Result<Self, DrillError> {
        let client = source.session().await?;
        let refused = DrillError::of("looked at");
        for _ in 0..TRIES {
            let tables = contents::tables(&client).await.map_err(&refused)?;
            let at = Utc::now();
            // Locks come before the first query, and with it the snapshot: of a table that somebody writes anew while they are
            // waited for, an earlier snapshot would see no row.
            let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {}", hold(&tables));
            match client.batch_execute(&begin).await {
                Err(error) if is_gone(&error) => {
                    client.batch_execute("ROLLBACK").await.map_err(&refused)?;
                    continue;
                }
                begun => begun.map_err(&refused)?,
            }
            if contents::tables(&client).await.map_err(&refused)? == tables {
                let sequences = contents::sequences(&client).await.map_err(&refused)?;
                let row = client.query_one("SELECT pg_export_snapshot()", &[]).await.map_err(&refused)?;
                return Ok(Self { client, name: row.get(0), at, sequences });
            }
            client.batch_execute("ROLLBACK").await.map_err(&refused)?;
        }
        Err(DrillError::Environment(
            "tables come and go while they are locked for the dump: try again when nobody makes or drops any"
                .to_owned(),
        ))
    }

    async fn contents(&self) -> Result<contents::Contents, DrillError> {
        let refused = DrillError::of("compared");
        let mut found = contents::read(&self.client).await.map_err(&refused)?;
        found.sequences = contents::since(&self.sequences, found.sequences);
        self.client.batch_execute("COMMIT").await.map_err(&refused)?;
        Ok(found)
    }
}

/// Whether a table, or its schema, was dropped before it could be locked.
fn is_gone(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code))
}

/// Nobody may empty, change or drop a table before its rows are counted: that is no matter of snapshots.
fn hold(tables: &[String]) -> String {
    if tables.is_empty() {
        return String::new();
    }
    let tables: Vec<String> = tables.iter().map(|table| format!("ONLY {table}")).collect();
    let tables = tables.join(", ");
    format!(
        "SET LOCAL lock_timeout = {LOCK_LIMIT}; LOCK TABLE {tables} IN ACCESS SHARE MODE; SET LOCAL lock_timeout = 0"
    )
}

fn write(
    context: &Context<'_>,
    programs: &Programs,
    way: &Way,
    method: Method,
    snapshot: &str,
    directory: &Path,
) -> Result<(), DrillError> {
    let mut dump = tool::client(programs, "pg_dump", Some(way))?;
    dump.args(["--no-password", &format!("--lock-wait-timeout={LOCK_LIMIT}")]);
    dump.arg(format!("--snapshot={snapshot}"));
    let encryption = context.options.encryption.as_ref();
    let sealed = |name: &str| cipher::named(&directory.join(name), encryption.map(Encryption::cipher));
    if method == Method::Custom {
        dump.arg("--format=custom");
        let mut commands = vec![dump];
        commands.extend(encryption.map(cipher::seal).transpose()?);
        return tool::run(context, commands, Some(&sealed(FILE))).and_then(tool::all_well).map(drop);
    }
    let plain = match encryption {
        None => directory.join(DIRECTORY),
        Some(_) => context.place(DIRECTORY)?,
    };
    dump.args(["--format=directory", &format!("--jobs={}", context.options.jobs), "--file"]).arg(&plain);
    tool::run(context, vec![dump], None).and_then(tool::all_well)?;
    if let Some(encryption) = encryption {
        cipher::pack(context, &plain, encryption, &sealed(PACKED))?;
        std::fs::remove_dir_all(&plain).map_err(DrillError::file(&plain))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_held_as_they_are() {
        assert_eq!(hold(&[]), "");
        let held = hold(&["public.a".to_owned(), "\"My Schema\".\"B\"".to_owned()]);
        assert!(
            held.contains("LOCK TABLE ONLY public.a, ONLY \"My Schema\".\"B\" IN ACCESS SHARE MODE"),
            "{held}"
        );
    }
}
