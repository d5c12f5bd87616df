//! A thread with its own runtime, clients and connections; nothing on the hot path leaves it.

use super::{
    EngineError, StopFlag,
    bind::Bound,
    capture::CapturedCalls,
    checkout::{Checkouts, PoolPlan},
    clock::Clock,
    connect::{Connector, Opened},
    load::Load,
    phase,
    recorder::Interval,
    schedule::Dealing,
};
use crate::target::Route;
use std::{
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// How long a statement for all connections may take: one that hangs must not hold the others.
const SEND_PATIENCE: Duration = Duration::from_secs(1);

/// Clients with what they share: a pool, and in an open loop the queue in front of them.
#[derive(Debug, Clone)]
pub(super) struct StationPlan {
    pub(super) clients: usize,
    /// Number of the first of them among all clients.
    pub(super) first_client: usize,
    pub(super) pool: PoolPlan,
    /// Number of its first connection among all connections.
    pub(super) first_connection: usize,
    /// Arrivals that may wait.
    pub(super) queue: usize,
}

/// What one thread has to do.
pub(super) struct Assignment {
    pub(super) index: usize,
    pub(super) stations: Vec<StationPlan>,
    /// Which of the run's calls are those of the thread's clients.
    pub(super) dealing: Dealing,
    /// Connections of all threads.
    pub(super) all_connections: usize,
    pub(super) route: Route,
    pub(super) round_trip: Duration,
    /// Most calls a second of all clients of the run, in a closed loop.
    pub(super) max_rate: Option<f64>,
    pub(super) seed: u64,
    pub(super) stop: StopFlag,
    pub(super) intervals: mpsc::UnboundedSender<Shipment>,
}

impl Assignment {
    /// The thread's share of the calls a second that are allowed, by its share of the clients.
    pub(super) fn own_max_rate(&self) -> Option<f64> {
        let own: usize = self.stations.iter().map(|station| station.clients).sum();
        self.max_rate.map(|rate| rate * own as f64 / self.dealing.all_clients().max(1) as f64)
    }
}

/// What a thread is told to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Put load on.
    Drive(Phase),
    /// Send this on every connection, whatever comes of it, and say when that is done.
    SendOnAll(String, oneshot::Sender<()>),
}

/// One phase of load; the times are the same on every thread.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub(super) bound: Arc<Bound>,
    pub(super) load: Load,
    /// Where each stage of an open loop ends, since the start.
    pub(super) stage_ends: Arc<[Duration]>,
    pub(super) start: Instant,
    pub(super) deadline: Instant,
    pub(super) tick: Duration,
    /// How long after the deadline what waits in queues may still be taken up.
    pub(super) drain: Duration,
    /// Whether to keep the parameters of some calls.
    pub(super) capture: bool,
    /// Phases before this one.
    pub(super) number: u64,
}

impl Phase {
    /// When the last calls may begin: the deadline, or before it when the user asked for the end.
    pub(super) fn end(&self, stop: &StopFlag) -> Instant {
        stop.since().map_or(self.deadline, |since| since.min(self.deadline))
    }
}

/// An interval on its way to the collector.
#[derive(Debug)]
pub(super) struct Shipment {
    /// The thread that filled it.
    pub(super) worker: usize,
    /// How much later than the phase its clients began.
    pub(super) begun_after: Duration,
    /// When the interval began, since the phase's start.
    pub(super) at: Duration,
    /// When it was handed over, since the phase's start.
    pub(super) until: Duration,
    /// Whether it holds what ended after the phase's end.
    pub(super) late: bool,
    pub(super) interval: Box<Interval>,
    /// What was kept of the calls, by operation; it comes with the last shipment.
    pub(super) captured: Vec<CapturedCalls>,
    /// Connections of the thread that are open.
    pub(super) open: usize,
    /// Whether the thread's clients have all ended.
    pub(super) last: bool,
    /// Whether one of them ended by a panic.
    pub(super) lost: bool,
}

/// The handle of one thread.
#[derive(Debug)]
pub(super) struct Worker {
    commands: Option<mpsc::UnboundedSender<Command>>,
    emptied: std::sync::mpsc::Sender<Box<Interval>>,
    ready: Option<oneshot::Receiver<Result<Opened, EngineError>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Worker {
    pub(super) fn spawn(assignment: Assignment) -> Result<Self, EngineError> {
        let (commands, orders) = mpsc::unbounded_channel();
        let (emptied, empty) = std::sync::mpsc::channel();
        let (ready_sender, ready) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(format!("clients-{}", assignment.index))
            .spawn(move || {
                let _guard = Guard { worker: assignment.index, intervals: assignment.intervals.clone() };
                // Tasks of such a runtime stay on its thread: no second queue, no wake-up from elsewhere.
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build_local(tokio::runtime::LocalOptions::default());
                match runtime {
                    Ok(runtime) => runtime.block_on(serve(assignment, orders, empty, ready_sender)),
                    Err(error) => {
                        let _ = ready_sender.send(Err(EngineError::Thread(error)));
                    }
                }
            })
            .map_err(EngineError::Thread)?;
        Ok(Self { commands: Some(commands), emptied, ready: Some(ready), thread: Some(thread) })
    }

    /// Waits until every connection is open, and says how long they took.
    pub(super) async fn connected(&mut self) -> Result<Opened, EngineError> {
        match self.ready.take() {
            Some(ready) => ready.await.unwrap_or(Err(EngineError::WorkerLost)),
            None => Ok(Opened::default()),
        }
    }

    pub(super) fn drive(&self, phase: Phase) -> Result<(), EngineError> {
        let commands = self.commands.as_ref().ok_or(EngineError::WorkerLost)?;
        commands.send(Command::Drive(phase)).map_err(|_| EngineError::WorkerLost)
    }

    /// Sends `sql` on every connection of the thread; the receiver hears when that is done.
    pub(super) fn send_on_all(&self, sql: &str) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        if let Some(commands) = &self.commands {
            let _ = commands.send(Command::SendOnAll(sql.to_owned(), done));
        }
        receiver
    }

    /// Gives an interval's memory back to the thread; a thread that has ended needs none.
    pub(super) fn recycle(&self, mut interval: Box<Interval>) {
        interval.reset();
        let _ = self.emptied.send(interval);
    }
}

/// Tells the collector when its thread panics, so that nobody waits for it.
struct Guard {
    worker: usize,
    intervals: mpsc::UnboundedSender<Shipment>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.intervals.send(Shipment {
                worker: self.worker,
                begun_after: Duration::ZERO,
                at: Duration::ZERO,
                until: Duration::ZERO,
                late: false,
                interval: Box::default(),
                captured: Vec::new(),
                open: 0,
                last: true,
                lost: true,
            });
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands.take();
        self.ready.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Clients with their pool, once the connections are open.
pub(super) struct Station {
    pub(super) plan: StationPlan,
    pub(super) checkouts: Rc<Checkouts>,
}

/// What a thread has, once it is ready.
pub(super) struct Equipment {
    pub(super) assignment: Assignment,
    pub(super) stations: Vec<Station>,
    pub(super) clock: Rc<Clock>,
    pub(super) connector: Connector,
    pub(super) empty: std::sync::mpsc::Receiver<Box<Interval>>,
}

async fn serve(
    assignment: Assignment,
    mut orders: mpsc::UnboundedReceiver<Command>,
    empty: std::sync::mpsc::Receiver<Box<Interval>>,
    mut ready: oneshot::Sender<Result<Opened, EngineError>>,
) {
    let equipped = tokio::select! {
        equipped = equip(assignment, empty) => equipped,
        // Whoever wanted it gave up, with connections still to open.
        () = ready.closed() => return,
    };
    let (outcome, equipment) = match equipped {
        Ok(equipment) => (Ok(equipment.connector.take()), Some(equipment)),
        Err(error) => (Err(error), None),
    };
    let _ = ready.send(outcome);
    let Some(equipment) = equipment else { return };
    while let Some(order) = orders.recv().await {
        match order {
            Command::Drive(phase) => phase::drive(&equipment, &phase).await,
            Command::SendOnAll(sql, done) => {
                for station in &equipment.stations {
                    station.checkouts.send_on_all(&sql, SEND_PATIENCE).await;
                }
                let _ = done.send(());
            }
        }
    }
}

/// Opens every connection, station by station.
async fn equip(
    assignment: Assignment,
    empty: std::sync::mpsc::Receiver<Box<Interval>>,
) -> Result<Equipment, EngineError> {
    let clock = Clock::start().map_err(EngineError::Thread)?;
    let connector = Connector::default();
    let mut stations = Vec::with_capacity(assignment.stations.len());
    for plan in &assignment.stations {
        let route = assignment.route.clone();
        let checkouts = Checkouts::new(plan.pool.clone(), route, connector.clone())?;
        checkouts.fill(plan.first_connection, assignment.all_connections).await?;
        stations.push(Station { plan: plan.clone(), checkouts: Rc::new(checkouts) });
    }
    Ok(Equipment { assignment, stations, clock, connector, empty })
}
