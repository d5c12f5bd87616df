//! Indexes that scans from end to end suggest are tried, where the database is our own or a planner can be made to believe in them.

use super::{Event, Prepared, prepare::Context};
use crate::{
    advise, observe,
    record::{Ended, Record, Step},
};
use std::time::{Duration, Instant};

/// As the record names it.
const STEP: &str = "try the missing indexes";
/// How long it may take in all.
const BUDGET: Duration = Duration::from_secs(90);

/// Adds to the record what indexes would do that its scans suggest, and advises again.
pub(super) fn try_missing_indexes(record: &mut Record, prepared: &Prepared, context: &Context<'_>) {
    let creates = advise::indexes_to_try(record);
    if creates.is_empty() || record.run.ended != Ended::AsPlanned || context.interrupt.is_asked() {
        return;
    }
    (context.listen)(Event::StepBegan(STEP.to_owned()));
    let began = Instant::now();
    let target = &prepared.target;
    let tried = context.runtime.block_on(async {
        let work = observe::try_indexes(target.route(), &creates, &record.plans, target.is_embedded());
        tokio::time::timeout(BUDGET, context.interrupt.unless(work)).await
    });
    let took = began.elapsed();
    (context.listen)(Event::StepEnded { name: STEP.to_owned(), took });
    if let Ok(Some(Some(what_if))) = tried {
        record.steps.push(Step { name: STEP.to_owned(), seconds: took.as_secs_f64() });
        record.what_ifs.push(what_if);
        record.advice = advise::advise(record);
    }
}
