//! `loist-bench drill`.

use super::{
    args::{CatalogArgs, QuietArg, TargetArgs, said},
    failure::Failure,
    interrupt::{self, Reserved},
    load_args::time,
    output,
    progress::Progress,
};
use crate::{
    capacity::parse_tracks,
    drill::{self, Drill, DrillError, DrillOptions, Encryption, Method, Outcome, Until},
    report,
    target::address_named,
};
use clap::{ArgMatches, Args, Subcommand, ValueEnum};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Rehearse an emergency, and prove that it ends well
#[derive(Debug, Subcommand)]
pub(super) enum DrillCommand {
    Backup(Box<BackupArgs>),
}

/// Make a backup, restore it into a throw-away server, and prove that it is the same and can be worked with
///
/// Without a database a library is made, backed up and restored. Of a database that is there already nothing is written:
/// pg_dump reads it, and what it dumped is compared with digests of the same snapshot, so that others may go on writing.
/// A backup is restored into a server of loist-bench's own, and nowhere else. Every row, definition, constraint and index of
/// the copy is checked, and the workload runs on it.
///
/// Exit code: 0 restored, and everything that could be checked agrees; 1 a check failed; 2 wrong usage or bad input; 3 the
/// database, a program or room is missing; 130 interrupted: what was made is gone, but for backups that were proved and kept.
#[derive(Debug, Args)]
#[command(mut_arg("keep_server", |arg| arg.hide(true)))]
pub(super) struct BackupArgs {
    /// How the backup is made, as in directory,base: custom (pg_dump -Fc), directory (pg_dump -Fd), base (pg_basebackup) or
    /// pitr (pg_basebackup and archived log, restored to a point in time)
    #[arg(
        long,
        value_name = "METHODS",
        default_value = "directory",
        env = "LOIST_BENCH_METHOD",
        value_delimiter = ',',
        help_heading = "Backup"
    )]
    method: Vec<Method>,
    /// Processes that dump and restore side by side (default: the processors here, at most 4)
    #[arg(long, value_name = "N", env = "LOIST_BENCH_JOBS", value_parser = clap::value_parser!(u32).range(1..=64), help_heading = "Backup")]
    jobs: Option<u32>,
    /// What says up to where the log is replayed with --method pitr: time, lsn, xid or name (of a restore point)
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "time",
        env = "LOIST_BENCH_UNTIL",
        help_heading = "Backup"
    )]
    until: Until,
    /// New directory in which the backup stays, with a manifest.json by which it can be proved later
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_KEEP", help_heading = "Backup")]
    keep: Option<PathBuf>,
    /// Prove a backup that was made before: a directory of --keep, or a dump or copy of somebody else's making
    #[arg(long, value_name = "PATH", env = "LOIST_BENCH_FROM", conflicts_with_all = ["method", "keep", "encrypt", "grow"], help_heading = "Backup")]
    from: Option<PathBuf>,
    /// Encrypt the files as they are written: age:RECIPIENT, age:FILE of recipients, or gpg:KEY
    #[arg(long, value_name = "HOW", env = "LOIST_BENCH_ENCRYPT", help_heading = "Backup")]
    encrypt: Option<Encryption>,
    /// File of the age identity that decrypts them; gpg has a keyring of its own
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_IDENTITY", help_heading = "Backup")]
    identity: Option<PathBuf>,
    /// Tracks of a second, smaller library that is drilled first, so that growth can be projected (default: a quarter of
    /// --tracks; 0 measures one size alone)
    #[arg(long, value_name = "TRACKS", env = "LOIST_BENCH_GROW", value_parser = no_tracks_or_some, help_heading = "Question")]
    grow: Option<u64>,
    /// How long the workload runs on what was restored
    #[arg(long, value_name = "TIME", default_value = "3s", env = "LOIST_BENCH_DRILL_DURATION", value_parser = time, help_heading = "Question")]
    duration: Duration,
    /// What to print on standard output when done
    #[arg(
        long,
        value_enum,
        default_value = "text",
        env = "LOIST_BENCH_DRILL_FORMAT",
        help_heading = "Output"
    )]
    format: DrillFormat,
    #[command(flatten)]
    progress: QuietArg,
    #[command(flatten)]
    catalog: CatalogArgs,
    #[command(flatten)]
    target: TargetArgs,
}

/// A number of tracks, or 0.
fn no_tracks_or_some(text: &str) -> Result<u64, String> {
    if text.trim() == "0" {
        return Ok(0);
    }
    parse_tracks(text).map_err(|error| format!("{error}, or 0 to measure one size alone"))
}

/// How a drill is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DrillFormat {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// For a job summary or an issue
    Markdown,
}

/// Processes that work side by side, where nothing else is said.
const MOST_JOBS: usize = 4;
/// The second library is so many times smaller, where nothing else is said.
const SMALLER: u64 = 4;

pub(super) fn execute(command: DrillCommand, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let DrillCommand::Backup(mut args) = command;
    let own = matches.subcommand().map_or(matches, |(_, own)| own);
    args.target.settle_database(own)?;
    let (quiet, format) = (args.progress.quiet, args.format);
    let options = options(*args, own)?;
    let interrupt = interrupt::listen(&Reserved::default())?;
    let progress = Progress::new(quiet);
    let drill = drill::drill(&options, &interrupt, &|event| progress.hear(event));
    progress.end();
    let drill = drill?;
    print(&drill, format)?;
    Ok(ExitCode::from(u8::from(drill.outcome == Outcome::Failed)))
}

fn print(drill: &Drill, format: DrillFormat) -> Result<(), Failure> {
    match format {
        DrillFormat::Text => output::print(&report::drill::render(drill)),
        DrillFormat::Json => output::print_json(drill),
        DrillFormat::Markdown => output::print_raw(&report::markdown::drill(drill)),
    }
}

fn options(args: BackupArgs, matches: &ArgMatches) -> Result<DrillOptions, Failure> {
    let (catalog, target) = (args.catalog.options(), args.target.options());
    if target.keep_server {
        return Err(Failure::bad_input(
            "--keep-server: the servers of a drill end with it; --keep keeps the backup",
        ));
    }
    let of_embedded = ["grow", "tracks"].into_iter().find(|id| said(matches, id));
    if let Some(id) = of_embedded.filter(|_| args.from.is_none())
        && address_named(&target)?.is_some()
    {
        return Err(Failure::bad_input(format!(
            "--{id} is for the library that an embedded server gets, but a database is named: add --embedded, or leave it out"
        )));
    }
    if said(matches, "until") && !args.method.contains(&Method::Pitr) {
        return Err(Failure::bad_input("--until is for --method pitr: add that, or leave it out"));
    }
    let largest = catalog.tracks;
    if let Some(few) = args.grow.filter(|few| said(matches, "grow") && *few > 0 && *few >= largest) {
        return Err(Failure::bad_input(format!(
            "--grow {few}: the second library has to be smaller than the first of {largest} tracks (--tracks)"
        )));
    }
    let mut methods = args.method;
    let mut known = Vec::new();
    methods.retain(|method| {
        !known.contains(method) && {
            known.push(*method);
            true
        }
    });
    let here = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_JOBS);
    let few = args.grow.unwrap_or(catalog.tracks / SMALLER);
    Ok(DrillOptions {
        target,
        catalog,
        methods,
        jobs: args.jobs.unwrap_or(here as u32),
        grow: Some(few).filter(|few| *few > 0),
        keep: args.keep,
        from: args.from,
        encryption: args.encrypt,
        identity: args.identity,
        until: args.until,
        workload: args.duration,
    })
}

impl From<DrillError> for Failure {
    fn from(error: DrillError) -> Self {
        let message = error.to_string();
        match error {
            DrillError::Usage(_) => Self::bad_input(message),
            DrillError::Interrupted => Self::interrupted(message),
            DrillError::Target(error) => error.into(),
            DrillError::Catalog(error) => error.into(),
            DrillError::Lab(error) => error.into(),
            DrillError::System(_)
            | DrillError::Environment(_)
            | DrillError::Database { .. }
            | DrillError::Program { .. } => Self::environment(message),
        }
    }
}
