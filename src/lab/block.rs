//! Whether the objective held over one block of the search for the knee. Pure.

use crate::{
    engine::{Measured, Tally},
    record::KneeTrial,
    stats::{Slice, Slices, sustained},
    workload::{Slo, Workload},
};
use std::time::Duration;

/// A queue that would grow over the objective within this time is not sustained.
const HORIZON: Duration = Duration::from_secs(60);
/// Slices after which the load has set in.
const LOAD_SETS_IN: usize = 6;
/// Operations with fewer arrivals in a block say nothing by themselves.
const FEWEST: u64 = 50;
/// Below this share of the asked rate, the answers show what the server can do at most.
const SATURATED: f64 = 0.97;

/// Whether the objective held over a block, for all calls together and for each operation that was called often
/// enough, and would have held for longer.
pub(super) fn judge(
    measured: &Measured,
    workload: &Workload,
    slo: Option<Slo>,
    rate: f64,
    block: Duration,
) -> KneeTrial {
    let (mut all, mut misses) = (Tally::default(), 0);
    let mut held = true;
    let run_slo = slo.or(workload.slo).unwrap_or_default();
    for (operation, measured) in workload.operations.iter().zip(&measured.operations) {
        let slo = slo.or(operation.slo).unwrap_or(run_slo);
        let missed = measured.response.count_above(slo.target) + measured.tally.lost();
        let allowed = (1.0 - slo.quantile) * measured.tally.arrivals as f64;
        held &= measured.tally.arrivals < FEWEST || missed as f64 <= allowed;
        all.add(measured.tally);
        misses += missed;
    }
    let calls = all.arrivals;
    // By chance not one call may have come: that the objective held would be true of nothing.
    held &= calls > 0;
    held &= misses as f64 <= (1.0 - run_slo.quantile) * calls as f64;
    let medians: Vec<(f64, f64)> = medians(&measured.slices, LOAD_SETS_IN).collect();
    let grows = !sustained(&medians, HORIZON.as_secs_f64(), run_slo.target.as_secs_f64() * 1e6);
    held &= !grows;
    // What waits when the block ends is answered after it.
    let answered: u64 = measured.slices.all().map(|slice| slice.count()).sum();
    let answered_per_second = answered as f64 / measured.elapsed.as_secs_f64().max(1e-3);
    let asked_per_second = calls as f64 / block.as_secs_f64();
    // Calls that are turned away keep a queue from growing.
    let full = grows || all.shed + all.unfinished > all.failed;
    let saturated = full && answered_per_second < SATURATED * asked_per_second;
    KneeTrial {
        rate_per_second: rate,
        held,
        calls,
        miss_share: misses as f64 / calls.max(1) as f64,
        answered_per_second,
        capacity_per_second: saturated.then_some(answered_per_second),
        disturbed: None,
    }
}

/// Middle of each slice in seconds and the median response time there in microseconds, without the first `skip` slices.
fn medians(slices: &Slices, skip: usize) -> impl Iterator<Item = (f64, f64)> {
    let width = slices.width().as_secs_f64();
    let median =
        move |(number, slice): (usize, Slice)| Some(((number as f64 + 0.5) * width, slice.quantile_us(0.5)?));
    slices.all().enumerate().skip(skip).filter_map(median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::OperationMeasured,
        stats::{IntervalHistogram, LatencyHistogram},
    };

    const BLOCK: Duration = Duration::from_secs(10);

    fn workload(operations: &[&str]) -> Workload {
        let operation = |name: &&str| {
            format!(
                "[[operation]]\nname = '{name}'\nweight = 1.0\n[[operation.transaction]]\nend = 'none'\n\
                 [[operation.transaction.statement]]\nname = 's'\nsql = 'SELECT 1'\n"
            )
        };
        let text: String = operations.iter().map(operation).collect();
        Workload::parse(&format!("name = 'w'\n{text}"), "a test").unwrap()
    }

    /// A block of twenty slices in which each operation is called `calls` times a slice: slice `at` takes `ms(at)`.
    fn measured(operations: &[(u64, &dyn Fn(usize) -> u64)]) -> Measured {
        let width = BLOCK / 20;
        let mut slices = Slices::new(width, operations.len());
        let mut results = Vec::new();
        for (series, (calls, ms)) in operations.iter().enumerate() {
            let mut operation = OperationMeasured::default();
            for at in 0..20 {
                let mut part = IntervalHistogram::default();
                (0..*calls).for_each(|_| part.record(Duration::from_millis(ms(at))));
                slices.add(series, width * u32::try_from(at).unwrap(), &part.recorded(), 0);
                operation.response.add(&part);
            }
            operation.tally.arrivals = 20 * calls;
            operation.tally.completed = 20 * calls;
            results.push(operation);
        }
        Measured {
            late: vec![Slice::default(); operations.len()],
            operations: results,
            stages: Vec::new(),
            slices,
            elapsed: BLOCK,
            lasted: BLOCK,
            begun_after: Duration::ZERO,
            release_error: LatencyHistogram::default(),
            connect: LatencyHistogram::default(),
            connect_failures: 0,
            captured: Vec::new(),
        }
    }

    fn slo() -> Option<Slo> {
        Some("100ms@p95".parse().unwrap())
    }

    #[test]
    fn misses_up_to_the_share_that_is_allowed() {
        let workload = workload(&["get"]);
        // One slice of twenty is five in a hundred.
        let slow = |slices: usize| move |at: usize| if (8..8 + slices).contains(&at) { 150 } else { 10 };
        let one = judge(&measured(&[(100, &slow(1))]), &workload, slo(), 200.0, BLOCK);
        assert!(one.held, "{one:?}");
        assert_eq!((one.calls, one.miss_share, one.answered_per_second), (2_000, 0.05, 200.0));
        assert!(!judge(&measured(&[(100, &slow(2))]), &workload, slo(), 200.0, BLOCK).held);
    }

    #[test]
    fn a_block_without_a_call_proves_nothing() {
        let empty = judge(&measured(&[(0, &|_| 10)]), &workload(&["get"]), slo(), 0.1, BLOCK);
        assert!(!empty.held && empty.calls == 0 && empty.capacity_per_second.is_none(), "{empty:?}");
    }

    #[test]
    fn what_was_not_answered_is_a_miss() {
        let workload = workload(&["get"]);
        let mut measured = measured(&[(100, &|_| 10)]);
        let tally = &mut measured.operations[0].tally;
        (tally.completed, tally.unfinished) = (1_899, 101);
        assert!(!judge(&measured, &workload, slo(), 200.0, BLOCK).held);
    }

    #[test]
    fn each_operation_counts_that_was_called_often_enough() {
        let workload = workload(&["often", "seldom"]);
        let block = |calls| measured(&[(200, &|_| 10), (calls, &|_| 150)]);
        assert!(judge(&block(2), &workload, slo(), 202.0, BLOCK).held, "forty calls prove nothing");
        assert!(!judge(&block(3), &workload, slo(), 203.0, BLOCK).held, "sixty do");
    }

    #[test]
    fn a_queue_that_grows_does_not_hold_and_shows_the_capacity() {
        let workload = workload(&["get"]);
        // All below the objective as yet, 3 ms more a slice: a minute on it would be 360 ms more.
        let growing = measured(&[(100, &|at| 10 + 3 * at as u64)]);
        let sustained = judge(&growing, &workload, slo(), 200.0, BLOCK);
        assert_eq!((sustained.held, sustained.miss_share), (false, 0.0));
        assert_eq!(sustained.capacity_per_second, None, "as much was answered as was asked for");
        let mut behind = growing;
        behind.operations[0].tally.arrivals = 2_500;
        assert_eq!(judge(&behind, &workload, slo(), 250.0, BLOCK).capacity_per_second, Some(200.0));
        // Nor does what is turned away make a queue grow.
        let mut full = measured(&[(100, &|_| 10)]);
        let tally = &mut full.operations[0].tally;
        (tally.arrivals, tally.shed) = (2_500, 500);
        let judged = judge(&full, &workload, slo(), 250.0, BLOCK);
        assert_eq!((judged.held, judged.capacity_per_second), (false, Some(200.0)));
        // What fails says nothing of it.
        let tally = &mut full.operations[0].tally;
        (tally.failed, tally.shed) = (500, 0);
        assert_eq!(judge(&full, &workload, slo(), 250.0, BLOCK).capacity_per_second, None);
        // What happens before the load has set in is no growth.
        let filling = measured(&[(100, &|at| 10 + 5 * at.min(6) as u64)]);
        assert!(judge(&filling, &workload, slo(), 200.0, BLOCK).held);
    }
}
