//! The files of a backup: found, measured, and held against what was written down of them.

use super::{
    error::DrillError,
    manifest::{self, BackupFile},
    result::Check,
};
use crate::text::{hex, short_digest};
use nix::libc;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Opens a file that somebody else may have put there: a link is not followed, and what is no plain file is refused at once.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("this is no plain file")),
    }
}

/// What the check is called.
pub(super) const CHECK: &str = "files";
/// Bytes that are read at a time.
const PIECE: usize = 1 << 20;

/// Every plain file below a directory but the manifest, with its size and digest, in the order of their names.
///
/// # Errors
/// When one cannot be read.
pub(super) fn all(directory: &Path) -> Result<Vec<BackupFile>, DrillError> {
    let mut found = Vec::new();
    for path in below(directory).map_err(DrillError::file(directory))? {
        if path == Path::new(manifest::NAME) {
            continue;
        }
        let whole = directory.join(&path);
        let (bytes, sha256) = digest(&whole).map_err(DrillError::file(&whole))?;
        found.push(BackupFile { path: path.to_string_lossy().into_owned(), bytes, sha256 });
    }
    Ok(found)
}

/// Has every plain file below a directory written out to the disk.
///
/// # Errors
/// When that fails.
pub(super) fn flush(directory: &Path) -> io::Result<()> {
    for path in below(directory)? {
        File::open(directory.join(path))?.sync_all()?;
    }
    File::open(directory)?.sync_all()
}

/// Bytes of every plain file below a directory, or of a file.
pub(super) fn bytes(path: &Path) -> u64 {
    if path.is_file() {
        return path.metadata().map_or(0, |found| found.len());
    }
    let paths = below(path).unwrap_or_default();
    paths.iter().filter_map(|found| path.join(found).symlink_metadata().ok()).map(|found| found.len()).sum()
}

/// Plain files below a directory, by their paths in it. No link is followed.
fn below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut waiting) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(inner) = waiting.pop() {
        for entry in fs::read_dir(directory.join(&inner))? {
            let entry = entry?;
            let (path, kind) = (inner.join(entry.file_name()), entry.file_type()?);
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; PIECE]);
    let mut bytes = 0;
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    Ok((bytes, hex(&hash.finalize())))
}

/// Whether the files of a backup are those that were written down when it was made.
pub(super) fn check(directory: &Path, expected: &[BackupFile]) -> Check {
    let mut failures = Vec::new();
    for file in expected {
        let path = directory.join(&file.path);
        let is_plain = path.symlink_metadata().is_ok_and(|found| found.is_file());
        match digest(&path) {
            _ if !is_plain => failures.push(format!("the file {} is missing", file.path)),
            Err(error) => failures.push(format!("the file {} cannot be read: {error}", file.path)),
            Ok((bytes, _)) if bytes != file.bytes => failures.push(format!(
                "the file {} has {bytes} bytes and had {} when it was written",
                file.path, file.bytes
            )),
            Ok((_, sha256)) if sha256 != file.sha256 => failures.push(format!(
                "the file {} is damaged: its SHA-256 is {}... and was {}... when it was written",
                file.path,
                short_digest(&sha256),
                short_digest(&file.sha256)
            )),
            Ok(_) => {}
        }
    }
    let known: BTreeSet<&Path> = expected.iter().map(|file| Path::new(&file.path)).collect();
    let more = below(directory).unwrap_or_default();
    let more =
        more.iter().filter(|path| !known.contains(path.as_path()) && **path != Path::new(manifest::NAME));
    failures.extend(more.map(|path| format!("the file {} was not there when it was made", path.display())));
    Check::of(CHECK, format!("SHA-256 of {} files", expected.len()), failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_damage_is_named_with_its_file() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("inner")).unwrap();
        for name in ["flipped", "cut", "inner/gone", "kept"] {
            fs::write(directory.path().join(name), "twelve bytes").unwrap();
        }
        fs::write(directory.path().join(manifest::NAME), "{}").unwrap();
        let expected = all(directory.path()).unwrap();
        assert_eq!(expected.len(), 4);
        assert_eq!(bytes(directory.path()), 50);
        assert!(check(directory.path(), &expected).failures.is_empty());
        fs::write(directory.path().join("flipped"), "twelve bytez").unwrap();
        fs::write(directory.path().join("cut"), "twelve").unwrap();
        fs::remove_file(directory.path().join("inner/gone")).unwrap();
        fs::write(directory.path().join("more"), "").unwrap();
        let failures = check(directory.path(), &expected).failures;
        assert_eq!(failures.len(), 4, "{failures:?}");
        for part in [
            "the file cut has 6 bytes and had 12",
            "the file flipped is damaged",
            "the file inner/gone is missing",
            "the file more was not there",
        ] {
            assert!(failures.iter().any(|failure| failure.contains(part)), "{part}: {failures:?}");
        }
    }
}
