//! Bencher Metric Format, for `bencher run --adapter json`.

use super::{benchmark, spread};
use crate::{history::Night, record::Metric};
use serde::Serialize;
use std::collections::BTreeMap;

/// One value, and the least and the greatest of the blocks.
#[derive(Serialize)]
struct Value {
    value: f64,
    lower_value: f64,
    upper_value: f64,
}

/// Two measures an operation, and two for all together: `latency` in nanoseconds, which is `metric` of its response
/// times, and `throughput` in operations a second. Operations that were not answered are left out.
#[must_use]
pub fn bencher(night: &Night, metric: Metric) -> serde_json::Value {
    let mut all: BTreeMap<String, BTreeMap<&str, Value>> = BTreeMap::new();
    for (operation, blocks) in night.parts() {
        let ns = blocks.values(metric).into_iter().flatten().map(|us| (us * 1e3).round()).collect();
        let rates = blocks.values(Metric::Throughput).into_iter().flatten().collect();
        for (measure, values) in [("latency", ns), ("throughput", rates)] {
            let values: Vec<f64> = values;
            if let Some([lower_value, value, upper_value]) = spread(&values) {
                let of = all.entry(benchmark(night, operation)).or_default();
                of.insert(measure, Value { value, lower_value, upper_value });
            }
        }
    }
    serde_json::to_value(all).expect("plain data")
}
