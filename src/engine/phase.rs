//! One phase of load on one thread: clients and arrivals begin, intervals are handed over, everything ends in order.

use super::{
    cap::Cap,
    capture::{Capture, CapturedCalls},
    client::{Running, Surroundings},
    lane::Lane,
    load::Load,
    pacer::{Pacer, Pacing, pace},
    recorder::Interval,
    worker::{Equipment, Phase, Shipment, Station},
};
use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// How long calls under way may take after the end of a phase, before they are given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same when the user asked for the end.
const PATIENCE_WHEN_STOPPED: Duration = Duration::from_secs(5);
/// How often a thread looks whether the load was stopped.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Who is at work during a phase.
#[derive(Default)]
struct Crew {
    /// Keeps the parameters of some calls, if somebody wants them.
    capture: Option<Rc<RefCell<Capture>>>,
    /// What the thread's clients may do a second, in a closed loop.
    cap: Option<Rc<Cap>>,
    clients: Vec<Running>,
    lanes: Vec<Rc<Lane>>,
    pacers: Vec<(Rc<RefCell<Pacer>>, JoinHandle<()>)>,
}

pub(super) async fn drive(equipment: &Equipment, phase: &Phase) {
    // What an earlier phase left has other operations.
    while equipment.empty.try_recv().is_ok() {}
    let slots = || phase.bound.operations.iter().map(|operation| operation.slots.len());
    let fresh = || {
        let empty = equipment.empty.try_recv();
        empty.unwrap_or_else(|_| Box::new(Interval::new(slots(), phase.stage_ends.len())))
    };
    let current = Rc::new(RefCell::new(*fresh()));
    // What was opened between two phases belongs to neither.
    equipment.connector.take();
    let capture = phase.capture.then(|| {
        let number = (phase.number << 16) | equipment.assignment.index as u64;
        let capture = Capture::new(phase.bound.operations.len(), equipment.assignment.seed, number);
        Rc::new(RefCell::new(capture))
    });
    let cap = equipment.assignment.own_max_rate().map(|rate| Rc::new(Cap::new(rate, phase.start)));
    let mut crew = Crew { capture, cap, ..Crew::default() };
    equipment.clock.sleep_until(phase.start).await;
    let begun_after = phase.start.elapsed();
    for station in &equipment.stations {
        crew.join(equipment, phase, station, &current);
    }
    ship_until_done(equipment, phase, (&*current, begun_after), crew, &fresh).await;
}

impl Crew {
    fn join(
        &mut self,
        equipment: &Equipment,
        phase: &Phase,
        station: &Station,
        current: &Rc<RefCell<Interval>>,
    ) {
        let (assignment, plan) = (&equipment.assignment, &station.plan);
        let around = Surroundings {
            bound: Arc::clone(&phase.bound),
            checkouts: Rc::clone(&station.checkouts),
            clock: Rc::clone(&equipment.clock),
            interval: Rc::clone(current),
            capture: self.capture.clone(),
            cap: self.cap.clone(),
            round_trip: assignment.round_trip,
            stop: assignment.stop.clone(),
            deadline: phase.deadline,
        };
        match &phase.load {
            Load::Closed { think } => {
                self.clients.extend((plan.first_client..plan.first_client + plan.clients).map(|client| {
                    let rng = assignment.dealing.client_stream(phase.number, client);
                    Running::closed(around.clone(), *think, rng)
                }));
            }
            Load::Open { profile, spacing } => {
                let lane = Rc::new(Lane::new(plan.queue));
                self.clients
                    .extend((0..plan.clients).map(|_| Running::open(around.clone(), Rc::clone(&lane))));
                let lot = assignment.dealing.lot(phase.number, plan, profile, *spacing);
                let pacing = Pacing {
                    start: phase.start,
                    deadline: phase.deadline,
                    seed: assignment.seed,
                    bound: Arc::clone(&phase.bound),
                    stage_ends: Arc::clone(&phase.stage_ends),
                };
                let pacer = Rc::new(RefCell::new(Pacer::new(Rc::clone(&lane), pacing, lot)));
                let paced = Rc::clone(&pacer);
                let task = tokio::task::spawn_local(async move {
                    pace(&paced, &around.clock, &around.interval, || around.stop.is_set()).await;
                });
                self.pacers.push((pacer, task));
                self.lanes.push(lane);
            }
        }
    }

    /// No arrivals after `until`, and what waits is unfinished.
    fn close_lanes(&mut self, until: Instant, interval: &mut Interval) {
        for (pacer, task) in self.pacers.drain(..) {
            task.abort();
            pacer.borrow_mut().give_up(until, interval);
        }
        self.lanes.iter().for_each(|lane| lane.abandon(interval));
    }

    /// What was kept of the calls; a call that is still under way adds nothing to it any more.
    fn captured(&self, phase: &Phase) -> Vec<CapturedCalls> {
        let taken = |capture: &Rc<RefCell<Capture>>| {
            capture.replace(Capture::new(phase.bound.operations.len(), 0, 0)).finish()
        };
        self.capture.as_ref().map(taken).unwrap_or_default()
    }

    /// Waits for every client, or for one that panicked, and says whether all is well. May be dropped and asked
    /// again.
    async fn all_ended(&mut self) -> bool {
        while let Some(client) = self.clients.last_mut() {
            if !client.ended().await {
                return false;
            }
            self.clients.pop();
        }
        true
    }
}

/// Hands the current interval over once a tick up to the end, or until the load is stopped, and a last time when every client
/// has ended: what is answered after the end stands by itself. Clients began so much later than the phase.
async fn ship_until_done(
    equipment: &Equipment,
    phase: &Phase,
    (current, begun_after): (&RefCell<Interval>, Duration),
    mut crew: Crew,
    fresh: &dyn Fn() -> Box<Interval>,
) {
    let stop = &equipment.assignment.stop;
    let window = phase.deadline.saturating_duration_since(phase.start);
    let mut at = Duration::ZERO;
    let (mut lost, mut stopped) = (false, false);
    let mut limit = phase.deadline + PATIENCE;
    loop {
        let next = tick_end(at, phase.tick, window);
        let late = stopped || at >= window;
        let last = tokio::select! {
            well = crew.all_ended() => {
                lost = !well;
                true
            }
            () = tokio::time::sleep(LOOK_EVERY), if late && limit > Instant::now() + LOOK_EVERY => {
                if stop.is_set() {
                    limit = limit.min(Instant::now() + PATIENCE_WHEN_STOPPED);
                }
                if stop.is_set() || Instant::now() > phase.deadline + phase.drain {
                    crew.close_lanes(phase.end(stop), &mut current.borrow_mut());
                }
                continue;
            }
            () = tokio::time::sleep_until((Instant::now() + LOOK_EVERY).min(phase.start + next).into()), if !late => {
                if !stop.is_set() && phase.start.elapsed() < next {
                    continue;
                }
                false
            }
            () = tokio::time::sleep_until(limit.into()) => {
                crew.close_lanes(phase.end(stop), &mut current.borrow_mut());
                crew.clients.iter().for_each(|client| client.cut_off(&mut current.borrow_mut()));
                true
            }
        };
        stopped = stop.is_set();
        if stopped {
            limit = limit.min(Instant::now() + PATIENCE_WHEN_STOPPED);
            crew.close_lanes(phase.end(stop), &mut current.borrow_mut());
        }
        let mut interval = Box::new(current.replace(*fresh()));
        interval.opened = equipment.connector.take();
        let until = phase.start.elapsed();
        let open = equipment.stations.iter().map(|station| station.checkouts.open()).sum();
        let worker = equipment.assignment.index;
        let captured = if last { crew.captured(phase) } else { Vec::new() };
        let shipment =
            Shipment { worker, begun_after, at, until, late, interval, captured, open, last, lost };
        if equipment.assignment.intervals.send(shipment).is_err() || last {
            return;
        }
        // What is late begins where the load was stopped.
        at = if stopped { until } else { next };
    }
}

/// Where the tick that begins at `at` ends. The last one ends with the window, and is up to half a tick shorter or longer
/// than the others.
fn tick_end(at: Duration, tick: Duration, window: Duration) -> Duration {
    let next = at + tick;
    if next + tick / 2 >= window { window } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_end_with_the_window() {
        let ends = |tick: u64, window: u64| {
            let (tick, window) = (Duration::from_millis(tick), Duration::from_millis(window));
            let mut ends = vec![tick_end(Duration::ZERO, tick, window)];
            while ends[ends.len() - 1] < window {
                ends.push(tick_end(ends[ends.len() - 1], tick, window));
            }
            ends.iter().map(|end| end.as_millis() as u64).collect::<Vec<_>>()
        };
        assert_eq!(ends(1_000, 3_000), [1_000, 2_000, 3_000]);
        assert_eq!(ends(1_000, 3_400), [1_000, 2_000, 3_400]);
        assert_eq!(ends(1_000, 3_600), [1_000, 2_000, 3_000, 3_600]);
        assert_eq!(ends(1_000, 300), [300]);
    }
}
