//! The guard: a process of its own that owns an embedded server's processes and directories.
//!
//! It holds the other end of a pipe from the program that started it. However that program ends, by
//! itself, by a panic, by SIGKILL, the pipe closes, and the guard ends the server and removes its
//! directories. It stands in a process group of its own, so that Ctrl-C does not reach it.

use super::{
    base,
    cluster::{Cluster, Plan},
    embedded::{Facts, Report, Spec},
    in_force,
    kept::{self, KeptServer},
    locate,
    restored::Order,
    server_log,
};
use crate::text::percent_encoded;
use nix::{
    sys::signal::{SigSet, Signal, killpg},
    unistd::Pid,
};
use std::{
    io::{BufRead, BufReader, Write},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

/// How often the guard looks whether it is still needed.
const WATCH: Duration = Duration::from_millis(10);

/// Runs the guard: reads what to start from standard input, reports on standard output, and stays until
/// standard input closes.
#[must_use]
pub fn main() -> ExitCode {
    // Blocked here and taken up by a thread; child processes start with nothing blocked.
    let mut signals = SigSet::empty();
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().for_each(|signal| signals.add(signal));
    let _ = signals.thread_block();
    let mut input = BufReader::new(std::io::stdin());
    let mut line = String::new();
    let spec: Spec = match input.read_line(&mut line).map(|_| serde_json::from_str(&line)) {
        Ok(Ok(spec)) => spec,
        _ => return ExitCode::from(2),
    };
    let unneeded = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&unneeded);
    let (sender, orders) = channel();
    std::thread::spawn(move || {
        // A server that was started at once takes no orders.
        input.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        flag.store(true, Ordering::SeqCst);
    });
    let flag = Arc::clone(&unneeded);
    std::thread::spawn(move || {
        let _ = signals.wait();
        flag.store(true, Ordering::SeqCst);
    });
    match serve(&spec, &orders, &|| unneeded.load(Ordering::SeqCst)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            report(&Report::Failed { reason });
            ExitCode::FAILURE
        }
    }
}

/// The parent may be gone; nobody listens then.
fn report(report: &Report) {
    let text = serde_json::to_string(report).unwrap_or_default();
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn serve(spec: &Spec, orders: &Receiver<String>, unneeded: &dyn Fn() -> bool) -> Result<(), String> {
    let keep = spec.keep;
    let mut timings = Vec::new();
    let mut cluster = make(spec, &mut timings)?;
    let lock = kept::lock(&cluster.directory);
    let outcome = lock.and_then(|lock| {
        match spec.waits {
            true => wait_for_orders(&mut cluster, spec, orders, unneeded)?,
            false => bring_up(&mut cluster, spec, &mut timings, unneeded)?,
        }
        Ok(lock)
    });
    let _lock = match outcome {
        Ok(lock) => lock,
        Err(reason) => {
            let _ = cluster.destroy();
            return Err(reason);
        }
    };
    if spec.waits {
        // Whatever programs still fill the directory belong to this process's group, and end with it.
        let _ = killpg(Pid::this(), Signal::SIGTERM);
        return cluster.destroy();
    }
    report(&Report::Ready(Box::new(facts(&cluster, timings, spec))));
    let mut told = false;
    while !unneeded() {
        if !told && let Some(status) = cluster.has_ended() {
            report(&Report::Failed {
                reason: format!("the server ended with {status}: {}", server_log::last_lines(&cluster.log())),
            });
            told = true;
        }
        std::thread::sleep(WATCH);
    }
    if keep && !told {
        cluster.release();
        return Ok(());
    }
    cluster.destroy()
}

/// The directories of a server, and the programs that it will be.
fn make(spec: &Spec, timings: &mut Vec<(String, Duration)>) -> Result<Cluster, String> {
    let base = base::prepare(&spec.base_dir)?;
    kept::sweep(&base);
    let began = Instant::now();
    let programs = locate(spec.pg_bin.as_deref(), spec.pg_version).map_err(|error| error.to_string())?;
    timings.push(("find the server programs".to_owned(), began.elapsed()));
    let (settings, seeded) = (spec.all_settings(), spec.seeded.clone());
    Cluster::create(Plan { programs, base, transport: spec.transport, settings, seeded })
}

/// Marks the directory, and confines what will run in it.
fn confine(cluster: &mut Cluster, spec: &Spec) -> Result<(), String> {
    // Marked as not kept until it serves, so that a guard killed half way leaves only what is swept.
    kept::mark(&KeptServer {
        control_groups: cluster.cage.possible_groups(),
        ..marker(cluster, spec, false)
    })?;
    if let Some(machine) = &spec.machine {
        cluster.cage.build(machine.confinement());
    }
    kept::mark(&marker(cluster, spec, false))
}

/// Holds an empty directory until it is not needed any more, and starts in it what is ordered.
fn wait_for_orders(
    cluster: &mut Cluster,
    spec: &Spec,
    orders: &Receiver<String>,
    unneeded: &dyn Fn() -> bool,
) -> Result<(), String> {
    confine(cluster, spec)?;
    report(&Report::Ready(Box::new(facts(cluster, Vec::new(), spec))));
    while !unneeded() {
        match orders.recv_timeout(WATCH) {
            Ok(order) => report(&match start_ordered(cluster, &order, spec, unneeded) {
                Ok(timings) => Report::Ready(Box::new(facts(cluster, timings, spec))),
                Err(reason) => Report::Failed { reason },
            }),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

fn start_ordered(
    cluster: &mut Cluster,
    order: &str,
    spec: &Spec,
    unneeded: &dyn Fn() -> bool,
) -> Result<Vec<(String, Duration)>, String> {
    let order: Order = serde_json::from_str(order).map_err(|error| error.to_string())?;
    let began = Instant::now();
    cluster.obey(&order, unneeded)?;
    let mut timings = vec![("make the files ready".to_owned(), began.elapsed())];
    let began = Instant::now();
    cluster.start(unneeded)?;
    timings.push(("start the server".to_owned(), began.elapsed()));
    // What was restored may know neither the role nor the database by which it would be asked.
    if order.restored.is_none() {
        in_force::check(&marker(cluster, spec, false).url, &cluster.conf(), &order.settings)?;
    }
    Ok(timings)
}

fn bring_up(
    cluster: &mut Cluster,
    spec: &Spec,
    timings: &mut Vec<(String, Duration)>,
    unneeded: &dyn Fn() -> bool,
) -> Result<(), String> {
    confine(cluster, spec)?;
    let began = Instant::now();
    cluster.initialize(unneeded)?;
    timings.push(("initdb".to_owned(), began.elapsed()));
    let began = Instant::now();
    cluster.start(unneeded)?;
    timings.push(("start the server".to_owned(), began.elapsed()));
    let server = marker(cluster, spec, spec.keep);
    in_force::check(&server.url, &cluster.conf(), &spec.all_settings())?;
    kept::mark(&server)
}

fn marker(cluster: &Cluster, spec: &Spec, kept: bool) -> KeptServer {
    let [user, database] =
        [&cluster.role, &cluster.database].map(|name| percent_encoded(name.as_bytes(), b"._-"));
    let url = match (&cluster.password, cluster.root_certificate()) {
        (Some(password), root) => {
            let tls = root.map(|root| {
                let root = percent_encoded(root.to_string_lossy().as_bytes(), b"/._-");
                format!("?sslmode=verify-full&sslrootcert={root}&channel_binding=require")
            });
            let tls = tls.unwrap_or_default();
            format!("postgres://{user}:{password}@127.0.0.1:{}/{database}{tls}", cluster.port)
        }
        (None, _) => {
            let socket = cluster.socket_directory.to_string_lossy().replace('/', "%2F");
            format!("postgres://{user}@{socket}:{}/{database}", cluster.port)
        }
    };
    KeptServer {
        directory: cluster.directory.clone(),
        url,
        socket_directory: cluster.socket_directory.clone(),
        kept,
        machine: spec.machine.as_ref().map(|machine| machine.recorded(cluster.cage.confined().clone())),
        flags: spec.profile.as_ref().map(|profile| profile.name.clone()),
        control_groups: cluster.cage.groups(),
    }
}

fn facts(cluster: &Cluster, timings: Vec<(String, Duration)>, spec: &Spec) -> Facts {
    let file_system = super::file_system::of(&cluster.directory);
    Facts { server: marker(cluster, spec, spec.keep), file_system, timings }
}
