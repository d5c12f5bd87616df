//! One operation's metric on both sides, as numbers that tests take.

use super::{design::Layout, judgement::Judgement};
use crate::{
    record::{Metric, Record, Summary},
    stats::median,
    text::grouped,
    workload::ALL,
};

/// A percentile needs so many calls beyond it in each run, or it is the fate of single calls.
const FEWEST_BEYOND: f64 = 3.0;

/// One metric of one operation.
pub(super) struct Hypothesis {
    pub(super) metric: Metric,
    pub(super) gated: bool,
    /// Median of each side's runs.
    pub(super) base: Option<f64>,
    pub(super) new: Option<f64>,
    pub(super) samples: Samples,
    /// The smallest change that matters, in the metric's terms.
    pub(super) least: f64,
    /// Why it is not looked at.
    pub(super) reason: Option<String>,
}

/// What tests take: on the scale of logarithms for ratios, of differences for shares, and positive where the new side is
/// worse.
pub(super) enum Samples {
    /// How much worse, by pair; a pair without the number has none.
    Pairs(Vec<Option<f64>>),
    /// Each side's runs.
    Groups(Vec<f64>, Vec<f64>),
    /// One run a side.
    Single(Option<f64>),
}

impl Samples {
    /// Whether there is anything but equal values: shares of calls are 0 on both sides more often than not.
    pub(super) fn tell(&self) -> bool {
        match self {
            Self::Pairs(worse) => worse.iter().flatten().any(|worse| *worse != 0.0),
            Self::Groups(base, new) => base.iter().chain(new).any(|value| *value != 0.0),
            Self::Single(_) => false,
        }
    }
}

impl Hypothesis {
    /// The metric of `operation` on both sides, if both have it.
    pub(super) fn of(
        layout: &Layout<'_>,
        operation: &str,
        metric: Metric,
        judgement: &Judgement,
    ) -> Option<Self> {
        let value = |record: &Record| summary(record, operation).and_then(|summary| usable(summary, metric));
        let scaled = |record: &Record| value(record).and_then(|value| scaled(metric, value));
        let (base_runs, new_runs) = runs(layout);
        if !layout.has(operation) {
            return None;
        }
        let values = |runs: &[&Record]| median(&runs.iter().filter_map(|run| value(run)).collect::<Vec<_>>());
        let samples = match layout {
            Layout::Pairs(pairs) => {
                let counts = pairs.iter().filter(|pair| pair.set_aside.is_none());
                Samples::Pairs(counts.map(|pair| Some(scaled(pair.new)? - scaled(pair.base)?)).collect())
            }
            Layout::Groups(base, new) => {
                let all = |runs: &[&Record]| runs.iter().filter_map(|run| scaled(run)).collect::<Vec<f64>>();
                Samples::Groups(all(base), all(new))
            }
            Layout::Single(base, new) => {
                Samples::Single(scaled(base).zip(scaled(new)).map(|(base, new)| new - base))
            }
        };
        let base = values(&base_runs);
        let both = [&base_runs, &new_runs];
        let most = both.map(|runs| too_few(runs, operation, metric));
        Some(Self {
            metric,
            gated: judgement.gates(operation, metric),
            base,
            new: values(&new_runs),
            samples,
            least: judgement.least(metric).at(metric, base.unwrap_or_default()),
            reason: most.into_iter().flatten().next().or_else(|| other_objective(&both, operation, metric)),
        })
    }

    /// The change that stands for `worse` on the scale of tests.
    pub(super) fn change(&self, worse: f64) -> f64 {
        let grows = if self.metric.higher_is_worse() { worse } else { -worse };
        if self.metric.is_share() { grows } else { grows.exp_m1() }
    }

    /// The smallest change that matters, on the scale of tests.
    pub(super) fn threshold(&self) -> f64 {
        if self.metric.is_share() { self.least } else { self.least.ln_1p() }
    }
}

/// Runs of each side that count.
pub(super) fn runs<'a>(layout: &Layout<'a>) -> (Vec<&'a Record>, Vec<&'a Record>) {
    match layout {
        Layout::Pairs(pairs) => {
            pairs.iter().filter(|pair| pair.set_aside.is_none()).map(|pair| (pair.base, pair.new)).unzip()
        }
        Layout::Groups(base, new) => (base.clone(), new.clone()),
        Layout::Single(base, new) => (vec![base], vec![new]),
    }
}

/// The summary of an operation, or of all together.
#[must_use]
pub fn summary<'a>(record: &'a Record, operation: &str) -> Option<&'a Summary> {
    if operation == ALL {
        return Some(&record.overall);
    }
    record.operations.iter().find(|own| own.name == operation).map(|own| &own.summary)
}

fn usable(summary: &Summary, metric: Metric) -> Option<f64> {
    metric.of(summary).filter(|value| value.is_finite())
}

/// On the scale of tests, positive being worse.
fn scaled(metric: Metric, value: f64) -> Option<f64> {
    let scaled = if metric.is_share() { value } else { Some(value).filter(|value| *value > 0.0)?.ln() };
    Some(if metric.higher_is_worse() { scaled } else { -scaled })
}

/// Why misses are not looked at: they are of different objectives.
fn other_objective(both: &[&Vec<&Record>; 2], operation: &str, metric: Metric) -> Option<String> {
    let objective = |runs: &Vec<&Record>| Some(summary(runs.first()?, operation)?.slo.objective.clone());
    let (base, new) = (objective(both[0])?, objective(both[1])?);
    (metric == Metric::MissShare && base != new)
        .then(|| format!("misses of {base} and of {new} are two things"))
}

/// Why the metric is not looked at: the typical run has too few calls for it.
fn too_few(runs: &[&Record], operation: &str, metric: Metric) -> Option<String> {
    let quantile = metric.quantile()?;
    let calls: Vec<f64> =
        runs.iter().filter_map(|run| summary(run, operation)).map(|one| one.response.count as f64).collect();
    let calls = median(&calls)?;
    let needed = (FEWEST_BEYOND / (1.0 - quantile)).ceil();
    (calls < needed).then(|| {
        format!(
            "{} calls a run are too few for {}: it takes {}",
            grouped(calls.round() as u64),
            metric.name(),
            grouped(needed.round() as u64)
        )
    })
}
