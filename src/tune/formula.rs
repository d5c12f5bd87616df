//! What a formula would set: that of pgtune for a web application (le0pard/pgtune, `src/features/configuration`).
//! It reads no evidence, and so it is one proposal among others, and what a search has to beat.

use crate::flags::{setting::format_bytes, space::Room};

const MB: u64 = 1 << 20;
const GB: u64 = 1 << 30;

/// Names and values for a machine with so many connections.
#[must_use]
pub fn formula(room: &Room, connections: u64) -> Vec<(String, String)> {
    let memory = room.memory_bytes;
    let buffers = memory / 4;
    let workers = u64::from(room.vcpus.div_ceil(2).clamp(1, 4));
    let work = (memory - buffers) / (connections.max(1) * 3) / workers;
    let kb = |bytes: u64, least: u64| format_bytes((bytes / 1024 * 1024).max(least));
    let wal = (buffers * 3 / 100).min(16 * MB);
    // Nearly 16 MB are 16 MB there.
    let wal = if wal > 14 * MB { 16 * MB } else { wal };
    let pages = |bytes: u64| format_bytes(bytes / 8192 * 8192);
    let mut all = vec![
        ("shared_buffers", pages(room.can_be_set("shared_buffers", buffers))),
        ("effective_cache_size", pages(room.can_be_set("effective_cache_size", memory / 4 * 3))),
        ("maintenance_work_mem", kb((memory / 16).min(2 * GB), MB)),
        ("work_mem", kb(work, 64 * 1024)),
        ("wal_buffers", pages(wal)),
        ("random_page_cost", "1.1".to_owned()),
        ("effective_io_concurrency", "200".to_owned()),
        ("default_statistics_target", "100".to_owned()),
    ];
    if room.vcpus >= 4 {
        all.push(("max_parallel_workers_per_gather", workers.to_string()));
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::catalog;

    fn of(memory: u64, vcpus: u32, connections: u64) -> Vec<(String, String)> {
        formula(
            &Room { memory_bytes: memory, work_bytes: memory, vcpus, version: 15, cloud_sql: false },
            connections,
        )
    }

    #[test]
    fn a_small_machine() {
        let all = of(4 * GB, 2, 200);
        let value = |name: &str| all.iter().find(|(own, _)| own == name).unwrap().1.clone();
        assert_eq!(value("shared_buffers"), "1GB");
        assert_eq!(value("effective_cache_size"), "3GB");
        assert_eq!(value("maintenance_work_mem"), "256MB");
        // 3 GB for 200 connections, three times.
        assert_eq!(value("work_mem"), "5242kB");
        assert_eq!(value("wal_buffers"), "16MB");
        assert!(!all.iter().any(|(name, _)| name.starts_with("max_parallel")));
    }

    #[test]
    fn every_value_is_one_that_postgresql_takes() {
        for (memory, vcpus, connections) in [(GB / 2, 1, 25), (4 * GB, 1, 100), (64 * GB, 16, 500)] {
            for (name, value) in of(memory, vcpus, connections) {
                let flag = catalog::find(&name).unwrap();
                let parsed = flag.parse(&value).unwrap();
                assert_eq!(flag.range_error(&parsed), None, "{name}={value}");
            }
        }
    }
}
