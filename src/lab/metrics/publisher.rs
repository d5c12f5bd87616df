//! A listener that publishes what it hears, and passes it on.

use super::{Distribution, Live};
use crate::{
    lab::Event,
    monitor::{MetricsError, MetricsServer},
};
use std::{cell::RefCell, net::SocketAddr, time::Duration};

/// Stands between a run and whoever listens to it.
pub(in crate::lab) struct Publisher<'a> {
    server: Option<MetricsServer<Live>>,
    workload: String,
    connects: RefCell<Connects>,
    listen: &'a dyn Fn(Event),
}

/// Openings of connections over all phases.
#[derive(Debug, Default)]
struct Connects {
    ended_phases: Distribution,
    phase: Distribution,
    elapsed: Duration,
}

impl Connects {
    /// All so far, where `phase` is what the phase that goes on has after `elapsed`: time that steps back begins a phase.
    fn with(&mut self, elapsed: Duration, phase: Distribution) -> Distribution {
        if elapsed < self.elapsed || phase.count() < self.phase.count() {
            self.ended_phases.merge(&self.phase);
        }
        (self.elapsed, self.phase) = (elapsed, phase);
        let mut all = self.ended_phases.clone();
        all.merge(&self.phase);
        all
    }
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
            server.publish(Live {
                workload: workload.to_owned(),
                phase: "preparing".to_owned(),
                ..Live::default()
            });
            listen(Event::Note(format!("metrics: http://{}/metrics", server.address())));
        }
        Ok(Self { server, workload: workload.to_owned(), connects: RefCell::default(), listen })
    }

    pub(in crate::lab) fn hear(&self, event: Event) {
        if let Some(server) = &self.server
            && let Event::Progress { phase, asked_per_second, snapshot, database_bytes, .. } = &event
        {
            let mut live = Live::of(&self.workload, phase, *asked_per_second, snapshot, *database_bytes);
            let connects = std::mem::take(&mut live.connections.connect);
            live.connections.connect = self.connects.borrow_mut().with(live.elapsed, connects);
            server.publish(live);
        }
        (self.listen)(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_over_all_phases() {
        let mut connects = Connects::default();
        let opened = |count| {
            let mut distribution = Distribution::default();
            distribution.add([(1_000_000, count)]);
            distribution
        };
        let seen = [(1, 4), (2, 5), (1, 3), (2, 3), (3, 7)];
        let all =
            seen.map(|(seconds, count)| connects.with(Duration::from_secs(seconds), opened(count)).count());
        assert_eq!(all, [4, 5, 8, 8, 12]);
    }
}
