//! `loist-bench history add`.

use super::{PlaceArgs, shown, warn};
use crate::{
    cli::{failure::Failure, output},
    history::{Baseline, Night},
    record::{self, Record},
    text::counted,
};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Add the records of one night, each a block of it
///
/// Records that were cut off or disturbed are set aside, unless no other is left. The same night counts once, however
/// often it is added; added again with a revision, it gets that one.
#[derive(Debug, Args)]
pub(in crate::cli) struct AddArgs {
    /// Records, all of one kind: each a record.json, or the directory that holds it
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<PathBuf>,
    /// What was measured: a git revision, or any label
    #[arg(long, value_name = "LABEL", env = "LOIST_BENCH_REVISION")]
    revision: Option<String>,
    /// Name that the night gets, as in main
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_HISTORY_BASELINE")]
    baseline: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) fn execute(args: AddArgs) -> Result<ExitCode, Failure> {
    let records: Vec<Record> =
        args.records.iter().map(|path| record::load(path)).collect::<Result<_, _>>()?;
    let night = Night::of(&records.iter().collect::<Vec<_>>(), args.revision)?;
    let baseline =
        args.baseline.as_deref().map(|name| Baseline::new(name, Some(night.id.clone()))).transpose()?;
    let store = args.place.store();
    let added = store.add(std::slice::from_ref(&night))?;
    warn(store.read()?.warnings());
    let place = store.directory().display();
    let became = if added == 0 { "was there already" } else { "is added" };
    let mut said = format!("Night {} {became}: {}, in {place}\n", shown(&night), blocks(&night));
    if let Some(baseline) = baseline {
        said += &format!("Baseline {}: night {}\n", baseline.name, night.id);
        store.name(&[baseline])?;
    }
    output::print(&said)?;
    Ok(ExitCode::SUCCESS)
}

/// Its blocks in words.
pub(super) fn blocks(night: &Night) -> String {
    let blocks = counted(night.blocks, "block");
    match (night.disturbed, night.set_aside) {
        (true, _) => format!("{blocks}, each disturbed or cut off"),
        (false, 0) => blocks,
        (false, number) => format!("{blocks}, {number} set aside"),
    }
}
