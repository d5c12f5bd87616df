//! The load generator: clients in a closed or an open loop, on threads of their own (`worker`). They borrow connections from
//! pools (`checkout`, `psycopg2`), and each thread records for itself (`recorder`).
//!
//! On the way of a call there is no lock but the pool's, no wake-up of another thread, and no allocation that grows. Changed
//! here is how load is put on; what is sent stands in workloads (`src/workload`).

mod alarm;
mod bind;
mod cap;
mod capture;
mod checkout;
mod client;
mod clock;
mod collector;
mod connect;
mod draw;
mod failure;
mod fit;
#[cfg(test)]
mod fixture;
mod lane;
mod link;
mod load;
mod pacer;
mod parameter;
mod phase;
mod plan;
mod psycopg2;
mod recorder;
mod round_trip;
mod schedule;
mod session;
mod values;
mod worker;

pub use bind::{Bound, BoundOperation, BoundStatement, EngineError, Typed};
pub use capture::{CallSample, Capture, CapturedCalls};
pub use checkout::Recycling;
pub use collector::{Measured, OperationMeasured, Snapshot, StageMeasured, StatementMeasured};
pub use failure::FailureClass;
pub use fit::{Unfit, fitting};
pub use load::{Load, Think};
pub use plan::{ClientModel, EngineOptions, PoolOptions};
pub use recorder::{ErrorCount, Tally};

use crate::{stats::LatencyHistogram, target::Route};
use collector::Collector;
use schedule::Dealing;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use worker::{Phase, Worker};

/// Ends a phase early, from any thread; calls under way are finished.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    own: Arc<OnceLock<Instant>>,
    /// One whose end is the end of this one, too.
    above: Option<Arc<Self>>,
}

impl StopFlag {
    /// A flag that is set with this one, and can be set without it.
    #[must_use]
    pub fn below(&self) -> Self {
        Self { own: Arc::default(), above: Some(Arc::new(self.clone())) }
    }

    /// Asks for the end.
    pub fn stop(&self) {
        let _ = self.own.set(Instant::now());
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.since().is_some()
    }

    /// When the end was asked for.
    fn since(&self) -> Option<Instant> {
        let above = self.above.as_ref().and_then(|above| above.since());
        self.own.get().copied().into_iter().chain(above).min()
    }
}

/// Connected clients, ready to put load on.
#[derive(Debug)]
pub struct Engine {
    workers: Vec<Worker>,
    intervals: mpsc::UnboundedReceiver<worker::Shipment>,
    stop: StopFlag,
    /// Connections opened at the start.
    opened: LatencyHistogram,
    /// Phases so far; each draws from random streams of its own.
    phases: u64,
}

/// What is to be put on.
#[derive(Debug, Clone)]
pub struct PhasePlan {
    /// The calls.
    pub bound: Arc<Bound>,
    /// How they come about.
    pub load: Load,
    /// How long.
    pub duration: Duration,
    /// Where each stage of an open loop ends, since the start; empty in a closed loop.
    pub stage_ends: Arc<[Duration]>,
    /// How often a listener hears about it, and the width of the slices of time.
    pub tick: Duration,
    /// How long after the end what waits in queues may still be taken up, and counts; the rest is unfinished.
    pub drain: Duration,
    /// Whether to keep the parameters of some calls.
    pub capture: bool,
}

impl Engine {
    /// Starts the threads and opens every connection, one after the other on each thread.
    ///
    /// # Errors
    /// When a thread cannot be started or a connection cannot be opened.
    pub async fn connect(
        route: &Route,
        options: &EngineOptions,
        stop: StopFlag,
    ) -> Result<Self, EngineError> {
        let (sender, intervals) = mpsc::unbounded_channel();
        let threads = options.threads();
        let all_connections = threads.iter().flatten().map(|station| station.pool.size).sum();
        let assign = |(index, stations)| {
            Worker::spawn(worker::Assignment {
                index,
                stations,
                dealing: Dealing::of(options),
                all_connections,
                route: route.clone(),
                round_trip: options.round_trip,
                max_rate: options.max_rate,
                seed: options.seed,
                stop: stop.clone(),
                intervals: sender.clone(),
            })
        };
        let workers = threads.into_iter().enumerate().map(assign).collect::<Result<Vec<_>, _>>()?;
        let opened = LatencyHistogram::default();
        let mut engine = Self { workers, intervals, stop, opened, phases: 0 };
        for worker in &mut engine.workers {
            engine.opened.add(&worker.connected().await?.took);
        }
        Ok(engine)
    }

    /// How long the connections took to open that were opened at the start.
    #[must_use]
    pub fn opened(&self) -> &LatencyHistogram {
        &self.opened
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
            "SELECT pg_stat_clear_snapshot()"
        };
        let done: Vec<_> = self.workers.iter().map(|worker| worker.send_on_all(sql)).collect();
        for done in done {
            let _ = done.await;
        }
    }

    /// Leaves a phase out that others have, who put a part of the same load on: phases are told by their numbers.
    pub fn pass_phase(&mut self) {
        self.phases += 1;
    }

    /// Puts one phase of load on, then lets the calls under way finish. `listen` hears about progress once a tick.
    /// Ends early when the stop flag is set.
    ///
    /// # Errors
    /// When a worker thread or a client in it is gone.
    pub async fn drive(
        &mut self,
        plan: &PhasePlan,
        listen: &mut dyn FnMut(&Snapshot),
    ) -> Result<Measured, EngineError> {
        self.drive_from(Instant::now(), plan, listen).await
    }

    /// The same from `start` on, which may lie a little ahead.
    ///
    /// # Errors
    /// As [`Self::drive`].
    pub async fn drive_from(
        &mut self,
        start: Instant,
        plan: &PhasePlan,
        listen: &mut dyn FnMut(&Snapshot),
    ) -> Result<Measured, EngineError> {
        let mut collector = Collector::new(&plan.bound, plan.tick, plan.stage_ends.len(), self.workers.len());
        let phase = Phase {
            bound: Arc::clone(&plan.bound),
            load: plan.load.clone(),
            stage_ends: Arc::clone(&plan.stage_ends),
            start,
            deadline: start + plan.duration,
            tick: plan.tick,
            drain: plan.drain,
            capture: plan.capture,
            number: self.phases,
        };
        self.phases += 1;
        self.workers.iter().try_for_each(|worker| worker.drive(phase.clone()))?;
        let mut running = self.workers.len();
        let mut heard = 0;
        while running > 0 {
            let mut shipment = self.intervals.recv().await.ok_or(EngineError::WorkerLost)?;
            running -= usize::from(shipment.last);
            if shipment.lost {
                // The other threads have nothing to go on for.
                self.stop.stop();
                return Err(EngineError::WorkerLost);
            }
            heard += 1;
            collector.add(&mut shipment);
            self.workers[shipment.worker].recycle(shipment.interval);
            if heard % self.workers.len() == 0 {
                listen(&collector.snapshot(start.elapsed()));
            }
        }
        Ok(collector.finish(phase.end(&self.stop).saturating_duration_since(start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_below_ends_with_the_one_above_and_not_the_other_way_round() {
        let above = StopFlag::default();
        let (one, other) = (above.below(), above.below().below());
        one.stop();
        assert!(one.is_set() && !other.is_set() && !above.is_set());
        let first = one.since();
        above.stop();
        assert!(other.is_set() && above.is_set(), "however far below");
        assert_eq!(one.since(), first, "the earlier end counts");
    }
}
