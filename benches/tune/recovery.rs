//! One study, and how much of the loss it won back: the start against what it should be, and that against what the tuner made
//! of it.

use super::{
    Outcome, program,
    starts::{SORT, Start, WELL},
};
use loist_bench::{compare::Effects, flags::catalog, tune::Study};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path, process::Command, time::Duration};

/// What a study came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tuned {
    pub(crate) sentence: String,
    pub(crate) seconds: f64,
    pub(crate) trials: u32,
    pub(crate) recommended: Vec<(String, String)>,
    pub(crate) recovered: Option<Recovered>,
}

/// Logarithms of what calls cost over what they cost where nothing is planted: of their p95, or of the time for each.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Recovered {
    /// At the start.
    pub(crate) start: f64,
    /// As the tuner left it.
    pub(crate) tuned: f64,
}

/// A smaller loss is none that could be won back.
const LEAST_LOSS: f64 = 0.03;

impl Recovered {
    /// Part of the loss that was won back, 1 being all of it; `None` where there was none to speak of.
    pub(crate) fn share(self) -> Option<f64> {
        (self.start > LEAST_LOSS).then(|| 1.0 - self.tuned / self.start)
    }
}

/// Lets the tuner search from `start`.
pub(crate) fn tuned(start: &Start, search: &str, budget: Duration, seed: u64) -> Outcome<Tuned> {
    let bench = tempfile::tempdir()?;
    let mut command = command(bench.path(), "tune", start)?;
    let budget = humantime::format_duration(budget).to_string();
    command.args(["--search", search, "--budget", &budget, "--format", "json"]);
    command.args(["--seed", &seed.to_string(), "--objective", start.objective.name()]);
    command.args(start.flags.iter().flat_map(|flags| ["--flags", flags]));
    command.args(start.set.iter().flat_map(|set| ["--set", set]));
    let study: Study = answer(command)?;
    Ok(Tuned {
        sentence: study.sentence,
        seconds: study.took_seconds,
        trials: study.trials,
        recommended: study.recommended.into_iter().map(|change| (change.name, change.to)).collect(),
        recovered: None,
    })
}

/// Measures the start, unless what it costs is known, and what the tuner made of it, against what it should be.
pub(crate) fn recovered(
    start: &Start,
    recommended: &[(String, String)],
    pairs: u32,
    known: Option<f64>,
) -> Outcome<Recovered> {
    let planted = start.flags.iter().map(|flags| format!("flags:{flags}"));
    let planted = planted.chain(start.set.iter().map(|set| format!("set:{set}")));
    let start_side = planted.collect::<Vec<_>>().join("+");
    let changes = recommended.iter().map(|(name, value)| format!("set:{name}={value}"));
    let tuned_side = [start_side.clone()].into_iter().chain(changes).collect::<Vec<_>>().join("+");
    let start_cost = known.map_or_else(|| cost(start, &start_side, pairs), Ok)?;
    let tuned_cost = match () {
        () if recommended.is_empty() => start_cost,
        // What is the same costs the same; a measurement of it would show its own spread.
        () if is_as_it_should_be(start, recommended) => 0.0,
        () => cost(start, &tuned_side, pairs)?,
    };
    Ok(Recovered { start: start_cost, tuned: tuned_cost })
}

/// Whether all settings are what they are where nothing is planted.
fn is_as_it_should_be(start: &Start, recommended: &[(String, String)]) -> bool {
    let mut settings: BTreeMap<&str, &str> = start.set.iter().filter_map(|set| set.split_once('=')).collect();
    settings.extend(recommended.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let well = WELL.split_once('=');
    let is_so = |(name, value): (&&str, &&str)| {
        let flag = catalog::find(name)?;
        let wanted = well.filter(|(own, _)| own == name).map(|(_, value)| value).or(flag.default)?;
        Some(flag.parse(value).ok()? == flag.parse(wanted).ok()?)
    };
    start.flags.is_none() && settings.iter().all(|setting| is_so(setting) == Some(true))
}

/// Logarithm of what calls cost on `side`, over what they cost where nothing is planted.
fn cost(start: &Start, side: &str, pairs: u32) -> Outcome<f64> {
    let bench = tempfile::tempdir()?;
    let mut command = command(bench.path(), "duet", start)?;
    command.args(["--confidence", confidence(pairs), "--format", "json", "--pairs", &pairs.to_string()]);
    command.arg(format!("set:{WELL}")).arg(side);
    let effects: Effects = answer(command)?;
    let all = effects.operations.iter().find(|operation| operation.name == "all");
    let effect = all.and_then(|all| all.metrics.iter().find(|effect| effect.metric == start.objective));
    let change = effect.and_then(|effect| effect.change).ok_or("the duet compared nothing")?.ln_1p();
    Ok(if start.objective.higher_is_worse() { change } else { -change })
}

/// Very sure, so that it goes on to the last pair, where so many can be.
fn confidence(pairs: u32) -> &'static str {
    const FEWEST_FOR_THAT: u32 = 11;
    if pairs < FEWEST_FOR_THAT { "50%" } else { "99.9%" }
}

fn command(bench: &Path, subcommand: &str, start: &Start) -> Outcome<Command> {
    let mut command = program::loist_bench(bench);
    command.arg(subcommand).args(["--quiet", "--tracks", &start.tracks.to_string()]).args(start.load);
    let workload = if start.workload == "sort" {
        std::fs::write(bench.join("sort.toml"), SORT)?;
        "sort.toml"
    } else {
        start.workload
    };
    if subcommand == "tune" {
        command.arg(workload);
    } else {
        command.args(["--workload", workload]);
    }
    Ok(command)
}

fn answer<T: serde::de::DeserializeOwned>(mut command: Command) -> Outcome<T> {
    let output = command.output()?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).trim().to_owned().into())
}
