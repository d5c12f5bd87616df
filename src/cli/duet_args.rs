//! Options of everything that measures two sides in turns: `duet`, `gate`, `aa`.

use super::{
    args::{CatalogArgs, EmbeddedArgs, truth},
    failure::Failure,
    load_args::{LoadArgs, time},
    side_arg::side,
};
use crate::{
    compare::Judgement,
    lab::{DuetOptions, Side},
    stats::fewest,
    target::TargetOptions,
    workload::{Slo, Workload, builtin},
};
use clap::{ArgMatches, Args};
use std::time::Duration;

/// What both sides share.
#[derive(Debug, Args)]
#[command(
    mut_arg("duration", |arg| arg
        .default_value("3s")
        .env("LOIST_BENCH_BLOCK_DURATION")
        .help("Length of a block's measured window; a block is one side for so long")),
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
    #[command(flatten)]
    server: EmbeddedArgs,
    /// Measure the tables that are already there, where a side is an address; only operations that read are run
    #[arg(long, env = "LOIST_BENCH_USE_EXISTING", value_parser = truth, help_heading = "Database")]
    use_existing: bool,
    /// Objective of every operation, as in 200ms@p95 (default: the workload's own, else 200ms@p95)
    #[arg(long, value_name = "TIME@pNN", env = "LOIST_BENCH_SLO", help_heading = "Question")]
    slo: Option<Slo>,
    /// Longest time for the measurement; it ends before, as soon as every answer is certain
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
        self.load.without_effect(matches, &workload, false, self.load.is_left_open())?;
        let catalog = self.catalog.options();
        let target = TargetOptions { use_existing: self.use_existing, ..self.server.options() };
        let [base, new] = sides.map(|text| side(text, &workload, &target));
        let sides: [Side; 2] = [base?, new?];
        let id = format!("{}-{}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"), catalog.seed);
        let fewest = fewest(judgement.confidence);
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
            slo: self.slo,
            budget: self.budget,
            most_pairs: self.pairs.map(|pairs| pairs as usize),
            until_slower: false,
            id,
            seed: catalog.seed,
            portraits: true,
        })
    }
}
