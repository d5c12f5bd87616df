//! What a scrape of the collector gets.

use super::{
    exposition::{counter, encoded, histogram},
    metric::{Kind, Metric, PREFIX, Reading, Readings, Unit, Value},
    metrics::METRICS,
    server::Exposed,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder},
    metrics::MetricType,
    registry,
};
use std::{collections::BTreeMap, fmt::Result};

/// Everything that is known at one moment; what is not known is not in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Page(pub(super) Readings);

impl Exposed for Page {
    fn exposition(&self) -> String {
        encoded(PREFIX, self.clone())
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result {
        let mut of_metrics: BTreeMap<&str, Vec<&Reading>> = BTreeMap::new();
        for reading in &self.0.0 {
            of_metrics.entry(reading.metric.name).or_default().push(reading);
        }
        // The numbers of one metric stand together.
        for metric in METRICS {
            if let Some(readings) = of_metrics.get(metric.name) {
                family(&mut encoder, metric, readings)?;
            }
        }
        Ok(())
    }
}

fn family(encoder: &mut DescriptorEncoder<'_>, metric: &Metric, readings: &[&Reading]) -> Result {
    let unit = match metric.unit {
        Unit::One => None,
        Unit::Bytes => Some(registry::Unit::Bytes),
        Unit::Seconds => Some(registry::Unit::Seconds),
    };
    let kind = match metric.kind {
        Kind::Gauge => MetricType::Gauge,
        Kind::Counter => MetricType::Counter,
        Kind::Histogram => MetricType::Histogram,
        Kind::Info => MetricType::Info,
    };
    let mut family = encoder.encode_descriptor(metric.name, metric.help, unit.as_ref(), kind)?;
    for reading in readings {
        if metric.kind == Kind::Info {
            family.encode_info(&reading.labels)?;
        } else if reading.labels.is_empty() {
            number(&mut family, metric.kind, &reading.value)?;
        } else {
            number(&mut family.encode_family(&reading.labels)?, metric.kind, &reading.value)?;
        }
    }
    Ok(())
}

fn number(encoder: &mut MetricEncoder<'_>, kind: Kind, value: &Value) -> Result {
    match value {
        Value::Number(number) if kind == Kind::Counter => counter(encoder, number),
        Value::Number(number) => encoder.encode_gauge(number),
        Value::Distribution(distribution) => histogram(encoder, distribution),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{Distribution, metrics};

    #[test]
    fn each_kind_is_told_as_the_format_wants_it() {
        let mut readings = Readings::default();
        readings.put_for(&metrics::CONNECTIONS, ["idle"], 3.0);
        readings.put(&metrics::UP, 1.0);
        readings.put_known(&metrics::DATABASE_SIZE, Some(12_345_678_901.0));
        readings.put_known(&metrics::STORAGE_LIMIT, None);
        readings.put_for(&metrics::CONNECTIONS, ["active"], 1.0);
        readings.put(&metrics::DEADLOCKS, 2.0);
        readings.put_for(&metrics::SERVER, ["15.18"], 1.0);
        let mut distribution = Distribution::default();
        distribution.add([(1_200_000, 2), (300_000_000, 1)]);
        readings.put_distribution(&metrics::CANARY, distribution);
        insta::assert_snapshot!(Page(readings).exposition());
    }

    #[test]
    fn nothing_known_is_nothing_told() {
        assert_eq!(Page::default().exposition(), "# EOF\n");
    }
}
