//! The load generator: closed-loop clients over pinned connections, recording without locks.

mod bind;
mod collector;
mod draw;
mod parameter;
mod recorder;
mod session;
mod worker;

pub use bind::{Bound, BoundOperation, BoundStatement, EngineError, Typed};
pub use collector::{Measured, OperationMeasured, StatementMeasured};
pub use recorder::ErrorCount;

use collector::Collector;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use worker::{Phase, Worker};

/// How the load is put on.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Clients that call at the same time, at least 1.
    pub clients: usize,
    /// Connections that they share, at least 1.
    pub connections: usize,
    /// Threads to use at most; each carries its own clients and connections. One if there are fewer connections
    /// than clients.
    pub threads: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

/// What a listener hears while a phase runs, about once a tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Time since the phase began.
    pub elapsed: Duration,
    /// Calls answered during the last tick, per second.
    pub calls_per_second: f64,
    /// Percentiles of the response time so far, in microseconds: p50, p95, p99.
    pub percentiles_us: [Option<f64>; 3],
    /// Calls that failed without being expected to, so far.
    pub failed: u64,
}

/// Ends a phase early, from any thread; calls under way are finished.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<OnceLock<Instant>>);

impl StopFlag {
    /// Asks for the end.
    pub fn stop(&self) {
        let _ = self.0.set(Instant::now());
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.get().is_some()
    }

    /// When the end was asked for.
    fn since(&self) -> Option<Instant> {
        self.0.get().copied()
    }
}

/// Connected clients, ready to put load on.
#[derive(Debug)]
pub struct Engine {
    workers: Vec<Worker>,
    intervals: mpsc::UnboundedReceiver<worker::Shipment>,
    bound: Arc<Bound>,
    stop: StopFlag,
}

impl Engine {
    /// Starts the threads and opens every connection, one after the other on each thread.
    ///
    /// # Errors
    /// When a thread cannot be started or a connection cannot be opened.
    pub async fn connect(
        config: &tokio_postgres::Config,
        bound: Arc<Bound>,
        options: &EngineOptions,
        stop: StopFlag,
    ) -> Result<Self, EngineError> {
        // A pool that callers wait for is one for all of them, and so has one thread.
        let threads =
            if options.connections < options.clients { 1 } else { options.threads.min(options.clients) };
        let (sender, intervals) = mpsc::unbounded_channel();
        let share = |whole: usize, index: usize| whole / threads + usize::from(index < whole % threads);
        let workers = (0..threads)
            .map(|index| {
                Worker::spawn(worker::Assignment {
                    index,
                    clients: share(options.clients, index),
                    first_client: (0..index).map(|earlier| share(options.clients, earlier)).sum(),
                    connections: share(options.connections, index),
                    first_connection: (0..index).map(|earlier| share(options.connections, earlier)).sum(),
                    all_connections: options.connections,
                    config: config.clone(),
                    bound: Arc::clone(&bound),
                    seed: options.seed,
                    stop: stop.clone(),
                    intervals: sender.clone(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut engine = Self { workers, intervals, bound, stop };
        for worker in &mut engine.workers {
            worker.connected().await?;
        }
        Ok(engine)
    }

    /// Number of threads in use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Has every session hand its share of the cumulative statistics in, which it would do up to a second later
    /// (`pg_stat_database` and its like; `pg_stat_statements` is always up to date). A session that hangs is left out.
    pub async fn flush_statistics(&self, server_version_number: u32) {
        let sql = if server_version_number >= 150_000 {
            "SELECT pg_stat_force_next_flush()"
        } else {
            // Older servers do so with the first statement after half a second.
            tokio::time::sleep(Duration::from_millis(600)).await;
            "SELECT ''::text"
        };
        let done: Vec<_> = self.workers.iter().map(|worker| worker.send_on_all(sql)).collect();
        for done in done {
            let _ = done.await;
        }
    }

    /// Drives all clients for `duration`, then lets the calls under way finish. `listen` hears about
    /// progress once a `tick`. Ends early when the stop flag is set.
    ///
    /// # Errors
    /// When a worker thread or a client in it is gone.
    pub async fn drive(
        &mut self,
        duration: Duration,
        tick: Duration,
        listen: &mut dyn FnMut(&Snapshot),
    ) -> Result<Measured, EngineError> {
        let start = Instant::now();
        let mut collector = Collector::new(&self.bound, tick);
        let phase = Phase { start, deadline: start + duration, tick };
        self.workers.iter().try_for_each(|worker| worker.drive(phase))?;
        let mut running = self.workers.len();
        let mut heard = 0;
        while running > 0 {
            let shipment = self.intervals.recv().await.ok_or(EngineError::WorkerLost)?;
            running -= usize::from(shipment.last);
            if shipment.lost {
                // The other threads have nothing to go on for.
                self.stop.stop();
                return Err(EngineError::WorkerLost);
            }
            heard += 1;
            collector.add(&shipment);
            self.workers[shipment.worker].recycle(shipment.interval);
            if heard % self.workers.len() == 0 {
                listen(&collector.snapshot(start.elapsed()));
            }
        }
        // Calls begin until here; those that end later are part of the load, their waiting is not part of its length.
        let end = self.stop.since().map_or(phase.deadline, |since| since.min(phase.deadline));
        Ok(collector.finish(end.saturating_duration_since(start)))
    }
}
