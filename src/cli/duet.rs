//! `loist-bench duet`.

use super::{
    args::{QuietArg, ReportsArg},
    compare::{ComparisonFormat, JudgementArgs},
    duet_args::DuetArgs,
    failure::Failure,
    interrupt::{self, Reserved},
    keep, output,
    progress::Progress,
};
use crate::{
    compare::{Answer, Effects, Stop},
    lab,
    record::{Place, Record},
    report,
};
use clap::{ArgMatches, Args};
use std::process::ExitCode;

/// Measure two sides in turns and tell what differs, and how sure that is
///
/// A side is `as-is`, a database URL, or parts joined by `+`: here (schema/ and workloads/ of the current directory),
/// git:REVISION (the same of that revision), schema:DIR, workload:NAME or workload:FILE, flags:PROFILE or flags:FILE,
/// set:NAME=VALUE, transport:unix, tcp or tls. Blocks of some seconds alternate in random
/// order, each on a server of its own, until every answer is certain or the budget is spent. A page and a summary that
/// explain what it came to are written beside the records: comparison.html and comparison.md.
///
/// Exit code: 0 no operation is slower; 1 one is; 2 wrong usage or bad input; 3 the database or the environment failed; 4 not
/// all of it could be resolved, or the brake ended the load; 130 interrupted, and what was measured is kept.
#[derive(Debug, Args)]
pub(super) struct RunDuetArgs {
    /// The base, as in git:main or flags:pg-defaults
    #[arg(value_name = "A")]
    base: String,
    /// The side that is compared with it, as in as-is or set:work_mem=64kB
    #[arg(value_name = "B")]
    new: String,
    #[command(flatten)]
    pub(super) duet: DuetArgs,
    #[command(flatten)]
    judgement: JudgementArgs,
    /// What to print on standard output when done; of html, where the page is
    #[arg(
        long,
        value_enum,
        default_value = "text",
        env = "LOIST_BENCH_COMPARE_FORMAT",
        help_heading = "Output"
    )]
    format: ComparisonFormat,
    #[command(flatten)]
    progress: QuietArg,
    #[command(flatten)]
    reports: ReportsArg,
}

pub(super) fn execute(args: RunDuetArgs, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let mut options = args.duet.options(matches, [&args.base, &args.new], args.judgement.judgement())?;
    let reserved = Reserved::default();
    let interrupt = interrupt::listen(&reserved)?;
    let name = format!("duet-{}", options.sides[0].workload.name);
    let place = reserved.reserve(&args.reports.out, &name)?;
    let progress = Progress::new(args.progress.quiet);
    let listen = |event| progress.hear(event);
    let mut keep = |record: &Record| -> Result<(), Failure> { store(&place, record, "") };
    options.settle_load(&interrupt, &listen)?;
    let effects = lab::duet(&options, &interrupt, &listen, &mut keep);
    progress.end();
    let effects = effects?;
    place.write(EFFECTS, output::json(&effects)?.as_bytes())?;
    let (page, summary) = (report::html::effects(&effects), report::markdown::effects(&effects));
    let page = keep::judged(place.directory(), "comparison", &page, &summary)?;
    keep::list(&args.reports.out);
    let (page, directory) = (page.display(), place.directory().display());
    match args.format {
        ComparisonFormat::Text => output::print(&format!(
            "{}\nReport: {page}\nRecords: {directory}\n",
            report::effects::render(&effects)
        ))?,
        ComparisonFormat::Json => output::print_json(&effects)?,
        ComparisonFormat::Markdown => output::print_raw(&summary)?,
        ComparisonFormat::Html => output::print(&format!("Report: {page}\n"))?,
    }
    Ok(ExitCode::from(code(&effects)))
}

/// What a duet came to, beside its records.
pub(super) const EFFECTS: &str = "comparison.json";

/// Keeps a record of a duet: a close look as `base.json` or `new.json`, a block with its number, `prefix` before it.
pub(super) fn store(place: &Place, record: &Record, prefix: &str) -> Result<(), Failure> {
    let json = serde_json::to_string(record).map_err(|error| Failure::environment(error.to_string()))?;
    let name = record.block.as_ref().map_or_else(String::new, |block| match block.pair {
        0 => format!("{prefix}{}.json", block.side),
        pair => format!("{prefix}{}-{pair:03}.json", block.side),
    });
    Ok(place.write(&name, json.as_bytes())?)
}

/// 130 interrupted, 3 a server went away, 4 ended by the brake, 1 slower, 4 not resolved, 0 neither.
pub(super) fn code(effects: &Effects) -> u8 {
    let ended = effects.experiment.as_ref().map(|experiment| experiment.ended);
    let has = |answer| effects.answered(answer).next().is_some();
    match ended {
        Some(Stop::Interrupted) => 130,
        Some(Stop::ServerLost) => 3,
        Some(Stop::Braked) => 4,
        _ if has(Answer::Slower) => 1,
        _ if has(Answer::NotResolved) => 4,
        _ => 0,
    }
}
