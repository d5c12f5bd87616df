//! How connections are opened: timed and counted, because opening them is part of the load.

use super::{EngineError, link::Link};
use crate::stats::IntervalHistogram;
use deadpool_postgres::ClientWrapper;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls, error::SqlState};

/// What was opened since somebody last asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    /// How long each took, from the first packet to the server's readiness.
    pub(super) took: IntervalHistogram,
    /// Attempts that failed.
    pub(super) failed: u64,
}

/// Opens connections and keeps count of them; clones share the count.
#[derive(Debug, Clone, Default)]
pub(super) struct Connector {
    opened: Arc<Mutex<Opened>>,
}

impl Connector {
    /// A connection for a pool of our own.
    pub(super) async fn open(&self, config: &Config) -> Result<Link, Error> {
        let (client, task) = self.connect(config.clone()).await?;
        Ok(Link::new(ClientWrapper::new(client, task)))
    }

    /// What was opened since this was last asked.
    pub(super) fn take(&self) -> Opened {
        std::mem::take(&mut self.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The task that comes back is an empty one: whoever drops the client would end the real one before it has said
    /// goodbye to the server.
    async fn connect(&self, config: Config) -> Result<(Client, JoinHandle<()>), Error> {
        let began = Instant::now();
        let connected = config.connect(NoTls).await;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match connected {
            Ok((client, connection)) => {
                opened.took.record(began.elapsed());
                tokio::spawn(async move {
                    // Its error reaches whoever waits for an answer.
                    let _ = connection.await;
                });
                Ok((client, tokio::spawn(std::future::ready(()))))
            }
            Err(error) => {
                opened.failed += 1;
                Err(error)
            }
        }
    }
}

type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + 'a>>;

impl deadpool_postgres::Connect for Connector {
    fn connect(&self, config: &Config) -> Connecting<'_> {
        let config = config.clone();
        Box::pin(self.connect(config))
    }
}

/// The error of connection `number` of `of` that could not be opened before the load.
pub(super) fn not_opened(number: usize, of: usize, error: &Error) -> EngineError {
    let mut reason = crate::target::describe(error);
    if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) {
        reason.push_str(
            ": ask for a smaller --pool, or raise the server's max_connections (of an embedded one by --set max_connections=N)",
        );
    }
    EngineError::Connect { number, of, reason }
}

/// What opening a connection costs in round trips: TCP, start-up and SCRAM's two.
pub(super) const ROUND_TRIPS: u32 = 4;

/// Round trips that a connection over a network would have waited for.
pub(super) fn network_time(round_trip: Duration) -> Duration {
    round_trip * ROUND_TRIPS
}
