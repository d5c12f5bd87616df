//! Copies of a server's files by pg_basebackup.

use super::{
    cipher,
    contents::{self, Contents},
    context::Context,
    definitions,
    error::DrillError,
    files,
    manifest::{Changed, Made},
    options::Method,
    result::Part,
    source::{self, Source},
    tool::{self, Way},
};
use crate::target::Programs;
use chrono::Utc;
use std::path::Path;

/// The directory of the copy, and the file that it is packed into when it is encrypted.
pub(super) const DIRECTORY: &str = "base";
pub(super) const PACKED: &str = "base.tar";

/// Copies a server's files into a directory that is there.
///
/// # Errors
/// When the role may not, pg_basebackup fails, or the user asks for the end.
pub(super) fn make(
    context: &Context<'_>,
    source: &Source,
    programs: &Programs,
    directory: &Path,
) -> Result<Made, DrillError> {
    let (before, _) = context.step("base: digests before", || state(context, source))?;
    let as_of = Utc::now();
    let part = copy(context, source, programs, Method::Base, directory)?;
    let finished_at = Utc::now();
    let (after, _) = context.step("base: digests afterwards", || state(context, source))?;
    let changed = changed(&before, &after);
    let redefined = definitions::redefined(&before.definitions, &after.definitions);
    let sequences = contents::since(&before.sequences, after.sequences.clone());
    Ok(Made {
        as_of,
        finished_at,
        tools: tool::version(programs, "pg_basebackup").into_iter().collect(),
        contents: Contents { sequences, ..after },
        changed,
        redefined,
        point: None,
        parts: vec![part],
    })
}

/// Whether the server's files may be copied.
///
/// # Errors
/// When they may not, with what would help.
pub(super) fn check_rights(context: &Context<'_>, source: &Source) -> Result<(), DrillError> {
    let (may, elsewhere) = context.ask(async {
        let client = source.session().await?;
        let refused = DrillError::of("looked at");
        let may = source::may_replicate(&client).await.map_err(&refused)?;
        Ok::<_, DrillError>((may, source::tablespaces(&client).await.map_err(&refused)?))
    })?;
    if let Some(first) = elsewhere.first() {
        // Its files would be copied to the same path on this machine.
        return Err(DrillError::Environment(format!(
            "the server has a tablespace {first}, whose files a copy would put outside its directory: drill --method directory"
        )));
    }
    if may {
        return Ok(());
    }
    Err(DrillError::Environment(
        "this role may not copy the server's files: ALTER ROLE it WITH REPLICATION (and let pg_hba.conf let it in for replication), or drill --method directory; Cloud SQL lets nobody, and has backups of its own"
            .to_owned(),
    ))
}

/// Counts and digests of one state of the database.
///
/// # Errors
/// When it refuses.
pub(super) fn state(context: &Context<'_>, source: &Source) -> Result<Contents, DrillError> {
    context.ask(async {
        let client = source.session().await?;
        let refused = DrillError::of("compared");
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(&refused)?;
        let found = contents::read(&client).await.map_err(&refused)?;
        client.batch_execute("COMMIT").await.map_err(&refused)?;
        Ok::<_, DrillError>(found)
    })
}

/// Runs pg_basebackup.
///
/// # Errors
/// When it fails, or the user asks for the end.
pub(super) fn copy(
    context: &Context<'_>,
    source: &Source,
    programs: &Programs,
    method: Method,
    directory: &Path,
) -> Result<Part, DrillError> {
    let way = Way::of(context, &source.route)?;
    let mut copy = tool::client(programs, "pg_basebackup", Some(&way))?;
    // Others are not to feel it.
    let checkpoint = if source.target.is_embedded() { "fast" } else { "spread" };
    copy.args([
        "--no-password",
        &format!("--checkpoint={checkpoint}"),
        "--label=loist-bench drill",
        "--manifest-checksums=SHA256",
    ]);
    let ((), seconds) =
        context.step(&format!("{method}: pg_basebackup"), || match &context.options.encryption {
            None => {
                copy.args(["--format=plain", "--wal-method=stream", "--pgdata"])
                    .arg(directory.join(DIRECTORY));
                tool::run(context, vec![copy], None).and_then(tool::all_well).map(drop)
            }
            Some(encryption) => {
                // What goes through a pipe has the log in it, not beside it.
                copy.args(["--format=tar", "--wal-method=fetch", "--pgdata=-"]);
                let file = cipher::named(&directory.join(PACKED), Some(encryption.cipher()));
                let commands = vec![copy, cipher::seal(encryption)?];
                tool::run(context, commands, Some(&file)).and_then(tool::all_well).map(drop)
            }
        })?;
    Ok(Part { name: "copy of the files".to_owned(), seconds, bytes: Some(files::bytes(directory)) })
}

/// Tables that hold other rows afterwards than before, or that came or went, and the large objects as if they were a table.
fn changed(before: &Contents, after: &Contents) -> Vec<Changed> {
    let rows = |contents: &Contents, name: &str| {
        contents.tables.iter().find(|table| table.name == name).map_or(0, |table| table.rows)
    };
    let is_same = |table: &&contents::TableContents| !before.tables.contains(table);
    let other = after.tables.iter().filter(is_same).map(|table| table.name.as_str());
    let gone = before.tables.iter().map(|table| table.name.as_str());
    let gone = gone.filter(|name| after.tables.iter().all(|table| table.name != *name));
    let objects = Changed {
        table: contents::LARGE_OBJECTS.to_owned(),
        before: before.large_objects,
        after: after.large_objects,
    };
    other
        .chain(gone)
        .map(|name| Changed { table: name.to_owned(), before: rows(before, name), after: rows(after, name) })
        .chain(Some(objects).filter(|objects| objects.before != objects.after))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contents::TableContents;

    #[test]
    fn only_what_stayed_the_same_can_be_compared() {
        let table = |name: &str, rows, digest: &str| TableContents {
            name: name.to_owned(),
            rows,
            digest: digest.to_owned(),
            unlogged: false,
        };
        let of = |tables: Vec<TableContents>| Contents { tables, ..Contents::default() };
        let before = of(vec![table("a", 1, "x"), table("b", 2, "y"), table("gone", 3, "z")]);
        let after = of(vec![table("a", 1, "x"), table("b", 5, "w"), table("new", 1, "v")]);
        let found = changed(&before, &after);
        let names: Vec<(&str, u64, u64)> =
            found.iter().map(|one| (one.table.as_str(), one.before, one.after)).collect();
        assert_eq!(names, [("b", 2, 5), ("new", 0, 1), ("gone", 3, 0)]);
        assert!(changed(&before, &before).is_empty());
        let more = Contents { large_objects: 2, ..before.clone() };
        let found = changed(&before, &more);
        assert_eq!((found[0].table.as_str(), found[0].after), (contents::LARGE_OBJECTS, 2));
    }
}
