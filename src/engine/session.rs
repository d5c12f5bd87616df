//! One tool call over real connections: checkouts, envelope, statements, end, and another try where the workload's
//! policy asks for one.

use super::{
    bind::Bound,
    capture::Capture,
    checkout::{Checkouts, Connection},
    clock::Clock,
    draw::Drawn,
    failure::Failure,
    recorder::{Ending, Interval, Times},
    round_trip::{self, Network, messages},
};
use crate::workload::{End, Protocol, Value};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};
use tokio_postgres::Error;

/// What a client carries from call to call: where it gets connections, where to record, and buffers that keep their
/// size.
pub(super) struct Session<'a> {
    pub(super) bound: &'a Bound,
    pub(super) checkouts: &'a Checkouts,
    pub(super) clock: &'a Clock,
    pub(super) interval: &'a RefCell<Interval>,
    /// Keeps the parameters of some calls, if somebody wants them.
    pub(super) capture: Option<&'a RefCell<Capture>>,
    pub(super) network: Network<'a>,
    pub(super) buffers: Buffers,
    /// When the clock was last looked at. Looking costs as much as recording, so that the end of one thing is the
    /// beginning of the next.
    pub(super) now: Instant,
}

/// Memory that calls use one after the other.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    drawn: Vec<Drawn>,
    values: Vec<Value>,
    sql: String,
}

/// What the caller must know of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aftermath {
    /// Go on.
    Fine,
    /// It failed, perhaps at once.
    Failed,
    /// There was no connection: do not hammer the server.
    Unreachable,
}

/// A transaction that was given up.
struct GivenUp {
    expected: bool,
    unreachable: bool,
}

impl Session<'_> {
    /// Makes one call of operation number `index` and records it. Its response time counts from `intended`, or from
    /// now if nobody planned it. Drawing the parameters, a fraction of a microsecond, is part of it.
    pub(super) async fn call(
        &mut self,
        index: usize,
        stage: usize,
        intended: Option<Instant>,
        rng: &mut Pcg64,
    ) -> Aftermath {
        // `now` is when the call was taken up.
        let queue_wait = intended.map(|intended| self.now.saturating_duration_since(intended));
        let mut values = std::mem::take(&mut self.buffers.values);
        self.bound.draw(index, rng, &mut self.buffers.drawn, &mut values);
        let intended = intended.unwrap_or(self.now);
        let mut times = Times { queue_wait, ..Times::default() };
        let mut outcome = Ok(());
        for number in 0..self.bound.workload.operations[index].transactions.len() {
            outcome = self.persistently(index, number, &values, rng, &mut times).await;
            if outcome.is_err() {
                break;
            }
        }
        if let (Ok(()), Some(capture)) = (&outcome, self.capture) {
            capture.borrow_mut().offer(index, times.service, &values);
        }
        self.buffers.values = values;
        times.response = self.now.saturating_duration_since(intended);
        let (ending, aftermath) = match outcome {
            Ok(()) => (Ending::Completed, Aftermath::Fine),
            Err(GivenUp { expected: true, .. }) => (Ending::ExpectedFailure, Aftermath::Fine),
            Err(GivenUp { unreachable: true, .. }) => (Ending::Failed, Aftermath::Unreachable),
            Err(_) => (Ending::Failed, Aftermath::Failed),
        };
        self.interval.borrow_mut().call_ended(index, stage, ending, &times);
        aftermath
    }

    /// Looks at the clock, and says how long ago the last look was.
    pub(super) fn look(&mut self) -> Duration {
        let before = self.now;
        self.now = Instant::now();
        self.now.saturating_duration_since(before)
    }

    /// A transaction, as often as the workload's policy allows. Each failure is counted.
    async fn persistently(
        &mut self,
        index: usize,
        number: usize,
        values: &[Value],
        rng: &mut Pcg64,
        times: &mut Times,
    ) -> Result<(), GivenUp> {
        let (retry, operation) = (&self.bound.workload.retry, &self.bound.workload.operations[index]);
        let mut attempt = 1;
        loop {
            let Err(failure) = self.transaction(index, number, values, times).await else { return Ok(()) };
            let expected = operation.expected_errors.iter().any(|code| code == failure.code());
            let again = !expected && attempt < retry.attempts && failure.is_retried(retry);
            self.interval.borrow_mut().failed_attempt(index, &failure, expected, again);
            if !again {
                return Err(GivenUp { expected, unreachable: failure.class().is_connection() });
            }
            self.clock.sleep(retry.pause(attempt, rng.random())).await;
            self.look();
            attempt += 1;
        }
    }

    /// One checkout: BEGIN, validation, statements, end. After an error only ROLLBACK follows, as the server's driver
    /// does.
    async fn transaction(
        &mut self,
        index: usize,
        number: usize,
        values: &[Value],
        times: &mut Times,
    ) -> Result<(), Failure> {
        let interval = self.interval;
        let refused = |failure: &Failure| interval.borrow_mut().failed_attempt(index, failure, false, true);
        let checkout = self.checkouts.get(self.clock, refused).await;
        times.pool_wait += self.look();
        let connection = checkout?;
        let lent = self.now;
        let mut open = false;
        let pipelined = self.bound.workload.operations[index].transactions[number].pipeline;
        let outcome = if pipelined {
            self.pipelined(&connection, index, number, values).await
        } else {
            self.in_turn(&connection, index, number, values, &mut open).await
        };
        times.service += self.now.saturating_duration_since(lent);
        let given_back = self.give_back(connection, index, open, times).await;
        outcome.and(given_back).map_err(Failure::Query)
    }

    /// One round trip after the other. `open` says whether a transaction is left open.
    async fn in_turn(
        &mut self,
        client: &Connection,
        index: usize,
        number: usize,
        values: &[Value],
        open: &mut bool,
    ) -> Result<(), Error> {
        let bound = self.bound;
        let ready = &bound.operations[index];
        let transaction = &bound.workload.operations[index].transactions[number];
        if transaction.end != End::None {
            *open = true;
            self.plain(client, index, ready.envelope.begin, &bound.workload.envelope.begin).await?;
            if let Some(sql) = &bound.workload.envelope.validate {
                self.plain(client, index, ready.envelope.validate, sql).await?;
            }
        }
        for (place, statement) in transaction.statements.iter().enumerate() {
            let ready = &ready.transactions[number][place];
            let outcome = if bound.protocol == Protocol::Simple {
                self.buffers.sql.clear();
                statement.template.write_literal(values, &mut self.buffers.sql);
                self.network.pass().await;
                round_trip::simple(client, &self.buffers.sql).await
            } else {
                self.network.pass().await;
                round_trip::bound(
                    client,
                    self.network,
                    bound.protocol,
                    ready.variant(statement, values),
                    values,
                )
                .await
            };
            self.record(index, ready.slot, outcome)?;
        }
        if transaction.end == End::Commit {
            self.plain(client, index, ready.envelope.commit, "COMMIT").await?;
            *open = false;
        }
        Ok(())
    }

    /// Everything in one round trip; whatever follows a statement that fails is refused by the server, up to the end
    /// that went along. Each statement's time runs from when all were sent to its own last row.
    async fn pipelined(
        &mut self,
        client: &Connection,
        index: usize,
        number: usize,
        values: &[Value],
    ) -> Result<(), Error> {
        let bound = self.bound;
        let messages = messages(bound, index, number, values);
        if bound.protocol == Protocol::Prepared {
            // What is not prepared yet costs its own round trip, and must not break the row of the others.
            for message in &messages {
                message.prepare(client, self.network).await?;
            }
        }
        self.look();
        let sent = self.now;
        self.network.pass().await;
        let network = self.network;
        let timed = messages.iter().map(|message| async {
            let outcome = message.send(client, network, bound.protocol, values).await;
            (message.slot, Instant::now(), outcome)
        });
        let mut first = Ok(());
        for (slot, read, outcome) in futures_util::future::join_all(timed).await {
            self.now = self.now.max(read);
            let outcome = self.note(index, slot, read.saturating_duration_since(sent), outcome);
            first = first.and(outcome);
        }
        first
    }

    /// A round trip of the envelope: always by the simple protocol, as the server's driver does.
    async fn plain(
        &mut self,
        client: &Connection,
        index: usize,
        slot: usize,
        sql: &str,
    ) -> Result<(), Error> {
        self.network.pass().await;
        let outcome = round_trip::simple(client, sql).await;
        self.record(index, slot, outcome)
    }

    /// Gives the connection back, after a ROLLBACK if a transaction is open and the pool's rules ask for one.
    async fn give_back(
        &mut self,
        connection: Connection,
        index: usize,
        open: bool,
        times: &mut Times,
    ) -> Result<(), Error> {
        let rollback = self.bound.operations[index].envelope.rollback;
        match (connection, self.checkouts) {
            (Connection::Own(connection, lent), Checkouts::Psycopg2(pool)) => {
                let back = pool.take_back().await;
                times.pool_wait += self.look();
                let connection = Connection::Own(connection, lent);
                if !back.is_kept(&connection) {
                    return Ok(());
                }
                if open {
                    let locked = self.now;
                    let outcome = self.plain(&connection, index, rollback, "ROLLBACK").await;
                    times.service += self.now.saturating_duration_since(locked);
                    outcome?;
                }
                if let Connection::Own(connection, _) = connection {
                    back.keep(connection);
                }
                Ok(())
            }
            (connection, checkouts) => {
                let outcome = if open && !connection.is_closed() {
                    let began = self.now;
                    let outcome = self.plain(&connection, index, rollback, "ROLLBACK").await;
                    times.service += self.now.saturating_duration_since(began);
                    outcome
                } else {
                    Ok(())
                };
                if let (Connection::Pooled(connection), Checkouts::Deadpool { plan, .. }) =
                    (connection, checkouts)
                {
                    connection.give_back(plan);
                }
                outcome
            }
        }
    }

    /// Notes a round trip that has just ended, and began at the last look at the clock.
    fn record(&mut self, index: usize, slot: usize, outcome: Result<u64, Error>) -> Result<(), Error> {
        let took = self.look();
        self.note(index, slot, took, outcome)
    }

    fn note(
        &self,
        index: usize,
        slot: usize,
        took: Duration,
        outcome: Result<u64, Error>,
    ) -> Result<(), Error> {
        let operation = &mut self.interval.borrow_mut().operations[index];
        match outcome {
            Ok(rows) => {
                operation.record_statement(slot, took, rows);
                Ok(())
            }
            Err(error) => {
                operation.statements[slot].errors += 1;
                Err(error)
            }
        }
    }
}
