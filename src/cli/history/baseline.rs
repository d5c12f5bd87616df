//! `loist-bench history baseline`.

use super::{PlaceArgs, shown};
use crate::{
    cli::{failure::Failure, output},
    history::{Baseline, HistoryError},
};
use clap::Args;
use std::process::ExitCode;

/// Give a night a name that stays with it, or take the name away
///
/// Nights that have a name are never pruned. The last night that is given a name has it.
#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    /// The name, as in main or release/15
    name: String,
    /// The night: its id, of which the first four characters or more will do, or latest (default: latest)
    #[arg(value_name = "ID|latest", conflicts_with = "remove")]
    id: Option<String>,
    /// Take the name away
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

pub(super) fn execute(args: &BaselineArgs) -> Result<ExitCode, Failure> {
    let store = args.place.store();
    let history = args.place.read()?;
    let name = &args.name;
    if args.remove {
        let said = Baseline::new(name, None)?;
        // A name whose night is gone can be taken away, too.
        if !history.knows_baseline(name) {
            let directory = store.directory().to_owned();
            return Err(HistoryError::NoBaseline { directory, name: name.clone() }.into());
        }
        store.name(&[said])?;
        output::print(&format!("Baseline {name}: no longer the name of a night\n"))?;
    } else {
        let night = history.night(args.id.as_deref().unwrap_or("latest"))?;
        store.name(&[Baseline::new(name, Some(night.id.clone()))?])?;
        output::print(&format!("Baseline {name}: night {}\n", shown(night)))?;
    }
    Ok(ExitCode::SUCCESS)
}
