//! What can go wrong with a history.

use crate::record::RecordError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// A history could not be read, written or asked.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file system refused to read.
    #[error("{path}: cannot be read: {source}")]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file system refused to write.
    #[error("{path}: {what}: {source}")]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file could not be replaced.
    #[error(transparent)]
    Replace(#[from] RecordError),
    /// A night of nothing.
    #[error("a night needs at least one record: name a record.json, or the directory that holds one")]
    Empty,
    /// Records that cannot be one night.
    #[error("records 1 and {number} are not of one kind, {what}: add them as two nights")]
    Mixed {
        /// Which record differs from the first, from 1.
        number: usize,
        /// What differs: what it is, and its two values.
        what: String,
    },
    /// A record that stands there twice.
    #[error("records {first} and {second} are the same run: name it once")]
    Twice {
        /// One of them, from 1.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A night that is not there.
    #[error("{directory}: there is no night `{id}`: `loist-bench history list` shows those that there are")]
    NoNight {
        /// The history.
        directory: PathBuf,
        /// What was asked for.
        id: String,
    },
    /// The beginning of an id that several nights have.
    #[error("{directory}: `{id}` begins the ids of {count} nights: write more of it")]
    Ambiguous {
        /// The history.
        directory: PathBuf,
        /// What was asked for.
        id: String,
        /// How many nights it could be.
        count: usize,
    },
    /// No night at all.
    #[error(
        "{directory}: there is no night in it: add one with `loist-bench history add RECORD`, or name another directory with --history"
    )]
    NoNights {
        /// The history.
        directory: PathBuf,
    },
    /// A baseline that is not there.
    #[error(
        "{directory}: there is no baseline `{name}`: `loist-bench history list` shows those that there are"
    )]
    NoBaseline {
        /// The history.
        directory: PathBuf,
        /// What was asked for.
        name: String,
    },
    /// A name that no baseline may have.
    #[error("`{0}` is no name for a baseline: write up to 100 letters, digits and the characters . _ / + -")]
    Name(String),
    /// A revision that cannot stand in a line of a table.
    #[error("the revision is {0}: write a git revision or a label of one line, up to 200 characters")]
    Revision(&'static str),
    /// A file to import that is not what it should be.
    #[error("{path}:{line}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl HistoryError {
    /// Whether another input would have done; else the environment failed.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        !matches!(self, Self::Write { .. } | Self::Replace(_))
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(super) fn write(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, what, source }
    }
}
