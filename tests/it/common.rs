//! What the end-to-end tests share: the binary as a user runs it, in a directory of its own.

use loist_bench::record::{self, Outcome, Record};
use nix::unistd::Pid;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A directory to run in; nothing of the caller's environment names a database.
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The binary with these arguments, separated by blanks.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loist-bench"));
        command.args(arguments.split_whitespace()).current_dir(self.directory.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            let names_a_database =
                name.starts_with("DB_") || name.starts_with("PG") || name == "DATABASE_URL";
            let chooses = ["LOIST_BENCH_PG_BIN", "LOIST_BENCH_PG_VERSION"].contains(&name.as_str());
            if names_a_database || (name.starts_with("LOIST_BENCH_") && !chooses) {
                command.env_remove(name);
            }
        }
        // How fast the machine is must not decide a test: half of the calls within an hour will do.
        command.env("LOIST_BENCH_SLO", "1h@p50");
        command
    }

    /// Runs to the end.
    pub(crate) fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs to the end and expects this exit code.
    pub(crate) fn expect(&self, code: i32, arguments: &str) -> Answer {
        Answer::of(self.output(arguments), code, arguments)
    }

    /// Starts and does not wait.
    pub(crate) fn spawn(&self, arguments: &str) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The records in the directory's `reports`, oldest first.
    pub(crate) fn records(&self) -> Vec<Record> {
        let Ok(entries) = std::fs::read_dir(self.path("reports")) else { return Vec::new() };
        let mut directories: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        directories.sort();
        directories
            .iter()
            .filter(|d| d.join("record.json").exists())
            .map(|d| record::load(d).unwrap())
            .collect()
    }

    /// The directory of the one run.
    pub(crate) fn run_directory(&self) -> PathBuf {
        let entries = std::fs::read_dir(self.path("reports")).unwrap();
        let directories: Vec<PathBuf> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
        assert_eq!(directories.len(), 1, "one run, one directory");
        directories[0].clone()
    }

    /// Runs to the end against `server`, expects this exit code, and returns the record.
    pub(crate) fn measure(&self, server: &KeptServer, code: i32, arguments: &str) -> Record {
        let output = self.command(arguments).env("DATABASE_URL", &server.url).output().unwrap();
        Answer::of(output, code, arguments);
        self.record()
    }

    /// The one record in the directory.
    pub(crate) fn record(&self) -> Record {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "one run, one record");
        records.remove(0)
    }
}

/// What a finished command said.
pub(crate) struct Answer {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Expects this exit code, or that the verdict it stands for was taken back because the machine is busy: other
    /// tests run beside this one.
    pub(crate) fn of(output: Output, code: i32, what: &str) -> Self {
        let answer = Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        let found = output.status.code();
        let seems = |word: &str| answer.stdout.contains(&format!("{TAKEN_BACK} {word}"));
        let doubted = found == Some(4) && ((code == 0 && seems("met")) || (code == 1 && seems("missed")));
        assert!(
            found == Some(code) || doubted,
            "{what}: {found:?}, not {code}\nstdout: {}\nstderr: {}",
            answer.stdout,
            answer.stderr
        );
        answer
    }

    /// Expects one clear sentence on standard error: one line, holding `part`, and nothing on standard output.
    pub(crate) fn one_sentence(&self, part: &str) {
        let lines: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("loist-bench: ")).collect();
        assert_eq!(lines.len(), 1, "one sentence: {}", self.stderr);
        assert!(lines[0].contains(part), "`{part}` in: {}", lines[0]);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.stdout, "");
    }
}

/// How a verdict is quoted that was taken back.
const TAKEN_BACK: &str = "but for that, the objective would seem";

/// What a run says of its objective, or would say on a machine that does nothing else.
pub(crate) fn outcome(record: &Record) -> Outcome {
    let cautions = &record.verdict.cautions;
    match cautions.iter().find_map(|caution| caution.strip_prefix(TAKEN_BACK)) {
        None => record.verdict.outcome,
        Some(said) if said.starts_with(" met") => Outcome::Met,
        Some(said) if said.starts_with(" missed") => Outcome::Missed,
        Some(_) => Outcome::Inconclusive,
    }
}

/// An embedded server that stays until this is dropped.
pub(crate) struct KeptServer {
    pub(crate) url: String,
    pub(crate) directory: PathBuf,
    bench: Bench,
}

impl KeptServer {
    pub(crate) fn start(arguments: &str) -> Self {
        let bench = Bench::new();
        let started = bench.expect(0, &format!("server start --format json {arguments}"));
        let server: serde_json::Value = serde_json::from_str(&started.stdout).unwrap();
        let text = |name: &str| server[name].as_str().unwrap().to_owned();
        Self { url: text("url"), directory: text("directory").into(), bench }
    }

    /// Runs SQL on it and returns the first column of the rows as text.
    pub(crate) fn sql(&self, sql: &str) -> Vec<String> {
        ask(&self.url, sql).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("server.log")).unwrap()
    }

    /// Its address for another role, with `:` and a password where it needs one.
    pub(crate) fn address(&self, role: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (_, place) = rest.rsplit_once('@').unwrap();
        format!("{scheme}://{role}@{place}")
    }

    /// The address of another database on it, for another role.
    pub(crate) fn address_of(&self, role: &str, database: &str) -> String {
        let address = self.address(role);
        let (server, _) = address.rsplit_once('/').unwrap();
        format!("{server}/{database}")
    }
}

impl Drop for KeptServer {
    fn drop(&mut self) {
        let output = self.bench.output(&format!("server stop {}", self.directory.display()));
        if !std::thread::panicking() {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(!self.directory.exists());
        }
    }
}

/// A process that is killed when this is dropped.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often each operation was called.
pub(crate) fn calls(record: &Record) -> Vec<(&str, u64)> {
    record.operations.iter().map(|operation| (operation.name.as_str(), operation.summary.calls)).collect()
}

/// Runs SQL; the first column of the rows as text, or the error.
pub(crate) fn ask(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    runtime().block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(sql).await?;
        drop(client);
        // What became of the session afterwards is another question.
        let _ = connection.await.unwrap();
        let first = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        };
        Ok(messages.iter().filter_map(first).collect())
    })
}

/// For the little that a test itself asks of a server.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The processes that a process started.
pub(crate) fn children_of(parent: Pid) -> Vec<Pid> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    text.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

/// Processes whose command line holds `part`.
pub(crate) fn processes(part: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(part) {
            found.push(line);
        }
    }
    found
}

/// Waits until `condition` holds; fails after a minute.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited a minute for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until clients send what only a tool call sends.
pub(crate) fn wait_until_load(server: &KeptServer) {
    wait_until("the load", || {
        !server.sql("SELECT 1 FROM pg_stat_activity WHERE query IN ('BEGIN', 'ROLLBACK')").is_empty()
    });
}

/// Every file below `directory`, as text where it is text.
pub(crate) fn texts_below(directory: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.push_str(&texts_below(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    all
}
