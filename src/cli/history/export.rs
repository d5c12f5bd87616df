//! `loist-bench history export`.

use super::PlaceArgs;
use crate::{
    cli::{failure::Failure, output, own_file::OwnFile},
    history::{History, Night, export},
    record::Metric,
};
use clap::{Args, ValueEnum};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Write nights in a form that other programs read
///
/// csv and jsonl hold all of a night, and `history import` reads them back; hyperfine and bencher hold one night, each
/// operation as a benchmark. A file that loist-bench did not make is never overwritten.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// What to write
    #[arg(long, value_enum, env = "LOIST_BENCH_HISTORY_FORMAT")]
    format: ExportFormat,
    /// Night to write: its id, of which the first four characters or more will do, or latest (default: all of them, with
    /// hyperfine and bencher latest)
    #[arg(long, value_name = "ID|latest", env = "LOIST_BENCH_HISTORY_NIGHT")]
    night: Option<String>,
    /// Response time that hyperfine and bencher are given: p50, p95, p99 or mean
    #[arg(long, value_name = "METRIC", default_value = "p95", env = "LOIST_BENCH_HISTORY_METRIC", value_parser = latency)]
    metric: Metric,
    /// File to write; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-", env = "LOIST_BENCH_HISTORY_OUT")]
    out: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// A table, one row a night, operation and block
    Csv,
    /// The lines themselves, with the baselines
    Jsonl,
    /// What `hyperfine --export-json` writes, one result an operation
    Hyperfine,
    /// Bencher Metric Format, for `bencher run --adapter json`
    Bencher,
}

fn latency(text: &str) -> Result<Metric, String> {
    text.parse().ok().filter(|metric: &Metric| metric.is_latency()).ok_or_else(|| {
        let names = Metric::ALL.into_iter().filter(|metric| metric.is_latency()).map(Metric::name);
        format!("write one of {}", names.collect::<Vec<_>>().join(", "))
    })
}

pub(super) fn execute(args: &ExportArgs) -> Result<ExitCode, Failure> {
    let history = args.place.read()?;
    let text = text(args, &history)?;
    if args.out == Path::new("-") {
        output::print_raw(&text)?;
    } else {
        check(&args.out, history.directory())?;
        OwnFile::at(&args.out)?.write(&text)?;
        output::print(&format!("Export: {}\n", args.out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(args: &ExportArgs, history: &History) -> Result<String, Failure> {
    let one = || history.night(args.night.as_deref().unwrap_or("latest"));
    let document = |value: serde_json::Value| format!("{value:#}\n");
    let several = || -> Result<Vec<&Night>, Failure> {
        // Without any, there is nothing that a file could be made of.
        let one = one()?;
        Ok(if args.night.is_some() { vec![one] } else { history.nights().iter().collect() })
    };
    Ok(match args.format {
        ExportFormat::Csv => export::csv(&several()?),
        ExportFormat::Jsonl => export::jsonl(history, &several()?),
        ExportFormat::Hyperfine => document(export::hyperfine(one()?, args.metric)),
        ExportFormat::Bencher => document(export::bencher(one()?, args.metric)),
    })
}

/// An export does not take the place of a file of the history that it is of.
fn check(out: &Path, history: &Path) -> Result<(), Failure> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_inside =
        parent.canonicalize().is_ok_and(|parent| history.canonicalize().is_ok_and(|own| own == parent));
    if is_inside && out.extension().is_some_and(|extension| extension == "jsonl") {
        let out = out.display();
        return Err(Failure::bad_input(format!(
            "{out} is in the history itself: name a file elsewhere with --out"
        )));
    }
    Ok(())
}
