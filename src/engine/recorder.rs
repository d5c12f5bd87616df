//! What one thread records during one interval.
//!
//! A thread fills one [`Interval`], hands it over whole once a tick and goes on with an empty one, so
//! that nothing is locked, copied or allocated between.

use crate::stats::IntervalHistogram;
use std::time::Duration;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// As wished.
    Completed,
    /// With an error that the workload declares a normal answer.
    ExpectedFailure,
    /// With any other error.
    Failed,
}

/// A class of errors and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCount {
    /// SQLSTATE, or `client` for what never came from the server.
    pub code: String,
    /// The first message of this class.
    pub message: String,
    /// Whether the workload declares it a normal answer.
    pub expected: bool,
    /// How often.
    pub count: u64,
}

impl ErrorCount {
    /// Adds `other` to the class it belongs to in `classes`.
    pub(super) fn merge(classes: &mut Vec<Self>, other: Self) {
        match classes.iter_mut().find(|class| class.code == other.code && class.expected == other.expected) {
            Some(class) => class.count += other.count,
            None => classes.push(other),
        }
    }
}

/// Everything recorded during one interval, by operation.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    pub(super) operations: Vec<OperationInterval>,
}

/// One operation during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct OperationInterval {
    pub(super) completed: u64,
    pub(super) expected_failures: u64,
    pub(super) failed: u64,
    pub(super) response: IntervalHistogram,
    pub(super) service: IntervalHistogram,
    pub(super) pool_wait: IntervalHistogram,
    pub(super) statements: Vec<StatementInterval>,
    pub(super) errors: Vec<ErrorCount>,
}

/// One kind of round trip during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct StatementInterval {
    pub(super) service: IntervalHistogram,
    pub(super) errors: u64,
    pub(super) rows: u64,
}

impl Interval {
    /// An empty interval for operations with these numbers of statements.
    pub(super) fn new(statements: impl Iterator<Item = usize>) -> Self {
        let operation = |count| OperationInterval {
            statements: vec![StatementInterval::default(); count],
            ..OperationInterval::default()
        };
        Self { operations: statements.map(operation).collect() }
    }

    /// Forgets everything, keeping the memory.
    pub(super) fn reset(&mut self) {
        for operation in &mut self.operations {
            operation.completed = 0;
            operation.expected_failures = 0;
            operation.failed = 0;
            operation.response.reset();
            operation.service.reset();
            operation.pool_wait.reset();
            operation.errors.clear();
            for statement in &mut operation.statements {
                statement.service.reset();
                statement.errors = 0;
                statement.rows = 0;
            }
        }
    }
}

impl OperationInterval {
    /// Records the end of a call. Failed calls have no latency: they count as misses.
    pub(super) fn record_call(&mut self, ending: Ending, response: Duration, pool_wait: Duration) {
        match ending {
            Ending::Completed => self.completed += 1,
            Ending::ExpectedFailure => self.expected_failures += 1,
            Ending::Failed => {
                self.failed += 1;
                return;
            }
        }
        self.response.record(response);
        self.service.record(response.saturating_sub(pool_wait));
        self.pool_wait.record(pool_wait);
    }

    /// Records a round trip that succeeded.
    pub(super) fn record_statement(&mut self, slot: usize, service: Duration, rows: u64) {
        let statement = &mut self.statements[slot];
        statement.service.record(service);
        statement.rows += rows;
    }
}
