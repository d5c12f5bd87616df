//! `loist-bench server`: embedded servers that stay.

use super::{
    args::{EmbeddedArgs, Format, FormatArg},
    failure::Failure,
    output,
    progress::Progress,
};
use crate::{
    lab::Event,
    target::{self, KeptServer, TargetOptions},
};
use clap::{Args, Subcommand};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// Embedded servers that stay: start one, list them, end one
#[derive(Debug, Subcommand)]
pub(super) enum ServerCommand {
    Start(StartArgs),
    List(ListArgs),
    Stop(StopArgs),
}

/// Start an embedded server that stays, and print how to reach and to end it
#[derive(Debug, Args)]
pub(super) struct StartArgs {
    #[command(flatten)]
    server: EmbeddedArgs,
    #[command(flatten, next_help_heading = "Output")]
    output: FormatArg,
}

/// List the embedded servers that stay
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    output: FormatArg,
}

/// End an embedded server that stays, and remove its directory
#[derive(Debug, Args)]
pub(super) struct StopArgs {
    /// Its directory, as `server list` prints it
    directory: PathBuf,
}

pub(super) fn execute(command: ServerCommand) -> Result<ExitCode, Failure> {
    match command {
        ServerCommand::Start(args) => start(args),
        ServerCommand::List(args) => list(&args),
        ServerCommand::Stop(args) => {
            target::stop_kept(&args.directory)?;
            let _ =
                writeln!(anstream::stderr(), "loist-bench: ended, and {} removed", args.directory.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn start(args: StartArgs) -> Result<ExitCode, Failure> {
    let options = TargetOptions { keep_server: true, ..args.server.options() };
    let target = target::Target::open(&options)?;
    let progress = Progress::new(false);
    target
        .cautions()
        .into_iter()
        .for_each(|caution| progress.hear(Event::Note(format!("caution: {caution}"))));
    let server = target.kept_server();
    match (args.output.format, server) {
        (Format::Text, Some(server)) => output::print(&line(server))?,
        _ => output::print_json(&server)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let kept = target::list_kept();
    match args.output.format {
        Format::Json => output::print_json(&kept)?,
        Format::Text => {
            if kept.is_empty() {
                let _ = writeln!(anstream::stderr(), "loist-bench: no server is kept");
            }
            let lines: String = kept.iter().map(line).collect();
            output::print(&lines)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How to reach a server, and how to end it.
fn line(server: &KeptServer) -> String {
    format!(
        "DATABASE_URL='{}'  # to end it: loist-bench server stop {}\n",
        server.url,
        server.directory.display()
    )
}
