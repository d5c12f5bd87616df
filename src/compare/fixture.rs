//! Records for tests, made up from the sample.

use crate::record::{Block, Record, sample};

/// A run of one operation whose latencies are all `ms`, a little different in each run.
pub(crate) fn record(ms: f64) -> Record {
    let mut record = sample();
    record.operations.truncate(1);
    record.operations[0].name = "search".to_owned();
    record.disturbances.clear();
    time(&mut record, ms);
    record
}

/// Sets the latencies of a record of one operation.
pub(crate) fn time(record: &mut Record, ms: f64) {
    let operation = &mut record.operations[0].summary;
    for summary in [operation, &mut record.overall] {
        let response = &mut summary.response;
        (response.p50_us, response.p95_us, response.p99_us) =
            (Some(ms * 1e3), Some(ms * 2e3), Some(ms * 3e3));
        (response.mean_us, response.count) = (Some(ms * 1.1e3), 10_000);
        (summary.calls, summary.calls_per_second) = (10_000, 1e3 / ms);
        (summary.failed, summary.shed, summary.unfinished, summary.slo.misses) = (0, 0, 0, 0);
    }
}

/// The block of a side in a pair.
pub(crate) fn block(side: &str, pair: u32, ms: f64) -> Record {
    let block = Block { experiment: "x".to_owned(), side: side.to_owned(), pair, first: true };
    Record { block: Some(block), ..record(ms) }
}

/// Noise that differs from pair to pair and from side to side: up to 2 %.
pub(crate) fn noise(number: u32) -> f64 {
    1.0 + f64::from(number * 7 % 11) / 11.0 * 0.02
}

/// So many pairs in which the new side takes `factor` times as long.
pub(crate) fn pairs(count: u32, factor: f64) -> (Vec<Record>, Vec<Record>) {
    let base = (1..=count).map(|pair| block("base", pair, 10.0 * noise(pair)));
    let new = (1..=count).map(|pair| block("new", pair, 10.0 * factor * noise(pair * 3 + 1)));
    (base.collect(), new.collect())
}
