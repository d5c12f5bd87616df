//! Options of everything that measures two sides in turns: `duet`, `gate`, `aa`.

use super::{
    args::{CatalogArgs, EmbeddedArgs, LoginArgs, SloArg},
    existing_args::ExistingArgs,
    failure::Failure,
    load_args::{LoadArgs, time},
    side_arg::side,
};
use crate::{
    compare::Judgement,
    lab::{DuetOptions, Side, Until},
    stats::fewest,
    workload::{Workload, builtin},
};
use clap::{ArgMatches, Args};
use std::time::Duration;

/// What both sides share.
#[derive(Debug, Args)]
#[command(
    mut_arg("duration", |arg| arg
        .default_value("3s")
        .env("LOIST_BENCH_BLOCK_DURATION")
        .help("Length of a block's measured window; one side is measured for so long, then the other")),
    mut_arg("warmup", |arg| arg.default_value("1s").env("LOIST_BENCH_BLOCK_WARMUP").help("Load before each block's window, not measured")),
    mut_arg("state", |arg| arg.hide(true)),
)]
pub(super) struct DuetArgs {
    /// Built-in workload or workload file that both sides replay, unless a side names its own
    #[arg(long, default_value = builtin::DEFAULT, env = "LOIST_BENCH_WORKLOAD")]
    workload: String,
    #[command(flatten)]
    catalog: CatalogArgs,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten, next_help_heading = "Servers of the sides")]
    server: EmbeddedArgs,
    #[command(flatten, next_help_heading = "Servers of the sides")]
    login: LoginArgs,
    #[command(flatten)]
    existing: ExistingArgs,
    #[command(flatten)]
    objective: SloArg,
    /// Longest time for the measurement; it ends before, as soon as every answer is certain. What a gate measures once more
    /// may take as long again
    #[arg(long, default_value = "10min", value_name = "TIME", env = "LOIST_BENCH_BUDGET", value_parser = time, help_heading = "Question")]
    budget: Duration,
    /// Most pairs of blocks (default: what the budget holds)
    #[arg(long, value_name = "PAIRS", env = "LOIST_BENCH_PAIRS", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Question")]
    pairs: Option<u32>,
}

impl DuetArgs {
    /// The workload that both sides share.
    pub(super) fn workload(&self) -> Result<Workload, Failure> {
        Ok(builtin::find(&self.workload)?)
    }

    /// What is measured of `sides`.
    ///
    /// # Errors
    /// When a side is none, or options contradict each other.
    pub(super) fn options(
        self,
        matches: &ArgMatches,
        sides: [&str; 2],
        judgement: Judgement,
    ) -> Result<DuetOptions, Failure> {
        let workload = self.workload()?;
        // A rate is settled on where nothing says how hard.
        let settles_rate = self.load.is_left_open() && workload.stages.is_empty();
        self.load.without_effect(matches, &workload, false, settles_rate)?;
        let catalog = self.catalog.options();
        let target = self.login.applied(self.existing.options(self.server.options()));
        let [base, new] = sides.map(|text| side(text, &workload, &target));
        let sides: [Side; 2] = [base?, new?];
        let id = format!("{}-{}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"), catalog.seed);
        // Each direction has half of the error.
        let fewest = fewest(1.0 - judgement.tail());
        if let Some(pairs) = self.pairs.filter(|pairs| (*pairs as usize) < fewest) {
            return Err(Failure::bad_input(format!(
                "--pairs {pairs} cannot be as sure as {:.4} %, whatever they show: it takes {fewest} pairs, or a lower confidence",
                judgement.confidence * 100.0
            )));
        }
        Ok(DuetOptions {
            sides,
            judgement: Judgement { seed: catalog.seed, ..judgement },
            catalog,
            protocol: self.load.protocol(),
            load: self.load.options(),
            slo: self.objective.slo,
            budget: self.budget,
            most_pairs: self.pairs.map(|pairs| pairs as usize),
            until: Until::All,
            id,
            seed: catalog.seed,
            portraits: true,
        })
    }
}
