//! A connection with the statements that the server has parsed on it, and the manager that deadpool opens it with.

use super::{bind::Variant, connect::Connector};
use crate::target::{OpenError, Route, describe};
use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use deadpool_postgres::{ClientWrapper, RecyclingMethod};
use rustc_hash::FxHashMap;
use std::{cell::RefCell, ops::Deref, time::Duration};
use tokio_postgres::{Error, Statement};

/// A connection. Pools move it about at each checkout, so that it is no larger than a pointer.
///
/// deadpool's own cache of statements takes locks and hashes the whole text at each call, which costs several per cent
/// of a short query; here the number that the text got when the workload was bound does.
#[derive(Debug)]
pub(super) struct Link(Box<Parts>);

#[derive(Debug)]
struct Parts {
    /// Dropped before the statements: a connection that ends need not be told to forget them one by one.
    client: ClientWrapper,
    prepared: RefCell<FxHashMap<u32, Statement>>,
    /// Round trips that opening it took.
    round_trips: u32,
}

impl Link {
    pub(super) fn new(client: ClientWrapper, round_trips: u32) -> Self {
        Self(Box::new(Parts { client, prepared: RefCell::default(), round_trips }))
    }

    /// What opening it would have waited for a network with round trips of this length.
    pub(super) fn network_time(&self, round_trip: Duration) -> Duration {
        round_trip * self.0.round_trips
    }

    /// The statement, if this connection has prepared it.
    pub(super) fn prepared(&self, variant: &Variant) -> Option<Statement> {
        self.0.prepared.borrow().get(&variant.number).cloned()
    }

    /// Has the server parse it.
    pub(super) async fn prepare(&self, variant: &Variant) -> Result<Statement, Error> {
        let statement = self.0.client.prepare(&variant.sql).await?;
        self.0.prepared.borrow_mut().insert(variant.number, statement.clone());
        Ok(statement)
    }
}

impl Deref for Link {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.0.client
    }
}

/// Opens links for deadpool, and looks at them as deadpool-postgres does before they are lent again.
#[derive(Debug)]
pub(super) struct LinkManager {
    route: Route,
    connector: Connector,
    recycling: RecyclingMethod,
}

impl LinkManager {
    pub(super) fn new(route: Route, connector: Connector, recycling: RecyclingMethod) -> Self {
        Self { route, connector, recycling }
    }
}

impl Manager for LinkManager {
    type Type = Link;
    type Error = OpenError;

    async fn create(&self) -> Result<Link, OpenError> {
        self.connector.open(&self.route).await
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<OpenError> {
        let client = &link.0.client;
        if client.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        match self.recycling.query() {
            Some(sql) => {
                let answer = client.simple_query(sql).await;
                answer.map(drop).map_err(|error| RecycleError::message(describe(&error)))
            }
            None => Ok(()),
        }
    }
}
