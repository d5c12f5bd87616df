//! Limits of this process's control group, version 1 or 2: less than the machine has.

use std::{fs, path::Path};

/// Where control groups are mounted everywhere.
const MOUNT: &str = "/sys/fs/cgroup";

/// What the group may use; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Limits {
    pub(super) memory_bytes: Option<u64>,
    /// Processors' worth of time.
    pub(super) cpus: Option<f64>,
}

/// The limits of this process.
pub(super) fn own() -> Limits {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    below(Path::new(MOUNT), &groups)
}

/// The smallest limit on the way from the process's group up to the root. In a container the path may be that of
/// outside, of which nothing is to be seen but the root.
fn below(mount: &Path, groups: &str) -> Limits {
    let mut least = Limits::default();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let has = |name: &str| controllers.split(',').any(|controller| controller == name);
        let roots = match controllers {
            // Beside version 1 it is mounted apart.
            "" => vec![mount.to_owned(), mount.join("unified")],
            _ if has("memory") || has("cpu") => vec![mount.join(controllers)],
            _ => continue,
        };
        for root in roots {
            for group in Path::new(path.trim_start_matches('/')).ancestors() {
                let read = |name: &str| fs::read_to_string(root.join(group).join(name)).ok();
                least = smaller(least, of_group(&read));
            }
        }
    }
    least
}

/// Files of either version; a group has those of one.
fn of_group(read: &dyn Fn(&str) -> Option<String>) -> Limits {
    let memory = ["memory.max", "memory.limit_in_bytes"];
    let quota = || cpus_v1(&read("cpu.cfs_quota_us")?, &read("cpu.cfs_period_us")?);
    Limits {
        memory_bytes: memory.iter().find_map(|name| memory_bytes(&read(name)?)),
        cpus: read("cpu.max").and_then(|text| cpus_v2(&text)).or_else(quota),
    }
}

fn smaller(one: Limits, other: Limits) -> Limits {
    let cpus = [one.cpus, other.cpus].into_iter().flatten();
    Limits {
        memory_bytes: [one.memory_bytes, other.memory_bytes].into_iter().flatten().min(),
        cpus: cpus.min_by(f64::total_cmp),
    }
}

/// `max`, or in version 1 a number that no machine has, is no limit.
fn memory_bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bytes| *bytes < 1 << 60)
}

/// As in `150000 100000`, or `max 100000`.
fn cpus_v2(text: &str) -> Option<f64> {
    let (quota, period) = text.trim().split_once(' ')?;
    cpus_v1(quota, period)
}

/// A quota of -1 is no limit.
fn cpus_v1(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (f64, f64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
    }

    #[test]
    fn reads_each_text() {
        assert_eq!(memory_bytes("536870912\n"), Some(512 << 20));
        assert_eq!((memory_bytes("max\n"), memory_bytes("9223372036854771712\n")), (None, None));
        assert_eq!(
            (cpus_v2("150000 100000\n"), cpus_v2("max 100000\n"), cpus_v2("")),
            (Some(1.5), None, None)
        );
        assert_eq!((cpus_v1("50000\n", "100000\n"), cpus_v1("-1\n", "100000\n")), (Some(0.5), None));
    }

    #[test]
    fn the_smallest_limit_of_version_2_wins() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("a/b/memory.max", "max\n"),
                ("a/b/cpu.max", "200000 100000\n"),
                ("a/memory.max", "1073741824\n"),
                ("a/cpu.max", "150000 100000\n"),
                ("other/memory.max", "1\n"),
            ],
        );
        let found = below(root.path(), "0::/a/b\n");
        assert_eq!(found, Limits { memory_bytes: Some(1 << 30), cpus: Some(1.5) });
        assert_eq!(below(root.path(), "0::/\n"), Limits::default());
    }

    #[test]
    fn version_1_has_a_directory_for_each_controller() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                ("memory/memory.limit_in_bytes", "2147483648\n"),
                ("memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n"),
                ("cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
                ("cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
                ("cpu,cpuacct/docker/x/cpu.cfs_quota_us", "75000\n"),
                ("cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n"),
            ],
        );
        let groups = "9:name=systemd:/\n4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n1:cpuset:/\n0::/\n";
        let found = below(root.path(), groups);
        assert_eq!(found, Limits { memory_bytes: Some(2 << 30), cpus: Some(0.75) });
        // Of outside the container: only the root can be seen.
        let outside = below(root.path(), "4:memory:/docker/unseen\n");
        assert_eq!(outside, Limits { memory_bytes: Some(2 << 30), cpus: None });
    }
}
