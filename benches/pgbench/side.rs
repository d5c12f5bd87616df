//! The sides: how each puts the same load on, and what is read of it.

use super::{
    Outcome, TRACKS, child,
    common::program::without_configuration,
    server::{Pgbench, Server},
};
use loist_bench::{
    lab::Interrupt,
    record::{self, Record, Sample},
};
use std::{fs, path::PathBuf, process::Command, time::Duration};

/// What both sides ask, word for word.
const SQL: &str = "\
SELECT id, created_at, updated_at, status, error_message, retry_count, last_processed_at,
       artist, album, title, genre, year, duration_seconds, channels, sample_rate, bitrate,
       format, file_size_bytes, audio_gcs_path, thumbnail_gcs_path
FROM audio_tracks
WHERE id = :id";
/// Threads that carry a side's clients.
pub(crate) const THREADS: &str = "2";
/// A run of loist-bench that judged its objective has measured, whatever it found.
const JUDGED: &[i32] = &[0, 1, 4];

/// Who puts the load on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    LoistBench,
    Pgbench,
    /// With a line in a file for each transaction, as loist-bench keeps something of each call.
    PgbenchLog,
}

/// All sides; figures come in this order.
pub(crate) const SIDES: [Side; 3] = [Side::LoistBench, Side::Pgbench, Side::PgbenchLog];

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LoistBench => "loist-bench",
            Self::Pgbench => "pgbench",
            Self::PgbenchLog => "pgbench -l",
        }
    }
}

/// What one run of a side cost and brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) queries_per_second: f64,
    /// Processor time of the client's process over its whole life, by its queries.
    pub(crate) cpu_us: f64,
    /// The same of the window alone; pgbench does not tell.
    pub(crate) window_cpu_us: Option<f64>,
    /// Largest resident set.
    pub(crate) peak_bytes: f64,
}

/// How the sides run.
pub(crate) struct Run<'a> {
    server: &'a Server,
    pgbench: &'a Pgbench,
    clients: u16,
    time: Duration,
    workload: PathBuf,
    script: PathBuf,
}

impl<'a> Run<'a> {
    /// Writes the workload and the script that ask the same.
    pub(crate) fn new(
        server: &'a Server,
        pgbench: &'a Pgbench,
        clients: u16,
        time: Duration,
    ) -> Outcome<Self> {
        let directory = server.scratch.path();
        let (workload, script) = (directory.join("point.toml"), directory.join("point.sql"));
        fs::write(&workload, workload_text(&server.track))?;
        fs::write(&script, format!("{SQL};\n"))?;
        Ok(Self { server, pgbench, clients, time, workload, script })
    }

    /// One run of `side`.
    pub(crate) fn measure(&self, side: Side, interrupt: &Interrupt) -> Outcome<Figures> {
        // Of its own, so that what a run leaves behind goes before the next.
        let directory = tempfile::tempdir_in(self.server.scratch.path())?;
        let directory = directory.path();
        if side == Side::LoistBench {
            let mut command = self.loist_bench();
            command.arg("--out").arg(directory.join("reports"));
            let used = child::run(&mut command, JUDGED, directory, interrupt)?;
            // Beside the runs stands the list of them.
            let mut entries = fs::read_dir(directory.join("reports"))?.flatten();
            let place = entries.find(|entry| entry.path().is_dir()).ok_or("the run left no record")?;
            return of_record(&record::load(&place.path())?, &used);
        }
        let mut command = self.pgbench();
        if side == Side::PgbenchLog {
            command.arg("-l").arg(format!("--log-prefix={}", directory.join("log").display()));
        }
        // The database comes last.
        command.arg(self.server.url());
        of_pgbench(&child::run(&mut command, &[0], directory, interrupt)?)
    }

    fn loist_bench(&self) -> Command {
        let mut command = self.server.loist_bench("run");
        command.arg(&self.workload).args(["--quiet", "--warmup", "0s", "--threads", THREADS]);
        command.args(["--tracks", &TRACKS.to_string(), "--clients", &self.clients.to_string()]);
        command.args(["--duration", &format!("{}s", self.time.as_secs())]);
        command
    }

    fn pgbench(&self) -> Command {
        let mut command = Command::new(&self.pgbench.program);
        without_configuration(&mut command);
        command.env("PGOPTIONS", "-c search_path=loist_bench,public").current_dir(self.server.scratch.path());
        command.args(["-n", "-M", "prepared", "-j", THREADS, "-c", &self.clients.to_string()]);
        command.args(["-T", &self.time.as_secs().to_string(), "-D", &format!("id={}", self.server.track)]);
        command.arg("-f").arg(&self.script);
        command
    }
}

/// A workload of that one statement, outside of a transaction block.
fn workload_text(track: &str) -> String {
    format!(
        "name = \"point\"\n\
         description = \"One track by its id\"\n\
         protocol = \"prepared\"\n\n\
         [[operation]]\n\
         name = \"point\"\n\
         weight = 1.0\n\
         parameters.id = {{ draw = \"choice\", values = [\"{track}\"] }}\n\n\
         [[operation.transaction]]\n\
         end = \"none\"\n\n\
         [[operation.transaction.statement]]\n\
         name = \"track\"\n\
         sql = '''\n{SQL}'''\n"
    )
}

fn of_record(record: &Record, used: &child::Used) -> Outcome<Figures> {
    let overall = &record.overall;
    if overall.completed == 0 || overall.failed > 0 {
        return Err(format!("{} queries of loist-bench failed", overall.failed).into());
    }
    let queries_per_second = overall.calls_per_second;
    Ok(Figures {
        queries_per_second,
        cpu_us: used.cpu.as_secs_f64() * 1e6 / overall.completed as f64,
        window_cpu_us: client_cpus(&record.samples.samples).map(|cpus| cpus * 1e6 / queries_per_second),
        peak_bytes: used.peak_bytes as f64,
    })
}

/// Processors that the client used in the window, on average; `None` when nobody looked.
fn client_cpus(samples: &[Sample]) -> Option<f64> {
    let (mut cpu, mut until) = (0.0, 0.0);
    for sample in samples {
        cpu += sample.client_cpus * (sample.at_seconds - until);
        until = sample.at_seconds;
    }
    (until > 0.0).then(|| cpu / until)
}

fn of_pgbench(used: &child::Used) -> Outcome<Figures> {
    let figure = |label: &str| -> Outcome<f64> {
        let line = used.output.lines().find_map(|line| line.strip_prefix(label));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or_else(|| format!("pgbench said no `{label}`: {}", used.output))?.parse()?)
    };
    let (queries, failed) =
        (figure("number of transactions actually processed:")?, figure("number of failed transactions:"));
    // Before version 15 it does not count failures, it ends.
    if queries == 0.0 || failed.is_ok_and(|failed| failed > 0.0) {
        return Err(format!("queries of pgbench failed: {}", used.output).into());
    }
    Ok(Figures {
        // Without the initial connection time.
        queries_per_second: figure("tps =")?,
        cpu_us: used.cpu.as_secs_f64() * 1e6 / queries,
        window_cpu_us: None,
        peak_bytes: used.peak_bytes as f64,
    })
}
