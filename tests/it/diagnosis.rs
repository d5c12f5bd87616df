//! A run that was disturbed says so, names the cause, and proves nothing (exit code 4).

use crate::common::{Bench, KeptServer, Killed};
use loist_bench::record::{DisturbanceKind, Outcome, Record};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use std::process::{Child, Command, Stdio};

/// A process that never rests.
fn hog() -> Killed {
    Killed(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
}

/// Lets a process run on the first processor that this one may use, and on no other.
fn pin(child: &Child) {
    let all = sched_getaffinity(Pid::this()).unwrap();
    let first = (0..CpuSet::count()).find(|processor| all.is_set(*processor).unwrap()).unwrap();
    let mut one = CpuSet::new();
    one.set(first).unwrap();
    sched_setaffinity(Pid::from_raw(child.id().try_into().unwrap()), &one).unwrap();
}

/// Runs against `server` until it ends inconclusive; `pinned` to one processor or not.
fn disturbed(server: &KeptServer, pinned: bool, arguments: &str) -> Record {
    let bench = Bench::new();
    let run = format!("run read --tracks 50 --clients 4 --warmup 0s --quiet {arguments}");
    let mut command = bench.command(&run);
    command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    if pinned {
        pin(&child);
    }
    assert_eq!(child.wait().unwrap().code(), Some(4), "{arguments}");
    let record = bench.record();
    assert_eq!(record.verdict.outcome, Outcome::Inconclusive);
    record
}

fn assert_found(record: &Record, kind: DisturbanceKind) {
    let found = &record.disturbances;
    assert!(found.iter().any(|disturbance| disturbance.kind == kind && disturbance.decisive), "{found:?}");
}

#[test]
fn a_hog_beside_the_run_is_another_process() {
    let server = KeptServer::start("");
    let _hog = hog();
    let record = disturbed(&server, false, "--duration 3s");
    assert_found(&record, DisturbanceKind::OtherProcesses);
    let samples = &record.samples.samples;
    assert!(samples.iter().all(|sample| sample.server_cpus.is_some()), "the server is known: {samples:?}");
}

#[test]
fn a_client_bound_to_a_busy_processor_is_starved() {
    if std::thread::available_parallelism().unwrap().get() == 1 {
        // Nobody can be bound to one processor of one.
        return;
    }
    let server = KeptServer::start("");
    let hog = hog();
    pin(&hog.0);
    let record = disturbed(&server, true, "--duration 3s");
    assert_eq!(record.samples.allowed_processors, 1);
    assert_found(&record, DisturbanceKind::ClientStarved);
}

#[test]
fn ten_times_what_is_possible_is_overload() {
    let server = KeptServer::start("");
    // A round trip takes 20 ms, so four clients answer fifty calls a second at most.
    let record =
        disturbed(&server, false, "--rate 500 --round-trip-delay 20ms --duration 3s --slo 100ms@p95");
    assert_found(&record, DisturbanceKind::Overload);
}
