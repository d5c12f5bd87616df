//! What initdb made the first time, kept below the base directory: copying it takes a twentieth of the time.

use super::{base, cluster::DATA, locate::Programs};
use crate::text::{sha256, told};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

/// Beginning of the names of templates' directories.
const PREFIX: &str = "template-";
/// Older ones are made anew: what is kept for long may have been made with a C library, and so with an order of text,
/// that is no longer there.
const LONGEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The place of one template.
pub(super) struct Template {
    base: PathBuf,
    directory: PathBuf,
}

impl Template {
    /// The place of what these programs make, told `arguments`, for a server of this user.
    pub(super) fn of(base: &Path, programs: &Programs, arguments: &[String], user: &str) -> Self {
        let initdb = programs.directory.join("initdb");
        let changed = fs::metadata(&initdb).and_then(|found| found.modified()).ok();
        let made_of = format!("{} {} {changed:?} {arguments:?} {user}", programs.version, initdb.display());
        let digest = sha256(made_of);
        Self { base: base.to_owned(), directory: base.join(format!("{PREFIX}{}", &digest[..16])) }
    }

    /// Fills the empty directory `data`; whether there was a usable template and all of it was copied.
    pub(super) fn fill(&self, data: &Path) -> bool {
        base::is_own(&self.directory) && is_young(&self.directory) && copy(&self.directory.join(DATA), data)
    }

    /// Keeps a copy of `data`, in which no server has run yet, and removes templates that are too old.
    ///
    /// # Errors
    /// When it cannot be copied; nothing of it stays then.
    pub(super) fn keep(&self, data: &Path) -> Result<(), String> {
        self.sweep();
        // Only its owner passes: the server's user, whose files are in it, cannot change them. Under another name first,
        // so that nobody finds half of it; whoever comes second throws their copy away.
        let mut builder = tempfile::Builder::new();
        builder.prefix("unready-").permissions(fs::Permissions::from_mode(0o700));
        let unready = builder.tempdir_in(&self.base).map_err(|error| told(&self.base, &error))?;
        let inner = unready.path().join(DATA);
        fs::create_dir(&inner).map_err(|error| told(&inner, &error))?;
        if !copy(data, &inner) {
            return Err(format!("{} cannot be copied", data.display()));
        }
        let _ = fs::rename(unready.path(), &self.directory);
        Ok(())
    }

    fn sweep(&self) {
        let entries = fs::read_dir(&self.base).into_iter().flatten().flatten();
        let kept = entries.filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(PREFIX) || name.starts_with("unready-")
        });
        for old in kept.map(|entry| entry.path()).filter(|path| base::is_own(path) && !is_young(path)) {
            let _ = fs::remove_dir_all(old);
        }
    }
}

fn is_young(path: &Path) -> bool {
    let made = path.symlink_metadata().and_then(|found| found.modified());
    // A time that is yet to come was set by a clock that was wrong.
    made.is_ok_and(|made| SystemTime::now().duration_since(made).is_ok_and(|age| age < LONGEST_AGE))
}

/// Copies what is in a directory into another with owners and modes, all of it or (as far as one can tell) none.
pub(super) fn copy(from: &Path, to: &Path) -> bool {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from.join(".")).arg(to);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.status().is_ok_and(|status| status.success()) {
        return true;
    }
    let entries = fs::read_dir(to).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs() -> Programs {
        Programs { directory: PathBuf::from("/nowhere"), version: "15.18".to_owned(), major: 15 }
    }

    fn template(base: &Path, arguments: &str) -> Template {
        Template::of(base, &programs(), &[arguments.to_owned()], "postgres")
    }

    fn directory(base: &Path, name: &str) -> PathBuf {
        let path = base.join(name);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn what_was_kept_is_copied_where_the_same_is_wanted() {
        let base = tempfile::tempdir().unwrap();
        let (made, wanted) = (directory(base.path(), "made"), directory(base.path(), "wanted"));
        fs::write(made.join("PG_VERSION"), "15").unwrap();
        let kept = template(base.path(), "--locale=C");
        assert!(!kept.fill(&wanted));
        kept.keep(&made).unwrap();
        kept.keep(&made).unwrap();
        assert!(!template(base.path(), "--locale=C.UTF-8").fill(&wanted));
        assert!(kept.fill(&wanted));
        assert_eq!(fs::read_to_string(wanted.join("PG_VERSION")).unwrap(), "15");
        let left: Vec<_> = fs::read_dir(base.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[test]
    fn old_ones_are_not_used_and_make_room() {
        let base = tempfile::tempdir().unwrap();
        let (made, wanted) = (directory(base.path(), "made"), directory(base.path(), "wanted"));
        let kept = template(base.path(), "--locale=C");
        kept.keep(&made).unwrap();
        let old = SystemTime::now() - LONGEST_AGE - Duration::from_secs(1);
        fs::File::open(&kept.directory).unwrap().set_modified(old).unwrap();
        assert!(!kept.fill(&wanted));
        fs::write(made.join("PG_VERSION"), "15").unwrap();
        kept.keep(&made).unwrap();
        assert!(kept.fill(&wanted));
        assert!(wanted.join("PG_VERSION").is_file());
    }

    #[test]
    fn a_broken_copy_leaves_nothing() {
        let base = tempfile::tempdir().unwrap();
        let wanted = directory(base.path(), "wanted");
        assert!(template(base.path(), "--locale=C").keep(&base.path().join("missing")).is_err());
        assert!(!template(base.path(), "--locale=C").fill(&wanted));
        assert_eq!(fs::read_dir(&wanted).unwrap().count(), 0);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
    }
}
