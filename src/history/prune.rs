//! Nights that are no longer kept.

use super::{History, HistoryError, Line, Night, Store, file};
use chrono::{DateTime, Utc};
use std::{collections::HashSet, time::Duration};

/// What is kept: a night that one of these keeps stays, and so does each that a baseline names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Nights that began within this time.
    pub age: Option<Duration>,
    /// So many nights of each kind, the newest.
    pub nights: Option<usize>,
}

impl History {
    /// The nights that `keep` does not keep, the oldest first. A policy that says nothing keeps all.
    #[must_use]
    pub fn to_prune(&self, keep: &Keep, now: DateTime<Utc>) -> Vec<&Night> {
        if *keep == Keep::default() {
            return Vec::new();
        }
        let oldest = keep.age.map(|age| {
            let age = chrono::Duration::from_std(age).unwrap_or(chrono::Duration::MAX);
            now.checked_sub_signed(age).unwrap_or(DateTime::<Utc>::MIN_UTC)
        });
        let mut kept: HashSet<&str> =
            self.baselines().values().filter_map(|baseline| baseline.id.as_deref()).collect();
        for kind in self.kinds() {
            let newest = self.of_kind(kind).rev().take(keep.nights.unwrap_or_default());
            kept.extend(newest.map(|night| night.id.as_str()));
        }
        let goes = |night: &&Night| {
            !kept.contains(night.id.as_str()) && oldest.is_none_or(|oldest| night.at < oldest)
        };
        self.nights().iter().filter(goes).collect()
    }
}

impl Store {
    /// Removes the lines of nights, each file whole or not at all. Other lines stay as they are, those too that this
    /// program does not understand.
    ///
    /// # Errors
    /// When a file cannot be read or written anew; those before it are done.
    pub fn prune(&self, nights: &[&Night]) -> Result<(), HistoryError> {
        let ids: HashSet<&str> = nights.iter().map(|night| night.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        for path in self.files()? {
            file::remove_lines(&path, |line| match Line::read(line.trim_ascii()) {
                Ok(Line::Night(night)) => ids.contains(night.id.as_str()),
                _ => false,
            })?;
        }
        Ok(())
    }
}
