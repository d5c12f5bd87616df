//! Where a client gets a connection for a transaction, and where it gives it back.

use super::{
    EngineError,
    clock::Clock,
    connect::{self, Connector},
    failure::Failure,
    link::{Link, LinkManager},
    psycopg2::{Lent, Psycopg2Pool},
};
use crate::target::Route;
use deadpool::managed::{Object, Pool, PoolError, Timeouts};
use deadpool_postgres::RecyclingMethod;
use futures_util::future::join_all;
use std::{ops::Deref, time::Duration};
use tokio::time::timeout;

/// Pauses of the server after a checkout that failed; after the last one it gives the call up.
const SERVER_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(200)];

/// How deadpool looks at a connection before it lends it again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Recycling {
    /// Only whether it is known to be closed.
    #[default]
    Fast,
    /// With an empty query.
    Verified,
    /// By resetting the session.
    Clean,
}

/// What a station's clients share.
#[derive(Debug, Clone)]
pub(super) struct PoolPlan {
    /// Most connections.
    pub(super) size: usize,
    /// Opens a connection for each checkout and closes it afterwards.
    pub(super) per_checkout: bool,
    pub(super) recycling: Recycling,
    /// How long a checkout may wait, open or recycle a connection.
    pub(super) timeout: Option<Duration>,
    /// psycopg2's `minconn`; `None` is deadpool.
    pub(super) psycopg2_min: Option<usize>,
    /// Network time of one round trip.
    pub(super) round_trip: Duration,
}

/// A pool of connections.
#[derive(Debug)]
pub(super) enum Checkouts {
    /// deadpool: callers wait in a queue.
    Deadpool { pool: Pool<LinkManager>, plan: PoolPlan },
    /// The server's own.
    Psycopg2(Box<Psycopg2Pool>),
}

/// A connection that was lent.
pub(super) enum Connection {
    Pooled(Pooled),
    Own(Link, Lent),
}

/// One of deadpool's. Unless it is given back it is closed: a call that was cut off may have left an answer or a
/// transaction in it.
pub(super) struct Pooled(Option<Object<LinkManager>>);

impl Pooled {
    /// Back to the pool, or closed where each checkout has a connection of its own.
    pub(super) fn give_back(mut self, plan: &PoolPlan) {
        if !plan.per_checkout {
            self.0.take();
        }
    }
}

impl Deref for Pooled {
    type Target = Link;

    fn deref(&self) -> &Link {
        self.0.as_ref().expect("only giving it back takes it")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl Deref for Connection {
    type Target = Link;

    fn deref(&self) -> &Link {
        match self {
            Self::Pooled(connection) => connection,
            Self::Own(connection, _) => connection,
        }
    }
}

impl Checkouts {
    pub(super) fn new(plan: PoolPlan, route: Route, connector: Connector) -> Result<Self, EngineError> {
        if let Some(min) = plan.psycopg2_min {
            let min = if plan.per_checkout { 0 } else { min };
            let pool = Psycopg2Pool::new(connector, route, min, plan.size, plan.round_trip);
            return Ok(Self::Psycopg2(Box::new(pool)));
        }
        let recycling_method = match plan.recycling {
            Recycling::Fast => RecyclingMethod::Fast,
            Recycling::Verified => RecyclingMethod::Verified,
            Recycling::Clean => RecyclingMethod::Clean,
        };
        let pool = Pool::builder(LinkManager::new(route, connector, recycling_method))
            .max_size(plan.size)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(plan.timeout)
            .create_timeout(plan.timeout)
            .recycle_timeout(plan.timeout)
            .build()
            .map_err(|error| EngineError::Check(error.to_string()))?;
        Ok(Self::Deadpool { pool, plan })
    }

    /// Opens what the pool keeps, one after the other: no storm at the start. `first` and `of` number the
    /// connections in an error.
    pub(super) async fn fill(&self, first: usize, of: usize) -> Result<(), EngineError> {
        match self {
            Self::Psycopg2(pool) => {
                pool.fill().await.map_err(|(number, error)| connect::not_opened(first + number, of, &error))
            }
            Self::Deadpool { pool, plan } => {
                let wanted = if plan.per_checkout { 1 } else { plan.size };
                let mut open = Vec::with_capacity(wanted);
                // The load's patience is not that of getting ready.
                let patient = Timeouts::default();
                for number in 1..=wanted {
                    open.push(pool.timeout_get(&patient).await.map_err(|error| match error {
                        PoolError::Backend(error) => connect::not_opened(first + number, of, &error),
                        error => {
                            EngineError::Connect { number: first + number, of, reason: error.to_string() }
                        }
                    })?);
                }
                if plan.per_checkout {
                    open.into_iter().for_each(|connection| drop(Object::take(connection)));
                }
                Ok(())
            }
        }
    }

    /// A connection. `refused` hears of each refusal that another try follows.
    pub(super) async fn get(&self, clock: &Clock, refused: impl Fn(&Failure)) -> Result<Connection, Failure> {
        match self {
            Self::Deadpool { pool, plan } => {
                let connection = pool.get().await.map_err(|error| match error {
                    PoolError::Backend(error) => Failure::Connect(error),
                    _ => Failure::PoolTimeout,
                })?;
                let is_new = Object::metrics(&connection).recycled.is_none();
                let connection = Pooled(Some(connection));
                let waits = match is_new {
                    true => connection.network_time(plan.round_trip),
                    // Looking whether it is still good is a round trip of its own.
                    false if plan.recycling != Recycling::Fast => plan.round_trip,
                    false => Duration::ZERO,
                };
                if !waits.is_zero() {
                    clock.sleep(waits).await;
                }
                Ok(Connection::Pooled(connection))
            }
            Self::Psycopg2(pool) => {
                for pause in SERVER_PAUSES {
                    match pool.lend().await {
                        Ok((connection, lent)) => return Ok(Connection::Own(connection, lent)),
                        Err(failure) => refused(&failure),
                    }
                    clock.sleep(pause).await;
                }
                pool.lend().await.map(|(connection, lent)| Connection::Own(connection, lent))
            }
        }
    }

    /// Connections that are open, lent or not.
    pub(super) fn open(&self) -> usize {
        match self {
            Self::Deadpool { pool, .. } => pool.status().size,
            Self::Psycopg2(pool) => pool.open(),
        }
    }

    /// Sends `sql` on every connection that is open and idle, whatever comes of it. One that takes longer than
    /// `patience` is left out, and closed if it is deadpool's.
    pub(super) async fn send_on_all(&self, sql: &str, patience: Duration) {
        match self {
            Self::Psycopg2(pool) => pool.send_on_idle(sql, patience).await,
            Self::Deadpool { plan, .. } if plan.per_checkout => {}
            Self::Deadpool { pool, plan } => {
                let send = async |_| {
                    let connection = Pooled(Some(pool.get().await.ok()?));
                    connection.batch_execute(sql).await.ok()?;
                    Some(connection)
                };
                let all = (0..pool.status().max_size).map(send).map(|sent| timeout(patience, sent));
                // Each is held until all were sent: none is asked twice.
                let answered = join_all(all).await.into_iter().filter_map(Result::ok).flatten();
                answered.for_each(|connection| connection.give_back(plan));
            }
        }
    }
}
