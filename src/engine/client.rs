//! A client: makes one call at a time.

use super::{
    StopFlag,
    bind::Bound,
    cap::Cap,
    capture::Capture,
    checkout::Checkouts,
    clock::Clock,
    lane::Lane,
    load::Think,
    recorder::Interval,
    round_trip::Network,
    session::{Aftermath, Buffers, Session},
};
use crate::stats::Spacing;
use rand::RngExt;
use rand_pcg::Pcg64;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Pause of a client that has no connection, so that a dead server is not hammered.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// What the clients of a thread share during a phase.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) bound: Arc<Bound>,
    pub(super) checkouts: Rc<Checkouts>,
    pub(super) clock: Rc<Clock>,
    pub(super) interval: Rc<RefCell<Interval>>,
    pub(super) capture: Option<Rc<RefCell<Capture>>>,
    pub(super) cap: Option<Rc<Cap>>,
    pub(super) round_trip: Duration,
    pub(super) stop: StopFlag,
    pub(super) deadline: Instant,
}

impl Surroundings {
    /// Whether calls may still begin.
    fn goes_on(&self, now: Instant) -> bool {
        now < self.deadline && !self.stop.is_set()
    }
}

/// The operation and the stage of a call that is not answered yet.
type UnderWay = Rc<Cell<Option<(usize, usize)>>>;

/// A client at work.
pub(super) struct Running {
    task: JoinHandle<()>,
    under_way: UnderWay,
}

impl Running {
    /// A client that makes its next call when the last one is answered.
    pub(super) fn closed(around: Surroundings, think: Option<Think>, rng: Pcg64) -> Self {
        Self::spawn(|under_way| async move { in_closed_loop(&around, think, rng, &under_way).await })
    }

    /// A client that takes up what arrives in `lane`.
    pub(super) fn open(around: Surroundings, lane: Rc<Lane>) -> Self {
        Self::spawn(|under_way| async move { in_open_loop(&around, &lane, &under_way).await })
    }

    fn spawn<F: Future<Output = ()> + 'static>(client: impl FnOnce(UnderWay) -> F) -> Self {
        let under_way = UnderWay::default();
        Self { task: tokio::task::spawn_local(client(Rc::clone(&under_way))), under_way }
    }

    /// Ends the client at once; its call under way, if any, is unfinished.
    pub(super) fn cut_off(&self, interval: &mut Interval) {
        self.task.abort();
        if let Some((operation, stage)) = self.under_way.take() {
            interval.unfinished(operation, stage);
        }
    }

    /// Waits for its end, and says whether it was one in order. May be dropped and asked again.
    pub(super) async fn ended(&mut self) -> bool {
        (&mut self.task).await.is_ok()
    }
}

fn session(around: &Surroundings) -> Session<'_> {
    Session {
        bound: &around.bound,
        checkouts: &around.checkouts,
        clock: &around.clock,
        interval: &around.interval,
        capture: around.capture.as_deref(),
        network: Network { clock: &around.clock, delay: around.round_trip },
        buffers: Buffers::default(),
        now: Instant::now(),
    }
}

async fn in_closed_loop(
    around: &Surroundings,
    think: Option<Think>,
    mut rng: Pcg64,
    under_way: &Cell<Option<(usize, usize)>>,
) {
    let mut session = session(around);
    let mut is_first = think.is_some_and(|think| think.spacing == Spacing::Uniform);
    while around.goes_on(session.now) {
        let mut due = session.now;
        if let Some(think) = think {
            let pause = think.pause(&mut rng);
            // Clients that all think equally long begin at moments of their own, or they would call in step for ever.
            due += if is_first { pause.mul_f64(rng.random()) } else { pause };
            is_first = false;
            if !is_reached(around, &mut session, due).await {
                return;
            }
        }
        if let Some(cap) = &around.cap {
            // Only now: what is admitted must come in the order of time, and a pause that was drawn first may be over last.
            due = cap.admit(due);
            if !is_reached(around, &mut session, due).await {
                return;
            }
        }
        let intended = think.map(|_| due);
        if intended.is_some() {
            around.interval.borrow_mut().release_error.record(due.elapsed());
        }
        let operation = around.bound.choose(&mut rng);
        around.interval.borrow_mut().arrived(operation, 0);
        under_way.set(Some((operation, 0)));
        let aftermath = session.call(operation, 0, intended, &mut rng).await;
        under_way.set(None);
        match aftermath {
            Aftermath::Fine => continue,
            // A pool that refuses at once must not keep the thread from those who wait for answers.
            Aftermath::Failed => tokio::task::yield_now().await,
            Aftermath::Unreachable => around.clock.sleep(RETRY_PAUSE).await,
        }
        session.look();
    }
}

/// Waits until `due`, if that is ahead, and says whether the load goes on then.
async fn is_reached(around: &Surroundings, session: &mut Session<'_>, due: Instant) -> bool {
    if due > session.now {
        around.clock.sleep_until(due.min(around.deadline)).await;
        session.look();
    }
    around.goes_on(session.now)
}

async fn in_open_loop(around: &Surroundings, lane: &Lane, under_way: &Cell<Option<(usize, usize)>>) {
    let mut session = session(around);
    while let Some(mut arrival) = lane.take().await {
        session.look();
        under_way.set(Some((arrival.operation, arrival.stage)));
        session.call(arrival.operation, arrival.stage, Some(arrival.intended), &mut arrival.rng).await;
        under_way.set(None);
    }
}
