//! From what the engine measured to the parts of a record. Pure.

use super::verdict;
use crate::{
    engine::{ErrorCount, Measured, OperationMeasured},
    record::{
        ErrorClass, HeatMap, Late, Latency, OperationResult, QuantileInterval, Series, SeriesOperation,
        StageResult, StatementResult, Summary,
    },
    stats::{
        Heat, LatencyHistogram, PackedSlice, Slice, blocks, bucket_end_ns, miss_share_interval,
        quantile_intervals,
    },
    workload::{Slo, Stage, Workload},
};
use std::time::Duration;

/// Percentiles that get an interval, besides the objective's own.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Blocks of the bootstrap: enough of them to resample from, and few enough to hold.
const MOST_BLOCKS: usize = 40;

/// Results by operation, all together, and by slice of time.
pub(crate) struct Results {
    pub(crate) operations: Vec<OperationResult>,
    pub(crate) overall: Summary,
    pub(crate) series: Series,
}

/// What is known of an operation before it is called.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) weight: f64,
    pub(crate) round_trips: usize,
    pub(crate) writes: bool,
    /// What it is judged by.
    pub(crate) slo: Slo,
}

/// The operations of a workload. `slo` is the objective of those that set none of their own; `strict` makes it everybody's.
pub(super) fn kinds(workload: &Workload, slo: Slo, strict: bool) -> Vec<Kind> {
    let kind = |operation: &crate::workload::Operation| Kind {
        name: operation.name.clone(),
        weight: operation.weight,
        round_trips: operation.round_trips(&workload.envelope),
        writes: operation.writes(),
        slo: if strict { slo } else { operation.slo.or(workload.slo).unwrap_or(slo) },
    };
    workload.operations.iter().map(kind).collect()
}

/// What was measured of operations of these kinds; `slo` is the objective of all calls together.
pub(crate) fn results(kinds: &[Kind], measured: &Measured, slo: Slo, seed: u64) -> Results {
    let seconds = measured.elapsed.as_secs_f64();
    let length = measured.slices.length();
    let sliced = |slices: &mut dyn Iterator<Item = Slice>, late: Slice| Sliced {
        blocks: blocks(length, slices, MOST_BLOCKS),
        late,
        seconds,
    };
    let operation = |(index, (kind, measured_one)): (usize, (&Kind, &OperationMeasured))| {
        let sliced = sliced(&mut measured.slices.of(index), measured.late[index].clone());
        OperationResult {
            name: kind.name.clone(),
            weight: kind.weight,
            round_trips: kind.round_trips,
            writes: kind.writes,
            summary: summary(measured_one, sliced, kind.slo, seed),
            statements: measured_one.statements.iter().map(statement).collect(),
            errors: measured_one.errors.iter().map(error).collect(),
        }
    };
    let operations = kinds.iter().zip(&measured.operations).enumerate().map(operation).collect();
    let late = measured.late.iter().fold(Slice::default(), |mut whole, late| {
        whole.absorb(late);
        whole
    });
    let overall = summary(&sum(&measured.operations), sliced(&mut measured.slices.all(), late), slo, seed);
    Results { operations, overall, series: series(measured) }
}

/// Calls by time.
struct Sliced {
    /// Those that ended within the window, for the bootstrap.
    blocks: Vec<PackedSlice>,
    /// Those that ended after it.
    late: Slice,
    /// Length of the window.
    seconds: f64,
}

impl Sliced {
    /// Answers within the window, by its length: what ends later is left out, as is the time it takes.
    fn rate(&self) -> f64 {
        let answered: u64 = self.blocks.iter().map(|block| block.unpack().count()).sum();
        if self.seconds > 0.0 { answered as f64 / self.seconds } else { 0.0 }
    }

    /// Every call of the run is in a block: the late ones belong to the last, in which they were under way.
    fn all_in_blocks(mut self) -> Vec<PackedSlice> {
        if let Some(last) = self.blocks.last_mut() {
            let mut whole = last.unpack();
            whole.absorb(&self.late);
            *last = PackedSlice::from(&whole);
        }
        self.blocks
    }
}

fn summary(measured: &OperationMeasured, sliced: Sliced, slo: Slo, seed: u64) -> Summary {
    let tally = measured.tally;
    let calls_per_second = sliced.rate();
    let slices = &sliced.all_in_blocks();
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
    Summary {
        calls: tally.arrivals,
        completed: tally.completed,
        expected_failures: tally.expected_failures,
        failed: tally.failed,
        shed: tally.shed,
        unfinished: tally.unfinished,
        calls_per_second,
        response: latency(&measured.response),
        service: latency(&measured.service),
        queue_wait: latency(&measured.queue_wait),
        pool_wait: latency(&measured.pool_wait),
        slo: verdict::judge(
            slo,
            &measured.response,
            &response_intervals,
            miss_share_interval(slices, bucket_end_ns(slo.target), seed),
            tally.arrivals,
            tally.lost(),
        ),
        response_intervals,
    }
}

pub(crate) fn latency(histogram: &LatencyHistogram) -> Latency {
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

fn series(measured: &Measured) -> Series {
    let operation = |(index, operation): (usize, &OperationMeasured)| {
        let late = Some(&measured.late[index]).filter(|late| late.count() + late.lost > 0);
        let mut series = SeriesOperation {
            name: operation.name.clone(),
            late: late.map(|late| Late {
                answered: late.count(),
                lost: late.lost,
                p50_us: late.quantile_us(0.5),
                p95_us: late.quantile_us(0.95),
                p99_us: late.quantile_us(0.99),
                max_us: late.quantile_us(1.0),
            }),
            ..SeriesOperation::default()
        };
        for slice in measured.slices.of(index) {
            series.answered.push(slice.count());
            series.lost.push(slice.lost);
            series.p50_us.push(slice.quantile_us(0.5));
            series.p95_us.push(slice.quantile_us(0.95));
            series.p99_us.push(slice.quantile_us(0.99));
            series.max_us.push(slice.quantile_us(1.0));
        }
        series
    };
    Series {
        interval_seconds: measured.slices.width().as_secs_f64(),
        late_seconds: measured.lasted.saturating_sub(measured.elapsed).as_secs_f64(),
        operations: measured.operations.iter().enumerate().map(operation).collect(),
        heat: Heat::of(measured.slices.all()).map(heat_map),
    }
}

fn heat_map(heat: Heat) -> HeatMap {
    HeatMap { bounds_us: heat.bounds_ns.iter().map(|ns| *ns as f64 / 1_000.0).collect(), counts: heat.counts }
}

/// What became of each stage, judged by the run's objective.
pub(crate) fn stages(stages: &[Stage], measured: &Measured, slo: Slo) -> Vec<StageResult> {
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
