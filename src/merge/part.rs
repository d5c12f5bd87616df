//! From a shard's record back to what its engine measured.

use crate::{
    engine::{
        ErrorCount, FailureClass, Measured, OperationMeasured, StageMeasured, StatementMeasured, Tally,
    },
    record::{ErrorClass, Latency, OperationResult, Record, Shard, StageResult, StatementResult},
    stats::{LatencyHistogram, Slice, Slices},
};
use std::time::Duration;

/// What the engine measured, or what of the record is not as a run writes it.
pub(super) fn measured(record: &Record, shard: &Shard) -> Result<Measured, String> {
    let operations = record.operations.iter().map(operation).collect::<Result<Vec<_>, _>>()?;
    let (slices, late) = slices(record, shard)?;
    for (index, operation) in operations.iter().enumerate() {
        let sliced: u64 = slices.of(index).map(|slice| slice.count()).sum();
        if sliced + late[index].count() != operation.response.count() {
            return Err(format!("the slices of {} do not hold its calls", operation.name));
        }
    }
    let elapsed = seconds(record.window.seconds)?;
    let release_error = record.schedule.as_ref().map(|schedule| histogram(&schedule.start_error));
    Ok(Measured {
        operations,
        stages: record.stages.iter().map(stage).collect::<Result<_, _>>()?,
        slices,
        late,
        elapsed,
        lasted: elapsed + seconds(record.series.late_seconds)?,
        begun_after: Duration::ZERO,
        release_error: release_error.transpose()?.unwrap_or_default(),
        connect: histogram(&record.connections.connect)?,
        connect_failures: record.connections.failed,
        captured: Vec::new(),
    })
}

/// The histogram of a record's latencies.
pub(super) fn histogram(latency: &Latency) -> Result<LatencyHistogram, String> {
    if latency.histogram.is_empty() {
        return Ok(LatencyHistogram::default());
    }
    Ok(decoded(&latency.histogram)?.with_saturated(latency.saturated))
}

fn decoded(text: &str) -> Result<LatencyHistogram, String> {
    LatencyHistogram::decode(text).map_err(|error| error.to_string())
}

fn seconds(seconds: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} s is no length of time"))
}

fn operation(result: &OperationResult) -> Result<OperationMeasured, String> {
    let summary = &result.summary;
    Ok(OperationMeasured {
        name: result.name.clone(),
        tally: Tally {
            arrivals: summary.calls,
            completed: summary.completed,
            expected_failures: summary.expected_failures,
            failed: summary.failed,
            shed: summary.shed,
            unfinished: summary.unfinished,
        },
        response: histogram(&summary.response)?,
        service: histogram(&summary.service)?,
        queue_wait: histogram(&summary.queue_wait)?,
        pool_wait: histogram(&summary.pool_wait)?,
        statements: result.statements.iter().map(statement).collect::<Result<_, _>>()?,
        errors: result.errors.iter().map(error).collect::<Result<_, _>>()?,
    })
}

fn statement(result: &StatementResult) -> Result<StatementMeasured, String> {
    Ok(StatementMeasured {
        name: result.name.clone(),
        service: histogram(&result.service)?,
        errors: result.errors,
        rows: result.rows,
    })
}

fn error(class: &ErrorClass) -> Result<ErrorCount, String> {
    let known = FailureClass::ALL.into_iter().find(|known| known.name() == class.class);
    Ok(ErrorCount {
        class: known.ok_or_else(|| format!("`{}` is no class of errors", class.class))?,
        code: class.code.clone(),
        message: class.message.clone(),
        expected: class.expected,
        count: class.count,
        retried: class.retried,
    })
}

fn stage(result: &StageResult) -> Result<StageMeasured, String> {
    Ok(StageMeasured {
        tally: Tally {
            arrivals: result.calls,
            // Of a stage, the answered are not told apart.
            completed: result.answered,
            expected_failures: 0,
            failed: result.failed,
            shed: result.shed,
            unfinished: result.unfinished,
        },
        response: histogram(&result.response)?,
    })
}

/// The window's slices, and what ended after it, one entry an operation.
fn slices(record: &Record, shard: &Shard) -> Result<(Slices, Vec<Slice>), String> {
    let series = &record.series;
    let width = seconds(series.interval_seconds)?;
    let operations = record.operations.len();
    if width.is_zero() || series.operations.len() != operations || shard.slices.len() != operations {
        return Err("there is not one series of slices an operation".to_owned());
    }
    let mut slices = Slices::new(width, operations);
    let mut late = Vec::with_capacity(operations);
    for (index, (own, series)) in shard.slices.iter().zip(&series.operations).enumerate() {
        if own.answered.len() != series.lost.len() {
            return Err(format!("the slices of {} are not as many as those of its series", series.name));
        }
        for (number, (text, lost)) in own.answered.iter().zip(&series.lost).enumerate() {
            let at = width * u32::try_from(number).unwrap_or(u32::MAX);
            slices.add(index, at, values(text.as_deref())?.values(), *lost);
        }
        let lost = series.late.as_ref().map_or(0, |late| late.lost);
        let mut after = Slice::default();
        after.add(values(own.late.as_deref())?.values(), lost);
        late.push(after);
    }
    Ok((slices, late))
}

fn values(text: Option<&str>) -> Result<LatencyHistogram, String> {
    text.map(decoded).transpose().map(Option::unwrap_or_default)
}
