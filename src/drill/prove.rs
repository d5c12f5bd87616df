//! A backup is proved: its files are those that were written, it can be restored, what comes out is what went in, and it can
//! be worked with.

use super::{
    checks,
    contents::Contents,
    context::Context,
    error::DrillError,
    files,
    manifest::Manifest,
    restore::{self, Attempt, Backup, Restored},
    result::{BackedUp, BackupDrill, Check, Measured, Outcome, Part, RecoveryPoint, Sizes},
    tool,
};
use crate::target::{Programs, describe};
use chrono::{DateTime, Utc};

/// What the check is called that the server stays to be asked.
const RESTORED: &str = "restored server";
/// A day, in seconds: how often backups are made by plan.
const DAY: f64 = 24.0 * 60.0 * 60.0;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Whether it can be restored, and is the same: what is needed to measure how long that takes.
    Restored,
    /// Everything.
    Everything,
}

/// What came of it, and what was found in the database that was restored.
pub(super) struct Proof {
    pub(super) drill: BackupDrill,
    pub(super) found: Option<Contents>,
}

/// Proves a backup. `at` is the moment at which it is asked how old what can be restored is; of a backup that was just made,
/// that at which its last file was written.
///
/// # Errors
/// When the drill cannot be held; a backup that does not stand it is no error.
pub(super) fn prove(
    context: &Context<'_>,
    programs: &Programs,
    backup: &Backup<'_>,
    depth: Depth,
    at: Option<DateTime<Utc>>,
) -> Result<Proof, DrillError> {
    let mut proof = Proof { drill: begun(programs, backup, at), found: None };
    if let Some(manifest) = backup.manifest {
        let (check, _) = context.step(&format!("{}: digests of the files", backup.method), || {
            Ok(files::check(backup.path, &manifest.files))
        })?;
        let is_damaged = check.outcome == Outcome::Failed;
        proof.drill.checks.push(check);
        if is_damaged {
            let why = "not tried, because its files are not those that were written";
            proof.drill.checks.push(Check::unproven(restore::CHECK, why));
            return Ok(concluded(proof));
        }
    }
    match restore::restore(context, programs, backup)? {
        Attempt::Failed(parts, checks) => {
            proof.drill.restored = parts;
            proof.drill.checks.extend(checks);
        }
        Attempt::Serves(restored) => {
            match look(context, programs, backup, depth, *restored, &mut proof) {
                // It came up, and broke off, or refuses what every database does.
                Err(error @ (DrillError::Database { .. } | DrillError::Target(_))) => {
                    proof.drill.checks.push(Check::failed(RESTORED, error.to_string()));
                }
                looked => looked?,
            }
        }
    }
    Ok(concluded(proof))
}

fn look(
    context: &Context<'_>,
    programs: &Programs,
    backup: &Backup<'_>,
    depth: Depth,
    mut restored: Restored,
    proof: &mut Proof,
) -> Result<(), DrillError> {
    let manifest = backup.manifest;
    let drill = &mut proof.drill;
    drill.restored.append(&mut restored.parts);
    drill.checks.append(&mut restored.checks);
    let prepared = context.ask(restored.end_prepared())?;
    if prepared > 0 {
        context.note(format!(
            "{prepared} prepared transactions, which nobody decides any more, were ended in the copy"
        ));
    }
    let (first, seconds) = context.step(&format!("{}: first answer", backup.method), || {
        context.ask(async {
            let client = restored.session().await?;
            Ok::<_, DrillError>(checks::first(&client, manifest).await)
        })
    })?;
    drill.restored.push(Part { name: checks::FIRST.to_owned(), seconds, bytes: None });
    let first = first.unwrap_or_else(|error| Check::failed(checks::FIRST, describe(&error)));
    drill.checks.push(first);
    if drill.checks.iter().all(|check| check.outcome != Outcome::Failed) {
        drill.recovery_time_seconds = Some(drill.restored.iter().map(|part| part.seconds).sum());
    }
    let (compared, found) = checks::compare(context, &restored, manifest, programs.major)?;
    drill.checks.extend(compared);
    proof.found = found;
    drill.sizes.restored_bytes = Some(size(context, &restored)?);
    if depth == Depth::Everything {
        checks::sound(context, &restored, manifest, proof.found.as_ref(), &mut drill.checks)?;
    }
    Ok(())
}

fn size(context: &Context<'_>, restored: &Restored) -> Result<u64, DrillError> {
    context.ask(async {
        let client = restored.session().await?;
        let sql = "SELECT pg_database_size(current_database())";
        let row = client.query_one(sql, &[]).await.map_err(DrillError::of("looked at"))?;
        Ok::<_, DrillError>(row.get::<_, i64>(0).cast_unsigned())
    })
}

/// What is known before anything is looked at.
fn begun(programs: &Programs, backup: &Backup<'_>, at: Option<DateTime<Utc>>) -> BackupDrill {
    let manifest = backup.manifest;
    let of_method: &[&str] = match backup.method.is_physical() {
        true => &["postgres", "pg_verifybackup"],
        false => &["postgres", "pg_restore"],
    };
    let restoring = of_method.iter().filter_map(|name| tool::version(programs, name));
    let making = manifest.into_iter().flat_map(|manifest| manifest.tools.iter().cloned());
    let source = manifest.map(|manifest| &manifest.source);
    BackupDrill {
        method: backup.method,
        outcome: Outcome::Passed,
        from: None,
        kept: None,
        source: manifest.map(|manifest| BackedUp {
            address: manifest.source.address.clone(),
            version: manifest.source.version.clone(),
            as_of: manifest.as_of,
            tracks: manifest.contents.tracks(),
        }),
        encryption: backup.cipher.map(|cipher| cipher.name().to_owned()),
        tools: making.chain(restoring).collect(),
        checks: Vec::new(),
        sizes: Sizes {
            database_bytes: source.map(|source| match backup.method.is_physical() {
                true => source.server_bytes,
                false => source.database_bytes,
            }),
            backup_bytes: manifest.map_or_else(|| files::bytes(backup.path), Manifest::bytes),
            restored_bytes: None,
        },
        made: manifest.map(|manifest| manifest.made.clone()).unwrap_or_default(),
        restored: Vec::new(),
        recovery_time_seconds: None,
        recovery_point: manifest.map(|manifest| recovery_point(manifest, at)),
        growth: None,
    }
}

fn concluded(mut proof: Proof) -> Proof {
    let has_failed = proof.drill.checks.iter().any(|check| check.outcome == Outcome::Failed);
    proof.drill.outcome = if has_failed { Outcome::Failed } else { Outcome::Passed };
    proof
}

/// What would have been lost at the moment `at`, and what may be by plan.
fn recovery_point(manifest: &Manifest, at: Option<DateTime<Utc>>) -> RecoveryPoint {
    if let Some(point) = &manifest.point {
        let timeout = point.archive_timeout_seconds;
        let (bound_seconds, bound) = match timeout > 0.0 {
            true => (
                Some(timeout + point.archiver_seconds),
                format!(
                    "archive_timeout of {timeout:.0} s and the {:.2} s that the archiver took",
                    point.archiver_seconds
                ),
            ),
            false => {
                (None, "archive_timeout is off: a file of the log is archived when it is full".to_owned())
            }
        };
        return RecoveryPoint {
            measured_seconds: point.exposure_seconds,
            measured: "since a file of the log was archived last, when the last row had been committed"
                .to_owned(),
            bound_seconds,
            bound,
        };
    }
    let age = (at.unwrap_or(manifest.finished_at) - manifest.as_of).as_seconds_f64().max(0.0);
    let measured = match at {
        Some(_) => "age of what is in the backup, now",
        None => "age of what is in the backup, when its last file was written",
    };
    let took = (manifest.finished_at - manifest.as_of).as_seconds_f64().max(0.0);
    RecoveryPoint {
        measured_seconds: age,
        measured: measured.to_owned(),
        bound_seconds: Some(DAY + took),
        bound: "one backup a day, and as long as making one takes".to_owned(),
    }
}

/// The drill as a point of growth; none where it failed, or there are no tracks in it.
pub(super) fn measured(drill: &BackupDrill) -> Option<Measured> {
    if drill.outcome == Outcome::Failed {
        return None;
    }
    Some(Measured {
        tracks: drill.source.as_ref()?.tracks.filter(|tracks| *tracks > 0)?,
        backup_bytes: drill.sizes.backup_bytes,
        backup_seconds: drill.made.iter().map(|part| part.seconds).sum(),
        recovery_seconds: drill.recovery_time_seconds?,
    })
}
