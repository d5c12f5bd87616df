//! A connection with the statements that the server has parsed on it, and the manager that deadpool opens it with.

use super::{bind::Variant, connect::Connector};
use deadpool::managed::{Manager, Metrics, RecycleResult};
use deadpool_postgres::{ClientWrapper, ManagerConfig, RecyclingMethod};
use rustc_hash::FxHashMap;
use std::{cell::RefCell, ops::Deref};
use tokio_postgres::{Config, Error, Statement};

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
}

impl Link {
    pub(super) fn new(client: ClientWrapper) -> Self {
        Self(Box::new(Parts { client, prepared: RefCell::default() }))
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

/// deadpool-postgres's manager, for links.
#[derive(Debug)]
pub(super) struct LinkManager(deadpool_postgres::Manager);

impl LinkManager {
    pub(super) fn new(config: Config, connector: Connector, recycling_method: RecyclingMethod) -> Self {
        let config_of_manager = ManagerConfig { recycling_method };
        Self(deadpool_postgres::Manager::from_connect(config, connector, config_of_manager))
    }
}

impl Manager for LinkManager {
    type Type = Link;
    type Error = Error;

    async fn create(&self) -> Result<Link, Error> {
        self.0.create().await.map(Link::new)
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<Error> {
        self.0.recycle(&mut link.0.client, metrics).await
    }

    fn detach(&self, link: &mut Link) {
        self.0.detach(&mut link.0.client);
    }
}
