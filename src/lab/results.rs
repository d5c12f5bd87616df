//! From what the engine measured to the parts of a record. Pure.

use super::verdict;
use crate::{
    engine::{Bound, ErrorCount, Measured, OperationMeasured},
    record::{
        ErrorClass, Latency, OperationResult, QuantileInterval, Series, SeriesOperation, StageResult,
        StatementResult, Summary,
    },
    stats::{LatencyHistogram, Slice, blocks, miss_share_interval, quantile_intervals},
    workload::{Slo, Stage},
};
use std::time::Duration;

/// Percentiles that get an interval, besides the objective's own.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Blocks of the bootstrap: enough of them to resample from, and few enough to hold.
const MOST_BLOCKS: usize = 40;

/// Results by operation, all together, and by slice of time.
pub(super) struct Results {
    pub(super) operations: Vec<OperationResult>,
    pub(super) overall: Summary,
    pub(super) series: Series,
}

/// `slo` is the objective of operations that set none of their own; `strict` makes it everybody's.
pub(super) fn results(bound: &Bound, measured: &Measured, slo: Slo, strict: bool, seed: u64) -> Results {
    // Answers that came while the queue was emptied did not come within the window.
    let seconds =
        measured.elapsed.max(if measured.stages.is_empty() { Duration::ZERO } else { measured.lasted });
    let seconds = seconds.as_secs_f64();
    let envelope = &bound.workload.envelope;
    let length = measured.slices.length();
    let in_blocks = |slices: &mut dyn Iterator<Item = Slice>| blocks(length, slices, MOST_BLOCKS);
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
                summary: summary(
                    measured_one,
                    &in_blocks(&mut measured.slices.of(index)),
                    slo,
                    seconds,
                    seed,
                ),
                statements: measured_one.statements.iter().map(statement).collect(),
                errors: measured_one.errors.iter().map(error).collect(),
            }
        })
        .collect();
    let slo = if strict { slo } else { bound.workload.slo.unwrap_or(slo) };
    let overall =
        summary(&sum(&measured.operations), &in_blocks(&mut measured.slices.all()), slo, seconds, seed);
    Results { operations, overall, series: series(bound, measured) }
}

fn summary(measured: &OperationMeasured, slices: &[Slice], slo: Slo, seconds: f64, seed: u64) -> Summary {
    let tally = measured.tally;
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
        calls: tally.arrivals,
        completed: tally.completed,
        expected_failures: tally.expected_failures,
        failed: tally.failed,
        shed: tally.shed,
        unfinished: tally.unfinished,
        calls_per_second: if seconds > 0.0 { tally.answered() as f64 / seconds } else { 0.0 },
        response: latency(&measured.response),
        service: latency(&measured.service),
        queue_wait: latency(&measured.queue_wait),
        pool_wait: latency(&measured.pool_wait),
        slo: verdict::judge(
            slo,
            &measured.response,
            &response_intervals,
            miss_share_interval(slices, target_ns, seed),
            tally.arrivals,
            tally.lost(),
        ),
        response_intervals,
    }
}

pub(super) fn latency(histogram: &LatencyHistogram) -> Latency {
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
        class: count.class.name().to_owned(),
        code: count.code.clone(),
        message: count.message.clone(),
        expected: count.expected,
        count: count.count,
        retried: count.retried,
    }
}

/// All operations as one; histograms are merged, percentiles never averaged.
fn sum(operations: &[OperationMeasured]) -> OperationMeasured {
    operations.iter().fold(OperationMeasured::default(), |mut whole, part| {
        whole.merge(part);
        whole
    })
}

fn series(bound: &Bound, measured: &Measured) -> Series {
    let operation = |(index, operation): (usize, &crate::workload::Operation)| {
        let mut series = SeriesOperation { name: operation.name.clone(), ..SeriesOperation::default() };
        for slice in measured.slices.of(index) {
            series.answered.push(slice.count());
            series.failed.push(slice.failed);
            series.p50_us.push(slice.quantile_us(0.5));
            series.p95_us.push(slice.quantile_us(0.95));
            series.p99_us.push(slice.quantile_us(0.99));
            series.max_us.push(slice.quantile_us(1.0));
        }
        series
    };
    Series {
        interval_seconds: measured.slices.width().as_secs_f64(),
        operations: bound.workload.operations.iter().enumerate().map(operation).collect(),
    }
}

/// What became of each stage, judged by the run's objective.
pub(super) fn stages(stages: &[Stage], measured: &Measured, slo: Slo) -> Vec<StageResult> {
    let mut begins = Duration::ZERO;
    stages
        .iter()
        .zip(&measured.stages)
        .map(|(stage, measured)| {
            let tally = measured.tally;
            let misses = measured.response.count_above(slo.target) + tally.lost();
            let result = StageResult {
                stage: stage.to_string(),
                begins_seconds: begins.as_secs_f64(),
                seconds: stage.duration.as_secs_f64(),
                calls: tally.arrivals,
                answered: tally.answered(),
                failed: tally.failed,
                shed: tally.shed,
                unfinished: tally.unfinished,
                miss_share: misses as f64 / tally.arrivals.max(1) as f64,
                response: latency(&measured.response),
            };
            begins += stage.duration;
            result
        })
        .collect()
}
