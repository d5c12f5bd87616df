//! `loist-bench flags`: settings of PostgreSQL and Cloud SQL, written, checked, explained.
//!
//! What a setting may be, and how it is written, is known to `src/flags` alone. A subcommand is added as a file and a
//! variant of `FlagsCommand`.

mod check;
mod render;
mod show;
mod subject;
mod wanted;

use super::failure::Failure;
use crate::flags::{Form, catalog::VERSIONS};
use clap::{
    ArgMatches, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use std::process::ExitCode;

pub(super) use wanted::{objection, settings_of};

/// Settings for PostgreSQL and Cloud SQL: write them in the form you need, check them, look one up
#[derive(Debug, Subcommand)]
pub(super) enum FlagsCommand {
    Render(render::RenderArgs),
    Check(check::CheckArgs),
    Show(show::ShowArgs),
}

/// Reads the name of one of these forms.
fn one_of(forms: &'static [Form]) -> impl TypedValueParser<Value = Form> {
    let values = forms.iter().map(|form| PossibleValue::new(form.name()).help(form.label()));
    let named = |name: String| forms.iter().copied().find(|form| form.name() == name);
    PossibleValuesParser::new(values).try_map(move |name| named(name).ok_or("no such form"))
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
