//! One of several load machines.

use super::{
    args::{flag, said},
    failure::Failure,
    load_args::time,
};
use crate::{
    lab::{ShardOptions, Start},
    stats::Part,
};
use chrono::{DateTime, Utc};
use clap::{ArgMatches, Args};
use std::time::Duration;

/// More processes than this are a slip of the finger.
const MOST_SHARDS: usize = 1_000;
/// Longest name of a run.
const LONGEST_NAME: usize = 100;

/// One of several load machines.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several load machines")]
pub(super) struct ShardArgs {
    /// Be one of several processes that make one run together, as in 2/8: --rate, --clients, --pool and the limits are those
    /// of all, of which each takes its share; `merge` makes one record of their records
    #[arg(long, value_name = "I/N", env = "LOIST_BENCH_SHARD", value_parser = shard)]
    shard: Option<Part>,
    /// When the windows of all shards begin, by the clock of the database server: a time as in 2030-01-31T12:00:00Z, or
    /// together, some seconds after the last of them is ready
    #[arg(long, value_name = "TIME", default_value = "together", env = "LOIST_BENCH_START_AT", value_parser = start)]
    start_at: Start,
    /// How long a shard waits for others that are not ready, and for shard 1 to make the library
    #[arg(long, value_name = "TIME", default_value = "5min", env = "LOIST_BENCH_WAIT_FOR_SHARDS", value_parser = time)]
    wait_for_shards: Duration,
    /// Name of the run, the same for all of its shards (default: made from what is asked and when it begins)
    #[arg(long, value_name = "NAME", env = "LOIST_BENCH_RUN_ID", value_parser = run_id)]
    run_id: Option<String>,
}

fn shard(text: &str) -> Result<Part, String> {
    let part = text.split_once('/').and_then(|(number, of)| {
        let of = of.trim().parse().ok().filter(|of| *of <= MOST_SHARDS)?;
        Part::new(number.trim().parse().ok()?, of)
    });
    part.ok_or_else(|| format!("write NUMBER/ALL, as in 2/8, from 1/8 to 8/8, of at most {MOST_SHARDS}"))
}

fn start(text: &str) -> Result<Start, String> {
    if text == "together" {
        return Ok(Start::Together);
    }
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| Start::At(time.with_timezone(&Utc)))
        .map_err(|_| "write together, or a time with its zone, as in 2030-01-31T12:00:00Z".to_owned())
}

fn run_id(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(format!("write up to {LONGEST_NAME} letters, digits and any of - _ . :"))
}

impl ShardArgs {
    /// The place of this process, if it is one of several; `others` are what only a single process can do, with whether
    /// that was asked for.
    pub(super) fn options(
        self,
        matches: &ArgMatches,
        others: &[(&str, bool)],
    ) -> Result<Option<ShardOptions>, Failure> {
        let Some(part) = self.shard else {
            let alone = ["start_at", "wait_for_shards", "run_id"].into_iter().find(|id| said(matches, id));
            return match alone {
                None => Ok(None),
                Some(id) => {
                    let sentence = format!("{} is for --shard: add it, or leave it out", flag(id));
                    Err(Failure::bad_input(sentence))
                }
            };
        };
        if let Some((other, _)) = others.iter().find(|(_, is_asked)| *is_asked) {
            return Err(Failure::bad_input(format!("{other} cannot be used with --shard: leave one out")));
        }
        Ok(Some(ShardOptions {
            part,
            start: self.start_at,
            patience: self.wait_for_shards,
            run_id: self.run_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_numbers_from_one() {
        let read = |text| shard(text).ok().map(|part| (part.number(), part.of()));
        assert_eq!([read("2/8"), read(" 1 / 1 ")], [Some((2, 8)), Some((1, 1))]);
        for wrong in ["", "2", "0/8", "9/8", "a/8", "1/0", "-1/8", "1/1001", "1/8/8"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_start_has_a_zone() {
        assert_eq!(start("together"), Ok(Start::Together));
        let noon = DateTime::from_timestamp(1_896_004_800, 0).unwrap();
        assert_eq!(start("2030-01-30T12:00:00Z"), Ok(Start::At(noon)));
        assert_eq!(start("2030-01-30T14:00:00.000+02:00"), Ok(Start::At(noon)));
        for wrong in ["12:00:00", "+30s", "2030-01-30T12:00:00", "soon"] {
            assert!(start(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_has_a_plain_name() {
        assert!(run_id("nightly-42_a.b:c").is_ok());
        for wrong in ["", "two words", "é", &"x".repeat(101)] {
            assert!(run_id(wrong).is_err(), "{wrong}");
        }
    }
}
