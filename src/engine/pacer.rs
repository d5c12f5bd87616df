//! Lets the arrivals of an open loop into their lane when they are due.

use super::{
    bind::Bound,
    clock::Clock,
    lane::{Arrival, Lane},
    recorder::Interval,
    schedule::{Lot, call_stream},
};
use crate::stats::Dealt;
use std::{
    cell::RefCell,
    iter::Peekable,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

/// Late arrivals that are let in at a time.
const BURST: u64 = 256;

/// What a lane's arrivals follow from.
pub(super) struct Pacing {
    pub(super) start: Instant,
    /// When the load is over, whether or not there were arrivals up to then.
    pub(super) deadline: Instant,
    pub(super) seed: u64,
    pub(super) bound: Arc<Bound>,
    /// Where each stage ends, since the start.
    pub(super) stage_ends: Arc<[Duration]>,
}

/// The arrivals of a lane that are still to come.
pub(super) struct Pacer {
    lane: Rc<Lane>,
    pacing: Pacing,
    /// Tells the random streams of its calls from those of other phases and lanes.
    number: u64,
    arrivals: Peekable<Dealt>,
    released: u64,
    stage: usize,
}

impl Pacer {
    pub(super) fn new(lane: Rc<Lane>, pacing: Pacing, lot: Lot) -> Self {
        let Lot { number, arrivals } = lot;
        Self { lane, pacing, number, arrivals: arrivals.peekable(), released: 0, stage: 0 }
    }

    /// When the next one is due.
    fn due(&mut self) -> Option<Instant> {
        self.arrivals.peek().map(|(_, at)| self.pacing.start + *at)
    }

    fn next(&mut self) -> Option<Arrival> {
        let (index, at) = self.arrivals.next()?;
        let pacing = &self.pacing;
        // An arrival that is due at the very end belongs to the last stage.
        while self.stage + 1 < pacing.stage_ends.len() && pacing.stage_ends[self.stage] <= at {
            self.stage += 1;
        }
        let mut rng = call_stream(pacing.seed, self.number, index);
        self.released += 1;
        let operation = pacing.bound.choose(&mut rng);
        Some(Arrival { intended: pacing.start + at, operation, stage: self.stage, rng })
    }

    fn release(&mut self, interval: &mut Interval) {
        if let Some(arrival) = self.next() {
            interval.release_error.record(arrival.intended.elapsed());
            self.lane.push(arrival, interval);
        }
    }

    /// Ends it. What was due before `until` and was not let in yet, because the thread had no time for it, came all the
    /// same: it counts, as unfinished.
    pub(super) fn give_up(&mut self, until: Instant, interval: &mut Interval) {
        while self.due().is_some_and(|due| due < until) {
            if let Some(arrival) = self.next() {
                interval.release_error.record(arrival.intended.elapsed());
                interval.arrived(arrival.operation, arrival.stage);
                interval.unfinished(arrival.operation, arrival.stage);
            }
        }
        self.lane.end();
    }
}

/// Lets arrivals in at their times until the load is over or `stopped` says so. Each is released a little after its
/// intended time; that error is recorded.
pub(super) async fn pace(
    pacer: &RefCell<Pacer>,
    clock: &Clock,
    interval: &RefCell<Interval>,
    stopped: impl Fn() -> bool,
) {
    loop {
        let (due, released, deadline) = {
            let mut pacer = pacer.borrow_mut();
            (pacer.due(), pacer.released, pacer.pacing.deadline)
        };
        let Some(due) = due else {
            clock.sleep_until(deadline).await;
            break;
        };
        if due > Instant::now() {
            clock.sleep_until(due).await;
        } else if released.is_multiple_of(BURST) {
            // A schedule that cannot be kept must not keep the clients from their calls.
            tokio::task::yield_now().await;
        }
        if stopped() {
            break;
        }
        pacer.borrow_mut().release(&mut interval.borrow_mut());
    }
    pacer.borrow().lane.end();
}
