//! Control groups of Linux, version 1 and 2: where this process's own are, and children of them with a limit.
//!
//! Nothing is taken for granted: a group counts when it was made, its limit reads back as written, and this process
//! could enter and leave it.

use crate::text::told;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Beginning of the names of all groups that are made here.
const PREFIX: &str = "loist-bench-";
/// The length of time over which the use of processors is limited; the kernel's own default.
const PERIOD_US: u32 = 100_000;
/// The kernel rounds memory to pages; the largest have 64 kB.
const LARGEST_PAGE: u64 = 64 << 10;
/// How long the last processes of a group may take to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a group limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// Bytes of memory, page cache included.
    Memory(u64),
    /// Processors' worth of time.
    Cpu(f64),
}

/// Where groups of a controller are.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    unified: bool,
    /// Where the hierarchy is mounted.
    mount: PathBuf,
    /// This process's own group.
    own: PathBuf,
}

/// One group that was made.
#[derive(Debug)]
struct Group {
    path: PathBuf,
    /// Where this process comes from.
    home: PathBuf,
    unified: bool,
}

/// The groups of one server: one, or with version 1 one for each controller.
#[derive(Debug)]
pub(super) struct Groups {
    name: String,
    made: Vec<Group>,
}

impl Limit {
    fn controller(self) -> &'static str {
        match self {
            Self::Memory(_) => "memory",
            Self::Cpu(_) => "cpu",
        }
    }

    /// The file that holds the limit.
    fn file(self, unified: bool) -> &'static str {
        match (self, unified) {
            (Self::Memory(_), true) => "memory.max",
            (Self::Memory(_), false) => "memory.limit_in_bytes",
            (Self::Cpu(_), true) => "cpu.max",
            (Self::Cpu(_), false) => "cpu.cfs_quota_us",
        }
    }

    /// What is written into it.
    fn text(self, unified: bool) -> String {
        match (self, unified) {
            (Self::Memory(bytes), _) => bytes.to_string(),
            (Self::Cpu(cpus), true) => format!("{} {PERIOD_US}", quota(cpus)),
            (Self::Cpu(cpus), false) => quota(cpus).to_string(),
        }
    }

    /// Whether the kernel took it.
    fn is_told_by(self, text: &str, unified: bool) -> bool {
        match self {
            Self::Memory(bytes) => {
                let found = text.trim().parse::<u64>();
                found.is_ok_and(|found| found <= bytes && bytes - found < LARGEST_PAGE)
            }
            Self::Cpu(_) => text.trim() == self.text(unified),
        }
    }
}

fn quota(cpus: f64) -> u64 {
    // The kernel refuses less than a millisecond.
    (cpus * f64::from(PERIOD_US)).round().max(1_000.0) as u64
}

impl Groups {
    /// None yet. `name` tells them from those of other servers.
    pub(super) fn new(name: &str) -> Self {
        Self { name: format!("{PREFIX}{name}"), made: Vec::new() }
    }

    /// Every path that [`Groups::limit`] may make, so that they can be swept whatever happens then.
    pub(super) fn possible(&self) -> Vec<PathBuf> {
        let places = ["memory", "cpu"].into_iter().filter_map(|controller| place(controller).ok());
        let mut paths: Vec<PathBuf> =
            places.flat_map(|place| place.parents()).map(|parent| parent.join(&self.name)).collect();
        paths.dedup();
        paths
    }

    /// Those that were made.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.made.iter().map(|group| group.path.clone()).collect()
    }

    /// Limits what enters, if this process may do so; the reason why not otherwise.
    pub(super) fn limit(&mut self, limit: Limit) -> Result<(), String> {
        let place = place(limit.controller())?;
        let mut refused = None;
        for parent in place.parents() {
            match self.limit_below(&parent, &place, limit) {
                Ok(()) => return Ok(()),
                Err(reason) => _ = refused.get_or_insert(reason),
            }
        }
        Err(refused.unwrap_or_else(|| "there is no control group".to_owned()))
    }

    fn limit_below(&mut self, parent: &Path, place: &Place, limit: Limit) -> Result<(), String> {
        let path = parent.join(&self.name);
        let known = self.made.iter().any(|group| group.path == path);
        if !known {
            if place.unified && self.made.iter().any(|group| group.unified) {
                return Err(format!("{}: no process can be in two groups", path.display()));
            }
            fs::create_dir(&path).map_err(|error| told(&path, &error))?;
        }
        let group = Group { path, home: place.own.clone(), unified: place.unified };
        let tried = limit_in(&group, parent, limit).and_then(|()| {
            let entered = group.enter();
            group.leave().and(entered)
        });
        match tried {
            Ok(()) if !known => self.made.push(group),
            Err(_) if !known => remove(&[group.path])?,
            _ => {}
        }
        tried
    }

    /// Moves this process into the groups, and with it the processes that it starts from now on.
    pub(super) fn enter(&self) -> Result<(), String> {
        self.made.iter().try_for_each(Group::enter)
    }

    /// Moves this process to where it came from.
    pub(super) fn leave(&self) -> Result<(), String> {
        self.made.iter().map(Group::leave).fold(Ok(()), Result::and)
    }
}

impl Group {
    fn enter(&self) -> Result<(), String> {
        // Zero is the process that writes.
        write(&self.path.join("cgroup.procs"), "0")
    }

    fn leave(&self) -> Result<(), String> {
        write(&self.home.join("cgroup.procs"), "0")
    }
}

impl Place {
    /// Groups that may get a child: the own one and, in the unified hierarchy, where a group with processes can have
    /// no children with limits, the one above it, unless that would lift a limit that the own one has.
    fn parents(&self) -> Vec<PathBuf> {
        let limited =
            ["memory.max", "cpu.max"].iter().any(|file| match fs::read_to_string(self.own.join(file)) {
                Ok(text) => !text.starts_with("max"),
                Err(_) => false,
            });
        let above =
            self.own.parent().filter(|above| self.unified && !limited && above.starts_with(&self.mount));
        [Some(self.own.as_path()), above].into_iter().flatten().map(Path::to_owned).collect()
    }
}

fn limit_in(group: &Group, parent: &Path, limit: Limit) -> Result<(), String> {
    let unified = group.unified;
    let file = group.path.join(limit.file(unified));
    if unified && !file.exists() && parent == group.home {
        // Other people's groups keep the controllers that they have.
        write(&parent.join("cgroup.subtree_control"), &format!("+{}", limit.controller()))?;
    }
    if let Limit::Cpu(_) = limit
        && !unified
    {
        write(&group.path.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
    }
    write(&file, &limit.text(unified))?;
    let found = fs::read_to_string(&file).map_err(|error| told(&file, &error))?;
    if !limit.is_told_by(&found, unified) {
        return Err(format!("{}: the kernel made {} of it", file.display(), found.trim()));
    }
    if let Limit::Memory(bytes) = limit {
        narrower(&group.path, limit.file(unified), bytes)?;
        // Memory that is swapped out would not count. Kernels that do not count swap have no such file.
        let (swap, text) = match unified {
            true => ("memory.swap.max", "0".to_owned()),
            false => ("memory.memsw.limit_in_bytes", bytes.to_string()),
        };
        if group.path.join(swap).exists() {
            write(&group.path.join(swap), &text)?;
        }
    }
    Ok(())
}

/// A group above with less than `bytes` makes a limit mean less than it says.
fn narrower(group: &Path, file: &str, bytes: u64) -> Result<(), String> {
    let limits = group.ancestors().skip(1).map(|above| fs::read_to_string(above.join(file)));
    let least = limits.filter_map(|text| text.ok()?.trim().parse::<u64>().ok()).min();
    match least.filter(|least| *least < bytes) {
        Some(least) => Err(format!("this program itself may use only {least} bytes")),
        None => Ok(()),
    }
}

/// Removes groups, and ends what is still in them. What does not exist is no error.
pub(super) fn remove(paths: &[PathBuf]) -> Result<(), String> {
    for path in paths {
        let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        let began = Instant::now();
        while is_ours && path.exists() {
            let Err(error) = fs::remove_dir(path) else { break };
            if began.elapsed() > PATIENCE {
                return Err(told(path, &error));
            }
            if began.elapsed() > PATIENCE / 5 {
                end_all_in(path);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(())
}

fn end_all_in(group: &Path) {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    let text = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    let pids = text.lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw);
    pids.filter(|pid| pid.as_raw() > 1 && *pid != Pid::this()).for_each(|pid| _ = kill(pid, Signal::SIGKILL));
}

/// Never makes a file: where there is none, there is no such controller.
fn write(file: &Path, text: &str) -> Result<(), String> {
    let opened = OpenOptions::new().write(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| told(file, &error))
}

fn place(controller: &str) -> Result<Place, String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| told(Path::new(path), &error));
    find(controller, &read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)
        .ok_or_else(|| format!("no control groups for {controller} are mounted"))
}

/// Where a controller's groups are, by the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`: in a hierarchy of
/// its own (version 1), or else in the unified one.
fn find(controller: &str, cgroups: &str, mounts: &str) -> Option<Place> {
    // As in `4:memory:/some/group`, and `0::/some/group` for the unified hierarchy.
    let lines = || cgroups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let old = lines().find(|(controllers, _)| controllers.split(',').any(|name| name == controller));
    let found = match old {
        Some((_, path)) => mounted(mounts, Path::new(path), Some(controller)),
        None => None,
    };
    found.or_else(|| {
        let (_, path) = lines().find(|(controllers, _)| controllers.is_empty())?;
        mounted(mounts, Path::new(path), None)
    })
}

/// Where the group `path` can be seen; of a version 1 hierarchy with that controller, or of the unified one.
fn mounted(mounts: &str, path: &Path, controller: Option<&str>) -> Option<Place> {
    mounts.lines().find_map(|line| {
        // As in `35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory`.
        let (before, after) = line.split_once(" - ")?;
        let mut fields = before.split(' ').skip(3);
        let (root, mount) = (fields.next()?, fields.next()?.replace("\\040", " "));
        let mut fields = after.split(' ');
        let (kind, options) = (fields.next()?, fields.nth(1)?);
        let fits = match controller {
            None => kind == "cgroup2",
            Some(name) => kind == "cgroup" && options.split(',').any(|option| option == name),
        };
        // What lies outside of this namespace has a path that begins with `..`.
        let below = path.strip_prefix(root).ok().filter(|below| !below.starts_with(".."))?;
        let mount = PathBuf::from(mount);
        fits.then(|| Place { unified: controller.is_none(), own: mount.join(below), mount })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD_MOUNTS: &str = "\
22 1 0:20 / /proc rw - proc proc rw
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    fn own(controller: &str, cgroups: &str, mounts: &str) -> Option<(String, bool)> {
        let place = find(controller, cgroups, mounts)?;
        Some((place.own.to_string_lossy().into_owned(), place.unified))
    }

    #[test]
    fn hierarchies_of_version_1_are_found() {
        let cgroups = "5:memory:/user/a\n3:cpuset:/\n2:cpuacct,cpu:/b\n0::/\n";
        let found = |controller| own(controller, cgroups, OLD_MOUNTS);
        assert_eq!(found("memory"), Some(("/sys/fs/cgroup/memory/user/a".to_owned(), false)));
        assert_eq!(found("cpu"), Some(("/sys/fs/cgroup/cpu,cpuacct/b".to_owned(), false)));
    }

    #[test]
    fn the_unified_hierarchy_is_found() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = |path: &str| own("memory", &format!("0::{path}\n"), mounts);
        let of_session = "/user.slice/user-1000.slice/session-3.scope";
        assert_eq!(found(of_session), Some((format!("/sys/fs/cgroup{of_session}"), true)));
        assert_eq!(found("/"), Some(("/sys/fs/cgroup/".to_owned(), true)));
        assert_eq!(found("/../other"), None, "outside of the namespace");
        let elsewhere = Place { unified: true, mount: "/none".into(), own: "/none/a/b".into() };
        assert_eq!(elsewhere.parents(), [PathBuf::from("/none/a/b"), "/none/a".into()]);
        let top = Place { unified: true, mount: "/none".into(), own: "/none".into() };
        assert_eq!(top.parents(), [PathBuf::from("/none")]);
    }

    /// Version 1 for some controllers, the unified hierarchy for the others.
    #[test]
    fn a_hybrid_of_both_is_found() {
        let cgroups = "4:memory:/a\n0::/b\n";
        assert_eq!(own("memory", cgroups, OLD_MOUNTS), Some(("/sys/fs/cgroup/memory/a".to_owned(), false)));
        assert_eq!(own("cpu", cgroups, OLD_MOUNTS), Some(("/sys/fs/cgroup/unified/b".to_owned(), true)));
        assert_eq!(own("cpu", "4:memory:/a\n", OLD_MOUNTS), None);
    }

    /// A container sees its own part of a hierarchy.
    #[test]
    fn a_part_of_a_hierarchy_is_found() {
        let mounts =
            "35 31 0:32 /docker/f00 /sys/fs/cgroup/memory ro,relatime master:9 - cgroup cgroup rw,memory\n";
        assert_eq!(
            own("memory", "4:memory:/docker/f00/x\n", mounts),
            Some(("/sys/fs/cgroup/memory/x".to_owned(), false))
        );
        assert_eq!(own("memory", "4:memory:/other\n", mounts), None);
        assert_eq!(own("memory", "", ""), None);
    }

    #[test]
    fn limits_are_written_as_the_kernel_reads_them() {
        let (memory, cpu) = (Limit::Memory(4_026_531_840), Limit::Cpu(0.2));
        assert_eq!((memory.text(true), memory.text(false)), ("4026531840".into(), "4026531840".into()));
        assert_eq!((cpu.text(true), cpu.text(false)), ("20000 100000".into(), "20000".into()));
        assert!(memory.is_told_by("4026531840\n", true));
        assert!(memory.is_told_by("4026527744\n", false), "rounded down to a page");
        assert!(!memory.is_told_by("9223372036854771712\n", false));
        assert!(!memory.is_told_by("max\n", true));
        assert!(cpu.is_told_by("20000 100000\n", true));
        assert!(!cpu.is_told_by("max 100000\n", true));
    }

    #[test]
    fn only_groups_of_ours_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["mine", "loist-bench-x"].map(|name| directory.path().join(name));
        fs::create_dir(&paths[0]).unwrap();
        fs::create_dir(&paths[1]).unwrap();
        remove(&paths).unwrap();
        assert!(paths[0].exists() && !paths[1].exists());
        remove(&paths).unwrap();
    }
}
