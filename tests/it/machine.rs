//! An embedded server that stands for a smaller machine, and starts with a profile of settings. What this machine
//! cannot confine, it must say.

use crate::common::{Answer, Bench, KeptServer, children_of, wait_until};
use loist_bench::record::{Record, TargetMachine};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::path::{Path, PathBuf};

const QUICK: &str = "--tracks 100 --clients 2 --warmup 0s --duration 500ms";

/// What is written down of a server in `directory`.
fn mark(directory: &Path) -> Option<serde_json::Value> {
    serde_json::from_str(&std::fs::read_to_string(directory.join("server.json")).ok()?).ok()
}

fn groups(mark: &serde_json::Value) -> Vec<PathBuf> {
    let list = mark["control_groups"].as_array().cloned().unwrap_or_default();
    list.iter().map(|path| path.as_str().unwrap().into()).collect()
}

/// Each of the two is confined, or a sentence says why not.
fn assert_done_or_said(machine: &TargetMachine) {
    let undone = [machine.confined_cpus.is_none(), machine.confined_memory_bytes.is_none()];
    let said = undone.into_iter().filter(|undone| *undone).count();
    assert_eq!(machine.not_done.len(), said, "{machine:?}");
    assert!(machine.confined_cpus.is_none_or(|cpus| cpus == machine.vcpus), "{machine:?}");
    assert!(machine.confined_memory_bytes.is_none_or(|bytes| bytes == machine.memory_bytes), "{machine:?}");
}

fn setting(record: &Record, name: &str) -> String {
    record.evidence.setting(name).unwrap().display()
}

#[test]
fn the_server_is_confined_while_it_runs_and_its_groups_go_with_it() {
    let server = KeptServer::start("--machine 1cpu-1GB");
    let mark = mark(&server.directory).unwrap();
    let machine: TargetMachine = serde_json::from_value(mark["machine"].clone()).unwrap();
    assert_eq!((machine.vcpus, machine.memory_bytes, machine.platform.as_str()), (1, 1 << 30, "plain"));
    assert_done_or_said(&machine);
    let postmaster = std::fs::read_to_string(server.directory.join("data/postmaster.pid")).unwrap();
    let postmaster = postmaster.lines().next().unwrap();
    if machine.confined_cpus.is_some() {
        let status = std::fs::read_to_string(format!("/proc/{postmaster}/status")).unwrap();
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        assert!(list.trim().parse::<usize>().is_ok(), "one processor: {list}");
    }
    let groups = groups(&mark);
    assert_eq!(groups.is_empty(), machine.confined_memory_bytes.is_none());
    for group in &groups {
        let limit = ["memory.max", "memory.limit_in_bytes"]
            .iter()
            .find_map(|file| std::fs::read_to_string(group.join(file)).ok());
        assert_eq!(limit.unwrap().trim(), (1_u64 << 30).to_string());
        let inside = std::fs::read_to_string(group.join("cgroup.procs")).unwrap();
        assert!(inside.lines().any(|pid| pid == postmaster), "the server is in it");
    }
    assert_eq!(server.sql("SHOW max_connections"), ["300"], "a plain machine has no default of its own");
    drop(server);
    assert!(groups.iter().all(|group| !group.exists()), "the groups are gone");
}

/// However the tool and the guard end.
#[test]
fn no_control_group_is_left_behind() {
    let base = tempfile::Builder::new().prefix("lb").tempdir_in("/var/tmp").unwrap();
    let server = || {
        let entries = std::fs::read_dir(base.path()).unwrap().flatten();
        entries.map(|entry| entry.path()).find(|path| path.join("data/postmaster.pid").exists())
    };
    for with_guard in [false, true] {
        let bench = Bench::new();
        let mut command = bench.command("run --tracks 2000 --duration 60s --quiet --machine 1cpu-1GB");
        let mut child = command.env("LOIST_BENCH_BASE_DIR", base.path()).spawn().unwrap();
        wait_until("a server", || server().is_some());
        let groups = groups(&mark(&server().unwrap()).unwrap());
        let pid = child.id();
        let children = children_of(Pid::from_raw(pid.cast_signed()));
        // The guard before the tool, which would clean up after it.
        kill(
            Pid::from_raw(pid.try_into().unwrap()),
            if with_guard { Signal::SIGSTOP } else { Signal::SIGKILL },
        )
        .unwrap();
        if with_guard {
            kill(children[0], Signal::SIGKILL).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            // Nobody is left who could know; the next start does.
            let mut next = bench.command("seed --tracks 1 --quiet");
            Answer::of(next.env("LOIST_BENCH_BASE_DIR", base.path()).output().unwrap(), 0, "the next start");
        } else {
            child.wait().unwrap();
        }
        wait_until("no group", || groups.iter().all(|group| !group.exists()));
        wait_until("no server", || server().is_none());
    }
}

/// The machine from the environment, the profile from the configuration file, one setting from the command line.
#[test]
fn a_profile_is_in_force_and_on_record_and_set_wins_over_it() {
    let bench = Bench::new();
    bench.write("loist-bench.toml", "flags = \"as-documented\"\n");
    let mut command = bench.command(&format!("run read {QUICK} --set Work_Mem=2MB --set wal_buffers=-1 --set pg_trgm.similarity_threshold=0.4 --set my.tenant=x"));
    let output = command.env("LOIST_BENCH_MACHINE", "db-custom-1-3840").output().unwrap();
    let answer = Answer::of(output, 0, "a run with a machine and a profile");
    let record = bench.record();
    assert_eq!(record.server.flags.as_deref(), Some("as-documented"));
    for (name, value) in [
        ("shared_buffers", "768MB"),
        ("work_mem", "2MB"),
        ("maintenance_work_mem", "1MB"),
        ("effective_cache_size", "800000kB"),
        ("random_page_cost", "1.1"),
        ("max_connections", "100"),
    ] {
        assert_eq!(setting(&record, name), value, "{name}");
    }
    let machine = record.server.machine.unwrap();
    assert_eq!((machine.name.as_str(), machine.platform.as_str()), ("db-custom-1-3840", "cloud_sql"));
    assert_eq!((machine.vcpus, machine.memory_bytes, machine.max_connections), (1, 3_840 << 20, Some(100)));
    assert_done_or_said(&machine);
    for sentence in &machine.not_done {
        assert!(answer.stderr.contains(sentence), "`{sentence}` in: {}", answer.stderr);
        assert!(record.verdict.cautions.contains(sentence), "{:?}", record.verdict.cautions);
    }
    assert!(answer.stdout.contains("for db-custom-1-3840, flags as-documented"), "{}", answer.stdout);
}

#[test]
fn a_kept_server_tells_what_it_stands_for() {
    let bench = Bench::new();
    let arguments =
        "server start --machine db-custom-1-3840 --flags plan --set max_connections=50 --format json";
    let started = bench.expect(0, arguments);
    let server: serde_json::Value = serde_json::from_str(&started.stdout).unwrap();
    assert_eq!((&server["flags"], &server["machine"]["name"]), (&"plan".into(), &"db-custom-1-3840".into()));
    let url = server["url"].as_str().unwrap();
    let output = bench.command(&format!("run read {QUICK} --quiet --database-url {url}")).output().unwrap();
    let stopped = bench.output(&format!("server stop {}", server["directory"].as_str().unwrap()));
    Answer::of(output, 0, "a run on a server that stays");
    assert!(stopped.status.success());
    let record = bench.record();
    assert_eq!(
        (setting(&record, "shared_buffers"), setting(&record, "max_connections")),
        ("1GB".into(), "50".into())
    );
    assert_eq!((record.server.machine, record.server.flags), (None, None), "they were not asked for here");
}

#[test]
fn another_database_is_not_confined_but_the_machine_is_on_record() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let mut command = bench.command(&format!("run read {QUICK} --machine db-custom-2-7680"));
    let answer = Answer::of(command.env("DATABASE_URL", &server.url).output().unwrap(), 0, "a database");
    assert!(answer.stderr.contains("nothing was confined"), "{}", answer.stderr);
    let machine = bench.record().server.machine.unwrap();
    assert_eq!((machine.vcpus, machine.memory_bytes, machine.max_connections), (2, 7_680 << 20, Some(400)));
    assert_eq!((machine.confined_cpus, machine.confined_memory_bytes), (None, None));
    assert_eq!(machine.not_done.len(), 1);
    let mut command = bench.command("run --flags plan");
    let refused = command.env("DATABASE_URL", &server.url).output().unwrap();
    Answer::of(refused, 2, "--flags").one_sentence("--flags plan is what an embedded server is started with");
}

#[test]
fn what_cannot_be_is_refused() {
    let bench = Bench::new();
    for (arguments, part) in [
        ("run --machine db-n1-standard-1", "its equal for PostgreSQL is db-custom-1-3840"),
        ("server start --flags paln", "there is no profile `paln`"),
        (
            "seed --tracks 1 --quiet --flags plan --set pg_trgm.nonsense=1",
            "--flags plan, --set: a setting is not in force: PostgreSQL has no `pg_trgm.nonsense`",
        ),
        ("run read --tracks 1 --quiet --machine db-custom-1-3840 --clients 96", "--set max_connections=101"),
    ] {
        bench.expect(2, arguments).one_sentence(part);
    }
    let output = bench.command("seed").env("LOIST_BENCH_MACHINE", "big").output().unwrap();
    Answer::of(output, 2, "the environment").one_sentence("LOIST_BENCH_MACHINE: invalid value 'big'");
    bench.write("loist-bench.toml", "\nflags = \"paln\"\n");
    bench
        .expect(2, "run")
        .one_sentence("loist-bench.toml:2: invalid value 'paln' for '--flags <PROFILE|FILE>'");
}
