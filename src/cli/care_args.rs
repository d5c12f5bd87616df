//! How much of a server may be taken that others use, too.

use super::load_args::{count, rate};
use crate::lab::{Care, Condition, parse_conditions};
use clap::Args;

/// Care for others who use the same server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Care for others on the server")]
pub(super) struct CareArgs {
    /// Most calls a second of all clients together, in a closed loop, too: the report then says that the load was capped
    #[arg(long, value_name = "PER_SECOND", env = "LOIST_BENCH_MAX_RATE", value_parser = rate)]
    max_rate: Option<f64>,
    /// Most connections of loist-bench together, those of the load and its own: more are refused before anything begins
    #[arg(long, value_name = "CONNECTIONS", env = "LOIST_BENCH_MAX_CONNECTIONS", value_parser = count)]
    max_connections: Option<usize>,
    /// When to end the load for others' sake, as in "connections>80%, canary-p95>50ms, blocked>0, longest>5s"; canary-p95>3x
    /// is three times of what it was before the load; none watches nothing (default: connections>90% where the database is
    /// not loist-bench's own server)
    #[arg(long, value_name = "CONDITIONS", env = "LOIST_BENCH_BRAKE", value_parser = conditions)]
    brake: Option<Conditions>,
}

/// A list as one value, for the command line.
#[derive(Debug, Clone)]
struct Conditions(Vec<Condition>);

fn conditions(text: &str) -> Result<Conditions, String> {
    parse_conditions(text).map(Conditions)
}

impl CareArgs {
    pub(super) fn options(self) -> Care {
        Care {
            max_rate: self.max_rate,
            max_connections: self.max_connections,
            brake: self.brake.map(|conditions| conditions.0),
        }
    }
}
