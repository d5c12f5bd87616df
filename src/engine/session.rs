//! One tool call over real connections: checkouts, envelope, statements, end.

use super::{
    bind::{Bound, BoundStatement},
    recorder::{Ending, ErrorCount, Interval},
};
use crate::workload::{Operation, Protocol, Statement, Value};
use deadpool_postgres::{Client, Pool, PoolError};
use futures_util::{Stream, StreamExt};
use std::{
    cell::RefCell,
    pin::pin,
    time::{Duration, Instant},
};
use tokio_postgres::{Error, SimpleQueryMessage};

/// What a client carries from call to call: buffers that keep their size, and where to record.
pub(super) struct Session<'a> {
    pub(super) bound: &'a Bound,
    pub(super) pool: &'a Pool,
    pub(super) interval: &'a RefCell<Interval>,
    sql: String,
}

/// Why a call could not go on.
enum Failure {
    /// No connection could be had.
    Pool(PoolError),
    /// A round trip failed.
    Query(Error),
}

/// What the caller must know of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aftermath {
    /// Go on.
    Fine,
    /// The connection is gone or could not be had: do not hammer the server.
    Unreachable,
}

impl<'a> Session<'a> {
    pub(super) fn new(bound: &'a Bound, pool: &'a Pool, interval: &'a RefCell<Interval>) -> Self {
        Self { bound, pool, interval, sql: String::new() }
    }

    /// Makes one call of operation number `index` and records it.
    pub(super) async fn call(&mut self, index: usize, values: &[Value]) -> Aftermath {
        let operation = &self.bound.workload.operations[index];
        let began = Instant::now();
        let mut pool_wait = Duration::ZERO;
        let mut failure = None;
        for number in 0..operation.transactions.len() {
            let asked = Instant::now();
            let checkout = self.pool.get().await;
            pool_wait += asked.elapsed();
            let outcome = match checkout {
                Ok(client) => self.transaction(&client, index, number, values).await.map_err(Failure::Query),
                Err(error) => Err(Failure::Pool(error)),
            };
            if let Err(error) = outcome {
                failure = Some(error);
                break;
            }
        }
        let response = began.elapsed();
        let (ending, aftermath) = self.classify(operation, index, failure);
        self.interval.borrow_mut().operations[index].record_call(ending, response, pool_wait);
        aftermath
    }

    /// One checkout: BEGIN, validation, statements, end. After an error only ROLLBACK follows, as the
    /// server's driver does.
    async fn transaction(
        &mut self,
        client: &Client,
        index: usize,
        number: usize,
        values: &[Value],
    ) -> Result<(), Error> {
        let bound = self.bound;
        let operation = &bound.operations[index];
        match self.until_end(client, index, number, values).await {
            Ok(()) => {
                let transaction = &bound.workload.operations[index].transactions[number];
                let Some(sql) = transaction.end.sql() else { return Ok(()) };
                let slot = match transaction.end {
                    crate::workload::End::Commit => operation.commit.unwrap_or(operation.rollback),
                    _ => operation.rollback,
                };
                self.plain(client, index, slot, sql).await
            }
            Err(error) => {
                if !client.is_closed() {
                    self.plain(client, index, operation.rollback, "ROLLBACK").await?;
                }
                Err(error)
            }
        }
    }

    async fn until_end(
        &mut self,
        client: &Client,
        index: usize,
        number: usize,
        values: &[Value],
    ) -> Result<(), Error> {
        let bound = self.bound;
        let operation = &bound.operations[index];
        let envelope = &bound.workload.envelope;
        let transaction = &bound.workload.operations[index].transactions[number];
        if transaction.end != crate::workload::End::None {
            self.plain(client, index, operation.begin, &envelope.begin).await?;
            if let (Some(slot), Some(sql)) = (operation.validate, &envelope.validate) {
                self.plain(client, index, slot, sql).await?;
            }
        }
        for (statement, ready) in transaction.statements.iter().zip(&operation.transactions[number]) {
            self.statement(client, index, statement, ready, values).await?;
        }
        Ok(())
    }

    /// A round trip of the envelope: always by the simple protocol, as the server's driver does.
    async fn plain(&self, client: &Client, index: usize, slot: usize, sql: &str) -> Result<(), Error> {
        let sent = Instant::now();
        let outcome = simple(client, sql).await;
        self.record(index, slot, sent, outcome)
    }

    async fn statement(
        &mut self,
        client: &Client,
        index: usize,
        statement: &Statement,
        ready: &BoundStatement,
        values: &[Value],
    ) -> Result<(), Error> {
        if self.bound.protocol == Protocol::Simple {
            self.sql.clear();
            statement.template.write_literal(values, &mut self.sql);
            let sent = Instant::now();
            let outcome = simple(client, &self.sql).await;
            return self.record(index, ready.slot, sent, outcome);
        }
        let variant = ready.variant(statement, values).expect("every form of a statement was bound");
        let sent = Instant::now();
        let outcome = if self.bound.protocol == Protocol::Prepared {
            match client.prepare_cached(&variant.sql).await {
                Ok(prepared) => {
                    rows(client.query_raw(&prepared, variant.slots.iter().map(|slot| &values[*slot])).await)
                        .await
                }
                Err(error) => Err(error),
            }
        } else {
            let typed = variant.slots.iter().map(|slot| &values[*slot]).zip(variant.types.iter().cloned());
            rows(client.query_typed_raw(&variant.sql, typed).await).await
        };
        self.record(index, ready.slot, sent, outcome)
    }

    fn record(
        &self,
        index: usize,
        slot: usize,
        sent: Instant,
        outcome: Result<u64, Error>,
    ) -> Result<(), Error> {
        let service = sent.elapsed();
        let operation = &mut self.interval.borrow_mut().operations[index];
        match outcome {
            Ok(rows) => {
                operation.record_statement(slot, service, rows);
                Ok(())
            }
            Err(error) => {
                operation.statements[slot].errors += 1;
                Err(error)
            }
        }
    }

    fn classify(&self, operation: &Operation, index: usize, failure: Option<Failure>) -> (Ending, Aftermath) {
        let Some(failure) = failure else { return (Ending::Completed, Aftermath::Fine) };
        let error = match &failure {
            Failure::Query(error) | Failure::Pool(PoolError::Backend(error)) => Some(error),
            Failure::Pool(_) => None,
        };
        let code = error.and_then(Error::code).map_or("client", |state| state.code()).to_owned();
        let expected = operation.expected_errors.contains(&code);
        let message = error.map_or_else(|| "no connection from the pool".to_owned(), crate::target::describe);
        // Class 57P: the server shuts down or drops the session; class 53: it is out of connections.
        let unreachable = code == "client" || code.starts_with("57P") || code.starts_with("53");
        let count = ErrorCount { code, message, expected, count: 1 };
        ErrorCount::merge(&mut self.interval.borrow_mut().operations[index].errors, count);
        let ending = if expected { Ending::ExpectedFailure } else { Ending::Failed };
        (ending, if unreachable { Aftermath::Unreachable } else { Aftermath::Fine })
    }
}

/// Sends `sql` by the simple protocol and reads to the end; returns the number of rows.
async fn simple(client: &Client, sql: &str) -> Result<u64, Error> {
    let mut messages = pin!(client.simple_query_raw(sql).await?);
    let mut rows = 0;
    while let Some(message) = messages.next().await {
        rows += u64::from(matches!(message?, SimpleQueryMessage::Row(_)));
    }
    Ok(rows)
}

async fn rows<S, R>(stream: Result<S, Error>) -> Result<u64, Error>
where
    S: Stream<Item = Result<R, Error>>,
{
    let mut stream = pin!(stream?);
    let mut rows = 0;
    while let Some(row) = stream.next().await {
        row?;
        rows += 1;
    }
    Ok(rows)
}
