//! How connections are opened: timed and counted, because opening them is part of the load.

use super::{EngineError, link::Link};
use crate::{
    stats::IntervalHistogram,
    target::{OpenError, Route},
};
use deadpool_postgres::ClientWrapper;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio_postgres::error::SqlState;

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
    /// A connection.
    pub(super) async fn open(&self, route: &Route) -> Result<Link, OpenError> {
        let began = Instant::now();
        let opened = route.open().await;
        let mut counted = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match opened {
            Ok(opened) => {
                counted.took.record(began.elapsed());
                // An empty task stands for the connection's: whoever drops the client would end the real one before it has
                // said goodbye to the server.
                let client = ClientWrapper::new(opened.client, tokio::spawn(std::future::ready(())));
                Ok(Link::new(client, ROUND_TRIPS + opened.tls_round_trips))
            }
            Err(error) => {
                counted.failed += 1;
                Err(error)
            }
        }
    }

    /// What was opened since this was last asked.
    pub(super) fn take(&self) -> Opened {
        std::mem::take(&mut self.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The error of connection `number` of `of` that could not be opened before the load.
pub(super) fn not_opened(number: usize, of: usize, error: &OpenError) -> EngineError {
    let mut reason = error.to_string();
    if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) {
        reason.push_str(
            ": ask for a smaller --pool, or raise the server's max_connections (of an embedded one by --set max_connections=N)",
        );
    }
    EngineError::Connect { number, of, reason }
}

/// What opening a connection costs in round trips: TCP, start-up and SCRAM's two; TLS has its own on top.
const ROUND_TRIPS: u32 = 4;
