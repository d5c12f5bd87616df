//! Numbers as OpenMetrics text, version 1.0.0: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use super::Distribution;
use prometheus_client::{
    collector::Collector,
    encoding::{EncodeCounterValue, MetricEncoder, NoLabelSet, text},
    registry::Registry,
};
use std::fmt::Result;

/// The text of what `collector` has, with `prefix` in front of every name.
#[must_use]
pub fn encoded(prefix: &str, collector: impl Collector) -> String {
    let mut registry = Registry::with_prefix(prefix);
    registry.register_collector(Box::new(collector));
    let mut out = String::new();
    text::encode(&mut out, &registry).expect("writing to a String does not fail");
    out
}

/// Writes a counter; the encoder adds `_total` to the name.
///
/// # Errors
/// When the text cannot be written.
pub fn counter(encoder: &mut MetricEncoder<'_>, count: &impl EncodeCounterValue) -> Result {
    encoder.encode_counter::<NoLabelSet, _, f64>(count, None)
}

/// Writes a histogram; the encoder makes the counts cumulative.
///
/// # Errors
/// When the text cannot be written.
pub fn histogram(encoder: &mut MetricEncoder<'_>, latencies: &Distribution) -> Result {
    encoder.encode_histogram::<NoLabelSet>(
        latencies.sum_seconds(),
        latencies.count(),
        &latencies.buckets(),
        None,
    )
}
