//! An embedded server that stays for the whole benchmark, and the program's own commands on it.

use super::{Outcome, program::loist_bench};
use loist_bench::target::KeptServer;
use std::{ffi::OsStr, path::Path, process::Command};
use tempfile::TempDir;

/// A server that stays until this is dropped.
pub(crate) struct Server {
    kept: KeptServer,
    /// For the files of runs.
    pub(crate) scratch: TempDir,
}

impl Server {
    /// Starts one with these further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Outcome<Self> {
        let scratch = tempfile::tempdir()?;
        let mut command = loist_bench(scratch.path());
        let started = answer(command.args(["server", "start", "--format", "json"]).args(arguments))?;
        Ok(Self { kept: serde_json::from_str(&started)?, scratch })
    }

    /// How to connect.
    pub(crate) fn url(&self) -> &str {
        &self.kept.url
    }

    /// The product's `subcommand` on this server.
    pub(crate) fn loist_bench(&self, subcommand: &str) -> Command {
        let mut command = loist_bench(self.scratch.path());
        command.args([subcommand, "--database-url", self.url()]);
        command
    }

    /// Makes a library of `tracks`.
    pub(crate) fn seed(&self, tracks: u64) -> Outcome<()> {
        answer(self.loist_bench("seed").args(["--quiet", "--tracks", &tracks.to_string()])).map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = loist_bench(self.scratch.path());
        if let Err(error) = answer(command.args(["server", "stop"]).arg(&self.kept.directory)) {
            eprintln!("the server in {} was not stopped: {error}", self.kept.directory.display());
        }
    }
}

/// What a command that ends well says.
pub(crate) fn answer(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let program = Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("a program"));
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed, {}: {}", program.display(), output.status, said.trim()).into())
}
