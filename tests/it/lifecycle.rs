//! Servers never outlive the tool, however it ends; what was measured is kept.

use crate::common::{Answer, Bench, KeptServer, children_of, processes, wait_until, wait_until_load};
use loist_bench::record::Ended;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

/// Directories below `base`, but for what is kept to start the next server sooner.
fn server_directories(base: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries =
        std::fs::read_dir(base).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    let all: Vec<std::path::PathBuf> = entries.unwrap_or_default();
    let is_kept = |path: &std::path::Path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("template-"))
    };
    all.into_iter().filter(|path| path.is_dir() && !is_kept(path)).collect()
}

/// A run whose server lives below a directory of the test's own.
struct Running {
    bench: Bench,
    child: Child,
    base: std::path::PathBuf,
    /// Directory of the server's socket, which lies elsewhere.
    socket_directory: std::path::PathBuf,
    guard: i32,
}

impl Running {
    /// Starts a run and waits until standard error says `until`.
    fn start(until: &str) -> Self {
        let bench = Bench::new();
        // The server's own user must be able to enter.
        let base = tempfile::Builder::new().prefix("lb").tempdir_in("/var/tmp").unwrap().keep();
        let mut child = bench
            .command("run --tracks 2000 --warmup 1s --duration 60s --clients 4")
            .env("LOIST_BENCH_BASE_DIR", &base)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        if !until.is_empty() {
            let mut said = Vec::new();
            loop {
                let line =
                    lines.next().unwrap_or_else(|| panic!("ended before `{until}`: {said:?}")).unwrap();
                if line.contains(until) {
                    break;
                }
                said.push(line);
            }
        }
        // Somebody must go on reading, or the tool blocks.
        std::thread::spawn(move || lines.for_each(drop));
        let directories = server_directories(&base);
        let [directory] = directories.as_slice() else { panic!("one server: {directories:?}") };
        let mark: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(directory.join("server.json")).unwrap()).unwrap();
        let socket_directory = mark["socket_directory"].as_str().unwrap().into();
        let guard = children_of(Pid::from_raw(child.id().cast_signed()))[0].as_raw();
        Self { bench, child, base, socket_directory, guard }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn assert_nothing_is_left(&self) {
        let name = self.base.to_string_lossy().into_owned();
        wait_until("no process of the server", || processes(&name).is_empty());
        wait_until("no directory of the server", || server_directories(&self.base).is_empty());
        wait_until("no directory of its socket", || !self.socket_directory.exists());
        wait_until("no guard", || kill(Pid::from_raw(self.guard), None).is_err());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = std::fs::remove_dir_all(&self.base);
    }
}

#[test]
fn sigkill_in_the_window_leaves_nothing_behind() {
    let mut running = Running::start("warm-up");
    assert!(!processes(&running.base.to_string_lossy()).is_empty(), "the server is there");
    assert!(running.socket_directory.exists(), "its socket is there");
    running.signal(Signal::SIGKILL);
    running.child.wait().unwrap();
    running.assert_nothing_is_left();
}

#[test]
fn sigkill_while_the_catalog_is_made_leaves_nothing_behind() {
    let mut running = Running::start("initdb");
    running.signal(Signal::SIGKILL);
    running.child.wait().unwrap();
    running.assert_nothing_is_left();
}

#[test]
fn an_interrupt_keeps_what_was_measured() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut running = Running::start("read the counters");
        std::thread::sleep(std::time::Duration::from_secs(2));
        running.signal(signal);
        let status = running.child.wait().unwrap();
        assert_eq!(status.code(), Some(130));
        let record = running.bench.record();
        assert_eq!(record.run.ended, Ended::Interrupted);
        assert!(record.overall.calls > 0);
        assert!(record.window.seconds < 50.0);
        assert!(record.verdict.cautions.iter().any(|caution| caution.contains("cut short")));
        assert!(record.plans.is_empty());
        let missing = &record.evidence.missing;
        assert!(missing.iter().any(|missing| missing.contains("not explained, the run was interrupted")));
        running.assert_nothing_is_left();
    }
}

/// What is answered after the interrupt is no part of the rate until then.
#[test]
fn an_interrupt_is_the_end_of_the_window() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    bench.write(
        "naps.toml",
        "name = 'naps'\n[[operation]]\nname = 'nap'\nweight = 1.0\n[[operation.transaction]]\nend = 'none'\n
         [[operation.transaction.statement]]\nname = 'nap'\nsql = 'SELECT pg_sleep(2)'\n",
    );
    let mut command = bench.command("run naps.toml --tracks 10 --clients 4 --warmup 0s --duration 60s");
    command.env("DATABASE_URL", &server.url).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("read the counters")));
    // In the middle of the second nap of each client.
    std::thread::sleep(std::time::Duration::from_secs(3));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let record = bench.record();
    let late: u64 = record.series.operations[0].late.as_ref().map_or(0, |late| late.answered);
    assert_eq!((record.overall.calls, record.overall.response.count, late), (8, 8, 4), "{:?}", record.series);
    let within = record.overall.calls_per_second * record.window.seconds;
    assert!((within - 4.0).abs() < 0.01, "{within}");
}

#[test]
fn an_interrupt_before_the_window_ends_at_once() {
    let mut running = Running::start("initdb");
    running.signal(Signal::SIGINT);
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    assert!(running.bench.records().is_empty());
    running.assert_nothing_is_left();
}

#[test]
fn a_second_interrupt_ends_at_once_and_leaves_nothing() {
    let mut running = Running::start("read the counters");
    running.signal(Signal::SIGINT);
    running.signal(Signal::SIGTERM);
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    assert!(!running.bench.path("reports").exists(), "nothing was kept, and no place is left for it");
    running.assert_nothing_is_left();
}

/// Neither what is merely called like a server's directory, nor a session that is idle too long for the server's
/// taste, comes to harm.
#[test]
fn directories_and_sessions_that_look_abandoned_are_left_alone() {
    let bench = Bench::new();
    let base = tempfile::Builder::new().prefix("lb").tempdir_in("/var/tmp").unwrap();
    let mine = base.path().join("server-mine");
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("x"), "gold").unwrap();
    let output = bench
        .command("run read --tracks 100 --warmup 0s --duration 2s --quiet --set idle_session_timeout=700ms")
        .env("LOIST_BENCH_BASE_DIR", base.path())
        .output()
        .unwrap();
    Answer::of(output, 0, "a run beside a directory of mine");
    assert_eq!(bench.record().run.ended, Ended::AsPlanned);
    assert_eq!(std::fs::read_to_string(mine.join("x")).unwrap(), "gold");
    assert_eq!(server_directories(base.path()), [mine]);
}

#[test]
fn two_runs_at_once_do_not_collide() {
    let benches = [Bench::new(), Bench::new()];
    let children: Vec<Child> = benches
        .iter()
        .map(|bench| bench.spawn("run read --tracks 200 --warmup 100ms --duration 1s --quiet"))
        .collect();
    for (child, bench) in children.into_iter().zip(&benches) {
        Answer::of(child.wait_with_output().unwrap(), 0, "one of two runs");
        assert!(bench.record().overall.calls > 0);
    }
}

#[test]
fn a_kept_server_stays_and_is_ended_by_name() {
    let bench = Bench::new();
    let answer = bench.expect(0, "run read --tracks 100 --warmup 0s --duration 500ms --keep-server");
    let note =
        answer.stderr.lines().find(|line| line.contains("server stop")).expect("how to end it").to_owned();
    let directory = note
        .split_whitespace()
        .find(|word| word.starts_with('/'))
        .unwrap()
        .trim_end_matches(['.', ','])
        .to_owned();
    assert!(!processes(&directory).is_empty(), "the server is there: {note}");
    bench.expect(0, &format!("server stop {directory}"));
    assert!(processes(&directory).is_empty());
    assert!(!std::path::Path::new(&directory).exists());
    bench.expect(2, &format!("server stop {directory}")).one_sentence(&directory);
    std::fs::create_dir(bench.path("mine")).unwrap();
    bench.expect(2, "server stop mine").one_sentence("mine");
    assert!(bench.path("mine").exists());
}

/// The server is killed in the window: that is no missed objective, and what was measured is kept.
#[test]
fn a_server_that_dies_in_the_window_is_an_environment_failure() {
    for what in ["postgres -D", "__guard"] {
        let mut running = Running::start("read the counters");
        std::thread::sleep(std::time::Duration::from_millis(700));
        let name = running.base.to_string_lossy().into_owned();
        let pid = if what == "__guard" {
            running.guard
        } else {
            let pid_file = server_directories(&running.base)[0].join("data/postmaster.pid");
            std::fs::read_to_string(pid_file).unwrap().lines().next().unwrap().parse().unwrap()
        };
        kill(Pid::from_raw(pid), if what == "__guard" { Signal::SIGTERM } else { Signal::SIGKILL }).unwrap();
        assert_eq!(running.child.wait().unwrap().code(), Some(3), "{what} {name}");
        let record = running.bench.record();
        assert_eq!(record.run.ended, Ended::ServerLost);
        assert!(record.overall.completed > 0);
        assert!(record.verdict.sentence.contains("went away"), "{}", record.verdict.sentence);
        running.assert_nothing_is_left();
    }
}

/// The guard itself is killed: the tool cleans up after it.
#[test]
fn a_guard_that_is_killed_leaves_nothing_behind() {
    let mut running = Running::start("read the counters");
    kill(Pid::from_raw(running.guard), Signal::SIGKILL).unwrap();
    running.signal(Signal::SIGHUP);
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    running.assert_nothing_is_left();
}

/// The sessions die in the middle: the calls under way fail, are counted, and the clients come back.
#[test]
fn sessions_that_are_cut_are_failures_on_record() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let run = "run read --tracks 100 --clients 2 --warmup 0s --duration 4s --quiet";
    let child = bench
        .command(run)
        .env("DATABASE_URL", &server.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until_load(&server);
    // More than once: on a busy machine the window may begin a while after the first calls, which only try the workload.
    for _ in 0..3 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loist-bench' AND pid <> pg_backend_pid()");
    }
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1 | 4)), "{}", String::from_utf8_lossy(&output.stderr));
    let record = bench.record();
    assert!(record.overall.failed > 0, "the cut sessions are counted");
    let errors: Vec<_> = record.operations.iter().flat_map(|operation| &operation.errors).collect();
    assert!(errors.iter().any(|error| error.code == "57P01" || error.code == "client"), "{errors:?}");
    assert!(record.overall.completed > 0, "clients came back");
}

/// A lock that is never given back: the run ends all the same, and says which calls were never answered.
#[test]
fn calls_that_hang_do_not_hold_the_run() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let child = bench
        .command("run read --tracks 100 --clients 3 --warmup 0s --duration 60s --quiet")
        .env("DATABASE_URL", &server.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::scope(|scope| {
        wait_until_load(&server);
        scope.spawn(|| server.sql("LOCK TABLE loist_bench.audio_tracks; SELECT pg_sleep(12)"));
        wait_until("every client to hang", || {
            server.sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'loist-bench'").len() == 3
        });
        kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        Answer::of(child.wait_with_output().unwrap(), 130, "a run with calls that hang");
    });
    let record = bench.record();
    assert_eq!(record.run.ended, Ended::Interrupted);
    assert_eq!(record.overall.unfinished, 3, "one call a client was never answered");
    assert_eq!(record.overall.calls, record.overall.completed + 3);
    assert!(!record.evidence.missing.is_empty(), "what the lock hides is said");
    assert!(record.evidence.setting("work_mem").is_some(), "the rest is there");
    let said =
        |caution: &String| caution.contains("3 calls were not answered") && caution.contains("3 unfinished");
    assert!(record.verdict.cautions.iter().any(said), "{:?}", record.verdict.cautions);
}
