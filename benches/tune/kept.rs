//! Studies that were made before, so that hours of them can be made in parts.

use super::{Outcome, recovery::Tuned};
use serde::{Deserialize, Serialize};
use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

/// Which study.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) start: String,
    pub(crate) search: String,
    pub(crate) seed: u64,
    pub(crate) budget_seconds: u64,
    pub(crate) pairs: u32,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    key: Key,
    found: Tuned,
}

/// What was made before, and where more of it goes.
pub(crate) struct Kept {
    file: Option<PathBuf>,
    lines: Vec<Line>,
}

impl Kept {
    /// A line that was cut off in the middle is made again.
    pub(crate) fn open(file: Option<&Path>) -> Outcome<Self> {
        let text = match file {
            Some(file) if file.exists() => std::fs::read_to_string(file)?,
            _ => String::new(),
        };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if let Some(file) = file.filter(|_| whole < text.len()) {
            OpenOptions::new().write(true).open(file)?.set_len(whole as u64)?;
        }
        let lines = text[..whole].lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self { file: file.map(Path::to_owned), lines })
    }

    /// What a start costs, if that was measured by so many pairs for another search.
    pub(crate) fn cost_of(&self, start: &str, pairs: u32) -> Option<f64> {
        let mut same = self.lines.iter().filter(|line| line.key.start == start && line.key.pairs == pairs);
        same.find_map(|line| line.found.recovered).map(|found| found.start)
    }

    /// What was found before, or is found now.
    pub(crate) fn get_or(&mut self, key: Key, find: impl FnOnce() -> Outcome<Tuned>) -> Outcome<Tuned> {
        if let Some(line) = self.lines.iter().find(|line| line.key == key) {
            return Ok(line.found.clone());
        }
        let line = Line { key, found: find()? };
        if let Some(file) = &self.file {
            let mut file = OpenOptions::new().append(true).create(true).open(file)?;
            writeln!(file, "{}", serde_json::to_string(&line)?)?;
        }
        let found = line.found.clone();
        self.lines.push(line);
        Ok(found)
    }
}
