//! Which file system a directory lies on: in memory, writes cost nothing.

use std::path::Path;

/// The type of the file system that holds `path`, as in `ext4`; `unknown` where the system does not say.
pub(super) fn of(path: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    find(&mounts, path).unwrap_or_else(|| "unknown".to_owned())
}

/// The mount point with the longest path that holds `path`; of equal ones the last, which hides the others.
fn find(mounts: &str, path: &Path) -> Option<String> {
    let mut found: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(point), Some(kind)) = (fields.nth(1), fields.next()) else { continue };
        let point = point.replace("\\040", " ");
        if path.starts_with(&point) && found.is_none_or(|(length, _)| point.len() >= length) {
            found = Some((point.len(), kind));
        }
    }
    found.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_decides() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /var/tmp tmpfs rw 0 0\n/dev/b /var/tmp xfs rw 0 0\n";
        assert_eq!(find(mounts, Path::new("/var/tmp/x")).as_deref(), Some("xfs"));
        assert_eq!(find(mounts, Path::new("/var/tmpx")).as_deref(), Some("ext4"));
        assert_eq!(find("", Path::new("/")), None);
    }
}
