//! `loist-bench observe`.

use super::{
    args::{QuietArg, TargetArgs, truth},
    failure::Failure,
    instance_arg::instance,
    interrupt::{self, Reserved},
    load_args::time,
    output,
    progress::Progress,
    size_arg::size,
};
use crate::{
    lab::{Event, open_to_look},
    monitor::{self, BackupSource, LogSource, MetricsError, ObserveOptions},
    target::{TargetOptions, runtime},
};
use clap::Args;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

/// Watch a database, and serve what is seen as metrics for Prometheus, until it is ended
///
/// One session that cannot write looks at the server every 15 seconds, and reads one row a second. When the server goes away,
/// loist-bench stays: it says so (loist_pg_up 0), and tries again. What the role may not see, or this machine cannot, is left
/// out. monitoring/ has alert rules and a Grafana dashboard; docs/monitoring.md tells what every metric is.
///
/// Exit code: 0 ended by SIGINT or SIGTERM, or --once done; 2 wrong usage or bad input; 3 the metrics cannot be served, or
/// with --once the database does not answer; 130 interrupted before --once was done.
#[derive(Debug, Args)]
#[command(mut_arg("machine", |arg| arg.help(
    "Machine of the server, for its processors and memory, as in db-custom-1-3840 or 2cpu-8GB (default: what --instance says, else this machine where the server runs on it); an embedded server is confined to it"
)))]
pub(super) struct ObserveArgs {
    /// Where metrics are served; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:19187",
        env = "LOIST_BENCH_METRICS",
        help_heading = "Output"
    )]
    metrics: SocketAddr,
    /// Collect once, print the metrics, and end
    #[arg(long, env = "LOIST_BENCH_ONCE", value_parser = truth, help_heading = "Output")]
    once: bool,
    #[command(flatten)]
    quiet: QuietArg,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
}

/// What is watched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Question")]
struct QuestionArgs {
    /// Time between two looks at the server
    #[arg(long, default_value = "15s", value_name = "TIME", env = "LOIST_BENCH_EVERY", value_parser = interval)]
    every: Duration,
    /// Time between two looks at sizes, which cost more
    #[arg(long, default_value = "5min", value_name = "TIME", env = "LOIST_BENCH_SIZES_EVERY", value_parser = interval)]
    sizes_every: Duration,
    /// Size of the server's disk, as in 20GB, which it cannot tell itself (default: what --instance says)
    #[arg(long, value_name = "SIZE", env = "LOIST_BENCH_STORAGE_LIMIT", value_parser = size)]
    storage_limit: Option<u64>,
    /// What `gcloud sql instances describe NAME --format=json` prints, for the machine, its disk and its backups
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_INSTANCE")]
    instance: Option<PathBuf>,
    /// What `gcloud sql backups list --instance=NAME --format=json` prints, in a file that somebody renews
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_BACKUPS")]
    backups: Option<PathBuf>,
    /// Directory whose newest file tells when the last backup was made
    #[arg(long, value_name = "DIR", env = "LOIST_BENCH_BACKUP_DIR", conflicts_with = "backups")]
    backup_dir: Option<PathBuf>,
    /// The server's log, for failed logins and errors; it is followed from its present end, through rotations
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_LOG")]
    log: Option<PathBuf>,
    /// Ask the server for its log instead, which takes rights that few roles have
    #[arg(long, env = "LOIST_BENCH_LOG_BY_SQL", value_parser = truth, conflicts_with = "log")]
    log_by_sql: bool,
}

impl QuestionArgs {
    fn options(self, target: &TargetOptions) -> Result<ObserveOptions, Failure> {
        let by_sql = self.log_by_sql.then_some(LogSource::Server);
        let in_directory = || self.backup_dir.map(BackupSource::Directory);
        Ok(ObserveOptions {
            every: self.every,
            sizes_every: self.sizes_every,
            storage_limit: self.storage_limit,
            machine: target.machine.as_ref().map(|machine| (machine.cpus, machine.memory_bytes)),
            instance: self.instance.as_deref().map(instance).transpose()?,
            backups: self.backups.map(BackupSource::List).or_else(in_directory),
            log: self.log.map(LogSource::File).or(by_sql),
        })
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = time(text)?;
    if interval < Duration::from_secs(1) {
        return Err("the shortest interval is 1s".to_owned());
    }
    Ok(interval)
}

impl From<MetricsError> for Failure {
    fn from(error: MetricsError) -> Self {
        Self::environment(error.to_string())
    }
}

pub(super) fn execute(args: ObserveArgs) -> Result<ExitCode, Failure> {
    let target = args.target.options();
    let options = args.question.options(&target)?;
    let interrupt = interrupt::listen(&Reserved::default())?;
    let target = open_to_look(
        target,
        "there is nothing to observe: name a database by --database-url or DATABASE_URL, or try it on a throw-away server with --embedded",
    )?;
    let runtime = runtime().map_err(|error| Failure::environment(error.to_string()))?;
    let progress = Progress::new(args.quiet.quiet);
    let listen = |news: String| progress.hear(Event::Note(news));
    if args.once {
        let collected = monitor::collect_once(&target, &options, &listen);
        return match runtime.block_on(interrupt.unless(collected)) {
            Some(text) => output::print_raw(&text?).map(|()| ExitCode::SUCCESS),
            None => Err(Failure::interrupted("interrupted before everything was collected")),
        };
    }
    let watching = monitor::watch(&target, &options, args.metrics, &listen);
    match runtime.block_on(interrupt.unless(watching)) {
        Some(ended) => match ended? {},
        None => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_a_second_at_least() {
        assert_eq!(interval("15s"), Ok(Duration::from_secs(15)));
        assert!(interval("900ms").unwrap_err().contains("1s"));
    }
}
