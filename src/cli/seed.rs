//! `loist-bench seed`.

use super::{
    args::{CatalogArgs, Format, OutputArgs, TargetArgs},
    failure::Failure,
    interrupt::{self, Reserved},
    output,
    progress::Progress,
};
use crate::{
    lab::{self, Event},
    report::number::grouped,
};
use clap::Args;
use std::process::ExitCode;

/// Make the synthetic music library, or find it already there
#[derive(Debug, Args)]
pub(super) struct SeedArgs {
    #[command(flatten)]
    catalog: CatalogArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn execute(args: SeedArgs) -> Result<ExitCode, Failure> {
    let target = args.target.options();
    if target.use_existing {
        return Err(Failure::bad_input("--use-existing seeds nothing: leave it out, or use `run`"));
    }
    let interrupt = interrupt::listen(&Reserved::default())?;
    let progress = Progress::new(args.output.progress.quiet);
    let prepared = lab::prepare(&args.catalog.options(), &target, &interrupt, &|event| progress.hear(event));
    progress.end();
    let prepared = prepared?;
    let catalog = &prepared.catalog;
    if prepared.is_thrown_away() && !args.output.progress.quiet {
        progress.hear(Event::Note(
            "the library goes with its throw-away server: add --keep-server, or name a database".to_owned(),
        ));
    }
    match args.output.format {
        Format::Json => output::print_json(catalog)?,
        Format::Text => output::print(&format!(
            "{} tracks, seed {}, {}{}\nchecksum {}\n",
            grouped(catalog.tracks),
            prepared.seed,
            catalog.state,
            if catalog.reused { ", already there" } else { "" },
            catalog.checksum.as_deref().unwrap_or("unknown"),
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}
