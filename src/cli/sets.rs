//! Sets of records, as the command line names them.

use super::failure::Failure;
use crate::record::{self, Record};
use std::path::{Path, PathBuf};

/// Files of loist-bench that stand beside records and are none.
const OTHERS: [&str; 8] = [
    super::duet::EFFECTS,
    "gate.json",
    "aa.json",
    super::tune::STUDY,
    "begun.json",
    super::capacity::ANSWER,
    "audit.json",
    "manifest.json",
];

/// The records that a path names: a file, a directory with a `record.json`, or all in a directory.
pub(super) fn records(path: &Path) -> Result<Vec<Record>, Failure> {
    files(path)?.iter().map(|file| Ok(record::load(file)?)).collect()
}

/// Their files; one that is not in a directory may not be there.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() || path.join("record.json").exists() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let unreadable = |error: std::io::Error| {
        Failure::bad_input(format!("{}: the directory cannot be read: {error}", path.display()))
    };
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?.path();
        let is_record = entry.extension().is_some_and(|extension| extension == "json")
            && entry.file_name().is_some_and(|name| !OTHERS.iter().any(|other| name == *other));
        let inside = entry.join("record.json");
        if inside.is_file() {
            files.push(inside);
        } else if is_record && entry.is_file() {
            files.push(entry);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::bad_input(format!(
            "{}: there is no record in it: name a record.json, or a directory of records",
            path.display()
        )));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_records_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(directory.path().join(name), "{}").unwrap();
        OTHERS.iter().for_each(|name| write(name));
        assert!(files(directory.path()).is_err());
        write("trial-0001.json");
        assert_eq!(files(directory.path()).unwrap(), [directory.path().join("trial-0001.json")]);
    }
}
