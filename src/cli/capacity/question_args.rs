//! What is asked of the measurements, and what the answers are to assume.

use crate::{
    capacity::{Question, parse_tracks},
    cli::{compare::percent, load_args::rate},
};
use clap::Args;
use std::path::PathBuf;

/// The question.
#[derive(Debug, Args)]
#[command(next_help_heading = "Question")]
pub(super) struct QuestionArgs {
    /// Numbers of tracks at which the objective is to hold
    #[arg(long, default_value = "10k,50k,100k", value_name = "SIZES", env = "LOIST_BENCH_GROWTH",
          value_delimiter = ',', value_parser = parse_tracks)]
    growth: Vec<u64>,
    /// Calls a second of the workload's mix that are to be borne (default: a busy hour of a hundred clients that call every
    /// ten seconds)
    #[arg(long = "load", default_value = "10/s", value_name = "PER_SECOND", env = "LOIST_BENCH_LOAD", value_parser = rate)]
    demand: f64,
    /// Most of the processors' time that the load may take
    #[arg(long, default_value = "60%", value_name = "PERCENT", env = "LOIST_BENCH_BUSY", value_parser = busy)]
    busy: f64,
    /// Processor time on the tier's virtual processor for one unit of it on the machine that is measured: 2 where the tier's
    /// processor takes twice as long. Nothing here measures it: run the same workload on both
    #[arg(long, default_value = "1.0", value_name = "FACTOR", env = "LOIST_BENCH_VCPU_FACTOR", value_parser = factor)]
    vcpu_factor: f64,
    /// Price list, in the form of the one that comes with this program (default: Cloud SQL in us-central1)
    #[arg(long, value_name = "FILE", env = "LOIST_BENCH_PRICES")]
    pub(super) prices: Option<PathBuf>,
    /// Storage that the instance begins with, in GB, as in 20
    #[arg(long, default_value_t = 20, value_name = "GB", env = "LOIST_BENCH_STORAGE", value_parser = clap::value_parser!(u64).range(10..=65_536))]
    storage: u64,
    /// Instances of the server that run at once
    #[arg(long, default_value_t = 10, value_name = "N", env = "LOIST_BENCH_INSTANCES", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    instances: u32,
    /// Most connections of each one's pool
    #[arg(long, default_value_t = 10, value_name = "N", env = "LOIST_BENCH_POOL_MAX", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pool_max: u32,
    /// Connections of others: tasks, migrations, people
    #[arg(long, default_value_t = 30, value_name = "N", env = "LOIST_BENCH_OTHER_CONNECTIONS", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    other_connections: u32,
}

impl QuestionArgs {
    /// The question, with the size at which it is checked.
    pub(super) fn question(&self, check: Option<u64>) -> Question {
        let mut growth = self.growth.clone();
        growth.sort_unstable();
        growth.dedup();
        Question {
            growth,
            check,
            load_per_second: self.demand,
            busy: self.busy,
            vcpu_factor: self.vcpu_factor,
            storage_gb: self.storage,
            instances: self.instances,
            pool_max: self.pool_max,
            other_connections: self.other_connections,
        }
    }
}

fn busy(text: &str) -> Result<f64, String> {
    match percent(text) {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("write a percentage above 0 and at most 100, as in 60%".to_owned()),
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(factor) if (0.01..=100.0).contains(&factor) => Ok(factor),
        _ => Err("write a factor from 0.01 to 100, as in 1.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!((rate("10/s"), rate(" 2.5 ")), (Ok(10.0), Ok(2.5)));
        assert_eq!((busy("60%"), busy("100")), (Ok(0.6), Ok(1.0)));
        assert_eq!(factor("1.5"), Ok(1.5));
        for wrong in ["0/s", "-1", "x", "", "1e9"] {
            assert!(rate(wrong).unwrap_err().contains("10/s"), "{wrong}");
        }
        for wrong in ["0%", "101%", "x"] {
            assert!(busy(wrong).unwrap_err().contains("60%"), "{wrong}");
        }
        for wrong in ["0", "1000", "nan", "x"] {
            assert!(factor(wrong).unwrap_err().contains("1.5"), "{wrong}");
        }
    }
}
