//! A listener that publishes what it hears, and passes it on.

use super::{Live, MetricsError, MetricsServer};
use crate::lab::Event;
use std::net::SocketAddr;

/// Stands between a run and whoever listens to it.
pub(in crate::lab) struct Publisher<'a> {
    server: Option<MetricsServer>,
    workload: String,
    listen: &'a dyn Fn(Event),
}

impl<'a> Publisher<'a> {
    /// Serves metrics at `address`, if there is one, as long as this lives.
    pub(in crate::lab) fn new(
        address: Option<SocketAddr>,
        workload: &str,
        listen: &'a dyn Fn(Event),
    ) -> Result<Self, MetricsError> {
        let server = address.map(MetricsServer::bind).transpose()?;
        if let Some(server) = &server {
            listen(Event::Note(format!("metrics: http://{}/metrics", server.address())));
        }
        Ok(Self { server, workload: workload.to_owned(), listen })
    }

    pub(in crate::lab) fn hear(&self, event: Event) {
        if let Some(server) = &self.server
            && let Event::Progress { phase, asked_per_second, snapshot, database_bytes, .. } = &event
        {
            server.publish(Live::of(&self.workload, phase, *asked_per_second, snapshot, *database_bytes));
        }
        (self.listen)(event);
    }
}
