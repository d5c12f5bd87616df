//! What two processes measured, as if one had.

use crate::engine::{ErrorCount, Measured, OperationMeasured};

/// Adds what another process measured of the same operations and stages at the same time. Counts and histograms add up
/// exactly, in whichever order; of one class of errors the message stays that was there first.
pub(super) fn add(whole: &mut Measured, part: &Measured) {
    whole.operations.iter_mut().zip(&part.operations).for_each(|(whole, part)| add_operation(whole, part));
    for (whole, part) in whole.stages.iter_mut().zip(&part.stages) {
        whole.tally.add(part.tally);
        whole.response.merge(&part.response);
    }
    whole.slices.absorb(&part.slices);
    whole.late.iter_mut().zip(&part.late).for_each(|(whole, part)| whole.absorb(part));
    whole.elapsed = whole.elapsed.max(part.elapsed);
    whole.lasted = whole.lasted.max(part.lasted);
    whole.begun_after = whole.begun_after.max(part.begun_after);
    whole.release_error.merge(&part.release_error);
    whole.connect.merge(&part.connect);
    whole.connect_failures += part.connect_failures;
}

fn add_operation(whole: &mut OperationMeasured, part: &OperationMeasured) {
    whole.merge(part);
    for (whole, part) in whole.statements.iter_mut().zip(&part.statements) {
        whole.service.merge(&part.service);
        whole.errors += part.errors;
        whole.rows += part.rows;
    }
    part.errors.iter().for_each(|error| ErrorCount::merge(&mut whole.errors, error.clone()));
}
