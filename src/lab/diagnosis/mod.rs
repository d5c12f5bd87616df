//! Whether something beside the database under load shaped the numbers. Pure.
//!
//! A decisive disturbance makes the run inconclusive: its percentiles are right, but they are not the database's. The others
//! are only said. Each rule says where its threshold comes from. A cause for doubt is added as a function in the file of its
//! subject, called from `diagnose`.

mod events;
mod machine;
mod offered;
mod search;
mod steady;

pub(super) use search::search_disturbed;

use crate::record::{
    Disturbance, DisturbanceKind, Load, Outcome, Record, Sample, Samples, SeriesOperation, Summary,
};
use crate::text::grouped;
use crate::workload::Stage;

/// What the rules look at.
#[derive(Debug, Clone)]
pub(super) struct Observation<'a> {
    /// The machine and the server through the window.
    pub(super) samples: &'a Samples,
    /// Length of the window as it came to be.
    pub(super) window_seconds: f64,
    /// Threads that carry the clients.
    pub(super) threads: usize,
    /// Checkpoints as the server's own counters have them, of the window and what lies around it.
    pub(super) checkpoints: u64,
    /// The schedule of an open loop; a closed loop has none.
    pub(super) schedule: Option<Schedule>,
    /// One entry an operation.
    pub(super) operations: Vec<OperationSlices<'a>>,
}

/// What an open loop was to do and what it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Schedule {
    /// Calls a second that were asked for.
    pub(super) asked_per_second: f64,
    /// Calls a second that were answered, over the window.
    pub(super) answered_per_second: f64,
    /// Calls whose planned start came within the window and that the generator took up.
    pub(super) released: u64,
    /// Median of the start error: from a call's planned start to its being taken up, waiting for a connection not
    /// included.
    pub(super) start_error_p50_us: Option<f64>,
    /// 99th percentile of the start error.
    pub(super) start_error_p99_us: Option<f64>,
}

/// One operation's window in slices of time.
#[derive(Debug, Clone)]
pub(super) struct OperationSlices<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The objective as the user writes it, `200ms@p95`.
    pub(super) objective: &'a str,
    /// Longest response time that meets it.
    pub(super) target_us: f64,
    /// Whether the window as a whole met it.
    pub(super) outcome: Outcome,
    /// Length of a slice.
    pub(super) slice_seconds: f64,
    /// Calls answered in each slice, from the window's beginning on.
    pub(super) answered: &'a [u64],
    /// The response time at the objective's quantile, by slice.
    pub(super) quantile_us: &'a [Option<f64>],
}

impl<'a> Observation<'a> {
    /// What `record` holds of it.
    pub(super) fn of(record: &'a Record) -> Self {
        let overall = &record.overall;
        let schedule = record.schedule.as_ref().and_then(|schedule| {
            Some(Schedule {
                asked_per_second: schedule.asked_per_second?,
                answered_per_second: overall.calls_per_second,
                released: overall.calls,
                start_error_p50_us: schedule.start_error.p50_us,
                start_error_p99_us: schedule.start_error.p99_us,
            })
        });
        let slices = record.operations.iter().zip(&record.series.operations);
        Self {
            samples: &record.samples,
            window_seconds: record.window.seconds,
            threads: record.load.threads,
            checkpoints: record.evidence.window.checkpoints,
            schedule,
            // Latencies that follow a changing rate are no trend.
            operations: slices
                .filter(|_| record.load.stages.len() <= 1 && is_even(&record.load))
                .map(|(operation, series)| OperationSlices {
                    name: &operation.name,
                    objective: &operation.summary.slo.objective,
                    target_us: operation.summary.slo.target_us,
                    outcome: operation.summary.slo.outcome,
                    slice_seconds: record.series.interval_seconds,
                    answered: &series.answered,
                    quantile_us: at_the_objective(&operation.summary, series),
                })
                .collect(),
        }
    }
}

impl Observation<'_> {
    /// The samples of the window.
    fn in_window(&self) -> &[Sample] {
        self.samples.of_window(self.window_seconds)
    }
}

/// Whether the same rate was asked for all the time.
fn is_even(load: &Load) -> bool {
    load.stages.iter().all(|stage| stage.parse::<Stage>().is_ok_and(|stage| stage.is_even()))
}

/// The series at the objective's quantile, or at the next higher one that a record has.
fn at_the_objective<'a>(summary: &Summary, series: &'a SeriesOperation) -> &'a [Option<f64>] {
    match summary.slo.quantile {
        quantile if quantile <= 0.5 => &series.p50_us,
        quantile if quantile <= 0.95 => &series.p95_us,
        quantile if quantile <= 0.99 => &series.p99_us,
        _ => &series.max_us,
    }
}

/// All disturbances, causes before what may follow from them.
pub(super) fn diagnose(input: &Observation<'_>) -> Vec<Disturbance> {
    let mut found: Vec<Disturbance> = [
        machine::steal(input),
        machine::client_starved(input),
        machine::other_processes(input),
        // A client that drowns in arrivals has no time left and is late, too: the first cause comes first.
        offered::overload(input),
        machine::client_saturated(input),
        offered::schedule_missed(input),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(input.operations.iter().filter_map(|operation| steady::not_steady(operation, input)));
    let events = [events::checkpoints(input), events::autovacuum(input), events::lock_waits(input)];
    found.extend(events.into_iter().flatten());
    found
}

fn decisive(kind: DisturbanceKind, sentence: String) -> Disturbance {
    Disturbance { kind, sentence, decisive: true }
}

fn informative(kind: DisturbanceKind, sentence: String) -> Disturbance {
    Disturbance { kind, sentence, decisive: false }
}

/// `12345.6` as `12,346`; below 10 with one decimal.
fn rate(per_second: f64) -> String {
    if per_second < 9.95 {
        return format!("{per_second:.1}");
    }
    grouped(per_second.round() as u64)
}

/// Observations for the tests of the rules.
#[cfg(test)]
mod fixture {
    use super::*;

    /// 30 samples, one a second, each changed by `change`, on two processors.
    pub(super) fn samples(change: impl Fn(usize, &mut Sample)) -> Samples {
        let sample = |index: usize| {
            let mut sample = Sample {
                at_seconds: (index + 1) as f64,
                client_cpus: 0.8,
                server_cpus: Some(1.0),
                other_cpus: Some(0.0),
                foreign_cpus: Some(0.0),
                foreign_cpus_beside: Some(0.0),
                steal_share: Some(0.0),
                ..Sample::default()
            };
            change(index, &mut sample);
            sample
        };
        Samples {
            interval_seconds: 1.0,
            processors: 2,
            allowed_processors: 2,
            samples: (0..30).map(sample).collect(),
            ..Samples::default()
        }
    }

    pub(super) fn observation(samples: &Samples) -> Observation<'_> {
        Observation {
            samples,
            window_seconds: 30.0,
            threads: 2,
            checkpoints: 0,
            schedule: None,
            operations: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_run_has_no_disturbance() {
        let samples = fixture::samples(|_, _| {});
        assert_eq!(diagnose(&fixture::observation(&samples)), []);
        assert_eq!(diagnose(&fixture::observation(&Samples::default())), []);
    }

    #[test]
    fn all_that_is_found_is_said() {
        let samples = fixture::samples(|index, sample| {
            sample.steal_share = Some(0.1);
            sample.checkpoints = Some(u64::from(index == 3));
        });
        let kinds: Vec<_> =
            diagnose(&fixture::observation(&samples)).into_iter().map(|found| found.kind).collect();
        assert_eq!(kinds, [DisturbanceKind::Steal, DisturbanceKind::Checkpoint]);
    }

    #[test]
    fn rates_are_grouped() {
        let all = [0.25, 9.96, 999.6, 15_000.0, 1_234_567.0].map(rate);
        assert_eq!(all, ["0.2", "10", "1,000", "15,000", "1,234,567"]);
    }
}
