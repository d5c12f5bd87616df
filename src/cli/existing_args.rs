//! Tables that are there already, and are measured as they are.

use super::args::truth;
use crate::target::TargetOptions;
use clap::Args;

/// Which tables.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables that are there")]
pub(super) struct ExistingArgs {
    /// Measure the tables that are already there; only operations that read are run, and those that the tables lack
    /// something for are left out
    #[arg(long, env = "LOIST_BENCH_USE_EXISTING", value_parser = truth)]
    use_existing: bool,
    /// Schemas in which the tables are looked for, before public, as in music (default: those of the role)
    #[arg(long, value_name = "SCHEMAS", env = "LOIST_BENCH_SEARCH_PATH", value_delimiter = ',')]
    search_path: Vec<String>,
}

impl ExistingArgs {
    /// The target with these tables instead of ones that are made.
    pub(super) fn options(self, target: TargetOptions) -> TargetOptions {
        let search_path = self.search_path.into_iter().map(|schema| schema.trim().to_owned());
        let search_path = search_path.filter(|schema| !schema.is_empty()).collect();
        TargetOptions { use_existing: self.use_existing, search_path, ..target }
    }
}
