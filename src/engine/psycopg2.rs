//! The pool of the server's driver, psycopg2's `ThreadedConnectionPool` (`lib/pool.py`, 2.9), rule by rule:
//!
//! - it opens `min` connections at the start, and lends the one that came back last;
//! - with none idle and fewer than `max` lent it opens one; else the caller gets an error at once, there is no queue;
//! - one that comes back is kept, after a ROLLBACK if a transaction is open, as long as fewer than `min` are idle; else it
//!   is closed as it is;
//! - all of this, opening and ROLLBACK included, happens under the pool's one lock.

use super::{connect::Connector, failure::Failure, link::Link};
use crate::target::{OpenError, Route};
use futures_util::future::join_all;
use std::{cell::Cell, rc::Rc, time::Duration};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

/// The pool of one process.
#[derive(Debug)]
pub(super) struct Psycopg2Pool {
    connector: Connector,
    route: Route,
    min: usize,
    max: usize,
    /// Network time of one round trip, of which each connection that is opened takes some.
    round_trip: Duration,
    lent: Rc<Cell<usize>>,
    idle: Mutex<Vec<Link>>,
}

/// Counts one connection as lent until it is dropped.
#[derive(Debug)]
pub(super) struct Lent(Rc<Cell<usize>>);

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Psycopg2Pool {
    pub(super) fn new(
        connector: Connector,
        route: Route,
        min: usize,
        max: usize,
        round_trip: Duration,
    ) -> Self {
        Self { connector, route, min, max, round_trip, lent: Rc::default(), idle: Mutex::default() }
    }

    /// Opens the first `min` connections; on failure says which one it was, from 1.
    pub(super) async fn fill(&self) -> Result<(), (usize, OpenError)> {
        let mut idle = self.idle.lock().await;
        while idle.len() < self.min {
            let number = idle.len() + 1;
            idle.push(self.connector.open(&self.route).await.map_err(|error| (number, error))?);
        }
        Ok(())
    }

    /// Connections that are open; those idle are left out while somebody holds the lock.
    pub(super) fn open(&self) -> usize {
        self.lent.get() + self.idle.try_lock().map_or(0, |idle| idle.len())
    }

    /// `getconn`.
    pub(super) async fn lend(&self) -> Result<(Link, Lent), Failure> {
        let mut idle = self.idle.lock().await;
        let connection = match idle.pop() {
            Some(connection) => connection,
            None if self.lent.get() >= self.max => return Err(Failure::PoolExhausted),
            None => {
                let opened = self.connector.open(&self.route).await.map_err(Failure::Connect)?;
                let network_time = opened.network_time(self.round_trip);
                if !network_time.is_zero() {
                    // The runtime rounds it up to whole milliseconds, which beside a connect does not matter.
                    tokio::time::sleep(network_time).await;
                }
                opened
            }
        };
        self.lent.set(self.lent.get() + 1);
        Ok((connection, Lent(Rc::clone(&self.lent))))
    }

    /// `putconn`, as far as the lock: what follows happens under it.
    pub(super) async fn take_back(&self) -> Return<'_> {
        Return { idle: self.idle.lock().await, min: self.min }
    }

    /// Sends `sql` on every idle connection, whatever comes of it within `patience`.
    pub(super) async fn send_on_idle(&self, sql: &str, patience: Duration) {
        let idle = self.idle.lock().await;
        join_all(idle.iter().map(|connection| timeout(patience, connection.batch_execute(sql)))).await;
    }
}

/// A connection on its way back.
pub(super) struct Return<'a> {
    idle: MutexGuard<'a, Vec<Link>>,
    min: usize,
}

impl Return<'_> {
    /// Whether the pool will keep it; if not, it is to be dropped, which closes it.
    pub(super) fn is_kept(&self, connection: &Link) -> bool {
        self.idle.len() < self.min && !connection.is_closed()
    }

    pub(super) fn keep(mut self, connection: Link) {
        self.idle.push(connection);
    }
}
