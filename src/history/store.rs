//! The directory of a history: what is read from it and appended to it.

use super::{Baseline, History, HistoryError, Imported, Line, Night, file};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A directory of JSON Lines, one file a UTC month, and one for the names of nights. Whatever is called, the lines that
/// are there stay as they are, but for [`Store::prune`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    directory: PathBuf,
}

/// The file of the names.
const BASELINES: &str = "baselines.jsonl";

/// What became of nights that were imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Nights that were not there before, or had another revision.
    pub nights: usize,
    /// Names that were not there before.
    pub baselines: usize,
}

impl Store {
    /// The history in a directory, which need not be there yet.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads all of it; a directory that is not there holds nothing. What is wrong with a line is a warning.
    ///
    /// # Errors
    /// When the directory or a file in it cannot be read.
    pub fn read(&self) -> Result<History, HistoryError> {
        let mut files = Vec::new();
        for path in self.files()? {
            let bytes = file::read(&path)?;
            files.push((path, bytes));
        }
        Ok(History::of(&self.directory, &files))
    }

    /// Adds nights, and says how many of them were not there before, or had another revision.
    ///
    /// # Errors
    /// When the history cannot be read or a file not be written.
    pub fn add(&self, nights: &[Night]) -> Result<usize, HistoryError> {
        let history = self.read()?;
        let known = |night: &Night| {
            let there = history.nights().iter().find(|there| there.id == night.id);
            there.is_some_and(|there| night.revision.is_none() || night.revision == there.revision)
        };
        let mut months: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for night in nights.iter().filter(|night| !known(night)) {
            let line = Line::Night(Box::new(night.clone())).text();
            months.entry(night.at.format("%Y-%m.jsonl").to_string()).or_default().push(line);
        }
        if !months.is_empty() {
            file::make_directory(&self.directory)?;
        }
        for (month, lines) in &months {
            file::append(&self.directory.join(month), lines)?;
        }
        Ok(months.values().map(Vec::len).sum())
    }

    /// Appends what nights are called, or no longer.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn name(&self, baselines: &[Baseline]) -> Result<(), HistoryError> {
        if baselines.is_empty() {
            return Ok(());
        }
        file::make_directory(&self.directory)?;
        let lines: Vec<String> =
            baselines.iter().map(|baseline| Line::Baseline(baseline.clone()).text()).collect();
        file::append(&self.directory.join(BASELINES), &lines)
    }

    /// Adds what was imported. A name that is in use here stays as it is.
    ///
    /// # Errors
    /// As [`Store::add`].
    pub fn take(&self, imported: &Imported) -> Result<Taken, HistoryError> {
        let nights = self.add(&imported.nights)?;
        let history = self.read()?;
        let is_free = |baseline: &&Baseline| {
            let id = baseline.id.as_deref();
            !history.baselines().contains_key(&baseline.name)
                && history.nights().iter().any(|night| Some(night.id.as_str()) == id)
        };
        let last: BTreeMap<&str, &Baseline> =
            imported.baselines.iter().map(|baseline| (baseline.name.as_str(), baseline)).collect();
        let new: Vec<Baseline> = last.into_values().filter(is_free).cloned().collect();
        self.name(&new)?;
        Ok(Taken { nights, baselines: new.len() })
    }

    /// Its files, by name.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, HistoryError> {
        let unreadable = || HistoryError::read(&self.directory);
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(unreadable())?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable())?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}
