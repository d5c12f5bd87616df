//! One trial: the gate as a user runs it, with a base that is not slowed.

use super::{Options, Outcome, program, slowed};
use loist_bench::{
    compare::{self, Answer, Judgement, Set},
    gate::Verdict,
    record::{self, Metric, Record},
    workload::ALL,
};
use serde::{Deserialize, Serialize};
use std::{fmt, fs, fs::OpenOptions, io::Write, path::Path};

/// What a trial came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Whether the slowed operation, or all together, was called slower, so that the gate fails.
    pub(crate) found: bool,
    /// Whether the median of the slowed operation was.
    pub(crate) by_median: bool,
    /// Other operations and metrics that were called slower.
    pub(crate) others: usize,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Logarithms of the ratios of the slowed operation's median, by pair.
    pub(crate) pairs: Vec<f64>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = if self.found { "found" } else { "not found" };
        write!(f, "{found} after {:.0} s, {} pairs", self.seconds, self.pairs.len())
    }
}

/// Runs the gate against a search that goes through so many rows of nothing; `more` are more of its options.
pub(crate) fn trial(options: &Options, rows: u64, seed: u64, more: &[&str]) -> Outcome<Found> {
    let bench = tempfile::tempdir()?;
    slowed::write(&bench.path().join("slowed.toml"), rows)?;
    fs::write(bench.path().join("loist-gate.toml"), "confirm = false\n")?;
    let mut command = program::loist_bench(bench.path());
    command.args(["gate", "--base", "as-is", "--new", "workload:slowed.toml"]);
    command.args(["--format", "json", "--quiet", "--seed", &seed.to_string()]);
    command.args(["--tracks", &options.tracks.to_string()]).args(more);
    for (name, time) in [("--budget", options.budget), ("--duration", options.duration)] {
        command.args([name, &humantime::format_duration(time).to_string()]);
    }
    if let Some(rate) = options.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let output = command.output()?;
    let verdict: Verdict = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).trim().to_owned())?;
    let effects = verdict.effects.ok_or("the gate compared nothing")?;
    let slower: Vec<(&str, Metric)> =
        effects.answered(Answer::Slower).map(|(operation, effect)| (operation, effect.metric)).collect();
    let is_slowed = |(operation, _): &(&str, Metric)| [slowed::OPERATION, ALL].contains(operation);
    Ok(Found {
        found: slower.iter().any(is_slowed),
        by_median: slower.contains(&(slowed::OPERATION, Metric::P50)),
        others: slower.iter().filter(|one| !is_slowed(one)).count(),
        seconds: effects.experiment.as_ref().map_or(0.0, |experiment| experiment.took_seconds),
        pairs: pairs(&bench.path().join("reports"))?,
    })
}

/// By how much the slowed operation's median was slower in each pair, from the gate's records.
fn pairs(reports: &Path) -> Outcome<Vec<f64>> {
    let entries = fs::read_dir(reports)?.collect::<Result<Vec<_>, _>>()?;
    let directory = entries.iter().map(fs::DirEntry::path).find(|path| path.is_dir());
    let directory = directory.ok_or("the gate kept nothing")?;
    let mut sides: [Vec<Record>; 2] = [Vec::new(), Vec::new()];
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (side, records) in ["base-", "new-"].into_iter().zip(&mut sides) {
            if name.starts_with(side) {
                records.push(record::load(&path)?);
            }
        }
    }
    let [base, new] =
        sides.each_ref().map(|records| Set { label: String::new(), records: records.iter().collect() });
    let all = compare::worse_by_pair(&base, &new, &Judgement::default()).into_iter();
    let is_meant = |operation: &str, metric| operation == slowed::OPERATION && metric == Metric::P50;
    Ok(all
        .filter(|(operation, metric, _)| is_meant(operation, *metric))
        .flat_map(|(_, _, values)| values)
        .collect())
}

/// The trials in a file; none where there is no file.
pub(crate) fn read(file: &Path) -> Outcome<Vec<Found>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(file)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Adds a trial to a file.
pub(crate) fn keep(file: &Path, found: &Found) -> Outcome<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(writeln!(file, "{}", serde_json::to_string(found)?)?)
}
