//! Backups that are kept: found again, and put where they are to stay.

use super::{
    context::{Context, private_directory},
    error::DrillError,
    files,
    manifest::{self, Manifest},
    options::{Cipher, Method},
    tool,
};
use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

/// A backup that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) method: Method,
    pub(super) path: PathBuf,
    /// Whether the path is the dump or the copy itself, and not a directory with a manifest.
    pub(super) is_bare: bool,
    pub(super) cipher: Option<Cipher>,
    pub(super) manifest: Option<Manifest>,
}

/// What a custom dump begins with.
const CUSTOM: &[u8] = b"PGDMP";
/// What stands in the header of a tar file, and where.
const TAR: (usize, &[u8]) = (257, b"ustar");
/// Bytes of a file that tell what it is.
const TELLING_BYTES: u64 = 512;

/// Finds out what kind of backup a path is.
///
/// # Errors
/// When it is none that can be proved, with what can.
pub(super) fn find(from: &Path) -> Result<Found, DrillError> {
    if from.is_dir() { in_directory(from) } else { file(from) }
}

fn wrong(path: &Path, why: &str) -> DrillError {
    DrillError::Usage(format!("--from {}: {why}", path.display()))
}

fn in_directory(path: &Path) -> Result<Found, DrillError> {
    if let Some(manifest) = Manifest::load(path)? {
        let (method, cipher) = (manifest.method, manifest.cipher);
        return Ok(Found { method, path: path.to_owned(), is_bare: false, cipher, manifest: Some(manifest) });
    }
    let bare = |method| Found { method, path: path.to_owned(), is_bare: true, cipher: None, manifest: None };
    if path.join("toc.dat").is_file() {
        return Ok(bare(Method::Directory));
    }
    if path.join("PG_VERSION").is_file() || path.join("backup_manifest").is_file() {
        return Ok(bare(Method::Base));
    }
    let inner = Method::ALL.iter().map(|method| path.join(method.name()));
    match inner.into_iter().find(|inner| inner.join(manifest::NAME).is_file()) {
        Some(inner) => {
            let example = inner.display();
            Err(wrong(path, &format!("it holds a backup of each method: name one of them, as in {example}")))
        }
        None => Err(wrong(
            path,
            "it holds no backup: name a directory that --keep made, a directory of pg_dump -Fd or pg_basebackup, or a file of pg_dump -Fc",
        )),
    }
}

fn file(path: &Path) -> Result<Found, DrillError> {
    let found =
        |method, cipher| Found { method, path: path.to_owned(), is_bare: true, cipher, manifest: None };
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(TELLING_BYTES).read_to_end(&mut beginning));
    read.map_err(|error| wrong(path, &format!("cannot be read: {error}")))?;
    if let Some(cipher) = Cipher::of_file(path) {
        let inner = path.with_extension("");
        let is_tar = inner.extension().is_some_and(|ending| ending == "tar");
        let is_base = inner.file_stem().is_some_and(|stem| stem == "base");
        let method = match (is_tar, is_base) {
            (true, true) => Method::Base,
            (true, false) => Method::Directory,
            (false, _) => Method::Custom,
        };
        return Ok(found(method, Some(cipher)));
    }
    if beginning.starts_with(CUSTOM) {
        return Ok(found(Method::Custom, None));
    }
    if beginning.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1)) {
        return Err(wrong(path, "it is a tar file: unpack it, and name its directory"));
    }
    let text = String::from_utf8_lossy(&beginning);
    if text.contains("PostgreSQL database dump") || text.contains("SET ") {
        return Err(wrong(
            path,
            "it is a script of SQL, which tells nothing of itself: make dumps by pg_dump -Fc",
        ));
    }
    Err(wrong(path, "it is no dump of pg_dump -Fc; a file that is encrypted ends in .age or .gpg"))
}

/// Whether a backup can be put there: nothing that is there is ever written over.
///
/// # Errors
/// When something is there, or there is no directory to make it in.
pub(super) fn check_place(keep: &Path) -> Result<(), DrillError> {
    let wrong = |why: String| Err(DrillError::Usage(format!("--keep {}: {why}", keep.display())));
    match fs::read_dir(keep).map(|mut entries| entries.next().is_some()) {
        Ok(true) => wrong("it holds something, which is left as it is: name a new directory".to_owned()),
        Ok(false) => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => wrong(error.to_string()),
        Err(_) => match keep.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
            Some(parent) => wrong(format!("there is no directory {}: make it first", parent.display())),
            None => Ok(()),
        },
    }
}

/// Moves a backup to where it stays, whole or not at all.
///
/// # Errors
/// When the file system refuses, or the user asks for the end.
pub(super) fn keep(context: &Context<'_>, work: &Path, place: &Path) -> Result<(), DrillError> {
    if let Some(parent) = place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        private_directory(parent)?;
    }
    // An empty directory of that name makes room; anything else stays, and is in the way.
    let _ = fs::remove_dir(place);
    if place.symlink_metadata().is_ok() {
        return Err(DrillError::Environment(format!(
            "{} is there by now, and is left as it is: the backup is not kept",
            place.display()
        )));
    }
    files::flush(work).map_err(DrillError::file(work))?;
    if fs::rename(work, place).is_ok() {
        return Ok(());
    }
    // On another file system it is copied first, beside the place: what has its name is whole.
    let beside = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unready = tempfile::Builder::new().prefix(".loist-bench-").tempdir_in(beside);
    let unready = unready.map_err(DrillError::file(beside))?;
    let mut copy = tool::machine_program("cp")?;
    copy.args(["-R", "-P", "-p"]).arg(work.join(".")).arg(unready.path());
    tool::run(context, vec![copy], None).and_then(tool::all_well)?;
    files::flush(unready.path()).map_err(DrillError::file(unready.path()))?;
    fs::rename(unready.path(), place).map_err(DrillError::file(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &Path) -> String {
        find(path).unwrap_err().to_string()
    }

    #[test]
    fn kinds_of_backups_are_known_by_what_is_in_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        assert!(said(directory.path()).contains("it holds no backup"));
        fs::write(path("x.dump"), b"PGDMP\x01\x0e").unwrap();
        let found = find(&path("x.dump")).unwrap();
        assert_eq!((found.method, found.is_bare, found.cipher), (Method::Custom, true, None));
        fs::write(path("base.tar.gpg"), b"\x85\x01").unwrap();
        let found = find(&path("base.tar.gpg")).unwrap();
        assert_eq!((found.method, found.cipher), (Method::Base, Some(Cipher::Gpg)));
        fs::write(path("x.sql"), "--\n-- PostgreSQL database dump\n--\n").unwrap();
        assert!(said(&path("x.sql")).contains("make dumps by pg_dump -Fc"));
        fs::write(path("x.gz"), b"\x1f\x8b").unwrap();
        assert!(said(&path("x.gz")).contains("it is no dump of pg_dump -Fc"));
        assert!(said(&path("missing")).contains("cannot be read"));
        fs::create_dir(path("custom")).unwrap();
        fs::write(path("custom/manifest.json"), "{}").unwrap();
        assert!(said(directory.path()).contains("name one of them, as in"));
        fs::write(path("toc.dat"), "").unwrap();
        assert_eq!(find(directory.path()).unwrap().method, Method::Directory);
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let refused = |path: &Path| check_place(path).unwrap_err().to_string();
        check_place(directory.path()).unwrap();
        check_place(&directory.path().join("new")).unwrap();
        assert!(refused(&directory.path().join("no/new")).contains("there is no directory"));
        fs::write(directory.path().join("mine"), "").unwrap();
        assert!(refused(directory.path()).contains("it holds something"));
        assert!(refused(&directory.path().join("mine")).starts_with("--keep"));
    }
}
