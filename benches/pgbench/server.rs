//! An embedded server with a library in it, and the pgbench that belongs to it.

use super::Outcome;
use loist_bench::target::KeptServer;
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Variables that may still say which server programs are used, and where servers live.
const PASSED_ON: [&str; 3] = ["LOIST_BENCH_PG_BIN", "LOIST_BENCH_PG_VERSION", "LOIST_BENCH_BASE_DIR"];

/// A server that stays until this is dropped.
pub(crate) struct Server {
    kept: KeptServer,
    /// As in `15.18`.
    pub(crate) version: String,
    /// Id of a track.
    pub(crate) track: String,
    /// For the files of runs.
    pub(crate) scratch: TempDir,
}

/// A pgbench that runs.
pub(crate) struct Pgbench {
    pub(crate) program: PathBuf,
    /// As it says it.
    pub(crate) version: String,
}

impl Server {
    /// Starts a server and makes a library of `tracks` in it.
    pub(crate) fn start(tracks: u64) -> Outcome<Self> {
        let scratch = tempfile::tempdir()?;
        let started = answer(loist_bench(scratch.path()).args(["server", "start", "--format", "json"]))?;
        let kept: KeptServer = serde_json::from_str(&started)?;
        // From here on, whatever fails ends the server.
        let mut server = Self { kept, version: String::new(), track: String::new(), scratch };
        let tracks = tracks.to_string();
        answer(server.loist_bench("seed").args(["--quiet", "--tracks", &tracks]))?;
        server.version = server.ask("SELECT split_part(current_setting('server_version'), ' ', 1)")?;
        // In the middle of the table, so that neither side profits from an end of the index.
        server.track = server.ask(
            "SELECT id::text FROM loist_bench.audio_tracks ORDER BY created_at OFFSET \
             (SELECT count(*) / 2 FROM loist_bench.audio_tracks) LIMIT 1",
        )?;
        Ok(server)
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

    /// The pgbench of the server's own installation, else one in `PATH`.
    pub(crate) fn pgbench(&self) -> Outcome<Option<Pgbench>> {
        let own = self.ask("SELECT setting FROM pg_config WHERE name = 'BINDIR'")?;
        let candidates = [Path::new(&own).join("pgbench"), PathBuf::from("pgbench")];
        Ok(candidates.into_iter().find_map(|program| {
            let version = answer(Command::new(&program).arg("--version")).ok()?;
            Some(Pgbench { program, version: version.trim().to_owned() })
        }))
    }

    /// The first column of the first row.
    fn ask(&self, sql: &str) -> Outcome<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(self.url(), tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            let row = client.query_one(sql, &[]).await?;
            drop(client);
            connection.await??;
            Ok(row.try_get(0)?)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut command = loist_bench(self.scratch.path());
        if let Err(error) = answer(command.args(["server", "stop"]).arg(&self.kept.directory)) {
            eprintln!("pgbench: the server in {} was not stopped: {error}", self.kept.directory.display());
        }
    }
}

/// The product's binary; nothing of the caller's configuration is heard.
fn loist_bench(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
    command.current_dir(directory).stdin(Stdio::null());
    without_configuration(&mut command);
    command
}

/// Takes away the variables that loist-bench and libpq would read.
pub(crate) fn without_configuration(command: &mut Command) {
    let configures = |name: &str| {
        name == "DATABASE_URL" || ["DB_", "PG", "LOIST_BENCH_"].iter().any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| configures(name) && !PASSED_ON.contains(&name)) {
            command.env_remove(name);
        }
    }
}

/// What a command that ends well says.
fn answer(command: &mut Command) -> Outcome<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    let program = Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("a program"));
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} failed, {}: {}", program.display(), output.status, said.trim()).into())
}
