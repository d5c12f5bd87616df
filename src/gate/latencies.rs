//! What each operation took: in what is judged, and in the nights before. Pure.

use super::verdict::Latency;
use crate::{
    history::{History, Night},
    record::Metric,
    stats::median,
    workload::ALL,
};

/// The latencies of a night's operations, then those of all together, beside those of the nights before it that are of its
/// kind and were not disturbed.
#[must_use]
pub fn latencies(history: &History, tonight: &Night) -> Vec<Latency> {
    let of = |operation: Option<&str>| {
        let before = |metric: Metric| -> Vec<f64> {
            let points = history.series(&tonight.kind, operation, metric).into_iter();
            points
                .filter(|point| point.at < tonight.at && !point.disturbed)
                .map(|point| point.value)
                .collect()
        };
        let (p50, p95) = (before(Metric::P50), before(Metric::P95));
        Latency {
            operation: operation.unwrap_or(ALL).to_owned(),
            p50_us: tonight.value(operation, Metric::P50),
            p95_us: tonight.value(operation, Metric::P95),
            nights: p50.len(),
            nights_p50_us: median(&p50),
            nights_p95_us: median(&p95),
        }
    };
    tonight.parts().map(|(operation, _)| of(operation)).collect()
}
