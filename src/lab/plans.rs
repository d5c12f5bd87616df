//! How the server executes the workload's statements: asked after the window, when nothing else is read any more.

use super::{
    Event, Prepared,
    prepare::{Context, Steps},
    setup::Setup,
};
use crate::{
    engine::Measured,
    observe::{self, Explained, Explaining},
    record::Ended,
};
use std::time::{Duration, Instant};

/// As the record names it.
const STEP: &str = "explain the statements";
/// How long it may take in all.
const BUDGET: Duration = Duration::from_secs(60);
/// How long trials of other settings may take in all.
const BUDGET_OF_TRIALS: Duration = Duration::from_secs(30);
/// How much longer a server may take that does not keep its own limits, before it is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(15);

/// Explains what was measured; what could not be explained is said in `missing`. An interrupt ends it and costs nothing
/// else.
pub(super) fn explain(
    setup: &Setup,
    prepared: &Prepared,
    (measured, ended): (&Measured, Ended),
    missing: &mut Vec<String>,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Explained {
    let mut nothing = |why: &str| {
        missing.push(format!("plans of the statements: {why}"));
        Explained::default()
    };
    match ended {
        Ended::AsPlanned if !setup.observer.looks.explains() => return Explained::default(),
        Ended::AsPlanned => {}
        Ended::Interrupted => return nothing("not explained, the run was interrupted"),
        Ended::ServerLost => return nothing("not explained, the server went away"),
        // Executing them would go on with what was stopped.
        Ended::Braked => return nothing("not explained, the brake ended the load"),
    }
    (context.listen)(Event::StepBegan(STEP.to_owned()));
    let began = Instant::now();
    let explaining = Explaining {
        route: prepared.target.route(),
        bound: &setup.bound,
        captured: &measured.captured,
        version_number: setup.server.version_number,
        seed: prepared.seed,
        settings: &setup.observer.settings,
        budget: BUDGET,
        budget_of_trials: BUDGET_OF_TRIALS,
    };
    let mut explained = Explained::default();
    let done = context.runtime.block_on(async {
        let work = observe::explain_statements(&explaining, &mut explained);
        tokio::time::timeout(BUDGET + BUDGET_OF_TRIALS + PATIENCE, context.interrupt.unless(work)).await
    });
    steps.ended(STEP, began, context.listen);
    match done {
        Ok(Some(())) => {}
        Ok(None) => drop(nothing("the rest was not explained, the user did not wait for it")),
        Err(_) => drop(nothing("the rest was not explained, the server did not answer any more")),
    }
    missing.append(&mut explained.missing);
    explained
}
