//! Memory and disks of this machine between two moments, read from Linux's `/proc`.

use crate::record::Sample;
use crate::text::proc_bytes;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// `/proc/diskstats` counts in these, whatever the disk does.
const SECTOR_BYTES: u64 = 512;
/// Beginnings of the names of devices that are no disks, or lie on others that are counted already.
const NO_DISKS: [&str; 7] = ["loop", "ram", "zram", "dm-", "md", "sr", "fd"];

/// What a disk did since the machine started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Disk {
    read_bytes: u64,
    written_bytes: u64,
    busy_ms: u64,
}

/// Reads memory and disks again and again.
#[derive(Debug)]
pub(super) struct Storage {
    proc_directory: PathBuf,
    at: Instant,
    disks: BTreeMap<String, Disk>,
    missing: Vec<String>,
}

impl Storage {
    /// Begins now.
    pub(super) fn new() -> Self {
        Self::at(Path::new("/proc"))
    }

    fn at(proc_directory: &Path) -> Self {
        let mut missing = Vec::new();
        let disks = disks(&read(proc_directory, "diskstats"));
        if disks.is_empty() {
            missing.push("disks of this machine: none can be seen".to_owned());
        }
        if memory_available(&read(proc_directory, "meminfo")).is_none() {
            missing.push("memory of this machine: what is available cannot be read".to_owned());
        }
        Self { proc_directory: proc_directory.to_owned(), at: Instant::now(), disks, missing }
    }

    /// What cannot be read.
    pub(super) fn missing(&self) -> &[String] {
        &self.missing
    }

    /// Adds what happened since the last call, or since the beginning.
    pub(super) fn add_to(&mut self, sample: &mut Sample) {
        sample.memory_available_bytes = memory_available(&read(&self.proc_directory, "meminfo"));
        let now = disks(&read(&self.proc_directory, "diskstats"));
        let at = Instant::now();
        let milliseconds = at.saturating_duration_since(self.at).as_secs_f64() * 1e3;
        if !now.is_empty() && milliseconds > 0.0 {
            let changes = between(&self.disks, &now);
            let sum = |pick: fn(&Disk) -> u64| changes.iter().map(pick).sum();
            let busiest = changes.iter().map(|disk| disk.busy_ms).max().unwrap_or_default();
            sample.disk_read_bytes = Some(sum(|disk| disk.read_bytes));
            sample.disk_written_bytes = Some(sum(|disk| disk.written_bytes));
            sample.disk_busy_share = Some((busiest as f64 / milliseconds).min(1.0));
        }
        (self.disks, self.at) = (now, at);
    }
}

fn read(proc_directory: &Path, name: &str) -> String {
    fs::read_to_string(proc_directory.join(name)).unwrap_or_default()
}

/// What each disk did between. One that was not there before is left out: its counters may be of long ago.
fn between(before: &BTreeMap<String, Disk>, after: &BTreeMap<String, Disk>) -> Vec<Disk> {
    let both = after.iter().filter_map(|(name, after)| Some((before.get(name)?, after)));
    both.map(|(before, after)| Disk {
        read_bytes: after.read_bytes.saturating_sub(before.read_bytes),
        written_bytes: after.written_bytes.saturating_sub(before.written_bytes),
        busy_ms: after.busy_ms.saturating_sub(before.busy_ms),
    })
    .collect()
}

/// Reads `/proc/diskstats`: the whole disks of it, by name.
fn disks(diskstats: &str) -> BTreeMap<String, Disk> {
    let all: BTreeMap<String, Disk> = diskstats.lines().filter_map(disk).collect();
    let is_part = |name: &str| all.keys().any(|whole| is_partition(name, whole));
    let is_none = |name: &str| NO_DISKS.iter().any(|kind| name.starts_with(kind));
    all.iter()
        .filter(|(name, _)| !is_none(name) && !is_part(name))
        .map(|(name, disk)| (name.clone(), *disk))
        .collect()
}

fn disk(line: &str) -> Option<(String, Disk)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    // The first field after the name is number 1 of the kernel's iostats.rst.
    let count = |number: usize| -> Option<u64> { fields.get(2 + number)?.parse().ok() };
    let disk = Disk {
        read_bytes: count(3)?.saturating_mul(SECTOR_BYTES),
        written_bytes: count(7)?.saturating_mul(SECTOR_BYTES),
        busy_ms: count(10)?,
    };
    Some(((*fields.get(2)?).to_owned(), disk))
}

/// As `sda1` of `sda`; a disk whose name ends in a digit has a `p` before it, as `nvme0n1p1` of `nvme0n1`.
fn is_partition(name: &str, whole: &str) -> bool {
    let Some(rest) = name.strip_prefix(whole) else { return false };
    let number =
        if whole.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Bytes that could be had without swapping, from `/proc/meminfo`; kernels before 3.14 do not tell.
fn memory_available(meminfo: &str) -> Option<u64> {
    proc_bytes(meminfo, "MemAvailable:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DISKSTATS: &str = "   7       0 loop0 5 0 40 1 0 0 0 0 0 1 1 0 0 0 0 0 0
 254       0 vda 20261 7715 3033522 15407 13739 50768 9722408 47554 0 8788 64910 6899 43 85872 1292 6118 655
 254       1 vda1 20000 7715 3000000 15407 13739 50768 9722408 47554 0 8000 64910
 259       0 nvme0n1 100 0 800 10 50 0 400 20 0 30 30
 259       1 nvme0n1p1 100 0 800 10 50 0 400 20 0 30 30
 259       2 nvme0n11 1 0 8 1 0 0 0 0 0 1 1
   8      16 sdaa 1 0 2 1 1 0 2 1 0 1 1
   8       0 sda 1 0 2 1 1 0 2 1 0 1 1
 252       0 dm-0 100 0 800 10 50 0 400 20 0 30 30
 253       0 zram0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
";

    #[test]
    fn whole_disks_are_counted_once() {
        let found = disks(DISKSTATS);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["nvme0n1", "nvme0n11", "sda", "sdaa", "vda"]);
        let vda = Disk { read_bytes: 3_033_522 * 512, written_bytes: 9_722_408 * 512, busy_ms: 8_788 };
        assert_eq!(found["vda"], vda);
        assert!(disks("").is_empty());
    }

    #[test]
    fn reads_the_memory() {}

    #[test]
    fn the_interval_is_what_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        write("meminfo", "MemAvailable: 2 kB\n");
        write("diskstats", "8 0 sda 1 0 10 1 1 0 20 1 0 5 5\n");
        let mut storage = Storage::at(root.path());
        assert!(storage.missing().is_empty());
        std::thread::sleep(std::time::Duration::from_millis(2));
        write("diskstats", "8 0 sda 1 0 14 1 1 0 28 1 0 60005 5\n8 16 sdb 1 0 9 1 1 0 9 1 0 9 5\n");
        let mut sample = Sample::default();
        storage.add_to(&mut sample);
        assert_eq!((sample.disk_read_bytes, sample.disk_written_bytes), (Some(4 * 512), Some(8 * 512)));
        assert_eq!((sample.disk_busy_share, sample.memory_available_bytes), (Some(1.0), Some(2_048)));
    }

    #[test]
    fn a_system_without_proc_is_said() {
        let empty = tempfile::tempdir().unwrap();
        let mut storage = Storage::at(empty.path());
        assert_eq!(storage.missing().len(), 2);
        let mut sample = Sample::default();
        storage.add_to(&mut sample);
        assert_eq!(sample, Sample::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ 0-9a-zA-Z:\n-]{0,200}") {
            let _ = (disks(&text), memory_available(&text));
        }
    }
}
