//! Who carries the load: clients, connections and queues, dealt out to threads.

use super::{
    checkout::{PoolPlan, Recycling},
    worker::StationPlan,
};
use crate::stats::Part;
use std::time::Duration;

/// What stands between calls and connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientModel {
    /// Clients wait in a queue for one of a pool's connections (deadpool): what a server could do.
    #[default]
    Pool,
    /// Threads of one process over one psycopg2 pool, which refuses when it is exhausted.
    Threaded,
    /// Processes that do one call at a time, each with an arrival queue and a psycopg2 pool of its own: what the
    /// server does.
    EventLoop,
}

impl ClientModel {
    /// As records and the command line write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Threaded => "threaded",
            Self::EventLoop => "event-loop",
        }
    }
}

/// The connections.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Most connections, at least 1; of each process in the event-loop model.
    pub size: usize,
    /// Idle connections that a psycopg2 pool keeps.
    pub min: usize,
    /// Opens a connection for each checkout and closes it afterwards.
    pub per_checkout: bool,
    /// How deadpool looks at a connection before it lends it again.
    pub recycling: Recycling,
    /// How long a checkout from deadpool may wait, open or recycle a connection; for ever if not set.
    pub timeout: Option<Duration>,
}

/// Who puts the load on, and over what.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// What stands between calls and connections.
    pub model: ClientModel,
    /// Those who make one call at a time each, at least 1.
    pub clients: usize,
    /// The part of a run's clients that these are.
    pub part: Part,
    /// Clients of all parts together.
    pub all_clients: usize,
    /// The connections.
    pub pool: PoolOptions,
    /// Whether calls wait in one queue for any client, as in an open loop.
    pub shared_queue: bool,
    /// Arrivals that may wait in a queue; what comes then is shed.
    pub queue: usize,
    /// Network time added to each round trip.
    pub round_trip: Duration,
    /// Most calls a second of the clients of all parts together, in a closed loop.
    pub max_rate: Option<f64>,
    /// Threads; `None` takes one a processor where clients share nothing, else one.
    pub threads: Option<usize>,
    /// Processors that this process may use.
    pub processors: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

impl EngineOptions {
    /// Connections that may be open at a time. A psycopg2 pool opens what its callers take, of whom a process of the
    /// event loop has one, and keeps its idle ones.
    #[must_use]
    pub fn most_connections(&self) -> usize {
        let idle = self.pool.min.min(self.pool.size);
        match self.model {
            ClientModel::Pool => self.pool.size,
            ClientModel::Threaded => self.clients.min(self.pool.size).max(idle),
            ClientModel::EventLoop => self.clients * idle.max(1),
        }
    }

    /// What one of several processes has of it that together are as this one: its share of the clients, and of the pool and
    /// the queue where those are of all clients. `None` where that is nothing for one of them.
    #[must_use]
    pub fn of_part(&self, part: Part) -> Option<Self> {
        let of_each_client = self.model == ClientModel::EventLoop;
        let enough = self.clients >= part.of() && (of_each_client || self.pool.size >= part.of());
        let share = |whole| if of_each_client { whole } else { part.share(whole) };
        let pool = PoolOptions { size: share(self.pool.size), ..self.pool.clone() };
        let (clients, queue) = (part.share(self.clients), share(self.queue));
        enough.then(|| Self { clients, part, all_clients: self.clients, pool, queue, ..self.clone() })
    }

    /// The share of all clients that these are.
    #[must_use]
    pub fn share_of_clients(&self) -> f64 {
        self.clients as f64 / self.all_clients.max(1) as f64
    }

    /// The stations of each thread. What clients share, a pool or a queue, is one only on one thread: more of them
    /// have a pool and a queue each.
    pub(super) fn threads(&self) -> Vec<Vec<StationPlan>> {
        match self.model {
            ClientModel::EventLoop => {
                let threads = self.threads.unwrap_or(self.processors).clamp(1, self.clients);
                let station = |client| self.station(client, 1, client * self.pool.size, self.pool.size);
                let dealt =
                    |thread| (0..self.clients).filter(|c| c % threads == thread).map(station).collect();
                (0..threads).map(dealt).collect()
            }
            ClientModel::Threaded => vec![vec![self.station(0, self.clients, 0, self.pool.size)]],
            ClientModel::Pool => {
                let shares_nothing = self.pool.size >= self.clients && !self.shared_queue;
                let threads = self.threads.unwrap_or(if shares_nothing { self.processors } else { 1 });
                let threads = threads.clamp(1, self.clients.min(self.pool.size));
                let first =
                    |whole: usize, thread: usize| thread * (whole / threads) + thread.min(whole % threads);
                let share =
                    |whole, thread| (first(whole, thread), first(whole, thread + 1) - first(whole, thread));
                let station = |thread| {
                    let (first_client, clients) = share(self.clients, thread);
                    let (first_connection, connections) = share(self.pool.size, thread);
                    vec![self.station(first_client, clients, first_connection, connections)]
                };
                (0..threads).map(station).collect()
            }
        }
    }

    fn station(
        &self,
        first_client: usize,
        clients: usize,
        first_connection: usize,
        connections: usize,
    ) -> StationPlan {
        let psycopg2_min = (self.model != ClientModel::Pool).then_some(self.pool.min.min(connections));
        let pool = PoolPlan {
            size: connections,
            per_checkout: self.pool.per_checkout,
            recycling: self.pool.recycling,
            timeout: self.pool.timeout,
            psycopg2_min,
            round_trip: self.round_trip,
        };
        StationPlan { clients, first_client, pool, first_connection, queue: self.queue }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(model: ClientModel, clients: usize, size: usize) -> EngineOptions {
        EngineOptions {
            model,
            clients,
            part: Part::WHOLE,
            all_clients: clients,
            pool: PoolOptions {
                size,
                min: 2,
                per_checkout: false,
                recycling: Recycling::Fast,
                timeout: None,
            },
            shared_queue: false,
            queue: 10,
            round_trip: Duration::ZERO,
            max_rate: None,
            threads: None,
            processors: 3,
            seed: 1,
        }
    }

    /// (first client, clients, first connection, connections) of each thread's stations.
    fn dealt(options: &EngineOptions) -> Vec<Vec<(usize, usize, usize, usize)>> {
        let four = |s: &StationPlan| (s.first_client, s.clients, s.first_connection, s.pool.size);
        options.threads().iter().map(|stations| stations.iter().map(four).collect()).collect()
    }

    #[test]
    fn independent_clients_are_dealt_out_to_the_processors() {
        let pool = options(ClientModel::Pool, 8, 8);
        assert_eq!(dealt(&pool), [[(0, 3, 0, 3)], [(3, 3, 3, 3)], [(6, 2, 6, 2)]]);
        assert_eq!(dealt(&options(ClientModel::Pool, 2, 2)).len(), 2);
    }

    #[test]
    fn what_is_shared_is_one() {
        assert_eq!(dealt(&options(ClientModel::Pool, 8, 4)), [[(0, 8, 0, 4)]]);
        let queue = EngineOptions { shared_queue: true, ..options(ClientModel::Pool, 8, 8) };
        assert_eq!(dealt(&queue), [[(0, 8, 0, 8)]]);
        let split = EngineOptions { threads: Some(2), ..queue };
        assert_eq!(dealt(&split), [[(0, 4, 0, 4)], [(4, 4, 4, 4)]]);
        assert_eq!(dealt(&options(ClientModel::Threaded, 8, 4)), [[(0, 8, 0, 4)]]);
    }

    #[test]
    fn parts_are_as_much_as_the_whole() {
        let of = |whole: &EngineOptions, of| -> Option<Vec<(usize, usize, usize)>> {
            let parts = Part::new(1, of).unwrap().all().map(|part| whole.of_part(part));
            parts.map(|part| part.map(|part| (part.clients, part.pool.size, part.queue))).collect()
        };
        let pool = options(ClientModel::Pool, 8, 4);
        assert_eq!(of(&pool, 3), Some(vec![(3, 2, 4), (3, 1, 3), (2, 1, 3)]));
        assert_eq!(of(&pool, 5), None, "four connections are too few");
        let processes = options(ClientModel::EventLoop, 4, 2);
        assert_eq!(of(&processes, 3), Some(vec![(2, 2, 10), (1, 2, 10), (1, 2, 10)]));
        assert_eq!(of(&processes, 5), None);
        let last = pool.of_part(Part::new(3, 3).unwrap()).unwrap();
        assert_eq!((last.all_clients, last.share_of_clients()), (8, 0.25));
        assert_eq!(dealt(&last), [[(0, 2, 0, 1)]], "numbers are those among its own");
    }

    #[test]
    fn each_process_has_a_pool_of_its_own() {
        let processes = options(ClientModel::EventLoop, 4, 10);
        assert_eq!(
            dealt(&processes),
            [vec![(0, 1, 0, 10), (3, 1, 30, 10)], vec![(1, 1, 10, 10)], vec![(2, 1, 20, 10)]]
        );
        assert!(processes.threads()[0].iter().all(|station| station.pool.psycopg2_min == Some(2)));
    }
}
