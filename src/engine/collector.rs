//! Pours the threads' intervals together: totals, time slices, progress.

use super::{
    bind::Bound,
    capture::{self, CapturedCalls},
    recorder::{ErrorCount, OperationInterval, StatementInterval, Tally},
    worker::Shipment,
};
use crate::stats::{LatencyHistogram, Slice, Slices};
use std::time::Duration;

/// What a phase measured.
#[derive(Debug)]
pub struct Measured {
    /// One entry an operation, in the workload's order.
    pub operations: Vec<OperationMeasured>,
    /// One entry a stage of an open loop, all operations together.
    pub stages: Vec<StageMeasured>,
    /// Response times by slice of time from the phase's begin to its end, one series an operation.
    pub slices: Slices,
    /// What was answered or given up after the phase's end, one entry an operation.
    pub late: Vec<Slice>,
    /// From the phase's begin to its end, or until it was stopped.
    pub elapsed: Duration,
    /// From the phase's begin to the last answer, or until the rest was given up.
    pub lasted: Duration,
    /// How much later than the phase the clients began, on the slowest thread.
    pub begun_after: Duration,
    /// How much later than intended calls were let in; of calls that were planned.
    pub release_error: LatencyHistogram,
    /// How long connections took to open that were opened during the phase.
    pub connect: LatencyHistogram,
    /// Attempts to open one that failed.
    pub connect_failures: u64,
    /// Parameters of some of the completed calls, by operation; empty unless the phase's plan asked for them.
    pub captured: Vec<CapturedCalls>,
}

/// What one operation's calls came to.
#[derive(Debug, Clone, Default)]
pub struct OperationMeasured {
    /// Its name.
    pub name: String,
    /// What became of its calls.
    pub tally: Tally,
    /// From the intended start to the last row.
    pub response: LatencyHistogram,
    /// Holding a connection: statements sent to last row read.
    pub service: LatencyHistogram,
    /// From the intended start until a client took the call up.
    pub queue_wait: LatencyHistogram,
    /// Waiting for connections.
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
    /// Rows returned or changed, as the server counts them.
    pub rows: u64,
}

/// What the calls of one stage came to.
#[derive(Debug, Clone, Default)]
pub struct StageMeasured {
    /// What became of the calls that were meant to begin in it.
    pub tally: Tally,
    /// From the intended start to the last row.
    pub response: LatencyHistogram,
}

/// What a listener hears while a phase runs, about once a tick.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Time since the phase began.
    pub elapsed: Duration,
    /// Calls answered during the last tick, per second.
    pub calls_per_second: f64,
    /// Percentiles of the response time so far, in microseconds: p50, p95, p99.
    pub percentiles_us: [Option<f64>; 3],
    /// What became of the calls so far.
    pub tally: Tally,
    /// Connections that are open.
    pub connections: usize,
    /// Connections opened so far, and how long that took.
    pub connect: LatencyHistogram,
    /// The operations so far, without their statements, in the workload's order.
    pub operations: Vec<OperationMeasured>,
}

impl StatementMeasured {
    fn add(&mut self, part: &StatementInterval) {
        self.service.add(&part.service);
        self.errors += part.errors;
        self.rows += part.rows;
    }
}

impl OperationMeasured {
    fn add(&mut self, part: &OperationInterval) {
        self.tally.add(part.tally);
        self.response.add(&part.response);
        self.service.add(&part.service);
        self.queue_wait.add(&part.queue_wait);
        self.pool_wait.add(&part.pool_wait);
        self.statements.iter_mut().zip(&part.statements).for_each(|(whole, part)| whole.add(part));
        for error in &part.errors {
            ErrorCount::merge(&mut self.errors, error.clone());
        }
    }

    /// Adds another operation's calls; its statements are its own.
    pub fn merge(&mut self, other: &Self) {
        self.tally.add(other.tally);
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.queue_wait.merge(&other.queue_wait);
        self.pool_wait.merge(&other.pool_wait);
    }
}

/// Gathers one phase.
pub(super) struct Collector {
    operations: Vec<OperationMeasured>,
    stages: Vec<StageMeasured>,
    slices: Slices,
    late: Vec<Slice>,
    begun_after: Duration,
    release_error: LatencyHistogram,
    connect: LatencyHistogram,
    connect_failures: u64,
    /// By thread.
    captured: Vec<Vec<CapturedCalls>>,
    /// Open connections by thread.
    open: Vec<usize>,
    elapsed: Duration,
    /// From the beginning of the newest tick to what was heard of it last; the last one may be short or long.
    tick: Duration,
    overall: LatencyHistogram,
    at: Duration,
    answered_before: u64,
    answered_in_tick: u64,
}

impl Collector {
    pub(super) fn new(bound: &Bound, tick: Duration, stages: usize, threads: usize) -> Self {
        let statement = |name: &String| StatementMeasured { name: name.clone(), ..Default::default() };
        let operations: Vec<_> = bound
            .operations
            .iter()
            .zip(&bound.workload.operations)
            .map(|(operation, named)| OperationMeasured {
                name: named.name.clone(),
                statements: operation.slots.iter().map(statement).collect(),
                ..Default::default()
            })
            .collect();
        Self {
            slices: Slices::new(tick, operations.len()),
            late: vec![Slice::default(); operations.len()],
            operations,
            stages: vec![StageMeasured::default(); stages],
            begun_after: Duration::ZERO,
            release_error: LatencyHistogram::default(),
            connect: LatencyHistogram::default(),
            connect_failures: 0,
            captured: Vec::new(),
            open: vec![0; threads],
            elapsed: Duration::ZERO,
            tick: Duration::ZERO,
            overall: LatencyHistogram::default(),
            at: Duration::ZERO,
            answered_before: 0,
            answered_in_tick: 0,
        }
    }

    pub(super) fn add(&mut self, shipment: &mut Shipment) {
        self.elapsed = self.elapsed.max(shipment.until);
        self.begun_after = self.begun_after.max(shipment.begun_after);
        if shipment.at > self.at {
            self.at = shipment.at;
            self.answered_before = self.overall.count();
            self.tick = Duration::ZERO;
        }
        self.tick = self.tick.max(shipment.until.saturating_sub(shipment.at));
        for (index, part) in shipment.interval.operations.iter().enumerate() {
            self.operations[index].add(part);
            self.overall.add(&part.response);
            let (recorded, lost) = (part.response.recorded(), part.tally.lost());
            if shipment.late {
                self.late[index].add(&recorded, lost);
            } else {
                self.slices.add(index, shipment.at, &recorded, lost);
            }
        }
        for (whole, part) in self.stages.iter_mut().zip(&shipment.interval.stages) {
            whole.tally.add(part.tally);
            whole.response.add(&part.response);
        }
        self.release_error.add(&shipment.interval.release_error);
        self.connect.add(&shipment.interval.opened.took);
        self.connect_failures += shipment.interval.opened.failed;
        if !shipment.captured.is_empty() {
            self.captured.push(std::mem::take(&mut shipment.captured));
        }
        self.open[shipment.worker] = shipment.open;
        self.answered_in_tick = self.overall.count() - self.answered_before;
    }

    pub(super) fn snapshot(&self, elapsed: Duration) -> Snapshot {
        let mut tally = Tally::default();
        self.operations.iter().for_each(|operation| tally.add(operation.tally));
        let without_statements = |operation: &OperationMeasured| OperationMeasured {
            name: operation.name.clone(),
            tally: operation.tally,
            response: operation.response.clone(),
            service: operation.service.clone(),
            pool_wait: operation.pool_wait.clone(),
            errors: operation.errors.clone(),
            ..OperationMeasured::default()
        };
        Snapshot {
            elapsed,
            calls_per_second: self.answered_in_tick as f64 / self.tick.as_secs_f64().max(1e-6),
            percentiles_us: [0.5, 0.95, 0.99].map(|quantile| self.overall.quantile_us(quantile)),
            tally,
            connections: self.open.iter().sum(),
            connect: self.connect.clone(),
            operations: self.operations.iter().map(without_statements).collect(),
        }
    }

    pub(super) fn finish(self, end: Duration) -> Measured {
        Measured {
            operations: self.operations,
            stages: self.stages,
            slices: self.slices,
            late: self.late,
            elapsed: self.elapsed.min(end),
            lasted: self.elapsed,
            begun_after: self.begun_after,
            release_error: self.release_error,
            connect: self.connect,
            connect_failures: self.connect_failures,
            captured: capture::merge(&self.captured),
        }
    }
}
