//! A backup is restored into a scratch server of this program's own, and nowhere else.

use super::{
    cipher,
    context::{Context, private_directory},
    dump,
    error::DrillError,
    files,
    manifest::Manifest,
    options::{Cipher, Method},
    physical, pitr,
    result::{Check, Part},
    source, tool,
    tool::Way,
};
use crate::target::{Beginning, Programs, Route, Scratch};
use std::path::{Path, PathBuf};
use tokio_postgres::Client;

/// What the check is called that the backup can be restored at all.
pub(super) const CHECK: &str = "restore";
/// The database that a dump is restored into.
const DATABASE: &str = "restored";
/// Superusers that servers have, where nothing says which: PostgreSQL's own, this program's, those of clouds.
const SUPERUSERS: [&str; 4] = ["postgres", "loist", "cloudsqladmin", "rdsadmin"];

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
    pub(super) fn route(&self) -> Result<Route, DrillError> {
        Ok(self.scratch.route(&self.database)?)
    }

    /// A session in which every row has the same text as in the source.
    pub(super) async fn session(&self) -> Result<Client, DrillError> {
        source::session(&self.route()?).await
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
            DrillError::Program { .. } => {
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
/// When the scratch server cannot be had, a program is missing, or the user asks for the end. That the backup cannot be
/// restored is no error.
pub(super) fn restore(
    context: &Context<'_>,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Attempt, DrillError> {
    let scratch = Scratch::make(programs, context.options.target.machine.as_ref())?;
    let progress = Progress { context, method: backup.method, parts: Vec::new(), checks: Vec::new() };
    match backup.method.is_physical() {
        true => restore_files(progress, scratch, programs, backup),
        false => restore_dump(progress, scratch, programs, backup),
    }
}

/// Settings that the user gave for an embedded server: what is restored is served under the same.
fn settings_of_user(context: &Context<'_>) -> Vec<(String, String)> {
    let target = &context.options.target;
    let of_profile = target.profile.iter().flat_map(|profile| profile.settings.iter().cloned());
    let is_own = |name: &str| name.to_ascii_lowercase().starts_with("archive_");
    of_profile.chain(target.settings.iter().cloned()).filter(|(name, _)| !is_own(name)).collect()
}

fn start(
    progress: &mut Progress<'_, '_>,
    scratch: &mut Scratch,
    beginning: &Beginning,
    settings: Vec<(String, String)>,
) -> Result<Result<(), String>, DrillError> {
    let context = progress.context;
    let settings = settings_of_user(context).into_iter().chain(settings).collect();
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
        started => Ok(started.map(drop)),
    }
}

fn restore_dump(
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
    progress.part("make the database", None, || {
        context.ask(make_database(&own, backup.manifest, &|note| context.note(note)))
    })?;
    let way = Way::of(context, &scratch.route(DATABASE)?)?;
    let mut complaints = Vec::new();
    for (section, name) in
        [("pre-data", "tables"), ("data", "rows"), ("post-data", "indexes, constraints and triggers")]
    {
        let bytes = (section == "data").then(|| files::bytes(&plain));
        let said = progress.part(name, bytes, || {
            let mut restore = tool::client(programs, "pg_restore", Some(&way))?;
            restore.args(["--no-password", "--no-tablespaces"]);
            restore.args([&format!("--dbname={DATABASE}"), &format!("--section={section}")]);
            if backup.manifest.is_none() {
                // Nobody says which roles it needs.
                restore.args(["--no-owner", "--no-privileges"]);
            }
            restore.arg(format!("--jobs={}", context.options.jobs)).arg(&plain);
            tool::run(context, vec![restore], None)
        })?;
        complaints.extend(said.into_iter().filter(|one| !one.succeeded || !one.text.is_empty()));
    }
    if plain != backup.path && !plain.starts_with(backup.path) {
        let _ = if plain.is_dir() { std::fs::remove_dir_all(&plain) } else { std::fs::remove_file(&plain) };
    }
    let failures = complaints.iter().filter(|one| !one.succeeded).map(|one| one.text.clone()).collect();
    let warned: Vec<&str> =
        complaints.iter().filter(|one| one.succeeded).map(|one| one.text.as_str()).collect();
    let evidence = match warned.is_empty() {
        true => "pg_restore ended without an error or a warning".to_owned(),
        false => format!("pg_restore said: {}", warned.join("; ")),
    };
    progress.checks.push(Check::of(CHECK, evidence, failures));
    let (parts, checks) = (progress.parts, progress.checks);
    Ok(Attempt::Serves(Box::new(Restored { scratch, database: DATABASE.to_owned(), parts, checks })))
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
    progress.part("decrypt", Some(files::bytes(&found)), || match backup.method {
        Method::Custom => cipher::open_file(context, &found, cipher, &plain),
        _ => {
            private_directory(&plain)?;
            cipher::unpack(context, &found, cipher, &plain)
        }
    })?;
    Ok(plain)
}

/// Makes the roles that the dump names, none of which may log in, and an empty database like the one that was dumped.
async fn make_database(
    own: &Route,
    manifest: Option<&Manifest>,
    note: &dyn Fn(String),
) -> Result<(), DrillError> {
    let client = crate::target::connect(own).await?;
    let refused = DrillError::of("made");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for role in manifest.iter().flat_map(|manifest| &manifest.source.roles) {
        let known = client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = $1", &[role]).await;
        if known.map_err(&refused)?.is_none() {
            client.batch_execute(&format!("CREATE ROLE {}", quoted(role))).await.map_err(&refused)?;
        }
    }
    let make = format!("CREATE DATABASE {DATABASE} TEMPLATE template0");
    let Some(source) = manifest.map(|manifest| &manifest.source) else {
        return client.batch_execute(&make).await.map_err(refused);
    };
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let encoding = format!("{make} ENCODING {}", literal(&source.encoding));
    let like =
        format!("{encoding} LC_COLLATE {} LC_CTYPE {}", literal(&source.collate), literal(&source.ctype));
    if client.batch_execute(&like).await.is_ok() {
        return Ok(());
    }
    note(format!(
        "this machine has no locale {}, by which the database orders text: it is restored with C instead",
        source.collate
    ));
    client.batch_execute(&format!("{encoding} LC_COLLATE 'C' LC_CTYPE 'C'")).await.map_err(refused)
}

fn restore_files(
    mut progress: Progress<'_, '_>,
    mut scratch: Scratch,
    programs: &Programs,
    backup: &Backup<'_>,
) -> Result<Attempt, DrillError> {
    let context = progress.context;
    if let Err(error) = place_files(&mut progress, &scratch, backup) {
        return progress.failed(error);
    }
    let data = scratch.data();
    let (verified, _) = context.step(&format!("{}: pg_verifybackup", backup.method), || {
        let mut verify = tool::client(programs, "pg_verifybackup", None)?;
        verify.arg("--quiet").arg(&data);
        tool::run(context, vec![verify], None).map(tool::all_well)
    })?;
    match verified {
        Ok(_) => progress.checks.push(Check::of(
            "pg_verifybackup",
            "every file that the server listed is there with its SHA-256, and the log that they need can be read",
            Vec::new(),
        )),
        Err(error) => progress.checks.push(Check::failed("pg_verifybackup", error.to_string())),
    }
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

/// The largest database of a server that nothing is known of, to which one of the usual superusers is let in.
fn find_database(context: &Context<'_>, scratch: &mut Scratch) -> Result<String, DrillError> {
    let sql = "SELECT datname::text FROM pg_database WHERE datallowconn AND NOT datistemplate
               ORDER BY pg_database_size(oid) DESC, datname LIMIT 1";
    for role in SUPERUSERS {
        scratch.speak_as(role);
        let route = scratch.route(Scratch::own_database())?;
        let found = context.ask(async {
            let Ok(client) = crate::target::connect(&route).await else { return Ok(None) };
            client.query_opt(sql, &[]).await.map_err(DrillError::of("looked at"))
        })?;
        if let Some(row) = found {
            return Ok(row.get(0));
        }
    }
    Err(DrillError::Environment(format!(
        "the server that was restored has no superuser {}, and without a manifest nothing says which it has",
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
    let (bytes, mut name) = (files::bytes(&found), "copy");
    if backup.cipher.is_some() {
        name = "decrypt and unpack";
    }
    progress.part(name, Some(bytes), || put(context, &found, backup.cipher, &data))
}

/// Puts the archived log where the scratch server's user can read it.
fn place_log(
    progress: &mut Progress<'_, '_>,
    scratch: &Scratch,
    backup: &Backup<'_>,
) -> Result<PathBuf, DrillError> {
    let context = progress.context;
    let log = scratch.directory_for_server(pitr::DIRECTORY)?;
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
    copy.args(["-R", "-P", "-p"]).arg(from.join(".")).arg(to);
    tool::run(context, vec![copy], None).and_then(tool::all_well).map(drop)
}
