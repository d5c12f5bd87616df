//! Options that several subcommands share; they mean the same everywhere.

use super::{
    existing_args::ExistingArgs,
    failure::Failure,
    flags::objection,
    machine_arg::{flags, machine},
};
use crate::{
    capacity::parse_tracks,
    catalog::State,
    flags::place::is_of_the_place,
    lab::CatalogOptions,
    stats::SEEDS,
    target::{Machine, OLDEST_MAJOR, Profile, Schema, TargetOptions, Transport},
    workload::{Slo, Workload, builtin},
};
use clap::{ArgMatches, Args, ValueEnum, parser::ValueSource};
use std::{cmp::Ordering, path::PathBuf};

/// Which database.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Database (default: DATABASE_URL, the server's DB_* variables, the same in .env)"
)]
pub(super) struct TargetArgs {
    /// Database that is meant: postgres://USER@HOST/NAME, or key=value pairs as libpq takes them (default: what the
    /// environment names, else an embedded server; `audit` and `observe` have to be given one)
    #[arg(long, value_name = "URL", env = "LOIST_BENCH_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    #[command(flatten)]
    login: LoginArgs,
    /// Start a throw-away PostgreSQL even where the environment names a database
    #[arg(long, env = "LOIST_BENCH_EMBEDDED", value_parser = truth)]
    embedded: bool,
    #[command(flatten)]
    server: EmbeddedArgs,
    /// Leave the embedded server running, and say how to reach and to end it
    #[arg(long, env = "LOIST_BENCH_KEEP_SERVER", value_parser = truth)]
    keep_server: bool,
    #[command(flatten)]
    existing: ExistingArgs,
}

/// How to get into a database.
#[derive(Debug, Args)]
pub(super) struct LoginArgs {
    /// File whose first line is the password of a database that is there already; wins over every other password
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// Open no session that is not encrypted; a socket of this machine needs no encryption
    #[arg(long, env = "LOIST_BENCH_REQUIRE_TLS", value_parser = truth)]
    require_tls: bool,
}

impl LoginArgs {
    /// The same target, logged into like this.
    pub(super) fn applied(self, target: TargetOptions) -> TargetOptions {
        TargetOptions { password_file: self.password_file, require_tls: self.require_tls, ..target }
    }
}

/// Which embedded server.
#[derive(Debug, Args)]
pub(super) struct EmbeddedArgs {
    /// Directory of the embedded server's programs (postgres, initdb)
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_PG_BIN")]
    pg_bin: Option<PathBuf>,
    /// Major version of the embedded server, as in 15 (default: what pg_config or PATH names, else the newest found)
    #[arg(long, value_name = "MAJOR", env = "LOIST_BENCH_PG_VERSION", value_parser = major)]
    pg_version: Option<u32>,
    /// How to reach the embedded server
    #[arg(long, value_enum, default_value = "unix", env = "LOIST_BENCH_TRANSPORT")]
    transport: TransportArg,
    /// Machine that the server is for, as in db-custom-1-3840 or 2cpu-8GB: the embedded server is confined to as many
    /// processors and as much memory, as far as this machine can do that, and says what it could not
    #[arg(long, value_name = "MACHINE", env = "LOIST_BENCH_MACHINE", value_parser = machine)]
    machine: Option<Machine>,
    /// Settings that the embedded server is started with: the profile pg-defaults, plan or as-documented, or a file in
    /// any form that `flags check` reads; --set wins over it
    #[arg(long, value_name = "PROFILE|FILE", env = "LOIST_BENCH_FLAGS", value_parser = flags)]
    flags: Option<Profile>,
    /// Setting of the embedded server, as in work_mem=64kB (may be repeated)
    #[arg(long = "set", value_name = "NAME=VALUE", env = "LOIST_BENCH_SET", value_parser = setting)]
    settings: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TransportArg {
    /// A socket in a private directory
    Unix,
    /// 127.0.0.1, with a password
    Tcp,
    /// The same over TLS, with a certificate of a throw-away authority
    Tls,
}

impl TransportArg {
    fn transport(self) -> Transport {
        match self {
            Self::Unix => Transport::Unix,
            Self::Tcp => Transport::Tcp,
            Self::Tls => Transport::Tls,
        }
    }
}

/// How to reach an embedded server, for the sides of a duet.
pub(super) fn transport(text: &str) -> Result<Transport, String> {
    let known = TransportArg::from_str(text.trim(), false);
    known.map(TransportArg::transport).map_err(|_| "write unix, tcp or tls".to_owned())
}

/// A major version of PostgreSQL that can be started.
fn major(text: &str) -> Result<u32, String> {
    let known = text.parse().ok().filter(|major| *major >= OLDEST_MAJOR);
    known.ok_or_else(|| format!("write a major version from {OLDEST_MAJOR} on, as in 15"))
}

/// A setting that some version of PostgreSQL takes.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, value)| is_setting_name(name) && !value.contains(['\n', '\r', '\0']))
        .ok_or("write NAME=VALUE, as in work_mem=64kB")?;
    // What says where the server is gets its own refusal, by which it is known for what it is.
    match objection(name, value).filter(|_| !is_of_the_place(name)) {
        Some(why) => Err(why),
        None => Ok((name.to_owned(), value.to_owned())),
    }
}

/// Letters, digits, underscores, and the point of an extension's settings.
fn is_setting_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
}

/// Whether it was said on the command line itself.
pub(super) fn said(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// An option by its name: `--knee-budget` for `knee_budget`.
pub(super) fn flag(id: &str) -> String {
    format!("--{}", id.replace('_', "-"))
}

/// Which of two options that exclude each other was said nearer: on the command line before the environment, there before
/// the configuration file. Equally near ones are an error.
pub(super) fn nearer<'a>(matches: &ArgMatches, one: &'a str, other: &'a str) -> Result<&'a str, Failure> {
    let nearness = |id: &str| match matches.value_source(id) {
        Some(ValueSource::CommandLine) => 2,
        Some(ValueSource::EnvVariable) => 1,
        _ => 0,
    };
    match nearness(one).cmp(&nearness(other)) {
        Ordering::Greater => Ok(one),
        Ordering::Less => Ok(other),
        Ordering::Equal => Err(Failure::bad_input(format!(
            "{} and {} cannot both be meant: leave one out",
            flag(one),
            flag(other)
        ))),
    }
}

impl TargetArgs {
    /// When both a database and an embedded server are asked for, the one that was said nearer wins: on the command
    /// line before the environment, there before the configuration file. What is for the embedded server alone is refused
    /// where it is not meant.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), Failure> {
        self.settle_database(matches)?;
        let of_embedded = ["pg_bin", "pg_version"].into_iter().find(|id| said(matches, id));
        match of_embedded.filter(|_| self.database_url.is_some()) {
            Some(id) => Err(Failure::bad_input(format!(
                "{0} is for the embedded server, but a database is named: add --embedded, or leave {0} out",
                flag(id)
            ))),
            None => Ok(()),
        }
    }

    /// The same for a command that needs PostgreSQL's programs whatever database is meant.
    pub(super) fn settle_database(&mut self, matches: &ArgMatches) -> Result<(), Failure> {
        if self.database_url.is_some() && self.embedded {
            match nearer(matches, "embedded", "database_url")? {
                "embedded" => self.database_url = None,
                _ => self.embedded = false,
            }
        }
        Ok(())
    }

    pub(super) fn options(self) -> TargetOptions {
        let target = TargetOptions {
            database_url: self.database_url,
            embedded: self.embedded,
            keep_server: self.keep_server,
            ..self.existing.options(self.server.options())
        };
        self.login.applied(target)
    }
}

impl EmbeddedArgs {
    /// An embedded server that ends with the program.
    pub(super) fn options(self) -> TargetOptions {
        TargetOptions {
            database_url: None,
            password_file: None,
            require_tls: false,
            is_own_server: false,
            embedded: true,
            pg_bin: self.pg_bin,
            pg_version: self.pg_version,
            transport: self.transport.transport(),
            machine: self.machine,
            profile: self.flags,
            settings: self.settings,
            keep_server: false,
            use_existing: false,
            search_path: Vec::new(),
            schema: Schema::default(),
            seeded: None,
            session: Vec::new(),
        }
    }
}

/// What is replayed.
#[derive(Debug, Args)]
pub(super) struct WorkloadArg {
    /// Built-in workload (mcp-mix, read, search, ingest, browse, fuzzy) or a workload file
    #[arg(default_value = builtin::DEFAULT, env = "LOIST_BENCH_WORKLOAD")]
    workload: String,
}

impl WorkloadArg {
    pub(super) fn find(&self) -> Result<Workload, Failure> {
        Ok(builtin::find(&self.workload)?)
    }
}

/// What is in the database.
#[derive(Debug, Args)]
#[command(next_help_heading = "Catalog")]
pub(super) struct CatalogArgs {
    /// Tracks in the synthetic music library, as in 10000, 10k or 1M
    #[arg(long, default_value_t = 10_000, env = "LOIST_BENCH_TRACKS", value_parser = parse_tracks)]
    tracks: u64,
    /// Seed of the library and of every random choice
    #[arg(long, default_value_t = 42, env = "LOIST_BENCH_SEED", value_parser = seed)]
    seed: u64,
    /// State of the tables when the load begins
    #[arg(long, value_enum, default_value = "vacuumed", env = "LOIST_BENCH_STATE")]
    state: StateArg,
}

const LARGEST_SEED: u64 = SEEDS - 1;

fn seed(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(number @ ..=LARGEST_SEED) => Ok(number),
        _ => Err(format!("write a whole number from 0 to {LARGEST_SEED}")),
    }
}

/// Yes or no, from the environment or the configuration file; on the command line the option alone means yes.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "" | "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StateArg {
    /// Vacuumed and analysed, nothing pending
    Vacuumed,
    /// As a bulk load leaves it: no statistics, GIN entries pending
    Fresh,
}

impl CatalogArgs {
    pub(super) fn options(&self) -> CatalogOptions {
        CatalogOptions {
            tracks: self.tracks,
            seed: self.seed,
            state: match self.state {
                StateArg::Vacuumed => State::Vacuumed,
                StateArg::Fresh => State::Fresh,
            },
        }
    }
}

/// Objective.
#[derive(Debug, Args)]
#[command(next_help_heading = "Question")]
pub(super) struct SloArg {
    /// Objective of every operation, as in 200ms@p95 (default: the workload's own, else 200ms@p95)
    #[arg(long, value_name = "TIME@pNN", env = "LOIST_BENCH_SLO")]
    pub(super) slo: Option<Slo>,
}

/// How an answer is printed.
#[derive(Debug, Args)]
pub(super) struct FormatArg {
    /// What to print on standard output
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_FORMAT")]
    pub(super) format: Format,
}

/// What is told.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// What to print on standard output when done
    #[arg(long, value_enum, default_value = "text", env = "LOIST_BENCH_FORMAT")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) progress: QuietArg,
}

/// What is told on the way.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct QuietArg {
    /// No progress on standard error
    #[arg(long, short, env = "LOIST_BENCH_QUIET", value_parser = truth)]
    pub(super) quiet: bool,
}

/// Where what was measured is kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct ReportsArg {
    /// Directory in which each command makes one for its results
    #[arg(long, value_name = "DIR", default_value = "reports", env = "LOIST_BENCH_OUT")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}
