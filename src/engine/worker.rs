//! A thread with its own runtime, clients and connections; nothing on the hot path leaves it.

use super::{
    StopFlag,
    bind::{Bound, EngineError},
    recorder::{ErrorCount, Interval},
    session::{Aftermath, Session},
};
use crate::stats::stream;
use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use futures_util::future::join_all;
use rand_pcg::Pcg64;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_postgres::{NoTls, error::SqlState};

/// Pause of a client that lost its connection, so that a dead server is not hammered.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// How long calls under way may take after the end of a phase, before they count as failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same when the user asked for the end.
const PATIENCE_WHEN_STOPPED: Duration = Duration::from_secs(5);
/// Purpose of the clients' random streams; the catalog's have other numbers.
const CLIENT_STREAMS: u64 = 100;

/// What one thread has to do.
pub(super) struct Assignment {
    pub(super) index: usize,
    pub(super) clients: usize,
    /// Number of the first of them among all clients.
    pub(super) first_client: usize,
    pub(super) connections: usize,
    /// Number of the first of them among all connections.
    pub(super) first_connection: usize,
    /// Connections of all threads.
    pub(super) all_connections: usize,
    pub(super) config: tokio_postgres::Config,
    pub(super) bound: Arc<Bound>,
    pub(super) seed: u64,
    pub(super) stop: StopFlag,
    pub(super) intervals: mpsc::UnboundedSender<Shipment>,
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
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase {
    pub(super) start: Instant,
    pub(super) deadline: Instant,
    pub(super) tick: Duration,
}

/// An interval on its way to the collector.
#[derive(Debug)]
pub(super) struct Shipment {
    /// The thread that filled it.
    pub(super) worker: usize,
    /// When the interval began, since the phase's start.
    pub(super) at: Duration,
    /// When its last call ended, since the phase's start.
    pub(super) until: Duration,
    pub(super) interval: Box<Interval>,
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
    ready: Option<oneshot::Receiver<Result<(), EngineError>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Worker {
    pub(super) fn spawn(assignment: Assignment) -> Result<Self, EngineError> {
        let (commands, orders) = mpsc::unbounded_channel();
        let (emptied, empty) = std::sync::mpsc::channel();
        let (ready_sender, ready) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(EngineError::Thread)?;
        let thread = std::thread::Builder::new()
            .name(format!("clients-{}", assignment.index))
            .spawn(move || {
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, serve(assignment, orders, empty, ready_sender));
            })
            .map_err(EngineError::Thread)?;
        Ok(Self { commands: Some(commands), emptied, ready: Some(ready), thread: Some(thread) })
    }

    /// Waits until every connection is open.
    pub(super) async fn connected(&mut self) -> Result<(), EngineError> {
        match self.ready.take() {
            Some(ready) => ready.await.unwrap_or(Err(EngineError::WorkerLost)),
            None => Ok(()),
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

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    assignment: Assignment,
    mut orders: mpsc::UnboundedReceiver<Command>,
    empty: std::sync::mpsc::Receiver<Box<Interval>>,
    ready: oneshot::Sender<Result<(), EngineError>>,
) {
    let pool = match open(&assignment).await {
        Ok(pool) => {
            let _ = ready.send(Ok(()));
            pool
        }
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let assignment = Rc::new(assignment);
    let slots = || assignment.bound.operations.iter().map(|operation| operation.slots.len());
    let fresh = || empty.try_recv().unwrap_or_else(|_| Box::new(Interval::new(slots())));
    let mut number = 0;
    while let Some(order) = orders.recv().await {
        let phase = match order {
            Command::Drive(phase) => phase,
            Command::SendOnAll(sql, done) => {
                // A connection that hangs must not hold the others.
                let _ = tokio::time::timeout(RETRY_PAUSE * 10, send_on_all(&pool, &sql)).await;
                let _ = done.send(());
                continue;
            }
        };
        let current = Rc::new(RefCell::new(*fresh()));
        let clients = (0..assignment.clients)
            .map(|client| {
                // Every client of every phase draws from a stream of its own, whichever thread carries it.
                let client = (assignment.first_client + client) as u64;
                let rng = stream(assignment.seed, CLIENT_STREAMS, (number << 32) | client);
                let under_way = Rc::new(Cell::new(None));
                let task = tokio::task::spawn_local(run_client(
                    Rc::clone(&assignment),
                    pool.clone(),
                    Rc::clone(&current),
                    Rc::clone(&under_way),
                    phase,
                    rng,
                ));
                Running { task, under_way }
            })
            .collect();
        number += 1;
        ship_until_done(&assignment, phase, &current, clients, &fresh).await;
    }
}

async fn send_on_all(pool: &Pool, sql: &str) {
    let connections = join_all((0..pool.status().max_size).map(|_| pool.get())).await;
    join_all(connections.iter().flatten().map(|connection| connection.batch_execute(sql))).await;
}

/// A client at work.
struct Running {
    task: JoinHandle<()>,
    /// Number of the operation whose call is not answered yet.
    under_way: Rc<Cell<Option<usize>>>,
}

impl Running {
    /// Ends the client at once; its call under way, if any, has failed.
    fn cut_off(&self, interval: &mut Interval) {
        self.task.abort();
        if let Some(index) = self.under_way.take() {
            let message = "not answered in time after the end of the load".to_owned();
            interval.operations[index].failed += 1;
            ErrorCount::merge(
                &mut interval.operations[index].errors,
                ErrorCount { code: "client".to_owned(), message, expected: false, count: 1 },
            );
        }
    }
}

/// Hands the current interval over once a tick, and a last time when every client has ended.
async fn ship_until_done(
    assignment: &Assignment,
    phase: Phase,
    current: &RefCell<Interval>,
    mut clients: Vec<Running>,
    fresh: &dyn Fn() -> Box<Interval>,
) {
    let mut at = Duration::ZERO;
    let mut lost = false;
    let mut limit = phase.deadline + PATIENCE;
    loop {
        let next = at + phase.tick;
        // The drain belongs to the last slice: no new calls begin after the deadline. Half a tick allows for
        // ticks that do not add up to the phase exactly.
        let draining = phase.start + next + phase.tick / 2 >= phase.deadline;
        let last = tokio::select! {
            well = all_ended(&mut clients) => {
                lost = !well;
                true
            }
            // Whoever asks for the end while calls hang is heard.
            () = tokio::time::sleep(RETRY_PAUSE), if draining && limit > Instant::now() + PATIENCE_WHEN_STOPPED => {
                if assignment.stop.is_set() {
                    limit = limit.min(Instant::now() + PATIENCE_WHEN_STOPPED);
                }
                continue;
            }
            () = tokio::time::sleep_until((phase.start + next).into()), if !draining => false,
            () = tokio::time::sleep_until(limit.into()) => {
                clients.iter().for_each(|client| client.cut_off(&mut current.borrow_mut()));
                true
            }
        };
        if assignment.stop.is_set() {
            limit = limit.min(Instant::now() + PATIENCE_WHEN_STOPPED);
        }
        let interval = Box::new(current.replace(*fresh()));
        let shipment =
            Shipment { worker: assignment.index, at, until: phase.start.elapsed(), interval, last, lost };
        if assignment.intervals.send(shipment).is_err() || last {
            return;
        }
        at = next;
    }
}

/// Waits for every client, or for one that panicked, and says whether all is well. May be dropped and asked again.
async fn all_ended(clients: &mut Vec<Running>) -> bool {
    while let Some(client) = clients.last_mut() {
        if (&mut client.task).await.is_err() {
            return false;
        }
        clients.pop();
    }
    true
}

/// A closed-loop client: the next call begins when the last one is answered.
async fn run_client(
    assignment: Rc<Assignment>,
    pool: Pool,
    interval: Rc<RefCell<Interval>>,
    under_way: Rc<Cell<Option<usize>>>,
    phase: Phase,
    mut rng: Pcg64,
) {
    let bound = &assignment.bound;
    let mut session = Session::new(bound, &pool, &interval);
    let mut values = Vec::new();
    while Instant::now() < phase.deadline && !assignment.stop.is_set() {
        let operation = bound.choose(&mut rng);
        bound.draw(operation, &mut rng, &mut values);
        under_way.set(Some(operation));
        let aftermath = session.call(operation, &values).await;
        under_way.set(None);
        if aftermath == Aftermath::Unreachable {
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

/// Opens every connection of the pool, one after the other: no storm at the start.
async fn open(assignment: &Assignment) -> Result<Pool, EngineError> {
    let here = assignment.connections;
    let manager = Manager::from_config(
        assignment.config.clone(),
        NoTls,
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    let failed = |number: usize, reason: String| EngineError::Connect {
        number: assignment.first_connection + number,
        of: assignment.all_connections,
        reason,
    };
    let pool = Pool::builder(manager).max_size(here).build().map_err(|error| failed(1, error.to_string()))?;
    let mut open = Vec::with_capacity(here);
    for number in 1..=here {
        open.push(pool.get().await.map_err(|error| failed(number, refusal(&error)))?);
    }
    Ok(pool)
}

/// Why there is no connection, with what to do where that is known.
fn refusal(error: &PoolError) -> String {
    let PoolError::Backend(cause) = error else { return error.to_string() };
    let reason = crate::target::describe(cause);
    if cause.code() == Some(&SqlState::TOO_MANY_CONNECTIONS) {
        return format!(
            "{reason}: ask for fewer --connections, or raise the server's max_connections (of an embedded one by --set max_connections=N)"
        );
    }
    reason
}
