//! Files that are written whole or not at all.

use super::store::{RecordError, io};
use std::{io::Write, os::unix::fs::PermissionsExt, path::Path};

/// What becomes of a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// Writes a file: a reader sees the whole of it or none.
///
/// # Errors
/// When the file cannot be made, or when one is there that is to be kept.
pub fn write_whole(path: &Path, content: &[u8], existing: Existing) -> Result<(), RecordError> {
    let what = "cannot write the file";
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(io(path, what))?;
    file.write_all(content).and_then(|()| file.as_file().sync_all()).map_err(io(path, what))?;
    // A temporary file is private; what is written here is for everyone whom the directory lets in.
    let readable = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(io(path, what))?;
    let kept = match existing {
        Existing::Keep => file.persist_noclobber(path),
        Existing::Replace => file.persist(path),
    };
    kept.map(drop).map_err(|error| io(path, what)(error.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_or_replaced_as_asked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write_whole(&path, b"one", Existing::Keep).unwrap();
        assert!(write_whole(&path, b"two", Existing::Keep).unwrap_err().to_string().contains("cannot write"));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write_whole(&path, b"three", Existing::Replace).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
