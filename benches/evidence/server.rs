//! An embedded server that stays for the whole comparison.

use super::Outcome;
use loist_bench::{
    observe,
    target::{self, KeptServer},
};
use std::process::{Command, Stdio};

/// Variables that may still say which server programs are used, and where servers live.
const PASSED_ON: [&str; 3] = ["LOIST_BENCH_PG_BIN", "LOIST_BENCH_PG_VERSION", "LOIST_BENCH_BASE_DIR"];

/// A server that stays until this is dropped.
pub(crate) struct Server(KeptServer);

impl Server {
    /// Starts one with these further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
        command.args(["server", "start", "--format", "json"]).args(arguments).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let configures = |name: &str| name == "DATABASE_URL" || name.starts_with("LOIST_BENCH_");
            if name.to_str().is_some_and(|name| configures(name) && !PASSED_ON.contains(&name)) {
                command.env_remove(name);
            }
        }
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(Self(serde_json::from_slice(&output.stdout)?))
    }

    /// How to connect.
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Makes the catalog.
    pub(crate) fn seed(&self, tracks: u64) -> Outcome<()> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
        command.args(["seed", "--quiet", "--tracks", &tracks.to_string(), "--database-url", self.url()]);
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }

    /// Makes the extensions that the evidence is read from, as on a server that a run starts itself.
    pub(crate) fn install_instruments(&self) -> Outcome<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let client = target::connect(&self.url().parse()?).await?;
            Ok(observe::install_instruments(&client).await?)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = target::stop_kept(&self.0.directory) {
            eprintln!("evidence: the server in {} was not stopped: {error}", self.0.directory.display());
        }
    }
}
