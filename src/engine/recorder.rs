//! What one thread records during one interval.
//!
//! A thread fills one [`Interval`], hands it over whole once a tick and goes on with an empty one, so
//! that nothing is locked or copied between.

use super::{
    connect::Opened,
    failure::{Failure, FailureClass},
};
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

/// Where a call's time went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times {
    /// From the intended start until the last connection was given back.
    pub(super) response: Duration,
    /// From the intended start until a client took the call up; none where nobody planned it.
    pub(super) queue_wait: Option<Duration>,
    /// Waiting for connections, and for the pool to take them back.
    pub(super) pool_wait: Duration,
    /// Holding a connection: first statement sent to the last answer read, COMMIT or ROLLBACK included.
    pub(super) service: Duration,
}

/// A class of errors and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCount {
    /// What kind it is.
    pub class: FailureClass,
    /// SQLSTATE, or `client` for what never came from the server.
    pub code: String,
    /// The first message of this class.
    pub message: String,
    /// Whether the workload declares it a normal answer.
    pub expected: bool,
    /// How often, each attempt counted.
    pub count: u64,
    /// How many of them were followed by another attempt.
    pub retried: u64,
}

impl ErrorCount {
    fn key(&self) -> (FailureClass, &str, bool) {
        (self.class, &self.code, self.expected)
    }

    /// Adds `other` to the class it belongs to in `classes`.
    pub fn merge(classes: &mut Vec<Self>, other: Self) {
        match classes.iter_mut().find(|class| class.key() == other.key()) {
            Some(class) => {
                class.count += other.count;
                class.retried += other.retried;
            }
            None => classes.push(other),
        }
    }
}

/// What became of calls. Once a phase is over, `arrivals` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were meant to begin.
    pub arrivals: u64,
    /// Answered as wished.
    pub completed: u64,
    /// Answered with an error that is a normal answer.
    pub expected_failures: u64,
    /// Failed otherwise.
    pub failed: u64,
    /// Turned away because the queue was full.
    pub shed: u64,
    /// Still waiting or under way when the load was over.
    pub unfinished: u64,
}

impl Tally {
    /// Adds what became of other calls.
    pub fn add(&mut self, other: Self) {
        self.arrivals += other.arrivals;
        self.completed += other.completed;
        self.expected_failures += other.expected_failures;
        self.failed += other.failed;
        self.shed += other.shed;
        self.unfinished += other.unfinished;
    }

    /// Calls that were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.completed + self.expected_failures
    }

    /// Calls that were not: each is a miss of the objective.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.failed + self.shed + self.unfinished
    }

    fn ended(&mut self, ending: Ending) {
        match ending {
            Ending::Completed => self.completed += 1,
            Ending::ExpectedFailure => self.expected_failures += 1,
            Ending::Failed => self.failed += 1,
        }
    }
}

/// Everything recorded during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct Interval {
    pub(super) operations: Vec<OperationInterval>,
    /// All operations together by the stage in which they were meant to begin; empty in a closed loop.
    pub(super) stages: Vec<StageInterval>,
    /// How much later than intended arrivals were let in.
    pub(super) release_error: IntervalHistogram,
    pub(super) opened: Opened,
}

/// One operation during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct OperationInterval {
    pub(super) tally: Tally,
    pub(super) response: IntervalHistogram,
    pub(super) service: IntervalHistogram,
    pub(super) queue_wait: IntervalHistogram,
    pub(super) pool_wait: IntervalHistogram,
    pub(super) statements: Vec<StatementInterval>,
    pub(super) errors: Vec<ErrorCount>,
}

/// One stage during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct StageInterval {
    pub(super) tally: Tally,
    pub(super) response: IntervalHistogram,
}

/// One kind of round trip during one interval.
#[derive(Debug, Clone, Default)]
pub(super) struct StatementInterval {
    pub(super) service: IntervalHistogram,
    pub(super) errors: u64,
    pub(super) rows: u64,
}

impl Interval {
    /// An empty interval for operations with these numbers of statements, and this number of stages.
    pub(super) fn new(statements: impl Iterator<Item = usize>, stages: usize) -> Self {
        let operation = |count| OperationInterval {
            statements: vec![StatementInterval::default(); count],
            ..OperationInterval::default()
        };
        Self {
            operations: statements.map(operation).collect(),
            stages: vec![StageInterval::default(); stages],
            ..Self::default()
        }
    }

    /// Forgets everything, keeping the memory.
    pub(super) fn reset(&mut self) {
        for operation in &mut self.operations {
            operation.tally = Tally::default();
            operation.response.reset();
            operation.service.reset();
            operation.queue_wait.reset();
            operation.pool_wait.reset();
            operation.errors.clear();
            for statement in &mut operation.statements {
                statement.service.reset();
                statement.errors = 0;
                statement.rows = 0;
            }
        }
        for stage in &mut self.stages {
            stage.tally = Tally::default();
            stage.response.reset();
        }
        self.release_error.reset();
        self.opened = Opened::default();
    }

    fn tallies(&mut self, operation: usize, stage: usize, change: impl Fn(&mut Tally)) {
        change(&mut self.operations[operation].tally);
        if let Some(stage) = self.stages.get_mut(stage) {
            change(&mut stage.tally);
        }
    }

    /// A call was meant to begin.
    pub(super) fn arrived(&mut self, operation: usize, stage: usize) {
        self.tallies(operation, stage, |tally| tally.arrivals += 1);
    }

    /// It was turned away.
    pub(super) fn shed(&mut self, operation: usize, stage: usize) {
        self.tallies(operation, stage, |tally| tally.shed += 1);
    }

    /// It was given up.
    pub(super) fn unfinished(&mut self, operation: usize, stage: usize) {
        self.tallies(operation, stage, |tally| tally.unfinished += 1);
    }

    /// It ended. Failed calls have no latency: they count as misses.
    pub(super) fn call_ended(&mut self, operation: usize, stage: usize, ending: Ending, times: &Times) {
        self.tallies(operation, stage, |tally| tally.ended(ending));
        if ending == Ending::Failed {
            return;
        }
        if let Some(stage) = self.stages.get_mut(stage) {
            stage.response.record(times.response);
        }
        let operation = &mut self.operations[operation];
        operation.response.record(times.response);
        operation.service.record(times.service);
        if let Some(queue_wait) = times.queue_wait {
            operation.queue_wait.record(queue_wait);
        }
        operation.pool_wait.record(times.pool_wait);
    }

    /// An attempt at a transaction failed; `again` says whether another follows.
    pub(super) fn failed_attempt(
        &mut self,
        operation: usize,
        failure: &Failure,
        expected: bool,
        again: bool,
    ) {
        let errors = &mut self.operations[operation].errors;
        let key = (failure.class(), failure.code(), expected);
        if let Some(known) = errors.iter_mut().find(|known| known.key() == key) {
            known.count += 1;
            known.retried += u64::from(again);
            return;
        }
        errors.push(ErrorCount {
            class: failure.class(),
            code: failure.code().to_owned(),
            message: failure.message(),
            expected,
            count: 1,
            retried: u64::from(again),
        });
    }
}

impl OperationInterval {
    /// Records a round trip that succeeded.
    pub(super) fn record_statement(&mut self, slot: usize, service: Duration, rows: u64) {
        let statement = &mut self.statements[slot];
        statement.service.record(service);
        statement.rows += rows;
    }
}
