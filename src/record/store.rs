//! Records on disk: read with care, written whole or not at all.

use super::{
    FORMAT, Record, VERSION,
    whole::{Existing, write_whole},
};
use crate::text::json_mistake;
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// A record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system refused.
    #[error("{path}: {what}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A directory that is not a run's.
    #[error("{0} holds no record.json: name a directory that `run` made, or a record")]
    NoRun(PathBuf),
    /// Not JSON, or not a record's JSON.
    #[error("{path}:{line}: this is not a loist-bench record: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser met.
        reason: String,
    },
    /// Made by a newer program.
    #[error(
        "{path}: the record has version {found}, this loist-bench reads up to {VERSION}: use a newer loist-bench"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// The part of a record that every version has.
#[derive(serde::Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// Reads a record from a file, or from the `record.json` in a directory.
///
/// # Errors
/// When it cannot be read, is no record, or is newer than this program.
pub fn load(path: &Path) -> Result<Record, RecordError> {
    load_with_text(path).map(|(record, _)| record)
}

/// Reads a record as [`load`] does, and gives the file's text with it.
///
/// # Errors
/// As [`load`].
pub fn load_with_text(path: &Path) -> Result<(Record, String), RecordError> {
    let path = if path.is_dir() { in_directory(path)? } else { path.to_owned() };
    let text = read(&path).map_err(io(&path, "cannot read the record"))?;
    Ok((parse(&text, &path)?, text))
}

fn in_directory(path: &Path) -> Result<PathBuf, RecordError> {
    let record = path.join("record.json");
    if record.exists() { Ok(record) } else { Err(RecordError::NoRun(path.to_owned())) }
}

/// Reads a record's text, which stands in `path`.
///
/// # Errors
/// When it is no record, or newer than this program.
pub fn parse(text: &str, path: &Path) -> Result<Record, RecordError> {
    check_header(text, path)?;
    serde_json::from_str(text).map_err(|error| RecordError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        reason: json_mistake(&error),
    })
}

/// What is longer is no record, and may be a device that never ends.
const LONGEST: u64 = 1 << 30;

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    if read as u64 == LONGEST {
        return Err(std::io::Error::other("it has 1 GiB or more, which no record has"));
    }
    Ok(text)
}

/// Whether `text`, which stands in `path`, is a record of a version that this program reads.
///
/// # Errors
/// When it is no record, or newer than this program.
pub fn check_header(text: &str, path: &Path) -> Result<(), RecordError> {
    let header: Header = serde_json::from_str(text).map_err(|error| RecordError::Malformed {
        path: path.to_owned(),
        line: error.line(),
        reason: json_mistake(&error),
    })?;
    if header.format != FORMAT {
        let reason = format!("its format is `{}`, not `{FORMAT}`", header.format);
        return Err(RecordError::Malformed { path: path.to_owned(), line: 1, reason });
    }
    if header.version == 0 {
        let reason = "it has version 0, and the first is 1".to_owned();
        return Err(RecordError::Malformed { path: path.to_owned(), line: 1, reason });
    }
    if header.version > VERSION {
        return Err(RecordError::TooNew { path: path.to_owned(), found: header.version });
    }
    Ok(())
}

/// A directory of one run's own, `<UTC time>-<workload>` under `reports`. Dropped without anything in it, it is
/// removed again, and `reports` with it if that was made for it.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    made: Vec<PathBuf>,
}

impl Place {
    /// Makes the directory, so that a run finds out before it begins whether it can keep its results.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn reserve(reports: &Path, workload: &str) -> Result<Self, RecordError> {
        let stem = format!("{}-{workload}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"));
        let is_new = !reports.exists();
        std::fs::create_dir_all(reports).map_err(io(reports, "cannot make the directory"))?;
        let directory = fresh_directory(reports, &stem)?;
        let made = std::iter::once(directory.clone()).chain(is_new.then(|| reports.to_owned())).collect();
        Ok(Self { directory, made })
    }

    /// The directories that did not exist before, from the innermost one.
    #[must_use]
    pub fn made(&self) -> &[PathBuf] {
        &self.made
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes `record` as `record.json`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn store(&self, record: &Record) -> Result<(), RecordError> {
        let json = serde_json::to_string_pretty(record).expect("a record is plain data");
        self.write("record.json", json.as_bytes())
    }

    /// Writes a file: a reader sees the whole of it or none, and an existing one is never overwritten.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        let path = self.directory.join(name);
        // Somebody may have tidied up while the run went on; what was measured is worth more.
        std::fs::create_dir_all(&self.directory).map_err(io(&path, "cannot write the file"))?;
        write_whole(&path, content, Existing::Keep)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        remove_empty(&self.made);
    }
}

/// Removes directories, from the innermost one to the first that holds something.
pub fn remove_empty(directories: &[PathBuf]) {
    // Only an empty directory can be removed this way.
    let _ = directories.iter().try_for_each(std::fs::remove_dir);
}

/// Two runs may begin within one second: the later one gets a number.
fn fresh_directory(reports: &Path, stem: &str) -> Result<PathBuf, RecordError> {
    let mut number = 1;
    loop {
        let name = if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") };
        let directory = reports.join(name);
        match std::fs::create_dir(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(io(&directory, "cannot make the directory")(error)),
        }
    }
}

pub(super) fn io(path: &Path, what: &'static str) -> impl FnOnce(std::io::Error) -> RecordError {
    let path = path.to_owned();
    move |source| RecordError::Io { path, what, source }
}
