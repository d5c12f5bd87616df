//! `loist-bench flags show`.

use super::version;
use crate::{
    cli::{
        args::{Format, FormatArg},
        failure::Failure,
        output,
    },
    flags::{
        Machine,
        catalog::{self, DEFAULT_VERSION},
        profile,
    },
    report,
};
use clap::Args;
use std::process::ExitCode;

/// Show the profiles, or what is known of one flag or profile
#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    /// A flag such as shared_buffers, or a profile (default: all profiles)
    #[arg(value_name = "NAME|PROFILE")]
    flag: Option<String>,
    /// Machine, for limits and shares of its memory: db-custom-1-3840, or 2cpu-8GB
    #[arg(long, env = "LOIST_BENCH_MACHINE")]
    machine: Option<Machine>,
    /// Major version of PostgreSQL
    #[arg(long, value_name = "MAJOR", env = "LOIST_BENCH_PG_VERSION", value_parser = version)]
    pg_version: Option<u32>,
    #[command(flatten)]
    output: FormatArg,
}

pub(super) fn execute(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let machine = args.machine.as_ref();
    let Some(name) = &args.flag else {
        match args.output.format {
            Format::Json => output::print_json(&profile::all())?,
            Format::Text => output::print(&report::flags::profiles(profile::all()))?,
        }
        return Ok(ExitCode::SUCCESS);
    };
    if let Ok(profile) = profile::find(name) {
        match args.output.format {
            Format::Json => output::print_json(&profile)?,
            Format::Text => output::print(&report::flags::profile(&profile, machine))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let version = args.pg_version.unwrap_or(DEFAULT_VERSION);
    // Without a version, one that only another has is shown as that has it.
    let found = match args.pg_version {
        Some(version) => catalog::find_in(name, version),
        None => catalog::find(name),
    };
    let Some(flag) = found else { return Err(not_found(name, version)) };
    match args.output.format {
        Format::Json => output::print_json(flag)?,
        Format::Text => {
            let version = if catalog::find_in(name, version) == Some(flag) { version } else { flag.since };
            output::print(&report::flags::flag(flag, machine, version))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn not_found(name: &str, version: u32) -> Failure {
    let known = catalog::find(name);
    let hint = match (known, catalog::nearest(name)) {
        (Some(flag), _) => format!("; it is there from {}", flag.since),
        (None, Some(nearest)) => format!("; did you mean {nearest}?"),
        (None, None) => String::new(),
    };
    let profiles: Vec<&str> = profile::all().iter().map(|profile| profile.name.as_str()).collect();
    Failure::bad_input(format!(
        "PostgreSQL {version} has no setting `{name}`, and there is no profile of that name ({}){hint}",
        profiles.join(", ")
    ))
}
