//! A backup is restored into a scratch server of this program's own, and nowhere else.
//!
//! A backup that cannot be restored is a check that failed, and no error. The way that another method is restored is added
//! beside `dump` and `copy`.

mod copy;
mod dump;

use super::{
    context::Context,
    error::DrillError,
    manifest::Manifest,
    options::{Cipher, Method},
    result::{Check, Part},
    source,
};
use crate::target::{Beginning, Programs, Route, Scratch};
use std::path::Path;
use tokio_postgres::Client;

/// What the check is called that the backup can be restored at all.
pub(super) const CHECK: &str = "restore";
/// What keeps a scratch server to itself: subscriptions of a copy would go on in the old server's place, and transactions
/// that the old server had prepared need room.
const QUIET: [(&str, &str); 2] =
    [("max_logical_replication_workers", "0"), ("max_prepared_transactions", "200")];
/// The same from a major version on: triggers on logins would write while others compare.
const QUIET_TRIGGERS: (u32, (&str, &str)) = (17, ("event_triggers", "off"));
/// What a program says where the disk is full, which is no fault of the backup's.
const DISK_FULL: &str = "No space left on device";

/// A backup on disk.
pub(super) struct Backup<'a> {
    pub(super) method: Method,
    /// Its directory; or, where it is a single file or somebody's directory, that itself.
    pub(super) path: &'a Path,
    /// Whether `path` is the dump itself, and not a directory as this program makes them.
    pub(super) is_bare: bool,
    pub(super) cipher: Option<Cipher>,
    pub(super) manifest: Option<&'a Manifest>,
}

/// A server with the backup in it.
pub(super) struct Restored {
    pub(super) scratch: Scratch,
    pub(super) database: String,
    pub(super) parts: Vec<Part>,
    pub(super) checks: Vec<Check>,
}

/// What became of a restore.
pub(super) enum Attempt {
    /// The server answers.
    Serves(Box<Restored>),
    /// It does not; the last check says why.
    Failed(Vec<Part>, Vec<Check>),
}

impl Restored {
    /// The way to the database, as a superuser.
    fn route(&self) -> Result<Route, DrillError> {
        Ok(self.scratch.route(&self.database)?)
    }

    /// A session in which every row has the same text as in the source, and which may write, whatever the source said.
    pub(super) async fn session(&self) -> Result<Client, DrillError> {
        let client = source::session(&self.route()?).await?;
        let may_write = client.batch_execute("SET default_transaction_read_only = off").await;
        may_write.map_err(DrillError::of("looked at"))?;
        Ok(client)
    }

    /// Ends transactions that the old server had prepared and that nobody decides any more: their locks would stop whoever
    /// looks. Gives how many there were.
    pub(super) async fn end_prepared(&self) -> Result<usize, DrillError> {
        let (client, refused) = (self.session().await?, DrillError::of("looked at"));
        let sql = "SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts
                   WHERE database = current_database()";
        let rows = client.query(sql, &[]).await.map_err(&refused)?;
        for row in &rows {
            client.batch_execute(row.get(0)).await.map_err(&refused)?;
        }
        Ok(rows.len())
    }
}

/// The steps so far.
struct Progress<'a, 'b> {
    context: &'a Context<'b>,
    method: Method,
    parts: Vec<Part>,
    checks: Vec<Check>,
}

impl Progress<'_, '_> {
    fn part<T>(
        &mut self,
        name: &str,
        bytes: Option<u64>,
        work: impl FnOnce() -> Result<T, DrillError>,
    ) -> Result<T, DrillError> {
        let (done, seconds) = self.context.step(&format!("{}: {name}", self.method), work)?;
        self.parts.push(Part { name: name.to_owned(), seconds, bytes });
        Ok(done)
    }

    /// A backup that cannot be restored is a result; whatever else goes wrong is not.
    fn failed(mut self, error: DrillError) -> Result<Attempt, DrillError> {
        match error {
            DrillError::Program { ref said, .. } if !said.contains(DISK_FULL) => {
                self.checks.push(Check::failed(CHECK, error.to_string()));
                Ok(Attempt::Failed(self.parts, self.checks))
            }
            other => Err(other),
        }
    }
}

/// Restores a backup.
///
/// # Errors
/// When the scratch server cannot be had, a program is missing, the disk is full, or the user asks for the end. That the
/// backup cannot be restored is no error.
pub(super) fn restore(
    context: &Context<'_>,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Attempt, DrillError> {
    let scratch = Scratch::make(programs, context.options.target.machine.as_ref())?;
    let progress = Progress { context, method: backup.method, parts: Vec::new(), checks: Vec::new() };
    match backup.method.is_physical() {
        true => copy::restore(progress, scratch, programs, backup),
        false => dump::restore(progress, scratch, programs, backup),
    }
}

/// Settings that the user gave for an embedded server: what is restored is served under the same.
fn settings_of_user(context: &Context<'_>) -> Vec<(String, String)> {
    let target = &context.options.target;
    let of_profile = target.profile.iter().flat_map(|profile| profile.settings.iter().cloned());
    let is_own = |name: &str| name.to_ascii_lowercase().starts_with("archive_");
    of_profile.chain(target.settings.iter().cloned()).filter(|(name, _)| !is_own(name)).collect()
}

/// Settings that are the drill's own on servers of this major version.
fn own_settings(major: u32) -> impl Iterator<Item = (String, String)> {
    let (since, triggers) = QUIET_TRIGGERS;
    let triggers = (major >= since).then_some(triggers);
    QUIET.into_iter().chain(triggers).map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// Starts the server; gives why it does not come up, where that is its files' fault.
fn start(
    progress: &mut Progress<'_, '_>,
    scratch: &mut Scratch,
    beginning: &Beginning,
    settings: Vec<(String, String)>,
) -> Result<Result<(), String>, DrillError> {
    let context = progress.context;
    let own = own_settings(scratch.programs().major);
    let settings = settings_of_user(context).into_iter().chain(own).chain(settings).collect();
    let name = match beginning {
        Beginning::New => "start a server",
        Beginning::Files { replays: false, .. } => "start the server",
        Beginning::Files { replays: true, .. } => "start the server and replay the log",
    };
    let started = progress.part(name, None, || {
        let give_up = || context.interrupt.is_asked();
        Ok(scratch.start(beginning, settings, &give_up))
    })?;
    match started {
        Err(_) if context.interrupt.is_asked() => Err(DrillError::Interrupted),
        Err(reason) if Scratch::blames_a_setting(&reason) => Err(DrillError::Usage(format!(
            "{reason}: what is restored is served under --set and --flags, too"
        ))),
        Err(reason) if reason.contains(DISK_FULL) => Err(DrillError::Environment(reason)),
        started => Ok(started),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_speaks_to_nobody() {
        let names = |major| own_settings(major).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(16), ["max_logical_replication_workers", "max_prepared_transactions"]);
        assert_eq!(names(17).last().map(String::as_str), Some("event_triggers"));
    }
}
