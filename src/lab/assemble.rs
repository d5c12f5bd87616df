//! From what the engine measured to the parts of a record. Pure.

use super::verdict;
use crate::{
    engine::{Bound, ErrorCount, Measured, OperationMeasured},
    record::{
        ErrorClass, Latency, OperationResult, QuantileInterval, Series, SeriesOperation, StatementResult,
        Summary,
    },
    stats::{LatencyHistogram, Slice, miss_share_interval, quantile_intervals},
    workload::Slo,
};
use std::collections::BTreeMap;

/// Percentiles that get an interval, besides the objective's own.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Results by operation, all together, and by slice of time.
pub(super) struct Results {
    pub(super) operations: Vec<OperationResult>,
    pub(super) overall: Summary,
    pub(super) series: Series,
}

/// `slo` is the objective of operations that set none of their own; `strict` makes it everybody's.
pub(super) fn results(bound: &Bound, measured: &Measured, slo: Slo, strict: bool, seed: u64) -> Results {
    let seconds = measured.elapsed.as_secs_f64();
    let envelope = &bound.workload.envelope;
    let operations: Vec<OperationResult> = bound
        .workload
        .operations
        .iter()
        .zip(&measured.operations)
        .enumerate()
        .map(|(index, (operation, measured_one))| {
            let slo = if strict { slo } else { operation.slo.or(bound.workload.slo).unwrap_or(slo) };
            OperationResult {
                name: operation.name.clone(),
                weight: operation.weight,
                round_trips: operation.round_trips(envelope),
                writes: operation.writes(),
                summary: summary(measured_one, measured.slices.of(index), slo, seconds, seed),
                statements: measured_one.statements.iter().map(statement).collect(),
                errors: measured_one.errors.iter().map(error).collect(),
            }
        })
        .collect();
    let slo = if strict { slo } else { bound.workload.slo.unwrap_or(slo) };
    let overall = summary(&sum(&measured.operations), &merged_slices(measured), slo, seconds, seed);
    Results { operations, overall, series: series(bound, measured) }
}

fn summary(measured: &OperationMeasured, slices: &[Slice], slo: Slo, seconds: f64, seed: u64) -> Summary {
    let calls = measured.completed + measured.expected_failures + measured.failed;
    let mut quantiles = QUANTILES.to_vec();
    if !quantiles.contains(&slo.quantile) {
        quantiles.push(slo.quantile);
    }
    let intervals = quantile_intervals(slices, &quantiles, seed).unwrap_or_default();
    let response_intervals: Vec<QuantileInterval> = quantiles
        .iter()
        .zip(intervals)
        .map(|(quantile, interval)| QuantileInterval {
            quantile: *quantile,
            low_us: interval.low,
            high_us: interval.high,
        })
        .collect();
    let target_ns = u64::try_from(slo.target.as_nanos()).unwrap_or(u64::MAX - 1);
    Summary {
        calls,
        completed: measured.completed,
        expected_failures: measured.expected_failures,
        failed: measured.failed,
        calls_per_second: if seconds > 0.0 { calls as f64 / seconds } else { 0.0 },
        response: latency(&measured.response),
        service: latency(&measured.service),
        pool_wait: latency(&measured.pool_wait),
        slo: verdict::judge(
            slo,
            &measured.response,
            &response_intervals,
            miss_share_interval(slices, target_ns, seed),
            calls,
            measured.failed,
        ),
        response_intervals,
    }
}

fn latency(histogram: &LatencyHistogram) -> Latency {
    Latency {
        count: histogram.count(),
        min_us: histogram.min_us(),
        mean_us: histogram.mean_us(),
        p50_us: histogram.quantile_us(0.5),
        p90_us: histogram.quantile_us(0.9),
        p95_us: histogram.quantile_us(0.95),
        p99_us: histogram.quantile_us(0.99),
        p999_us: histogram.quantile_us(0.999),
        max_us: histogram.max_us(),
        saturated: histogram.saturated(),
        histogram: histogram.encode(),
    }
}

fn statement(measured: &crate::engine::StatementMeasured) -> StatementResult {
    StatementResult {
        name: measured.name.clone(),
        calls: measured.service.count(),
        errors: measured.errors,
        rows: measured.rows,
        service: latency(&measured.service),
    }
}

fn error(count: &ErrorCount) -> ErrorClass {
    ErrorClass {
        code: count.code.clone(),
        message: count.message.clone(),
        expected: count.expected,
        count: count.count,
    }
}

/// All operations as one; histograms are merged, percentiles never averaged.
fn sum(operations: &[OperationMeasured]) -> OperationMeasured {
    operations.iter().fold(OperationMeasured::default(), |mut whole, part| {
        whole.completed += part.completed;
        whole.expected_failures += part.expected_failures;
        whole.failed += part.failed;
        whole.response.merge(&part.response);
        whole.service.merge(&part.service);
        whole.pool_wait.merge(&part.pool_wait);
        whole
    })
}

fn merged_slices(measured: &Measured) -> Vec<Slice> {
    let length = measured.slices.of(0).len();
    (0..length)
        .map(|at| {
            let mut latencies: BTreeMap<u64, u64> = BTreeMap::new();
            let mut failed = 0;
            for index in 0..measured.operations.len() {
                let slice = &measured.slices.of(index)[at];
                slice.latencies.iter().for_each(|(ns, count)| *latencies.entry(*ns).or_default() += count);
                failed += slice.failed;
            }
            Slice { latencies, failed }
        })
        .collect()
}

fn series(bound: &Bound, measured: &Measured) -> Series {
    let operation = |(index, operation): (usize, &crate::workload::Operation)| {
        let slices = measured.slices.of(index);
        let at = |quantile: f64| slices.iter().map(|slice| slice.quantile_us(quantile)).collect();
        SeriesOperation {
            name: operation.name.clone(),
            answered: slices.iter().map(Slice::count).collect(),
            failed: slices.iter().map(|slice| slice.failed).collect(),
            p50_us: at(0.5),
            p95_us: at(0.95),
            p99_us: at(0.99),
            max_us: at(1.0),
        }
    };
    Series {
        interval_seconds: measured.slices.width().as_secs_f64(),
        operations: bound.workload.operations.iter().enumerate().map(operation).collect(),
    }
}
