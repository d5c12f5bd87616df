//! The order of a drill: the database is reached or made, backed up, and each backup proved.

use super::{
    cipher, contents,
    contents::Contents,
    context::{Context, private_directory},
    dump,
    error::DrillError,
    files, growth, kept,
    manifest::Manifest,
    options::{DrillOptions, Encryption, Method},
    physical, pitr,
    prove::{self, Depth, Proof},
    restore::Backup,
    result::{BackupDrill, Check, Drill, FORMAT, Measured, Outcome, VERSION},
    source::{self, Source},
    space,
};
use crate::{
    lab::{Event, Interrupt},
    target::{Programs, Scratch, address_named, locate, runtime},
};
use chrono::Utc;
use std::{
    cell::Cell,
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tokio::runtime::Runtime;

/// What the check is called that holds a kept backup against the database as it is now.
const SOURCE: &str = "source as it is now";

/// What no backup of a database holds.
const AUDIO: &str = "the audio files and pictures: they are in Cloud Storage, and the database has only their addresses (gs://...); the bucket needs versions or copies of its own";
/// What a dump of one database does not hold.
const GLOBALS: &str = "of a dump: roles with their passwords, settings of the server, of roles and of the database, and other databases (pg_dumpall --globals-only, and the instance's flags)";

/// What all drills share.
struct Frame<'a> {
    options: &'a DrillOptions,
    runtime: &'a Runtime,
    interrupt: &'a Interrupt,
    listen: &'a dyn Fn(Event),
}

impl<'a> Frame<'a> {
    fn context(&self, workshop: &'a Scratch) -> Context<'a> {
        Context {
            options: self.options,
            runtime: self.runtime,
            interrupt: self.interrupt,
            listen: self.listen,
            workshop,
            names: Cell::new(0),
        }
    }
}

/// Holds a drill.
///
/// # Errors
/// When it cannot be held. A backup that does not stand it is a result, and no error.
pub fn drill(
    options: &DrillOptions,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Drill, DrillError> {
    let at = Utc::now();
    cipher::check(options.encryption.as_ref(), options.identity.as_deref())?;
    options.keep.as_deref().map(kept::check_place).transpose()?;
    let runtime = runtime()?;
    let frame = Frame { options, runtime: &runtime, interrupt, listen };
    let is_named = address_named(&options.target)?.is_some();
    let (backups, cautions) = match &options.from {
        Some(from) => of_kept(&frame, from, is_named)?,
        None if is_named => of_existing(&frame)?,
        None => of_embedded(&frame)?,
    };
    let is_dump = backups.iter().any(|backup| !backup.method.is_physical());
    let left_out = [AUDIO].into_iter().chain(is_dump.then_some(GLOBALS)).map(str::to_owned).collect();
    Ok(Drill {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        outcome: backups.iter().map(|backup| backup.outcome).max().unwrap_or(Outcome::Unproven),
        backups,
        left_out,
        cautions,
    })
}

type Drilled = (Vec<BackupDrill>, Vec<String>);

/// A database that is there already: it is read, and nothing else.
fn of_existing(frame: &Frame<'_>) -> Result<Drilled, DrillError> {
    let options = frame.options;
    if options.methods.contains(&Method::Pitr) {
        return Err(DrillError::Usage(
            "--method pitr changes how a server archives its log, and is drilled on the embedded server alone: add --embedded; of Cloud SQL itself, prove it by a copy at a point in time (gcloud sql instances clone SOURCE COPY --point-in-time=TIME), and that copy by --method directory"
                .to_owned(),
        ));
    }
    let source = Source::existing(&options.target, frame.runtime)?;
    let programs = Source::programs(&options.target, &source.facts, &options.methods)?;
    let workshop = Scratch::make(&programs, None)?;
    let context = frame.context(&workshop);
    for method in &options.methods {
        match method.is_physical() {
            true => physical::check_rights(&context, &source)?,
            false => dump::check_rights(&context, &source)?,
        }
    }
    let mut backups = Vec::new();
    for method in &options.methods {
        let proof = one(&context, &source, &programs, *method, 0, Depth::Everything)?;
        let growth = prove::measured(&proof.drill).and_then(|one| growth::project(vec![one]));
        backups.push(BackupDrill { growth, ..proof.drill });
    }
    let caution = source::caution(&programs, &source.facts);
    Ok((backups, source.target.cautions().into_iter().chain(caution).collect()))
}

/// A server of this program's own; with a smaller library first, where growth is to be projected.
fn of_embedded(frame: &Frame<'_>) -> Result<Drilled, DrillError> {
    let options = frame.options;
    let archives = options.methods.contains(&Method::Pitr);
    if let Some(name) = source::in_the_way(&options.target.settings).filter(|_| archives) {
        return Err(DrillError::Usage(format!(
            "--set {name} is the drill's own to set with --method pitr: leave it out"
        )));
    }
    let programs = locate(options.target.pg_bin.as_deref(), options.target.pg_version)?;
    let workshop = Scratch::make(&programs, None)?;
    let context = frame.context(&workshop);
    let tracks = options.catalog.tracks;
    let mut smaller: Vec<Option<Measured>> = vec![None; options.methods.len()];
    if let Some(few) = options.grow.filter(|few| *few < tracks) {
        let source = Source::embedded(&context, few, archives)?;
        for (measured, method) in smaller.iter_mut().zip(&options.methods) {
            let proof = one(&context, &source, &programs, *method, few, Depth::Restored)?;
            if proof.drill.outcome == Outcome::Failed {
                return Ok((vec![proof.drill], source.target.cautions()));
            }
            *measured = prove::measured(&proof.drill);
        }
    }
    let source = Source::embedded(&context, tracks, archives)?;
    let mut backups = Vec::new();
    for (fewer, method) in smaller.into_iter().zip(&options.methods) {
        let proof = one(&context, &source, &programs, *method, tracks, Depth::Everything)?;
        let measured = prove::measured(&proof.drill).map(|one| fewer.into_iter().chain([one]).collect());
        backups.push(BackupDrill { growth: measured.and_then(growth::project), ..proof.drill });
    }
    Ok((backups, source.target.cautions()))
}

/// Makes one backup and proves it; keeps it, if that is asked for and it is the one that was asked for.
fn one(
    context: &Context<'_>,
    source: &Source,
    programs: &Programs,
    method: Method,
    tracks: u64,
    depth: Depth,
) -> Result<Proof, DrillError> {
    let bytes = if method.is_physical() { source.facts.server_bytes } else { source.facts.database_bytes };
    space::check(&Scratch::room(), space::needed(bytes, bytes), "the drill")?;
    let keep = context.options.keep.as_deref().filter(|_| depth == Depth::Everything);
    keep.map_or(Ok(()), |keep| space::check(keep, bytes, "the backup"))?;
    let directory = context.place(method.name())?;
    private_directory(&directory)?;
    let made = match method {
        Method::Custom | Method::Directory => dump::make(context, source, programs, method, &directory)?,
        Method::Base => physical::make(context, source, programs, &directory)?,
        Method::Pitr => pitr::make(context, source, programs, tracks, &directory)?,
    };
    let (files, _) = context.step(&format!("{method}: SHA-256 of the files"), || files::all(&directory))?;
    let cipher = context.options.encryption.as_ref().map(Encryption::cipher);
    let manifest = Manifest::of(method, cipher, source.facts.clone(), made, files);
    manifest.write(&directory)?;
    let backup = Backup { method, path: &directory, is_bare: false, cipher, manifest: Some(&manifest) };
    let mut proof = prove::prove(context, programs, &backup, depth, None)?;
    match keep {
        None => std::fs::remove_dir_all(&directory).map_err(DrillError::file(&directory))?,
        Some(keep) => {
            let place = place(keep, method, context.options.methods.len());
            kept::keep(context, &directory, &place)?;
            proof.drill.kept = Some(place.display().to_string());
        }
    }
    Ok(proof)
}

/// One backup is kept in the directory itself, several in one each.
fn place(keep: &Path, method: Method, methods: usize) -> PathBuf {
    if methods == 1 { keep.to_owned() } else { keep.join(method.name()) }
}

/// A backup that was made before.
fn of_kept(frame: &Frame<'_>, from: &Path, is_named: bool) -> Result<Drilled, DrillError> {
    let options = frame.options;
    let found = kept::find(from)?;
    cipher::check_opening(found.cipher, options.identity.as_deref())?;
    let source = found.manifest.as_ref().map(|manifest| &manifest.source);
    let programs = programs_for(options, &found)?;
    let backup_bytes = files::bytes(&found.path);
    let bytes = match (source, found.method.is_physical()) {
        (Some(source), true) => source.server_bytes,
        (Some(source), false) => source.database_bytes,
        // What is packed grows when it is unpacked, and nobody wrote down by how much.
        (None, _) => backup_bytes.saturating_mul(5),
    };
    space::check(&Scratch::room(), space::needed(bytes, backup_bytes), "the drill")?;
    let workshop = Scratch::make(&programs, None)?;
    let context = frame.context(&workshop);
    let backup = Backup {
        method: found.method,
        path: &found.path,
        is_bare: found.is_bare,
        cipher: found.cipher,
        manifest: found.manifest.as_ref(),
    };
    let mut proof = prove::prove(&context, &programs, &backup, Depth::Everything, Some(Utc::now()))?;
    proof.drill.from = Some(from.display().to_string());
    if let Some(restored) = proof.found.take().filter(|_| is_named) {
        proof.drill.checks.push(with_source(&context, &restored)?);
    }
    let growth = prove::measured(&proof.drill).and_then(|one| growth::project(vec![one]));
    let caution = source.and_then(|source| source::caution(&programs, source));
    Ok((vec![BackupDrill { growth, ..proof.drill }], caution.into_iter().collect()))
}

/// The programs that can restore it.
fn programs_for(options: &DrillOptions, found: &kept::Found) -> Result<Programs, DrillError> {
    if let Some(manifest) = &found.manifest {
        return Source::programs(&options.target, &manifest.source, &[found.method]);
    }
    let (bin, wanted, own) = (options.target.pg_bin.as_deref(), options.target.pg_version, major_of(found));
    let programs = locate(bin, wanted.or(own.filter(|_| bin.is_none())))?;
    match own.filter(|major| *major != programs.major) {
        None => Ok(programs),
        Some(major) => Err(DrillError::Environment(format!(
            "--from {}: these are files of a server of PostgreSQL {major}, and the programs in {} are of {}, which cannot serve them: name those of version {major} by --pg-bin or --pg-version",
            found.path.display(),
            programs.directory.display(),
            programs.version
        ))),
    }
}

/// The major version whose server the files of a copy are.
fn major_of(found: &kept::Found) -> Option<u32> {
    std::fs::read_to_string(found.path.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Holds what was restored against the database that is named. It may have been written to since: that is no fault of the
/// backup's.
fn with_source(context: &Context<'_>, restored: &Contents) -> Result<Check, DrillError> {
    let read = || -> Result<Contents, DrillError> {
        let source = Source::existing(&context.options.target, context.runtime)?;
        let client = context.ask(source.session())?;
        context.ask(async { contents::read(&client).await.map_err(DrillError::of("compared")) })
    };
    let (now, _) = context.step("the source as it is now", || match read() {
        Err(DrillError::Interrupted) => Err(DrillError::Interrupted),
        read => Ok(read),
    })?;
    let now = match now {
        Ok(now) => now,
        Err(error) => return Ok(Check::unproven(SOURCE, error.to_string())),
    };
    let is_same = |name: &str| {
        let of = |contents: &Contents| contents.tables.iter().find(|table| table.name == name).cloned();
        of(restored) == of(&now)
    };
    let names = now.tables.iter().chain(&restored.tables).map(|table| table.name.as_str());
    let other: BTreeSet<&str> = names.filter(|name| !is_same(name)).collect();
    let other: Vec<&str> = other.into_iter().collect();
    Ok(match other.is_empty() {
        true => Check::of(
            SOURCE,
            format!("it holds the same rows in its {} tables", now.tables.len()),
            Vec::new(),
        ),
        false => Check::unproven(
            SOURCE,
            format!(
                "it holds other rows by now in {}: it was written to since, or the backup is not of it",
                other.join(", ")
            ),
        ),
    })
}
