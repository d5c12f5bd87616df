//! What is known of a run while it goes on.

use super::Distribution;
use crate::{
    engine::{OperationMeasured, Snapshot},
    stats::LatencyHistogram,
};
use std::{collections::BTreeMap, time::Duration};

/// A run at one moment. Counts of calls only grow within a phase; that they begin anew with the next is what Prometheus
/// calls a counter reset, and its `rate` expects it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Name of the workload.
    pub workload: String,
    /// `warm-up`, `measuring`, or whatever goes on.
    pub phase: String,
    /// Time since the phase began.
    pub elapsed: Duration,
    /// Calls per second that are asked for; none in a closed loop.
    pub asked_rate: Option<f64>,
    /// Calls that fell due, whatever became of them.
    pub arrivals: u64,
    /// One entry an operation, in the workload's order; the names differ.
    pub operations: Vec<LiveOperation>,
    /// Calls that went wrong, by class.
    pub errors: BTreeMap<LiveError, u64>,
    /// The sessions on the server.
    pub connections: LiveConnections,
    /// Size of the database in bytes; none before it was looked up.
    pub database_bytes: Option<u64>,
}

impl Live {
    /// What `snapshot` shows.
    #[must_use]
    pub fn of(
        workload: &str,
        phase: &str,
        asked_rate: Option<f64>,
        snapshot: &Snapshot,
        database_bytes: Option<u64>,
    ) -> Self {
        let distribution = |histogram: &LatencyHistogram| {
            let mut distribution = Distribution::default();
            distribution.add(histogram.values().iter().copied());
            distribution
        };
        let operation = |measured: &OperationMeasured| LiveOperation {
            name: measured.name.clone(),
            completed: measured.tally.completed,
            expected_failures: measured.tally.expected_failures,
            failed: measured.tally.failed,
            shed: measured.tally.shed,
            unfinished: measured.tally.unfinished,
            response: distribution(&measured.response),
            service: distribution(&measured.service),
            pool_wait: distribution(&measured.pool_wait),
        };
        let mut errors = BTreeMap::new();
        for measured in &snapshot.operations {
            for error in &measured.errors {
                let (class, code) = (error.class.name().to_owned(), error.code.clone());
                let key =
                    LiveError { operation: measured.name.clone(), class, code, expected: error.expected };
                *errors.entry(key).or_default() += error.count;
            }
        }
        Self {
            workload: workload.to_owned(),
            phase: phase.to_owned(),
            elapsed: snapshot.elapsed,
            asked_rate,
            arrivals: snapshot.tally.arrivals,
            operations: snapshot.operations.iter().map(operation).collect(),
            errors,
            connections: LiveConnections {
                open: snapshot.connections as u64,
                connect: distribution(&snapshot.connect),
            },
            database_bytes,
        }
    }
}

/// What became of one operation's calls so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveOperation {
    /// Its name.
    pub name: String,
    /// Calls answered as wished.
    pub completed: u64,
    /// Calls answered with an error that the workload declares a normal answer.
    pub expected_failures: u64,
    /// Calls that failed otherwise.
    pub failed: u64,
    /// Calls that were never made, since too many were waiting.
    pub shed: u64,
    /// Calls that were given up when the phase ended.
    pub unfinished: u64,
    /// From the intended start to the last row, of the answered calls.
    pub response: Distribution,
    /// Holding a connection: from the first statement's sending to the last row.
    pub service: Distribution,
    /// Waiting for a connection.
    pub pool_wait: Distribution,
}

/// A class of errors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveError {
    /// The operation that met it.
    pub operation: String,
    /// Kind of the error, in a word that stays the same.
    pub class: String,
    /// SQLSTATE, or `client` for what never came from the server.
    pub code: String,
    /// Whether the workload declares it a normal answer.
    pub expected: bool,
}

/// Sessions on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveConnections {
    /// Open at this moment.
    pub open: u64,
    /// How long opening took, of all that were opened so far.
    pub connect: Distribution,
}
