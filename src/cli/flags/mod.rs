//! `loist-bench flags`: settings of PostgreSQL and Cloud SQL, written, checked, explained.

mod check;
mod render;
mod show;
mod subject;
mod wanted;

use super::failure::Failure;
use crate::flags::{Form, catalog::VERSIONS};
use clap::{ArgMatches, Subcommand, ValueEnum};
use std::process::ExitCode;

pub(super) use wanted::settings_of;

/// Settings for PostgreSQL and Cloud SQL: write them in the form you need, check them, look one up
#[derive(Debug, Subcommand)]
pub(super) enum FlagsCommand {
    Render(render::RenderArgs),
    Check(check::CheckArgs),
    Show(show::ShowArgs),
}

/// A form that settings are written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormArg {
    /// A gcloud command line with --database-flags
    Gcloud,
    /// Terraform's database_flags blocks
    Terraform,
    /// ALTER SYSTEM statements
    AlterSystem,
    /// Lines of postgresql.conf
    Conf,
    /// SET statements
    Set,
}

/// A form that settings are read in.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReadFormArg {
    /// A gcloud command line, or the list a=1,b=2
    Gcloud,
    /// Terraform with database_flags
    Terraform,
    /// ALTER SYSTEM statements
    AlterSystem,
    /// A postgresql.conf
    Conf,
    /// SET, ALTER ROLE and ALTER DATABASE statements
    Set,
    /// What gcloud sql instances describe --format=json prints
    Describe,
    /// A record.json
    Record,
}

impl From<FormArg> for Form {
    fn from(form: FormArg) -> Self {
        match form {
            FormArg::Gcloud => Self::Gcloud,
            FormArg::Terraform => Self::Terraform,
            FormArg::AlterSystem => Self::AlterSystem,
            FormArg::Conf => Self::Conf,
            FormArg::Set => Self::Set,
        }
    }
}

impl From<ReadFormArg> for Form {
    fn from(form: ReadFormArg) -> Self {
        match form {
            ReadFormArg::Gcloud => Self::Gcloud,
            ReadFormArg::Terraform => Self::Terraform,
            ReadFormArg::AlterSystem => Self::AlterSystem,
            ReadFormArg::Conf => Self::Conf,
            ReadFormArg::Set => Self::Set,
            ReadFormArg::Describe => Self::Describe,
            ReadFormArg::Record => Self::Record,
        }
    }
}

pub(super) fn execute(command: FlagsCommand, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let own = matches.subcommand().map_or(matches, |(_, own)| own);
    match command {
        FlagsCommand::Render(args) => render::execute(&args, own),
        FlagsCommand::Check(args) => check::execute(&args, own),
        FlagsCommand::Show(args) => show::execute(&args),
    }
}

/// A major version that the catalogue has.
fn version(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|version| VERSIONS.contains(version))
        .ok_or_else(|| format!("write a major version from {} to {}", VERSIONS.start(), VERSIONS.end()))
}
