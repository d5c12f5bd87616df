//! Windows with something and without it, in turns, and the ratios of their throughput.

use super::Outcome;
use clap::Args;
use loist_bench::stats;
use std::time::Duration;

/// Before the first window.
pub(crate) const WARM_UP: Duration = Duration::from_secs(2);

/// What is measured, how long and how often.
#[derive(Debug, Args)]
pub(crate) struct Windows {
    /// How often each side runs; the order alternates
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) pairs: u16,
    /// Length of each window
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub(crate) seconds: u16,
    /// Clients of the closed loop
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=250))]
    pub(crate) clients: u16,
    /// Tracks in the library
    #[arg(long, default_value_t = 10_000)]
    pub(crate) tracks: u64,
    /// A built-in workload, or a file
    #[arg(long, default_value = "read")]
    pub(crate) workload: String,
}

impl Windows {
    /// As little as shows that it works.
    pub(crate) fn in_a_hurry(self) -> Self {
        Self { pairs: 1, seconds: 1, clients: 2, tracks: 200, ..self }
    }

    /// Length of each window.
    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// Throughput with : without, of each pair, told with so many digits; `measure` gives that of one window. What drifts
    /// with time favours neither side.
    pub(crate) fn ratios(
        &self,
        digits: usize,
        mut measure: impl FnMut(bool) -> Outcome<f64>,
    ) -> Outcome<Vec<f64>> {
        let mut ratios = Vec::new();
        for pair in 1..=self.pairs {
            let first_on = pair % 2 == 1;
            let (first, second) = (measure(first_on)?, measure(!first_on)?);
            let (on, off) = if first_on { (first, second) } else { (second, first) };
            let ratio = on / off;
            eprintln!(
                "pair {pair} of {}: {on:.0} calls/s with, {off:.0} without, {ratio:.digits$}",
                self.pairs
            );
            ratios.push(ratio);
        }
        Ok(ratios)
    }
}

/// The median's interval in words, with so many digits.
pub(crate) fn interval(ratios: &[f64], digits: usize) -> String {
    match stats::median_interval(ratios) {
        Some(interval) => format!(
            "95 % interval of the median by the sign test: {:.digits$}..{:.digits$}",
            interval.low, interval.high
        ),
        None => "fewer than six pairs: there is no interval".to_owned(),
    }
}
