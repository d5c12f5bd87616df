//! `schema`, `completions` and `man`: the program about itself.

use super::{failure::Failure, output};
use crate::{audit, capacity, catalog, compare, drill, gate, history, record, tune, workload};
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use std::process::ExitCode;

/// Print the JSON Schema of a file format
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which format
    #[arg(value_enum)]
    format: SchemaOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SchemaOf {
    /// The run record, record.json
    Record,
    /// The workload file
    Workload,
    /// What a comparison comes to, comparison.json
    Comparison,
    /// The verdict of a gate, gate.json
    Gate,
    /// An A/A measurement, aa.json
    Aa,
    /// A line of a history's files
    History,
    /// A tuning study, study.json
    Study,
    /// An audit, audit.json
    Audit,
    /// An answer on capacity, capacity.json
    Capacity,
    /// What loist-bench made in a database, `seed --list`
    Inventory,
    /// What `drill backup` prints
    Drill,
    /// What lies beside a backup that was kept, manifest.json
    Backup,
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print a manual page, as `loist-bench man run | man -l -` shows it
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command that it is of, as in run or history list (default: loist-bench, with a list of them)
    command: Vec<String>,
}

pub(super) fn schema(args: &SchemaArgs) -> Result<ExitCode, Failure> {
    output::print_json(&match args.format {
        SchemaOf::Record => record::schema(),
        SchemaOf::Workload => workload::file::schema(),
        SchemaOf::Comparison => compare::schema(),
        SchemaOf::Gate => gate::verdict::schema(),
        SchemaOf::Aa => gate::false_alarms::schema(),
        SchemaOf::History => history::schema(),
        SchemaOf::Study => tune::study::schema(),
        SchemaOf::Audit => audit::schema(),
        SchemaOf::Capacity => capacity::schema(),
        SchemaOf::Inventory => catalog::inventory_schema(),
        SchemaOf::Drill => drill::schema(),
        SchemaOf::Backup => drill::manifest_schema(),
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn completions(args: &CompletionsArgs, mut command: Command) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "loist-bench", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man(args: &ManArgs, mut command: Command) -> Result<ExitCode, Failure> {
    command.build();
    for name in &args.command {
        let Some(own) = command.find_subcommand(name) else {
            return Err(Failure::bad_input(format!(
                "man: {} has no command {name}: `loist-bench man` lists what there is",
                command.get_bin_name().unwrap_or("loist-bench")
            )));
        };
        command = own.clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::environment(format!("the manual page could not be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}
