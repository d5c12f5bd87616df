//! Pours the threads' intervals together: totals, time slices, progress.

use super::{
    Snapshot,
    bind::Bound,
    recorder::{ErrorCount, StatementInterval},
    worker::Shipment,
};
use crate::stats::{LatencyHistogram, Slices};
use std::time::Duration;

/// What a phase measured.
#[derive(Debug)]
pub struct Measured {
    /// One entry an operation, in the workload's order.
    pub operations: Vec<OperationMeasured>,
    /// Response times by slice of time, one series an operation.
    pub slices: Slices,
    /// From the phase's begin to its end, or to the last answer if that came before: calls that are answered after
    /// the end count, the waiting for them does not.
    pub elapsed: Duration,
}

/// What one operation's calls came to.
#[derive(Debug, Clone, Default)]
pub struct OperationMeasured {
    /// Calls answered as wished.
    pub completed: u64,
    /// Calls answered with an error that is a normal answer.
    pub expected_failures: u64,
    /// Calls that failed otherwise.
    pub failed: u64,
    /// From the client's wish to the last row.
    pub response: LatencyHistogram,
    /// The same without waiting for a connection.
    pub service: LatencyHistogram,
    /// Waiting for a connection.
    pub pool_wait: LatencyHistogram,
    /// One entry a kind of round trip.
    pub statements: Vec<StatementMeasured>,
    /// What failed.
    pub errors: Vec<ErrorCount>,
}

/// What one kind of round trip came to.
#[derive(Debug, Clone, Default)]
pub struct StatementMeasured {
    /// Its name.
    pub name: String,
    /// Sent to last row read, of those that succeeded.
    pub service: LatencyHistogram,
    /// Those that did not.
    pub errors: u64,
    /// Rows received.
    pub rows: u64,
}

impl StatementMeasured {
    fn add(&mut self, part: &StatementInterval) {
        self.service.add(&part.service);
        self.errors += part.errors;
        self.rows += part.rows;
    }
}

/// Gathers one phase.
pub(super) struct Collector {
    operations: Vec<OperationMeasured>,
    slices: Slices,
    elapsed: Duration,
    /// From the beginning of the newest tick to what was heard of it last; the last one may be short or long.
    tick: Duration,
    overall: LatencyHistogram,
    at: Duration,
    answered_before: u64,
    answered_in_tick: u64,
}

impl Collector {
    pub(super) fn new(bound: &Bound, tick: Duration) -> Self {
        let statement = |name: &String| StatementMeasured { name: name.clone(), ..Default::default() };
        let operations: Vec<_> = bound
            .operations
            .iter()
            .map(|operation| OperationMeasured {
                statements: operation.slots.iter().map(statement).collect(),
                ..Default::default()
            })
            .collect();
        Self {
            slices: Slices::new(tick, operations.len()),
            operations,
            elapsed: Duration::ZERO,
            tick: Duration::ZERO,
            overall: LatencyHistogram::default(),
            at: Duration::ZERO,
            answered_before: 0,
            answered_in_tick: 0,
        }
    }

    pub(super) fn add(&mut self, shipment: &Shipment) {
        self.elapsed = self.elapsed.max(shipment.until);
        if shipment.at > self.at {
            self.at = shipment.at;
            self.answered_before = self.overall.count();
            self.tick = Duration::ZERO;
        }
        self.tick = self.tick.max(shipment.until.saturating_sub(shipment.at));
        for (index, part) in shipment.interval.operations.iter().enumerate() {
            let whole = &mut self.operations[index];
            whole.completed += part.completed;
            whole.expected_failures += part.expected_failures;
            whole.failed += part.failed;
            whole.response.add(&part.response);
            whole.service.add(&part.service);
            whole.pool_wait.add(&part.pool_wait);
            whole.statements.iter_mut().zip(&part.statements).for_each(|(whole, part)| whole.add(part));
            for error in &part.errors {
                ErrorCount::merge(&mut whole.errors, error.clone());
            }
            self.overall.add(&part.response);
            self.slices.add(index, shipment.at, &part.response.recorded(), part.failed);
        }
        self.answered_in_tick = self.overall.count() - self.answered_before;
    }

    pub(super) fn snapshot(&self, elapsed: Duration) -> Snapshot {
        Snapshot {
            elapsed,
            calls_per_second: self.answered_in_tick as f64 / self.tick.as_secs_f64().max(1e-6),
            percentiles_us: [0.5, 0.95, 0.99].map(|quantile| self.overall.quantile_us(quantile)),
            failed: self.operations.iter().map(|operation| operation.failed).sum(),
        }
    }

    pub(super) fn finish(self, end: Duration) -> Measured {
        Measured { operations: self.operations, slices: self.slices, elapsed: self.elapsed.min(end) }
    }
}
