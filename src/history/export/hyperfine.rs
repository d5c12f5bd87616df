//! The JSON that `hyperfine --export-json` writes, for programs that read it.

use super::{benchmark, spread};
use crate::{
    history::{Blocks, Night},
    record::Metric,
    stats::deviation,
};
use serde::Serialize;

/// All commands.
#[derive(Serialize)]
struct Document {
    results: Vec<Command>,
}

/// One command; times are in seconds.
#[derive(Serialize)]
struct Command {
    command: String,
    mean: f64,
    /// Of one run there is none.
    stddev: Option<f64>,
    median: f64,
    /// A call's processor time is not measured.
    user: f64,
    system: f64,
    min: f64,
    max: f64,
    times: Vec<f64>,
    exit_codes: Vec<i32>,
}

/// One result an operation, and one for all together; a block is a run, and `metric` of its response times is the time
/// that it took. Operations that were not answered are left out.
#[must_use]
pub fn hyperfine(night: &Night, metric: Metric) -> serde_json::Value {
    let command = |(operation, blocks): (Option<&str>, &Blocks)| {
        let times: Vec<f64> = blocks.values(metric).into_iter().flatten().map(seconds).collect();
        let [min, median, max] = spread(&times)?;
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        Some(Command {
            command: benchmark(night, operation),
            mean,
            stddev: deviation(&times),
            median,
            user: 0.0,
            system: 0.0,
            min,
            max,
            exit_codes: vec![0; times.len()],
            times,
        })
    };
    let results = night.parts().filter_map(command).collect();
    serde_json::to_value(Document { results }).expect("plain data")
}

/// As few digits as the microseconds have.
fn seconds(us: f64) -> f64 {
    (us * 1e3).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_short() {
        assert_eq!(seconds(12_656.638).to_string(), "0.012656638");
    }
}
