//! The disk that holds a directory of this machine.

use crate::{record::Disk, text::told};
use nix::sys::{
    stat::{major, minor},
    statvfs::statvfs,
};
use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// The disk below `directory`, as far as it can be told.
///
/// # Errors
/// When the directory or its file system cannot be read; the text says why.
pub fn disk_of(directory: &Path) -> Result<Disk, String> {
    let failed = |error: std::io::Error| told(directory, &error);
    let metadata = fs::metadata(directory).map_err(failed)?;
    let space = statvfs(directory).map_err(|error| failed(error.into()))?;
    let (device, is_rotational) = device(Path::new("/sys"), metadata.dev()).unzip();
    // Sizes that are 32 bits wide on some systems.
    let bytes = |blocks: u64| blocks.saturating_mul(space.fragment_size() as u64);
    Ok(Disk {
        device,
        is_rotational: is_rotational.flatten(),
        total_bytes: bytes(space.blocks() as u64),
        free_bytes: bytes(space.blocks_available() as u64),
    })
}

/// Name of the whole disk that has this number or a partition with it, and whether it turns. File systems that lie on
/// no single device, such as overlay, tmpfs and btrfs, have numbers that no device has.
#[allow(clippy::unnecessary_cast)] // The numbers are narrower on other systems.
fn device(sys: &Path, number: u64) -> Option<(String, Option<bool>)> {
    let (major, minor) = (major(number as _), minor(number as _));
    let mut path = sys.join(format!("dev/block/{major}:{minor}")).canonicalize().ok()?;
    if path.join("partition").exists() {
        path.pop();
    }
    let rotational = fs::read_to_string(path.join("queue/rotational")).ok();
    let is_rotational = rotational.and_then(|text| match text.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    });
    let name = path.file_name()?.to_str()?.to_owned();
    // A virtual disk says that it turns, whatever stands behind it, unless its host knows better.
    let is_virtual = ["vd", "xvd"].iter().any(|prefix| name.starts_with(prefix));
    let is_rotational = is_rotational.filter(|turns| !(is_virtual && *turns));
    Some((name, is_rotational))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::makedev;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_partition_belongs_to_its_disk() {
        let sys = tempfile::tempdir().unwrap();
        let disk = sys.path().join("devices/pci/block/sda");
        fs::create_dir_all(disk.join("queue")).unwrap();
        fs::create_dir_all(disk.join("sda1")).unwrap();
        fs::create_dir_all(sys.path().join("dev/block")).unwrap();
        fs::write(disk.join("queue/rotational"), "1\n").unwrap();
        fs::write(disk.join("sda1/partition"), "1\n").unwrap();
        symlink(&disk, sys.path().join("dev/block/8:0")).unwrap();
        symlink(disk.join("sda1"), sys.path().join("dev/block/8:1")).unwrap();
        let sda = Some(("sda".to_owned(), Some(true)));
        assert_eq!(device(sys.path(), makedev(8, 1)), sda);
        assert_eq!(device(sys.path(), makedev(8, 0)), sda);
        assert_eq!(device(sys.path(), makedev(0, 42)), None);
        let of_a_guest = sys.path().join("devices/virtio/block/vda");
        fs::create_dir_all(of_a_guest.join("queue")).unwrap();
        fs::write(of_a_guest.join("queue/rotational"), "1\n").unwrap();
        symlink(&of_a_guest, sys.path().join("dev/block/253:0")).unwrap();
        assert_eq!(device(sys.path(), makedev(253, 0)), Some(("vda".to_owned(), None)));
    }

    #[test]
    fn a_directory_lies_on_something() {
        let directory = tempfile::tempdir().unwrap();
        let disk = disk_of(directory.path()).unwrap();
        assert!(disk.total_bytes >= disk.free_bytes && disk.total_bytes > 0, "{disk:?}");
        assert!(disk_of(&directory.path().join("none")).unwrap_err().contains("none: "));
    }
}
