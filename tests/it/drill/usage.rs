//! What cannot be meant is refused, and a drill that is cut off leaves nothing behind.

use crate::common::{Bench, processes, wait_until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

#[test]
fn what_cannot_be_meant_is_refused() {
    let bench = Bench::new();
    bench.write("x.sql", "-- PostgreSQL database dump\n");
    for (arguments, words) in [
        ("--method tar", "custom, directory, base or pitr"),
        ("--from x.sql --method base", "cannot be used with"),
        ("--from x.sql", "it is a script of SQL"),
        ("--from missing", "missing: cannot be read"),
        ("--keep no/such", "there is no directory no"),
        ("--keep-server", "--keep keeps the backup"),
        ("--method pitr --set archive_mode=off", "--set archive_mode is the drill's own"),
        ("--until tomorrow", "time, lsn, xid or name"),
        ("--jobs 0", "1..=64"),
        ("--until lsn", "--until is for --method pitr"),
        ("--tracks 100 --grow 100", "has to be smaller than the first of 100 tracks"),
    ] {
        bench.expect(2, &format!("drill backup {arguments}")).one_sentence(words);
    }
    bench.expect(3, "drill backup --pg-bin missing").one_sentence("missing is not usable");
}

fn is_empty(base: &Path) -> bool {
    std::fs::read_dir(base)
        .unwrap()
        .all(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("template-"))
}

/// Whenever it is cut off, in whatever way, servers, programs and files go.
#[test]
fn a_drill_that_is_cut_off_leaves_nothing_behind() {
    for (signal, until, code) in [
        (Signal::SIGINT, "directory: pg_dump", Some(130)),
        (Signal::SIGTERM, "directory: first answer", Some(130)),
        (Signal::SIGKILL, "directory: start a server", None),
    ] {
        let bench = Bench::new();
        // The servers' own user must be able to enter.
        let base = tempfile::Builder::new().prefix("lb").tempdir_in("/var/tmp").unwrap();
        let mut child = bench
            .command("drill backup --tracks 500 --grow 0 --duration 20s --keep kept")
            .env("LOIST_BENCH_BASE_DIR", base.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let reached = lines.by_ref().map_while(Result::ok).any(|line| line.contains(until));
        assert!(reached, "it ended before `{until}`");
        std::thread::spawn(move || lines.for_each(drop));
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), code, "{signal} at {until}");
        let name = base.path().to_string_lossy().into_owned();
        wait_until("no process of the drill", || processes(&name).is_empty());
        wait_until("no directory of the drill", || is_empty(base.path()));
        assert!(!bench.path("kept").exists(), "half a backup is not kept");
    }
}
