//! `loist-bench seed`.

use super::{
    args::{CatalogArgs, Format, OutputArgs, TargetArgs},
    failure::Failure,
    interrupt::{self, Reserved},
    output,
    progress::Progress,
};
use crate::{
    catalog::Inventory,
    lab::{self, Event},
    report,
    text::grouped,
};
use clap::Args;
use std::process::ExitCode;

/// Make the synthetic music library, or find it already there; list what loist-bench made in a database, or remove it
#[derive(Debug, Args)]
#[command(mut_arg("use_existing", |arg| arg.hide(true)))]
pub(super) struct SeedArgs {
    /// List what loist-bench made in the database, with sizes, by whom and when; make nothing
    #[arg(long, conflicts_with = "remove")]
    list: bool,
    /// Remove what loist-bench made in the database, and nothing else: all of it, or nothing where something of somebody
    /// else's hangs on it
    #[arg(long)]
    remove: bool,
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
    if args.list || args.remove {
        let hear = |inventory: &Inventory| progress.hear(Event::Note(to_be_removed(inventory)));
        let inventory = lab::inventory(&target, args.remove, &interrupt, &hear);
        progress.end();
        match (args.output.format, inventory?) {
            (Format::Json, inventory) => output::print_json(&inventory)?,
            (Format::Text, inventory) => output::print(&report::inventory::render(&inventory))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
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

/// What is about to go, in a line.
fn to_be_removed(inventory: &Inventory) -> String {
    let names = inventory.objects.iter().map(|made| format!("{} {}", made.kind, made.name));
    format!("removing {}", names.collect::<Vec<_>>().join(", "))
}
