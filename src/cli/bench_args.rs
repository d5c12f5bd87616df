//! Options of what measures one workload in many ways: `tune`, `capacity`.

use super::{
    args::{CatalogArgs, TargetArgs},
    failure::Failure,
    load_args::LoadArgs,
};
use clap::{ArgMatches, Args};

/// What is loaded, how hard, and where.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
}

impl BenchArgs {
    /// Of options that cannot be meant together, the one that was said nearer counts.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), Failure> {
        self.target.settle(matches)?;
        self.load.settle(matches)
    }
}
