//! What one record says for capacity planning. Pure.

use crate::{
    record::{Ended, OperationResult, Record, Samples},
    workload::Workload,
};
use std::collections::BTreeMap;

/// The table of the tracks.
const TRACKS: &str = "audio_tracks";
/// So many calls must lie beyond the quantile.
const FEWEST_BEYOND: f64 = 1.0;
/// Part of the mix that must be known.
const KNOWN: f64 = 0.9;

/// What a run at light load says.
#[derive(Debug, Clone)]
pub(super) struct Reading<'a> {
    pub(super) record: &'a Record,
    /// Tracks in the middle of its window: it ingests.
    pub(super) effective: f64,
    pub(super) operations: Vec<OperationReading>,
    /// For one call of the workload's mix.
    pub(super) cpu_us: Option<f64>,
    pub(super) service_us: Option<f64>,
    pub(super) stored: Option<Stored>,
    pub(super) wal_bytes_per_ingest: Option<f64>,
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct OperationReading {
    pub(super) name: String,
    /// Share of the calls, as the workload asks.
    pub(super) share: f64,
    pub(super) calls: u64,
    pub(super) objective: String,
    pub(super) target_us: f64,
    /// Response time at the objective's quantile; `None` where too few calls were made for it.
    pub(super) response_us: Option<f64>,
    pub(super) p50_us: Option<f64>,
    pub(super) p95_us: Option<f64>,
    pub(super) p95_within_us: Option<(f64, f64)>,
    pub(super) service_us: Option<f64>,
    pub(super) cpu_us: Option<f64>,
}

/// What is stored after the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) tracks: f64,
    pub(super) database: f64,
    pub(super) heap: f64,
    pub(super) indexes: f64,
}

impl<'a> Reading<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let table = record.evidence.table(TRACKS);
        let inserted = table.and_then(|table| table.window).map_or(0, |window| window.inserted);
        let stored = table.zip(record.evidence.database_bytes).map(|(table, database)| Stored {
            tracks: if table.live_rows > 0 { table.live_rows } else { record.catalog.tracks } as f64,
            database: database as f64,
            heap: table.heap_bytes as f64,
            indexes: table.index_bytes as f64,
        });
        let wal = record.evidence.window.wal.filter(|_| inserted > 0);
        let rate = cpu_by_service(record);
        let shares = shares(record);
        let operations: Vec<OperationReading> =
            record.operations.iter().map(|operation| reading(operation, &shares, rate)).collect();
        Self {
            record,
            // In the middle of the window: what the warm-up added stands among the rows at its end.
            effective: table
                .map_or(0.0, |table| table.live_rows as f64 - inserted as f64 / 2.0)
                .max(record.catalog.tracks as f64),
            cpu_us: mixed(&operations, |operation| operation.cpu_us),
            service_us: mixed(&operations, |operation| operation.service_us),
            operations,
            stored,
            wal_bytes_per_ingest: wal.map(|wal| wal.bytes as f64 / inserted as f64),
        }
    }

    pub(super) fn operation(&self, name: &str) -> Option<&OperationReading> {
        self.operations.iter().find(|operation| operation.name == name)
    }
}

/// Whether a record is a whole run.
pub(super) fn is_whole(record: &Record) -> bool {
    record.run.ended == Ended::AsPlanned
}

/// Calls without which a quantile says nothing.
pub(super) fn fewest_calls(quantile: f64) -> f64 {
    FEWEST_BEYOND / (1.0 - quantile)
}

fn reading(
    operation: &OperationResult,
    shares: &BTreeMap<String, f64>,
    rate: Option<f64>,
) -> OperationReading {
    let summary = &operation.summary;
    let slo = &summary.slo;
    let is_enough = summary.response.count as f64 >= fewest_calls(slo.quantile) - 1e-9;
    let within = summary.response_intervals.iter().find(|interval| (interval.quantile - 0.95).abs() < 1e-9);
    OperationReading {
        name: operation.name.clone(),
        share: shares.get(&operation.name).copied().unwrap_or_default(),
        calls: summary.calls,
        objective: slo.objective.clone(),
        target_us: slo.target_us,
        response_us: slo.observed_us.filter(|us| is_enough && *us > 0.0),
        p50_us: summary.response.p50_us,
        p95_us: summary.response.p95_us,
        p95_within_us: within.map(|interval| (interval.low_us, interval.high_us)),
        service_us: summary.service.mean_us,
        cpu_us: summary.service.mean_us.zip(rate).map(|(service, rate)| service * rate),
    }
}

/// Shares of the calls as the workload's text asks, whatever shares they were measured with. Those that were not measured
/// have none.
fn shares(record: &Record) -> BTreeMap<String, f64> {
    let parsed = Workload::parse(&record.workload.text, &record.workload.origin);
    let asked: BTreeMap<String, f64> = parsed
        .map(|workload| workload.operations.into_iter().map(|one| (one.name, one.weight)).collect())
        .unwrap_or_default();
    let weight =
        |operation: &OperationResult| asked.get(&operation.name).copied().unwrap_or(operation.weight);
    let all: f64 = record.operations.iter().map(weight).sum();
    record
        .operations
        .iter()
        .map(|operation| (operation.name.clone(), weight(operation) / all.max(f64::MIN_POSITIVE)))
        .collect()
}

/// A mean over the mix, without operations that were not called; `None` where those are more than a small part of it.
fn mixed(operations: &[OperationReading], value: impl Fn(&OperationReading) -> Option<f64>) -> Option<f64> {
    let known = operations.iter().filter_map(|operation| Some((operation.share, value(operation)?)));
    let (shares, sum) =
        known.fold((0.0, 0.0), |(shares, sum), (share, value)| (shares + share, sum + share * value));
    (shares >= KNOWN && sum > 0.0).then(|| sum / shares)
}

/// Processor time that the server used for each unit of time in which a call held a connection. One call at a time is at
/// work under light load, so what it takes is what the server does for it.
fn cpu_by_service(record: &Record) -> Option<f64> {
    let cpus = server_cpus(&record.samples)?;
    let busy: f64 = record
        .operations
        .iter()
        .map(|operation| &operation.summary.service)
        .map(|service| service.count as f64 * service.mean_us.unwrap_or_default() / 1e6)
        .sum();
    (busy > 0.0).then(|| cpus * record.window.seconds / busy)
}

/// Processors that the server used, on average over the window.
pub(super) fn server_cpus(samples: &Samples) -> Option<f64> {
    let mut before = 0.0;
    let (mut used, mut seen) = (0.0, 0.0);
    for sample in &samples.samples {
        let length = (sample.at_seconds - before).max(0.0);
        before = sample.at_seconds;
        if let Some(cpus) = sample.server_cpus {
            used += cpus * length;
            seen += length;
        }
    }
    (seen > 0.0).then(|| used / seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capacity::fixture,
        record::{Sample, WalCounters},
    };

    #[test]
    fn processor_time_is_weighted_by_the_length_of_the_samples() {
        let sample = |at_seconds, server_cpus| Sample { at_seconds, server_cpus, ..Sample::default() };
        let samples = |samples: Vec<Sample>| Samples { samples, ..Samples::default() };
        let some = samples(vec![sample(1.0, Some(0.5)), sample(3.0, Some(0.2)), sample(4.0, None)]);
        assert!((server_cpus(&some).unwrap() - 0.3).abs() < 1e-9);
        assert_eq!(server_cpus(&samples(vec![sample(1.0, None)])), None);
        assert_eq!(server_cpus(&Samples::default()), None);
    }

    #[test]
    fn a_record_is_read() {
        let mut record = fixture::record(1_000, 1, |_, _| 1_000.0);
        record.evidence.window.wal = Some(WalCounters { bytes: 50_000, ..WalCounters::default() });
        record.evidence.tables[0].window.as_mut().unwrap().inserted = 100;
        // The warm-up has added 20 before.
        record.evidence.tables[0].live_rows = 1_120;
        let reading = Reading::of(&record);
        assert_eq!(reading.effective, 1_070.0);
        assert_eq!(reading.wal_bytes_per_ingest, Some(500.0));
        // The shares are the workload's, not those that were measured with.
        let shares: f64 = reading.operations.iter().map(|operation| operation.share).sum();
        assert!((shares - 1.0).abs() < 1e-9);
        let get = reading.operation("get_audio_metadata").unwrap();
        assert!((get.share - 0.6).abs() < 1e-9, "{get:?}");
        // All the server's time is shared out.
        let busy: f64 = reading.operations.iter().map(|one| one.cpu_us.unwrap() * one.calls as f64).sum();
        let used = server_cpus(&record.samples).unwrap() * record.window.seconds * 1e6;
        assert!((busy / used - 1.0).abs() < 1e-9, "{busy} of {used}");
    }

    #[test]
    fn too_few_calls_have_no_quantile() {
        let mut record = fixture::record(1_000, 1, |_, _| 1_000.0);
        record.operations[0].summary.response.count = 19;
        assert_eq!(Reading::of(&record).operations[0].response_us, None);
        record.operations[0].summary.response.count = 20;
        assert!(Reading::of(&record).operations[0].response_us.is_some());
    }
}
