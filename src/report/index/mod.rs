//! The runs of a directory: what a list needs of each record, and which runs are of one kind.
//!
//! Files are found and read elsewhere (`src/cli/index.rs`). Of a record only the fields of `brief` are read; what a list is
//! to show besides is added there.

mod brief;
mod kind;

pub use brief::Brief;
pub use kind::{Kind, kinds};
pub(super) use kind::{machine, server};

use super::grid::Tone;
use crate::text::percent_encoded;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

/// A directory in the directory of runs, with what was found in it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its name, as it is shown.
    pub name: String,
    /// Where its record is, as an address from the list's page.
    pub record: String,
    /// Where its page is, if it has one.
    pub page: Option<String>,
    /// The record, in brief.
    pub brief: Brief,
}

/// A directory with a comparison, a gate's verdict or an A/A measurement in it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its name, as it is shown; it begins with the time.
    pub name: String,
    /// Where its page is, if it has one.
    pub page: Option<String>,
    /// What it is.
    pub what: &'static str,
    /// How it is to be taken, and a word for it.
    pub outcome: (Tone, &'static str),
    /// What it came to.
    pub sentence: String,
}

/// A directory with a record that cannot be read.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Its name, as it is shown.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What a directory of runs holds.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    /// The directory, as it is shown.
    pub directory: String,
    /// What could be read.
    pub runs: Vec<Run>,
    /// Comparisons, gates and the like.
    pub judged: Vec<Judged>,
    /// What could not.
    pub unread: Vec<Unread>,
}

impl Runs {
    /// Puts the newest run first.
    pub fn sort(&mut self) {
        self.runs.sort_by(|a, b| {
            let started = |run: &Run| run.brief.run.started_at;
            started(b).cmp(&started(a)).then_with(|| a.name.cmp(&b.name))
        });
        self.judged.sort_by(|a, b| b.name.cmp(&a.name));
        self.unread.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// The address of `file` in `directory`, from the page beside that directory. Whatever the names hold, it is no other
/// address: all but letters, digits and `-._~` is percent-encoded.
#[must_use]
pub fn address(directory: &OsStr, file: &str) -> String {
    format!("./{}/{file}", percent_encoded(directory.as_bytes(), b"-._~"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_in_its_directory() {
        for (name, expected) in [
            ("20260301T100000Z-read-2", "./20260301T100000Z-read-2/record.json"),
            ("javascript:alert(1)//", "./javascript%3Aalert%281%29%2F%2F/record.json"),
            ("<script> \"#?%41", "./%3Cscript%3E%20%22%23%3F%2541/record.json"),
            ("ä", "./%C3%A4/record.json"),
        ] {
            assert_eq!(address(OsStr::new(name), "record.json"), expected);
        }
        assert_eq!(address(OsStr::from_bytes(b"\xff"), "x"), "./%FF/x");
    }
}
