//! A log file that is followed from its present end on, wherever rotation takes it.

use crate::text::told;
use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// No more is read at once: the rest waits for the next look.
const MOST: u64 = 8 << 20;

/// Follows one path.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    /// The file that is read; none when there was none.
    open: Option<Open>,
    /// Whether a file that appears is read from its beginning: it was not there when the following began.
    from_beginning: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// What tells it from the file that takes its name.
    identity: (u64, u64),
    at: u64,
}

impl Follower {
    /// Begins at the present end.
    pub(super) fn new(path: &Path) -> Self {
        let mut follower = Self { path: path.to_owned(), open: None, from_beginning: false };
        // What is wrong is told by the first look.
        follower.open = follower.opened().ok();
        follower.from_beginning = true;
        follower
    }

    fn opened(&self) -> std::io::Result<Open> {
        let file = File::open(&self.path)?;
        let found = file.metadata()?;
        let at = if self.from_beginning { 0 } else { found.len() };
        Ok(Open { file, identity: (found.dev(), found.ino()), at })
    }

    /// What was added since the last look. After a rotation, what was left of the old file, then the new one.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, String> {
        let failed = |error: std::io::Error| told(&self.path, &error);
        let there = match fs::metadata(&self.path) {
            Ok(found) => Some((found.dev(), found.ino())),
            // Between the two steps of a rotation there is none for a moment.
            Err(error) if error.kind() == ErrorKind::NotFound && self.open.is_some() => None,
            Err(error) => return Err(failed(error)),
        };
        let mut added = Vec::new();
        if let Some(open) = &mut self.open {
            open.read(&mut added).map_err(failed)?;
        }
        let is_another =
            there.is_some_and(|there| self.open.as_ref().is_none_or(|open| open.identity != there));
        if is_another && (added.len() as u64) < MOST {
            let mut next = self.opened().map_err(failed)?;
            next.read(&mut added).map_err(failed)?;
            self.open = Some(next);
        }
        Ok(added)
    }
}

impl Open {
    fn read(&mut self, added: &mut Vec<u8>) -> std::io::Result<()> {
        // A file that was cut off begins anew.
        if self.file.metadata()?.len() < self.at {
            self.at = 0;
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = (&self.file).take(MOST).read_to_end(added)?;
        self.at += read as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn append(path: &Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn read(follower: &mut Follower) -> String {
        String::from_utf8(follower.read().unwrap()).unwrap()
    }

    #[test]
    fn rotation_loses_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        append(&path, "before\n");
        let mut follower = Follower::new(&path);
        assert_eq!(read(&mut follower), "");
        append(&path, "one\n");
        assert_eq!(read(&mut follower), "one\n");
        append(&path, "two\n");
        fs::rename(&path, directory.path().join("log.1")).unwrap();
        append(&directory.path().join("log.1"), "three\n");
        assert_eq!(read(&mut follower), "two\nthree\n", "there is no other yet");
        append(&directory.path().join("log.1"), "four\n");
        append(&path, "five\n");
        assert_eq!(read(&mut follower), "four\nfive\n");
        fs::write(&path, "").unwrap();
        assert_eq!(read(&mut follower), "");
        append(&path, "six\n");
        assert_eq!(read(&mut follower), "six\n", "cut off");
    }

    #[test]
    fn a_file_that_appears_is_read_from_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut follower = Follower::new(&path);
        assert!(follower.read().unwrap_err().contains("log: No such file"));
        append(&path, "first\n");
        assert_eq!(read(&mut follower), "first\n");
    }
}
