//! A copy of a server's files is served, and archived log replayed into it.

use super::{Attempt, Backup, CHECK, Progress, Restored, start};
use crate::drill::{
    cipher, context::Context, error::DrillError, files, options::Cipher, physical, pitr, result::Check, tool,
};
use crate::target::{Beginning, Programs, Scratch, connect, describe};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// What the check is called that the server's own list of its files agrees, and that list.
const VERIFIED: &str = "pg_verifybackup";
const LIST: &str = "backup_manifest";
/// Superusers that servers have, where nothing says which: PostgreSQL's own, this program's, those of clouds.
const SUPERUSERS: [&str; 4] = ["postgres", "loist", "cloudsqladmin", "rdsadmin"];

/// Restores it.
///
/// # Errors
/// As [`super::restore`]; and when the copy has tablespaces.
pub(super) fn restore(
    mut progress: Progress<'_, '_>,
    mut scratch: Scratch,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Attempt, DrillError> {
    let context = progress.context;
    if let Err(error) = place_files(&mut progress, &scratch, backup) {
        return progress.failed(error);
    }
    if scratch.has_tablespaces() {
        return Err(DrillError::Environment(
            "the copy has tablespaces, whose places on this machine may be somebody's: it is not served; drill --method directory"
                .to_owned(),
        ));
    }
    let verified = verified(context, &scratch, programs, backup)?;
    progress.checks.push(verified);
    let settings = match backup.manifest.and_then(|manifest| manifest.point.as_ref()) {
        None => Vec::new(),
        Some(point) => match place_log(&mut progress, &scratch, backup) {
            Ok(log) => pitr::replaying(point, &log)?,
            Err(error) => return progress.failed(error),
        },
    };
    let source = backup.manifest.map(|manifest| &manifest.source);
    let role = source.and_then(|source| source.superuser.clone()).unwrap_or(SUPERUSERS[0].to_owned());
    let mut database = source.map_or(Scratch::own_database(), |source| &source.database).to_owned();
    let beginning = Beginning::Files { role, database: database.clone(), replays: !settings.is_empty() };
    let started = start(&mut progress, &mut scratch, &beginning, settings)?;
    let (parts, mut checks) = (progress.parts, progress.checks);
    match started {
        Ok(()) => {
            if source.is_none() {
                database = find_database(context, &mut scratch)?;
            }
            checks.push(Check::of(CHECK, reached(&scratch.log()), Vec::new()));
            Ok(Attempt::Serves(Box::new(Restored { scratch, database, parts, checks })))
        }
        Err(reason) => {
            checks.push(Check::failed(CHECK, format!("the server does not come up from it: {reason}")));
            Ok(Attempt::Failed(parts, checks))
        }
    }
}

/// Holds the copy against the list that the server made of its files. A copy of somebody else's making may have none.
fn verified(
    context: &Context<'_>,
    scratch: &Scratch,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Check, DrillError> {
    let data = scratch.data();
    if backup.manifest.is_none() && !data.join(LIST).exists() {
        let torn = match may_be_torn(&data) {
            true => {
                "; nor has it a backup_label, and its server was running: unless all of it is of one moment, as a snapshot of a disk is, its files need not fit together"
            }
            false => "",
        };
        return Ok(Check::unproven(
            VERIFIED,
            format!(
                "the copy has no {LIST}: a file that is missing, cut off or another would not be seen{torn}"
            ),
        ));
    }
    let (verified, _) = context.step(&format!("{}: {VERIFIED}", backup.method), || {
        let mut verify = tool::client(programs, VERIFIED, None)?;
        verify.arg("--quiet").arg(&data);
        tool::run(context, vec![verify], None).map(tool::all_well)
    })?;
    Ok(match verified {
        Ok(_) => Check::of(
            VERIFIED,
            "every file that the server listed is there with the checksum that it listed, and the log that they need can be read",
            Vec::new(),
        ),
        Err(error) => Check::failed(VERIFIED, error.to_string()),
    })
}

/// Whether a copy was made of a server that ran, and not by pg_basebackup. The state stands behind the identifier of the system
/// and two versions (`ControlFileData` of `catalog/pg_control.h`, PostgreSQL 13 to 18): 1 is shut down, 2 shut down in recovery.
fn may_be_torn(data: &Path) -> bool {
    const STATE: std::ops::Range<usize> = 16..20;
    let mut beginning = [0; STATE.end];
    let control = files::open_plain(&data.join("global/pg_control"));
    let is_read = control.and_then(|mut file| file.read_exact(&mut beginning)).is_ok();
    let state = u32::from_ne_bytes([beginning[16], beginning[17], beginning[18], beginning[19]]);
    let was_shut_down = is_read && [1, 2].contains(&state);
    !was_shut_down && !data.join("backup_label").exists()
}

/// The largest database of a server that nothing is known of, to which one of the usual superusers is let in.
fn find_database(context: &Context<'_>, scratch: &mut Scratch) -> Result<String, DrillError> {
    let sql = "SELECT datname::text FROM pg_database
               WHERE datallowconn AND NOT datistemplate
                 AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
               ORDER BY pg_database_size(oid) DESC, datname LIMIT 1";
    let mut last = String::new();
    for role in SUPERUSERS {
        scratch.speak_as(role);
        let route = scratch.route(Scratch::own_database())?;
        let found = context.ask(async {
            Ok::<_, DrillError>(match connect(&route).await {
                Err(error) => Err(error.to_string()),
                Ok(client) => client.query_opt(sql, &[]).await.map_err(|error| describe(&error)),
            })
        })?;
        match found {
            Ok(Some(row)) => return Ok(row.get(0)),
            Ok(None) => last = format!("{role} is no superuser"),
            Err(why) => last = why,
        }
    }
    Err(DrillError::Environment(format!(
        "no superuser {} is let into the server that was restored, and without a manifest nothing says which it has ({last})",
        SUPERUSERS.join(" or ")
    )))
}

/// What the server says of how far it came.
fn reached(log: &str) -> String {
    let told = ["recovery stopping", "consistent recovery state reached", "redo done"];
    let line = told.iter().find_map(|part| log.lines().find(|line| line.contains(part)));
    let line = line.and_then(|line| line.split_once("LOG:")).map(|(_, said)| said.trim().to_owned());
    format!("the server came up{}", line.map_or_else(String::new, |line| format!(": {line}")))
}

/// Puts the server's files where the scratch server has its own.
fn place_files(
    progress: &mut Progress<'_, '_>,
    scratch: &Scratch,
    backup: &Backup<'_>,
) -> Result<(), DrillError> {
    let (context, data) = (progress.context, scratch.data());
    let found = match (backup.is_bare, backup.cipher) {
        (true, _) => backup.path.to_owned(),
        (false, Some(cipher)) => cipher::named(&backup.path.join(physical::PACKED), Some(cipher)),
        (false, None) => backup.path.join(physical::DIRECTORY),
    };
    let name = if backup.cipher.is_some() { "decrypt and unpack" } else { "copy" };
    progress.part(name, Some(files::bytes(&found)), || put(context, &found, backup.cipher, &data))
}

/// Puts the archived log where the scratch server's user can read it.
fn place_log(
    progress: &mut Progress<'_, '_>,
    scratch: &Scratch,
    backup: &Backup<'_>,
) -> Result<PathBuf, DrillError> {
    let context = progress.context;
    let log = scratch.new_directory(pitr::DIRECTORY)?;
    let found = match backup.cipher {
        Some(cipher) => cipher::named(&backup.path.join(pitr::PACKED), Some(cipher)),
        None => backup.path.join(pitr::DIRECTORY),
    };
    progress.part("bring the archived log", Some(files::bytes(&found)), || {
        put(context, &found, backup.cipher, &log)?;
        Ok(scratch.give(&log)?)
    })?;
    Ok(log)
}

/// Copies what is in a directory into another, or unpacks an encrypted file into it.
fn put(context: &Context<'_>, from: &Path, cipher: Option<Cipher>, to: &Path) -> Result<(), DrillError> {
    if let Some(cipher) = cipher {
        return cipher::unpack(context, from, cipher, to);
    }
    let mut copy = tool::machine_program("cp")?;
    // Not with their owners: what is copied is ours until all of it is in order.
    copy.args(["-R", "-P"]).arg(from.join(".")).arg(to);
    tool::run(context, vec![copy], None).and_then(tool::all_well).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_running_server_may_be_torn() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("global")).unwrap();
        let control = |state: u32| {
            let bytes = [&[0; 16][..], &state.to_ne_bytes(), &[0; 40]].concat();
            std::fs::write(data.path().join("global/pg_control"), bytes).unwrap();
            may_be_torn(data.path())
        };
        assert_eq!([1, 2, 4, 6].map(control), [false, false, true, true]);
        std::fs::write(data.path().join("backup_label"), "").unwrap();
        assert!(!control(6));
    }

    #[test]
    fn how_far_it_came_is_read_off_the_log() {
        let log =
            "x LOG:  consistent recovery state reached at 0/2\nx LOG:  recovery stopping before commit\n";
        assert_eq!(reached(log), "the server came up: recovery stopping before commit");
        assert_eq!(reached("nothing of the kind"), "the server came up");
    }
}
