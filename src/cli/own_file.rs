//! Files that are written where somebody else's may stand: what loist-bench did not make is never overwritten.

use super::failure::Failure;
use crate::{
    history,
    record::{Existing, write_whole},
    report::mark::{TELLING_BYTES, is_ours},
};
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

/// Where a file goes, as it was found.
#[derive(Debug)]
pub(super) enum OwnFile {
    /// Nothing is there.
    New(PathBuf),
    /// What is there was made by this program, or is empty.
    Again(PathBuf),
    /// A pipe or a device: nothing in it can be lost.
    Stream(PathBuf),
}

impl OwnFile {
    /// Looks at what is there.
    ///
    /// # Errors
    /// When it is somebody else's.
    pub(super) fn at(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(Failure::bad_input(format!(
                "{shown} is a directory: name the file to write, as in {}",
                path.join("report.html").display()
            ))),
            Ok(there) if there.file_type().is_block_device() => {
                Err(Failure::bad_input(format!("{shown} is a disk: name a file to write")))
            }
            Ok(there) if !there.is_file() => Ok(Self::Stream(path.to_owned())),
            Ok(there) => Self::over(path, &there),
            Err(_) if fs::symlink_metadata(path).is_ok() => Err(Failure::bad_input(format!(
                "{shown} is a link that leads nowhere: remove it, or name another file"
            ))),
            Err(_) => Self::new(path),
        }
    }

    fn new(path: &Path) -> Result<Self, Failure> {
        match path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
            Some(parent) => Err(Failure::bad_input(format!(
                "{}: there is no directory {}: make it, or name another file",
                path.display(),
                parent.display()
            ))),
            None => Ok(Self::New(path.to_owned())),
        }
    }

    fn over(path: &Path, there: &Metadata) -> Result<Self, Failure> {
        let shown = path.display();
        let unreadable =
            |error: io::Error| Failure::bad_input(format!("{shown}: cannot be looked at: {error}"));
        if there.len() > 0 && !is_known(&beginning(path).map_err(unreadable)?) {
            return Err(Failure::bad_input(format!(
                "{shown} was not made by loist-bench and is left as it is: remove it, or name another file"
            )));
        }
        // A link stays one: the file that it leads to is replaced.
        Ok(Self::Again(fs::canonicalize(path).map_err(unreadable)?))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn write(&self, content: &str) -> Result<(), Failure> {
        match self {
            Self::New(path) => write_whole(path, content.as_bytes(), Existing::Keep)?,
            Self::Again(path) => write_whole(path, content.as_bytes(), Existing::Replace)?,
            Self::Stream(path) => {
                let open = OpenOptions::new().write(true).open(path);
                match open.and_then(|mut stream| stream.write_all(content.as_bytes())) {
                    Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                        let sentence = format!("{}: cannot write the file: {error}", path.display());
                        return Err(Failure::environment(sentence));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Whether there is a file that this program made.
pub(super) fn is_own(path: &Path) -> bool {
    beginning(path).is_ok_and(|text| is_known(&text))
}

fn is_known(beginning: &str) -> bool {
    is_ours(beginning) || history::is_ours(beginning)
}

fn beginning(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(TELLING_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::mark;

    fn refused(path: &Path) -> String {
        OwnFile::at(path).unwrap_err().sentence()
    }

    #[test]
    fn only_what_is_ours_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.md");
        OwnFile::at(&path).unwrap().write("mine").unwrap();
        assert!(refused(&path).contains("x.md was not made by loist-bench"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        for there in [String::new(), format!("{}# old", mark::MARKDOWN)] {
            fs::write(&path, there).unwrap();
            OwnFile::at(&path).unwrap().write("new").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        }
        assert!(refused(directory.path()).contains("is a directory"));
    }

    #[test]
    fn links_stay_and_devices_are_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(refused(&link).contains("leads nowhere"));
        fs::write(&file, mark::SVG).unwrap();
        OwnFile::at(&link).unwrap().write("new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        OwnFile::at(Path::new("/dev/null")).unwrap().write("gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert!(refused(&directory.path().join("no/x.md")).contains("there is no directory"));
    }

    #[test]
    fn what_came_meanwhile_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let place = OwnFile::at(&path).unwrap();
        fs::write(&path, "somebody's").unwrap();
        place.write("ours").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
    }
}
