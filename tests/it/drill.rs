//! Backups are made, restored and held against what was backed up; damage of every kind is found.

mod damage;
mod encrypted;
mod existing;
mod made;
mod usage;

use crate::common::{Answer, Bench};
use loist_bench::drill::{BackupDrill, Check, Drill, Outcome};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A small library, with a short load.
const SMALL: &str = "--tracks 300 --duration 200ms --quiet --format json";

/// Holds a drill that ends with this exit code, and reads what it came to.
fn drill(bench: &Bench, code: i32, arguments: &str) -> Drill {
    read(bench.command(&format!("drill backup {SMALL} {arguments}")), code, arguments)
}

/// Proves a backup that is kept.
fn from(bench: &Bench, code: i32, path: &Path, arguments: &str) -> Drill {
    let mut command = bench.command("drill backup --duration 200ms --quiet --format json --from");
    command.arg(path).args(arguments.split_whitespace());
    read(command, code, &format!("--from {} {arguments}", path.display()))
}

fn read(mut command: Command, code: i32, what: &str) -> Drill {
    let answer = Answer::of(command.output().unwrap(), code, what);
    serde_json::from_str(&answer.stdout).unwrap()
}

/// The check of that name.
fn check<'a>(backup: &'a BackupDrill, name: &str) -> &'a Check {
    let found = backup.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no check {name}: {:?}", backup.checks))
}

/// Whether some check failed and says so by these words.
fn says(drill: &Drill, words: &str) -> bool {
    let mut checks = drill.backups.iter().flat_map(|backup| &backup.checks);
    checks.any(|check| check.failures.iter().any(|failure| failure.contains(words)))
}

/// Names of the checks that ended so.
fn ended(backup: &BackupDrill, outcome: Outcome) -> Vec<&str> {
    backup.checks.iter().filter(|check| check.outcome == outcome).map(|check| check.name.as_str()).collect()
}

/// A copy of a directory, to be damaged.
fn copied(bench: &Bench, from: &Path, name: &str) -> PathBuf {
    let to = bench.path(name);
    let copy = Command::new("cp").arg("-R").arg(from).arg(&to).status().unwrap();
    assert!(copy.success());
    to
}

/// A program of the server that the tests use.
fn program(name: &str) -> PathBuf {
    loist_bench::target::locate(
        std::env::var_os("LOIST_BENCH_PG_BIN").as_deref().map(Path::new),
        std::env::var("LOIST_BENCH_PG_VERSION").ok().and_then(|major| major.parse().ok()),
    )
    .unwrap()
    .directory
    .join(name)
}
