//! One file of a history: appended to by many at once, and nothing of it is lost.

use super::HistoryError;
use crate::record::{Existing, write_whole};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
};

const APPEND: &str = "cannot append to the file";
const REWRITE: &str = "cannot write the file anew";

/// Appends lines, each with its end, and comes back when they are on the disk.
///
/// # Errors
/// When the file system refuses; then nothing was appended.
pub(super) fn append(path: &Path, lines: &[String]) -> Result<(), HistoryError> {
    let mut file = locked(path).map_err(HistoryError::write(path, APPEND))?;
    append_to(&mut file, lines).map_err(HistoryError::write(path, APPEND))?;
    sync_directory_of(path).map_err(HistoryError::write(path, APPEND))
}

fn append_to(file: &mut File, lines: &[String]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum::<usize>() + 1);
    if before > 0 {
        let mut last = [0];
        file.read_exact_at(&mut last, before - 1)?;
        // The line of a writer that died: it keeps a line of its own.
        if last != *b"\n" {
            text.push('\n');
        }
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // A full disk: what got through of it is no line.
        let _ = file.set_len(before);
    }
    written
}

/// What a file holds, when nobody is writing into it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, HistoryError> {
    let mut bytes = Vec::new();
    let open = File::open(path).and_then(|mut file| {
        // Where locks are not known, a line may be seen half written; it is whole the next time.
        let _ = file.lock_shared();
        file.read_to_end(&mut bytes)
    });
    match open {
        // Somebody pruned the last of its lines meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        open => open.map(|_| bytes).map_err(HistoryError::read(path)),
    }
}

/// Writes a file anew without the lines that `goes` names, whole or not at all; nobody can append meanwhile. A file of
/// which nothing is left is removed.
///
/// # Errors
/// When the file system refuses; then the file is as it was.
pub(super) fn remove_lines(path: &Path, goes: impl Fn(&[u8]) -> bool) -> Result<(), HistoryError> {
    // A link stays one: the file that it leads to is written anew.
    let path = &match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        real => real.map_err(HistoryError::read(path))?,
    };
    let mut file = locked(path).map_err(HistoryError::write(path, REWRITE))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(HistoryError::read(path))?;
    let stays = |line: &&[u8]| !goes(line.strip_suffix(b"\n").unwrap_or(line));
    let kept: Vec<u8> =
        bytes.split_inclusive(|byte| *byte == b'\n').filter(stays).flatten().copied().collect();
    if kept.len() == bytes.len() {
        return Ok(());
    }
    if kept.is_empty() {
        fs::remove_file(path).map_err(HistoryError::write(path, REWRITE))?;
    } else {
        write_whole(path, &kept, Existing::Replace)?;
    }
    sync_directory_of(path).map_err(HistoryError::write(path, REWRITE))
}

/// Opens a file to append to it, made if need be, and keeps others from writing until it is dropped.
fn locked(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.lock()?;
        // Whoever had it before may have put another one in its place.
        let own = file.metadata()?;
        match fs::metadata(path) {
            Ok(there) if (there.dev(), there.ino()) == (own.dev(), own.ino()) => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes a directory, and sees to it that it is there after a power cut.
///
/// # Errors
/// When the file system refuses.
pub(super) fn make_directory(directory: &Path) -> Result<(), HistoryError> {
    if directory.is_dir() {
        return Ok(());
    }
    let made = fs::create_dir_all(directory).and_then(|()| sync_directory_of(directory));
    made.map_err(HistoryError::write(directory, "cannot make the directory"))
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or_else(|| Path::new("."))).and_then(|directory| directory.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<String> {
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_torn_line_keeps_a_line_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.jsonl");
        append(&path, &["one".to_owned()]).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"to").unwrap();
        append(&path, &["three".to_owned(), "four".to_owned()]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\nto\nthree\nfour\n");
    }

    /// Writers, and one who throws lines away: what was not thrown away is there.
    #[test]
    fn writers_at_once_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = &directory.path().join("x.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                scope.spawn(move || {
                    for number in 0..25 {
                        let padding = "x".repeat(number * 400);
                        append(path, &[format!("keep {writer} {number} {padding}"), "go".to_owned()])
                            .unwrap();
                    }
                });
            }
            scope.spawn(move || {
                for _ in 0..25 {
                    if path.exists() {
                        remove_lines(path, |line| line == b"go").unwrap();
                    }
                    std::thread::yield_now();
                }
            });
        });
        remove_lines(path, |line| line == b"go").unwrap();
        let mut found: Vec<(usize, usize)> = lines(path)
            .iter()
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                let number: usize = words[2].parse().unwrap();
                assert_eq!((words[0], words[3].len()), ("keep", number * 400));
                (words[1].parse().unwrap(), number)
            })
            .collect();
        found.sort_unstable();
        let expected: Vec<(usize, usize)> =
            (0..4).flat_map(|writer| (0..25).map(move |number| (writer, number))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_without_lines_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.jsonl");
        append(&path, &["go".to_owned()]).unwrap();
        remove_lines(&path, |_| true).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left beside it");
    }

    #[test]
    fn a_refusal_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = append(directory.path(), &[]).unwrap_err();
        assert!(!error.is_bad_input());
        assert!(error.to_string().starts_with(&directory.path().display().to_string()), "{error}");
    }
}
