//! Whether there is room for what is about to be written.

use super::error::DrillError;
use nix::sys::statvfs::statvfs;
use std::path::Path;

/// What a database takes beside its size when it is restored: the log of restoring it, and files for sorting.
const BESIDE: f64 = 1.5;
/// What every server takes, log included.
const SERVER: u64 = 200 << 20;

/// Bytes that a backup of a database of this size and the server that it is restored to take together.
pub(super) fn needed(database_bytes: u64, backup_bytes: u64) -> u64 {
    backup_bytes.saturating_add((database_bytes as f64 * BESIDE) as u64).saturating_add(SERVER)
}

/// Whether the file system of a directory, which need not be there yet, has so many bytes left.
///
/// # Errors
/// When it has not: what is needed, and what there is.
pub(super) fn check(directory: &Path, needed: u64, what: &str) -> Result<(), DrillError> {
    // The last part of a relative path stands in the working directory, whose name is then left out.
    let mut places =
        directory.ancestors().map(|path| if path == Path::new("") { Path::new(".") } else { path });
    let Some(there) = places.find(|path| path.exists()) else { return Ok(()) };
    // A file system that does not say is tried.
    let Ok(found) = statvfs(there) else { return Ok(()) };
    let free = wide(found.blocks_available()).saturating_mul(wide(found.fragment_size()));
    enough(directory, needed, free, what)
}

/// Systems have numbers of other widths.
fn wide(number: impl Into<u64>) -> u64 {
    number.into()
}

fn enough(directory: &Path, needed: u64, free: u64, what: &str) -> Result<(), DrillError> {
    if needed <= free {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    Err(DrillError::Environment(format!(
        "{what} needs about {} MB in {}, and {} MB are free there: make room, or name another place by LOIST_BENCH_BASE_DIR or --keep",
        megabytes(needed),
        directory.display(),
        megabytes(free)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_said_with_what_is_needed() {
        let place = Path::new("/var/tmp/x");
        assert!(enough(place, 5 << 20, 5 << 20, "the drill").is_ok());
        let told = enough(place, (5 << 20) + 1, 1 << 20, "the drill").unwrap_err().to_string();
        assert!(told.starts_with("the drill needs about 6 MB in /var/tmp/x, and 1 MB are free"), "{told}");
        assert!(check(Path::new("/no/such/place"), 1, "x").is_ok());
        for place in ["/no/such/place", "no-such-place", "no/such/place"] {
            assert!(check(Path::new(place), u64::MAX, "x").is_err(), "{place}");
        }
        assert!(needed(100 << 20, 50 << 20) >= 400 << 20);
    }
}
