//! The server refuses a statement for reasons that are nobody's mistake.

use super::*;
use std::{
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Command,
};

/// A number that is small.
const SMALL: &str = "{ draw = \"integer\", min = 1, max = 3 }";

fn retrying(on: &str) -> String {
    format!("[retry]\nattempts = 10\non = [\"{on}\"]\nbackoff = \"5ms\"\n")
}

#[test]
fn deadlocks_are_classed_and_tried_again() {
    let server = KeptServer::start("--set deadlock_timeout=20ms");
    server.sql("CREATE TABLE pair (id int PRIMARY KEY, n int); INSERT INTO pair VALUES (1, 0), (2, 0)");
    let [first, second] = [1, 2].map(|id| format!("UPDATE pair SET n = n + 1 WHERE id = {id}"));
    let pause = "SELECT pg_sleep(0.002)";
    let there = operation("there", "commit", &[&first, pause, &second]);
    let back = operation("back", "commit", &[&second, pause, &first]);
    for retry in [String::new(), retrying("40P01")] {
        server.sql("UPDATE pair SET n = 0");
        let workload = format!("name = \"deadlock\"\n{retry}{there}{back}");
        let record = run(&server.url, &workload, "--clients 4 --duration 4s");
        assert_only(&record, &["deadlock"]);
        let victims = count(&record, "deadlock");
        assert!(victims > 0 && errors(&record).iter().all(|error| error.code == "40P01"));
        assert!(record.overall.completed > 0);
        if retry.is_empty() {
            assert_eq!((record.overall.failed, retried(&record)), (victims, 0));
        } else {
            assert!(retried(&record) > record.overall.failed, "{:?}", errors(&record));
        }
        // What was tried again was not done twice.
        let done = server.sql("SELECT n FROM pair ORDER BY id");
        assert_eq!(done, vec![record.overall.completed.to_string(); 2]);
    }
}

#[test]
fn serialization_failures_are_classed_and_tried_again() {
    let server = KeptServer::start("");
    server.sql("CREATE TABLE few (id int PRIMARY KEY, n int); INSERT INTO few SELECT g, 0 FROM generate_series(1, 3) g");
    for level in ["SERIALIZABLE", "REPEATABLE READ"] {
        for retry in [String::new(), retrying("40001")] {
            server.sql("UPDATE few SET n = 0");
            let statements = ["SELECT sum(n) FROM few", "UPDATE few SET n = n + 1 WHERE id = :id"];
            let operation = operation("bump", "commit", &statements);
            let (head, transaction) = operation.split_once("[[operation.transaction]]").unwrap();
            let envelope = format!("[envelope]\nbegin = \"BEGIN ISOLATION LEVEL {level}\"\n");
            let workload = format!(
                "name = \"serial\"\n{retry}{envelope}{head}parameters.id = {SMALL}\n[[operation.transaction]]{transaction}"
            );
            let record = run(&server.url, &workload, "--clients 4 --duration 2s");
            assert_only(&record, &["serialization_failure"]);
            let failures = count(&record, "serialization_failure");
            assert!(failures > 0 && errors(&record).iter().all(|error| error.code == "40001"), "{level}");
            if retry.is_empty() {
                assert_eq!((record.overall.failed, retried(&record)), (failures, 0));
            } else {
                assert!(retried(&record) > record.overall.failed, "{:?}", errors(&record));
            }
            let done = server.sql("SELECT sum(n) FROM few");
            assert_eq!(done, [record.overall.completed.to_string()], "not one lost, not one done twice");
        }
    }
}

/// A failure that stays: as many attempts as allowed, each counted, with a pause that doubles.
#[test]
fn attempts_are_bounded_and_spaced() {
    let server = KeptServer::start("");
    let retry =
        "[retry]\nattempts = 4\non = [\"22012\"]\nbackoff = \"100ms\"\nbackoff_max = \"10s\"\njitter = 0.0\n";
    let workload = format!(
        "name = \"hopeless\"\n{retry}{}",
        operation("hopeless", "rollback", &["SELECT 1 / (SELECT 0)"])
    );
    let record = run(&server.url, &workload, "--clients 2 --duration 2s");
    let failed = record.overall.failed;
    let [error] = errors(&record)[..] else { panic!("{:?}", errors(&record)) };
    assert_eq!((error.class.as_str(), error.code.as_str()), ("server", "22012"));
    assert_eq!((record.overall.completed, record.overall.calls), (0, failed));
    assert_eq!((error.count, error.retried), (4 * failed, 3 * failed));
    // A call takes 0.1 + 0.2 + 0.4 s at least, so each client begins three of them within 2 s.
    assert!((2..=6).contains(&failed), "{failed}");
}

/// The disk fills up; what needs no room goes on, and so does the rest when there is room again.
#[test]
fn a_full_disk_is_classed() {
    let server = KeptServer::start("");
    let Some(disk) = SmallDisk::mount(&server) else { return };
    server.sql(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.path()));
    server.sql("CREATE TABLE bulk (filler name) TABLESPACE small");
    server.sql(BEAT);
    let insert = "INSERT INTO bulk SELECT 'x' FROM generate_series(1, 500)";
    let workload = format!("{}{}", beating(""), operation("fill", "commit", &[insert]));
    let load = Load::start(&server.url, &workload, "--clients 2 --duration 60s");
    wait_until("the disk to be full", || server.log().contains("No space left on device"));
    wait_for_beats(&server.url);
    server.sql("TRUNCATE bulk");
    wait_until("room", || server.sql("SELECT 1 FROM bulk LIMIT 1") == ["1"]);
    let record = load.stop();
    assert_only(&record, &["disk_full"]);
    let [beat, fill] = &record.operations[..] else { panic!("two operations") };
    assert_eq!(beat.summary.failed, 0);
    assert!(fill.summary.failed > 0 && fill.summary.completed > 0);
    assert!(errors(&record).iter().all(|error| error.code == "53100" && error.retried == 0));
}

fn skipped<T>(reason: &str) -> Option<T> {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
    None
}

/// A file system of 4 MB in memory, whose owner is the server's.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where it cannot be had, which is said.
    fn mount(server: &KeptServer) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            return skipped("only root can mount a small disk");
        }
        let mut builder = tempfile::Builder::new();
        let directory =
            builder.permissions(std::fs::Permissions::from_mode(0o711)).tempdir_in("/var/tmp").unwrap();
        let owner = server.directory.join("data").metadata().unwrap();
        let options = format!("size=4m,mode=0700,uid={},gid={}", owner.uid(), owner.gid());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory.path());
        if !mount.status().is_ok_and(|status| status.success()) {
            return skipped("a small disk cannot be mounted here");
        }
        Some(Self { directory })
    }

    fn path(&self) -> String {
        self.directory.path().display().to_string()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may still have files of it open.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}
