//! A dump is restored by pg_restore into a new server.

use super::{Attempt, Backup, CHECK, DISK_FULL, Progress, Restored, start};
use crate::drill::{
    cipher,
    context::{Context, private_directory},
    dump,
    error::DrillError,
    files,
    manifest::{Manifest, SourceFacts},
    options::{Cipher, Method},
    result::Check,
    tool::{self, Said, Way},
};
use crate::target::{Beginning, Programs, Route, Scratch};
use crate::text::sql::{literal, name};
use std::path::{Path, PathBuf};

/// The database that a dump is restored into.
const DATABASE: &str = "restored";
/// What the check is called that text is ordered as it was.
const ORDER: &str = "order of text";
/// The sections of a dump, as pg_restore and as people call them.
const SECTIONS: [(&str, &str); 3] =
    [("pre-data", "tables"), ("data", "rows"), ("post-data", "indexes, constraints and triggers")];

/// Restores it.
///
/// # Errors
/// As [`super::restore`].
pub(super) fn restore(
    mut progress: Progress<'_, '_>,
    mut scratch: Scratch,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Attempt, DrillError> {
    let context = progress.context;
    let plain = match plain_dump(&mut progress, backup) {
        Ok(plain) => plain,
        Err(error) => return progress.failed(error),
    };
    if let Err(reason) = start(&mut progress, &mut scratch, &Beginning::New, Vec::new())? {
        return Err(DrillError::Environment(format!("the scratch server does not start: {reason}")));
    }
    let own = scratch.route(Scratch::own_database())?;
    let other_order =
        progress.part("make the database", None, || context.ask(make_database(&own, backup.manifest)))?;
    progress.checks.extend(other_order.map(|sentence| Check::unproven(ORDER, sentence)));
    let way = Way::of(context, &scratch.route(DATABASE)?)?;
    let mut said = Vec::new();
    for (section, name) in SECTIONS {
        let bytes = (section == "data").then(|| files::bytes(&plain));
        said.extend(progress.part(name, bytes, || {
            let mut restore = tool::client(programs, "pg_restore", Some(&way))?;
            restore.args(["--no-password", "--no-tablespaces"]);
            restore.args([&format!("--dbname={DATABASE}"), &format!("--section={section}")]);
            if backup.manifest.is_none() {
                // Nobody says which roles it needs.
                restore.args(["--no-owner", "--no-privileges"]);
            }
            restore.arg(format!("--jobs={}", context.options.jobs)).arg(&plain);
            tool::run(context, vec![restore], None)
        })?);
    }
    if plain != backup.path && !plain.starts_with(backup.path) {
        let _ = if plain.is_dir() { std::fs::remove_dir_all(&plain) } else { std::fs::remove_file(&plain) };
    }
    progress.checks.push(judge(said)?);
    let (parts, checks) = (progress.parts, progress.checks);
    Ok(Attempt::Serves(Box::new(Restored { scratch, database: DATABASE.to_owned(), parts, checks })))
}

/// What pg_restore said of the sections.
fn judge(said: Vec<Said>) -> Result<Check, DrillError> {
    let (mut failures, mut warned) = (Vec::new(), Vec::new());
    for one in said {
        match (one.succeeded, one.text.is_empty()) {
            (true, true) => {}
            (true, false) => warned.push(one.text),
            (false, _) if one.text.contains(DISK_FULL) => {
                return Err(DrillError::Environment(format!("pg_restore failed: {}", one.text)));
            }
            (false, true) => failures.push("pg_restore failed, and said nothing".to_owned()),
            (false, false) => failures.push(one.text),
        }
    }
    let evidence = match warned.is_empty() {
        true => "pg_restore ended without an error or a warning".to_owned(),
        false => format!("pg_restore said: {}", warned.join("; ")),
    };
    Ok(Check::of(CHECK, evidence, failures))
}

/// The dump as pg_restore reads it.
fn plain_dump(progress: &mut Progress<'_, '_>, backup: &Backup<'_>) -> Result<PathBuf, DrillError> {
    let context = progress.context;
    let name = match (backup.method, backup.cipher) {
        (Method::Custom, _) => dump::FILE,
        (_, Some(_)) => dump::PACKED,
        (_, None) => dump::DIRECTORY,
    };
    let found = match backup.is_bare {
        true => backup.path.to_owned(),
        false => cipher::named(&backup.path.join(name), backup.cipher),
    };
    let Some(cipher) = backup.cipher else { return Ok(found) };
    let plain = context.place("plain")?;
    let bytes = Some(files::bytes(&found));
    progress.part("decrypt", bytes, || decrypted(context, backup.method, cipher, &found, &plain))?;
    Ok(plain)
}

fn decrypted(
    context: &Context<'_>,
    method: Method,
    cipher: Cipher,
    found: &Path,
    plain: &Path,
) -> Result<(), DrillError> {
    if method == Method::Custom {
        return cipher::open_file(context, found, cipher, plain);
    }
    private_directory(plain)?;
    cipher::unpack(context, found, cipher, plain)
}

/// Makes the roles that the dump names, none of which may log in, and an empty database like the one that was dumped. Where
/// this machine cannot order text as that does, it gives a sentence that says so.
async fn make_database(own: &Route, manifest: Option<&Manifest>) -> Result<Option<String>, DrillError> {
    let client = crate::target::connect(own).await?;
    let refused = DrillError::of("made");
    for role in manifest.iter().flat_map(|manifest| &manifest.source.roles) {
        let known = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[role]).await;
        if known.map_err(&refused)?.is_none() {
            let make = format!("CREATE ROLE {} NOLOGIN", name(role));
            client.batch_execute(&make).await.map_err(&refused)?;
        }
    }
    let Some(source) = manifest.map(|manifest| &manifest.source) else {
        let make = format!("CREATE DATABASE {DATABASE} TEMPLATE template0");
        client.batch_execute(&make).await.map_err(refused)?;
        return Ok(Some(
            "nobody wrote down how the database orders text: it was restored as this machine does".to_owned(),
        ));
    };
    let Err(error) = client.batch_execute(&like(source)).await else { return Ok(None) };
    client.batch_execute(&in_order(source, "C", "C")).await.map_err(refused)?;
    Ok(Some(format!(
        "the database orders text by {}, and this machine cannot: it was restored with C ({})",
        source.locale.as_ref().unwrap_or(&source.collate),
        crate::target::describe(&error)
    )))
}

/// A database that orders text as the source does.
fn like(source: &SourceFacts) -> String {
    let make = in_order(source, &source.collate, &source.ctype);
    match (source.provider.as_deref(), &source.locale) {
        (Some("icu"), Some(locale)) => format!("{make} LOCALE_PROVIDER icu ICU_LOCALE {}", literal(locale)),
        (Some("builtin"), Some(locale)) => {
            format!("{make} LOCALE_PROVIDER builtin BUILTIN_LOCALE {}", literal(locale))
        }
        _ => make,
    }
}

fn in_order(source: &SourceFacts, collate: &str, ctype: &str) -> String {
    let [encoding, collate, ctype] = [source.encoding.as_str(), collate, ctype].map(literal);
    format!(
        "CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING {encoding} LC_COLLATE {collate} LC_CTYPE {ctype}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::Outcome;

    fn said(succeeded: bool, text: &str) -> Said {
        Said { program: "pg_restore".to_owned(), succeeded, text: text.to_owned() }
    }

    #[test]
    fn whatever_fails_is_told_even_if_it_said_nothing() {
        let check = judge(vec![said(true, ""), said(true, "a warning")]).unwrap();
        assert_eq!((check.outcome, check.evidence.as_str()), (Outcome::Passed, "pg_restore said: a warning"));
        let check = judge(vec![said(false, ""), said(false, "no such role")]).unwrap();
        assert_eq!(check.failures, ["pg_restore failed, and said nothing", "no such role"]);
        let full = judge(vec![said(false, "could not extend file: No space left on device")]);
        assert!(matches!(full, Err(DrillError::Environment(_))), "{full:?}");
    }

    #[test]
    fn text_is_ordered_by_what_ordered_it() {
        let mut facts = SourceFacts {
            encoding: "UTF8".to_owned(),
            collate: "o'x".to_owned(),
            ctype: "C".to_owned(),
            ..SourceFacts::of_version("16.3")
        };
        assert!(like(&facts).ends_with("ENCODING 'UTF8' LC_COLLATE 'o''x' LC_CTYPE 'C'"), "{}", like(&facts));
        facts.provider = Some("icu".to_owned());
        facts.locale = Some("de-u-co-phonebk".to_owned());
        assert!(like(&facts).ends_with("LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk'"));
    }
}
