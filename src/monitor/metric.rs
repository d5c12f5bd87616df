//! What a metric is, and what is read of it.

use super::Distribution;

/// In front of every name.
pub const PREFIX: &str = "loist_pg";

/// What a metric's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number at one moment.
    Gauge,
    /// A number that only grows, or begins anew.
    Counter,
    /// How many took how long.
    Histogram,
    /// A text, in the labels of a 1.
    Info,
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things, or a share.
    One,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// A metric, as it is described.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, without what [`Self::names`] adds.
    pub name: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
    /// What it is measured in.
    pub unit: Unit,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it is, in one sentence.
    pub help: &'static str,
}

impl Metric {
    /// The names that Prometheus knows it by.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let unit = match self.unit {
            Unit::One => "",
            Unit::Bytes => "_bytes",
            Unit::Seconds => "_seconds",
        };
        let endings: &[&str] = match self.kind {
            Kind::Gauge => &[""],
            Kind::Counter => &["_total"],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
            Kind::Info => &["_info"],
        };
        endings.iter().map(|ending| format!("{PREFIX}_{}{unit}{ending}", self.name)).collect()
    }
}

/// The labels of one number.
pub(super) type Labels = Vec<(&'static str, String)>;

/// One number of a metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) metric: &'static Metric,
    pub(super) labels: Labels,
    pub(super) value: Value,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Distribution(Distribution),
}

/// Numbers of several metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Readings(pub(super) Vec<Reading>);

impl Readings {
    /// Adds a number without labels.
    pub(super) fn put(&mut self, metric: &'static Metric, number: f64) {
        self.put_for(metric, [], number);
    }

    /// Adds a number if it is known.
    pub(super) fn put_known(&mut self, metric: &'static Metric, number: Option<f64>) {
        if let Some(number) = number {
            self.put(metric, number);
        }
    }

    /// Adds a number with the values of the metric's labels, in their order.
    pub(super) fn put_for<const N: usize>(
        &mut self,
        metric: &'static Metric,
        labels: [&str; N],
        number: f64,
    ) {
        let labels = metric.labels.iter().copied().zip(labels.map(str::to_owned)).collect();
        self.0.push(Reading { metric, labels, value: Value::Number(number) });
    }

    /// Adds how many took how long.
    pub(super) fn put_distribution(&mut self, metric: &'static Metric, distribution: Distribution) {
        let value = Value::Distribution(distribution);
        self.0.push(Reading { metric, labels: Labels::new(), value });
    }
}
