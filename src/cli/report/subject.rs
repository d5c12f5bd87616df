//! What the arguments of `report` name: records, or a directory of runs.

use crate::{
    cli::{failure::Failure, index, own_file::is_own},
    record,
    report::source::Source,
};
use std::path::{Path, PathBuf};

/// What a report is of.
#[derive(Debug)]
pub(super) enum Subject {
    /// Records, and the directory of the last one.
    Records(Vec<Source>, PathBuf),
    /// A directory of runs.
    Runs(PathBuf),
}

impl Subject {
    /// Reads what `paths` name.
    ///
    /// # Errors
    /// When one of them is no record, or a directory of runs stands among others.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let paths: Vec<&PathBuf> = paths.iter().filter(|path| !is_list(path)).collect();
        let is_alone = paths.len() == 1;
        match paths.iter().find(|path| holds_runs(path)) {
            Some(runs) if is_alone => return Ok(Self::Runs((*runs).clone())),
            Some(runs) => {
                return Err(Failure::bad_input(format!(
                    "{} is a directory of runs and has a page of its own: name it alone, or name the records in it that are to be compared",
                    runs.display()
                )));
            }
            None => {}
        }
        if paths.is_empty() {
            return Err(Failure::bad_input(
                "the list of runs alone is no record: name a record.json, or the directory of runs",
            ));
        }
        let files: Vec<PathBuf> = paths.iter().map(|path| file(path)).collect::<Result<_, _>>()?;
        let directory = files.last().and_then(|file| file.parent()).unwrap_or_else(|| Path::new(""));
        let sources = files.iter().map(|file| source(file)).collect::<Result<_, _>>()?;
        Ok(Self::Records(sources, directory.to_owned()))
    }
}

fn file(path: &Path) -> Result<PathBuf, Failure> {
    let inside = path.join("record.json");
    match path.is_dir() {
        false => Ok(path.to_owned()),
        true if inside.exists() => Ok(inside),
        true => Err(Failure::bad_input(format!(
            "{}: there is no record.json in it, nor in a directory in it: name a record.json, the directory that holds one, or a directory of runs",
            path.display()
        ))),
    }
}

/// A record with its text, read from `file`.
///
/// # Errors
/// When it is no record.
pub(in crate::cli) fn source(file: &Path) -> Result<Source, Failure> {
    let (record, text) = record::load_with_text(file)?;
    Ok(Source { record, text, name: file.display().to_string() })
}

/// Whether it is the list of runs, which a shell names too when it is asked for `reports/*`.
fn is_list(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == index::NAME) && is_own(path)
}

/// Whether there is no record in `path`, but one in a directory in it, or what was judged.
fn holds_runs(path: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    !path.join("record.json").exists()
        && entries
            .flatten()
            .map(|entry| entry.path())
            .any(|path| path.join("record.json").exists() || index::is_judged(&path))
}
