//! The directory below which embedded servers live.

use crate::text::told;
use std::{
    fs::DirBuilder,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

/// `LOIST_BENCH_BASE_DIR`, or the usual place: not /tmp, which is often in memory, and not below /root, which the
/// server's own user cannot enter.
pub(super) fn chosen() -> PathBuf {
    set("LOIST_BENCH_BASE_DIR").unwrap_or_else(usual)
}

/// The usual place, which also holds servers that were fetched.
pub(super) fn usual() -> PathBuf {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        return PathBuf::from("/var/tmp/loist-bench");
    }
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    // A user without a home, such as `nobody`, has none that can be written to.
    let writable = |directory: &PathBuf| {
        let existing = directory.ancestors().find(|ancestor| ancestor.exists());
        existing.is_some_and(|ancestor| nix::unistd::access(ancestor, nix::unistd::AccessFlags::W_OK).is_ok())
    };
    cache.filter(writable).map_or_else(
        || PathBuf::from(format!("/var/tmp/loist-bench-{user}")),
        |cache| cache.join("loist-bench"),
    )
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Makes the directory if there is none, and sees that nobody else can put anything into it: what lies there is
/// believed, and removed. Gives its path without links.
pub(super) fn prepare(base: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| told(base, &error);
    DirBuilder::new().recursive(true).mode(0o755).create(base).map_err(failed)?;
    let remedy = "remove it, or name a directory of your own by LOIST_BENCH_BASE_DIR";
    let found = base.symlink_metadata().map_err(failed)?;
    if !found.is_dir() || found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(format!("{} is not a directory of your own: {remedy}", base.display()));
    }
    if found.mode() & 0o002 != 0 {
        return Err(format!("everybody may write to {}: {remedy}", base.display()));
    }
    base.canonicalize().map_err(failed)
}

/// Whether a directory is this user's own, and no link.
pub(super) fn is_own(directory: &Path) -> bool {
    let found = directory.symlink_metadata();
    found.is_ok_and(|found| found.is_dir() && found.uid() == nix::unistd::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn only_a_directory_of_ones_own_serves() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("a/b");
        prepare(&inner).unwrap();
        prepare(&inner).unwrap();
        assert!(is_own(&inner));
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(prepare(&inner).unwrap_err().contains("everybody may write"));
        let link = directory.path().join("link");
        symlink(directory.path(), &link).unwrap();
        assert!(prepare(&link).unwrap_err().contains("not a directory of your own"));
        assert!(!is_own(&link));
    }
}
