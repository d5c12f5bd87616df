//! What can be wrong with a workload file.

use crate::text::line_of;
use std::fmt;

/// A workload was refused: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadError {
    /// File as the user named it, or `built-in workload NAME`.
    pub origin: String,
    /// Line in that file, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// One sentence: what is wrong and what to do.
    pub message: String,
}

impl fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.origin, self.message),
            line => write!(f, "{}:{line}: {}", self.origin, self.message),
        }
    }
}

impl std::error::Error for WorkloadError {}

/// A workload file's text, able to tell in which line an offset lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// File as the user named it.
    pub origin: &'a str,
    /// The whole text.
    pub text: &'a str,
}

impl Source<'_> {
    /// The line (from 1) that holds byte `offset`.
    #[must_use]
    pub(super) fn line(&self, offset: usize) -> usize {
        line_of(self.text, offset)
    }

    /// An error at byte `offset`.
    #[must_use]
    pub(super) fn error(&self, offset: usize, message: impl Into<String>) -> WorkloadError {
        WorkloadError { origin: self.origin.to_owned(), line: self.line(offset), message: message.into() }
    }
}
