//! A history as it was read: its nights in the order of time, each once.

use super::{Baseline, Blocks, HistoryError, Kind, Line, Night};
use crate::record::Metric;
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
};

/// A history as it was read.
#[derive(Debug, Clone, Default)]
pub struct History {
    directory: PathBuf,
    nights: Vec<Night>,
    baselines: BTreeMap<String, Baseline>,
    /// Names whose nights are not there.
    dangling: Vec<String>,
    warnings: Vec<Warning>,
}

/// A line that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// As in `reports/history/2026-11.jsonl:3: it is torn`.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.reason)
    }
}

/// One night of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The night's id.
    pub id: String,
    /// When its first run began, UTC.
    pub at: DateTime<Utc>,
    /// What was measured.
    pub revision: Option<String>,
    /// The median over the blocks that have a value, in the metric's unit.
    pub value: f64,
    /// The value of each of those blocks.
    pub blocks: Vec<f64>,
    /// Whether each of the night's blocks was disturbed or cut off.
    pub disturbed: bool,
}

/// Fewest characters that may stand for an id.
const SHORTEST_ID: usize = 4;

impl History {
    /// Makes one of the bytes of files.
    pub(super) fn of(directory: &Path, files: &[(PathBuf, Vec<u8>)]) -> Self {
        let mut nights: HashMap<String, Night> = HashMap::new();
        let mut baselines: Vec<(Baseline, PathBuf, usize)> = Vec::new();
        let mut warnings = Vec::new();
        for (path, bytes) in files {
            for (line, read) in lines(bytes) {
                match read {
                    // The last one stands: it may give the night another revision.
                    Ok(Line::Night(night)) => drop(nights.insert(night.id.clone(), *night)),
                    Ok(Line::Baseline(baseline)) => baselines.push((baseline, path.clone(), line)),
                    Err(reason) => warnings.push(Warning { path: path.clone(), line, reason }),
                }
            }
        }
        baselines.sort_by_key(|(baseline, ..)| baseline.at);
        let last: BTreeMap<String, (Baseline, PathBuf, usize)> =
            baselines.into_iter().map(|said| (said.0.name.clone(), said)).collect();
        let (mut in_force, mut dangling) = (BTreeMap::new(), Vec::new());
        for (name, (baseline, path, line)) in last {
            match &baseline.id {
                Some(id) if !nights.contains_key(id) => {
                    let reason = format!(
                        "the baseline `{name}` is the night {id}, which is not there: name another, or take the name away with `loist-bench history baseline {name} --remove`"
                    );
                    warnings.push(Warning { path, line, reason });
                    dangling.push(name);
                }
                Some(_) => drop(in_force.insert(name, baseline)),
                None => {}
            }
        }
        let mut nights: Vec<Night> = nights.into_values().collect();
        nights.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        Self { directory: directory.to_owned(), nights, baselines: in_force, dangling, warnings }
    }

    /// The same with a night that is not in its files yet.
    #[must_use]
    pub fn with(mut self, night: Night) -> Self {
        if !self.nights.iter().any(|known| known.id == night.id) {
            self.nights.push(night);
            self.nights.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        }
        self
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The nights, the oldest first.
    #[must_use]
    pub fn nights(&self) -> &[Night] {
        &self.nights
    }

    /// Lines that could not be used, and baselines of nights that are not there.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The baselines in force, by name.
    #[must_use]
    pub fn baselines(&self) -> &BTreeMap<String, Baseline> {
        &self.baselines
    }

    /// The night that a baseline names.
    #[must_use]
    pub fn baseline(&self, name: &str) -> Option<&Night> {
        let id = self.baselines.get(name)?.id.as_deref()?;
        self.nights.iter().find(|night| night.id == id)
    }

    /// Whether there is a baseline of that name, be it of a night that is not there.
    #[must_use]
    pub fn knows_baseline(&self, name: &str) -> bool {
        self.baselines.contains_key(name) || self.dangling.iter().any(|dangling| dangling == name)
    }

    /// The names of a night, in the order of the alphabet.
    #[must_use]
    pub fn names_of(&self, night: &Night) -> Vec<&str> {
        let of = |baseline: &&Baseline| baseline.id.as_deref() == Some(night.id.as_str());
        self.baselines.values().filter(of).map(|baseline| baseline.name.as_str()).collect()
    }

    /// The night of that id, of which the first four characters or more will do where they are no other's; or, by
    /// `latest`, the one that began last.
    ///
    /// # Errors
    /// When there is no such night, or several could be meant.
    pub fn night(&self, id: &str) -> Result<&Night, HistoryError> {
        let directory = || self.directory.clone();
        if id == "latest" {
            return self.nights.last().ok_or_else(|| HistoryError::NoNights { directory: directory() });
        }
        if let Some(night) = self.nights.iter().find(|night| night.id == id) {
            return Ok(night);
        }
        let meant = |night: &&Night| id.len() >= SHORTEST_ID && night.id.starts_with(id);
        match self.nights.iter().filter(meant).collect::<Vec<_>>().as_slice() {
            [one] => Ok(one),
            [] => Err(HistoryError::NoNight { directory: directory(), id: id.to_owned() }),
            many => {
                Err(HistoryError::Ambiguous { directory: directory(), id: id.to_owned(), count: many.len() })
            }
        }
    }

    /// The kinds of the nights, the one with the newest night first.
    #[must_use]
    pub fn kinds(&self) -> Vec<&Kind> {
        let mut kinds: Vec<&Kind> = Vec::new();
        for night in self.nights.iter().rev() {
            if !kinds.contains(&&night.kind) {
                kinds.push(&night.kind);
            }
        }
        kinds
    }

    /// The nights of a kind, the oldest first.
    pub fn of_kind<'a>(&'a self, kind: &'a Kind) -> impl DoubleEndedIterator<Item = &'a Night> {
        self.nights.iter().filter(move |night| night.kind == *kind)
    }

    /// One value a night, the oldest first, of an operation of a kind, or of all together where `operation` is `None`.
    /// Nights without a value are left out, and so are, for the misses, those that had another objective than the newest.
    #[must_use]
    pub fn series(&self, kind: &Kind, operation: Option<&str>, metric: Metric) -> Vec<Point> {
        let of = |night: &'_ Night| night.blocks_of(operation).cloned();
        let all: Vec<(&Night, Blocks)> =
            self.of_kind(kind).filter_map(|night| Some((night, of(night)?))).collect();
        let Some(objective) = all.last().map(|(_, blocks)| blocks.objective.clone()) else {
            return Vec::new();
        };
        let comparable = |blocks: &Blocks| metric != Metric::MissShare || blocks.objective == objective;
        all.iter()
            .filter(|(_, blocks)| comparable(blocks))
            .filter_map(|(night, blocks)| {
                Some(Point {
                    id: night.id.clone(),
                    at: night.at,
                    revision: night.revision.clone(),
                    value: blocks.value(metric)?,
                    blocks: blocks.values(metric).into_iter().flatten().collect(),
                    disturbed: night.disturbed,
                })
            })
            .collect()
    }
}

/// Each line that is not empty, by its number, and what it says or why it says nothing.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<Line, String>)> {
    let numbered = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let filled = numbered.filter(|(_, line)| !line.trim_ascii().is_empty());
    filled.map(|(number, line)| (number, Line::read(line.trim_ascii())))
}
