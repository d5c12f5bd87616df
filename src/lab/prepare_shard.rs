//! The first steps of a process that makes a run together with others.

use super::{
    Event, Interrupt, LabError, Prepared, RunOptions,
    prepare::{Context, Steps, existing, noted, open_target},
    shards::Joining,
};
use crate::{
    catalog::{CatalogSpec, Library},
    target::runtime,
};

/// Finds the server, joins the other shards, and sees that the catalog is there.
///
/// # Errors
/// When the server cannot be had, the others do not come, the catalog cannot be made, or the user interrupts.
pub(super) fn prepare_shard(
    options: &RunOptions,
    joining: Joining,
    interrupt: &Interrupt,
    listen: &dyn Fn(Event),
) -> Result<Prepared, LabError> {
    let mut steps = Steps { done: Vec::new() };
    let runtime = runtime()?;
    let context = Context { runtime: &runtime, interrupt, listen };
    let target = open_target(&options.target, &mut steps, &context)?;
    let mut shard = steps.run("join the other shards", &context, joining.join(&target))?;
    let asked = &options.catalog;
    let (catalog, library) = if target.use_existing() {
        existing(asked, &target, &mut steps, &context)?
    } else {
        let spec = CatalogSpec { seed: asked.seed, tracks: asked.tracks };
        let mut progress = |rows: u64| listen(Event::Loaded { rows, of: asked.tracks });
        let work = shard.ensure(&target, spec, asked.state, &mut progress);
        let ensured = Steps::attempt("catalog", &context, work)?;
        (noted(asked, ensured, &mut steps, listen), Library::synthetic(spec))
    };
    let (hold, shard) = (None, Some(shard));
    Ok(Prepared { catalog, seed: asked.seed, target, library, steps, hold, shard, runtime })
}
