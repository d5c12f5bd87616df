//! Who used this machine's processors between two moments, read from Linux's `/proc`.

use super::{
    postmaster::{self, Postmaster},
    proc::{self, Machine, Process},
};
use crate::record::Sample;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// The engine's threads carry this name and a number.
const CLIENT_THREAD: &str = "clients-";

/// On a machine with more processes than this they are not looked at one by one, which takes some 10 us each.
const MOST_PROCESSES: usize = 2_000;
/// The parent of the kernel's threads has this number, unless it is hidden: in a container another process may.
const KTHREADD: i32 = 2;
/// These may carry the load to a server that runs in a container or a virtual machine of this host.
const CARRIERS: [&str; 6] =
    ["docker-proxy", "rootlessport", "slirp4netns", "pasta", "pgbouncer", "qemu-system"];

/// Everything read at one moment; counters run since the machine or the process started.
#[derive(Debug, Clone)]
struct Reading {
    at: Instant,
    machine: Option<Machine>,
    client_ticks: Option<u64>,
    server_ticks: Option<u64>,
    /// Each process that is neither this one nor the server's nor the kernel's, by its number and start.
    other_ticks: BTreeMap<(i32, u64), Other>,
    /// Nanoseconds waited for a processor, by client thread.
    waited_ns: BTreeMap<i32, u64>,
    load1: f64,
    runnable: u64,
}

/// A process beside the client and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Other {
    ticks: u64,
    /// Whether it may serve the load all the same, where the server could not be found.
    may_serve: bool,
}

/// Reads the machine again and again.
#[derive(Debug)]
pub(super) struct HostTimes {
    proc_directory: PathBuf,
    ticks_per_second: f64,
    server_is_local: bool,
    postmaster: Option<Postmaster>,
    last: Reading,
    missing: Vec<String>,
}

impl HostTimes {
    /// Begins now. `backend_pid` is a backend's number as the server gives it; it is looked up only where the server
    /// is said to be on this machine.
    pub(super) fn new(server_is_local: bool, backend_pid: Option<i32>) -> Self {
        Self::at(Path::new("/proc"), server_is_local, backend_pid)
    }

    fn at(proc_directory: &Path, server_is_local: bool, backend_pid: Option<i32>) -> Self {
        let mut missing = Vec::new();
        if let Err(error) = fs::metadata(proc_directory.join("stat")) {
            missing.push(format!("use of processors: {}/stat: {error}", proc_directory.display()));
        }
        let mut times = Self {
            proc_directory: proc_directory.to_owned(),
            ticks_per_second: ticks_per_second(),
            server_is_local,
            postmaster: None,
            last: read(proc_directory, None),
            missing,
        };
        if let Err(reason) = times.follow(backend_pid) {
            times.missing.push(reason);
        }
        let _ = times.sample();
        times
    }

    /// Looks the server up by one of its backends: it may have been started again.
    ///
    /// # Errors
    /// A sentence that says why it cannot be found.
    pub(super) fn follow(&mut self, backend_pid: Option<i32>) -> Result<(), String> {
        let found = match backend_pid.filter(|_| self.server_is_local) {
            Some(pid) => Postmaster::of_backend(&self.proc_directory, pid),
            None => Err("it is not known to be on this machine".to_owned()),
        };
        self.postmaster = None;
        let mut postmaster = found.map_err(|reason| format!("processors that the server uses: {reason}"))?;
        // What another server used says nothing of what this one used since.
        self.last.server_ticks = postmaster.ticks();
        self.postmaster = Some(postmaster);
        Ok(())
    }

    /// What happened since the last call, or since the beginning. Only what this machine shows is filled in.
    pub(super) fn sample(&mut self) -> Sample {
        let now = read(&self.proc_directory, self.postmaster.as_mut());
        let before = std::mem::replace(&mut self.last, now);
        between(&before, &self.last, self.ticks_per_second)
    }

    /// Processors of the machine that are online; 0 when that is not known.
    pub(super) fn processors(&self) -> usize {
        self.last.machine.map_or(0, |machine| machine.processors)
    }

    /// What cannot be read, and why.
    pub(super) fn missing(&self) -> &[String] {
        &self.missing
    }
}

/// Processors that this process may use.
pub(super) fn allowed_processors() -> usize {
    let any = || std::thread::available_parallelism().map_or(1, usize::from);
    affinity().filter(|count| *count > 0).unwrap_or_else(any)
}

#[cfg(target_os = "linux")]
fn affinity() -> Option<usize> {
    use nix::sched::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(nix::unistd::Pid::this()).ok()?;
    Some((0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).count())
}

#[cfg(not(target_os = "linux"))]
fn affinity() -> Option<usize> {
    None
}

/// Unit of processor time in `/proc`; 100 on every common machine.
fn ticks_per_second() -> f64 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten();
    ticks.filter(|ticks| *ticks > 0).map_or(100.0, |ticks| ticks as f64)
}

fn read(proc_directory: &Path, mut postmaster: Option<&mut Postmaster>) -> Reading {
    let text = |name: &str| fs::read_to_string(proc_directory.join(name)).unwrap_or_default();
    let (load1, runnable) = proc::load(&text("loadavg")).unwrap_or_default();
    Reading {
        at: Instant::now(),
        machine: proc::machine(&text("stat")),
        client_ticks: proc::process(&text("self/stat")).map(|process| process.own),
        server_ticks: postmaster.as_deref_mut().and_then(Postmaster::ticks),
        other_ticks: others(proc_directory, postmaster.as_deref()),
        waited_ns: waits(&proc_directory.join("self/task")),
        load1,
        runnable,
    }
}

fn others(proc_directory: &Path, postmaster: Option<&Postmaster>) -> BTreeMap<(i32, u64), Other> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let pids: Vec<i32> = postmaster::all(proc_directory).take(MOST_PROCESSES + 1).collect();
    if pids.len() > MOST_PROCESSES {
        return BTreeMap::new();
    }
    let of_kernel = postmaster::read(proc_directory, KTHREADD).filter(|process| process.name == "kthreadd");
    let is_of_kernel =
        |pid: i32, process: &Process| of_kernel.is_some() && [pid, process.parent].contains(&KTHREADD);
    pids.into_iter()
        .filter(|pid| *pid != own)
        .filter_map(|pid| Some((pid, postmaster::read(proc_directory, pid)?)))
        .filter(|(pid, process)| !is_of_kernel(*pid, process))
        .filter(|(pid, process)| !postmaster.is_some_and(|server| server.owns(*pid, process)))
        .map(|(pid, process)| ((pid, process.started), Other::of(&process)))
        .collect()
}

impl Other {
    fn of(process: &Process) -> Self {
        let carries = CARRIERS.iter().any(|name| process.name.starts_with(name));
        Self { ticks: process.own, may_serve: carries || postmaster::is_postgres(process) }
    }
}

/// A thread that ends while it is being read is left out.
fn waits(tasks: &Path) -> BTreeMap<i32, u64> {
    let entries = fs::read_dir(tasks).into_iter().flatten().flatten();
    let wait = |entry: fs::DirEntry| {
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        if !name.starts_with(CLIENT_THREAD) {
            return None;
        }
        let waited = proc::waited_ns(&fs::read_to_string(entry.path().join("schedstat")).ok()?)?;
        Some((entry.file_name().to_str()?.parse().ok()?, waited))
    };
    entries.filter_map(wait).collect()
}

/// What others used is the larger of two numbers that are both too small. What the machine used without client and server
/// holds everybody, but may be too small by the interrupts: some kernels count them as used by the process that they
/// interrupt, and some apart. What each other process used is exact, but holds neither those that have ended nor those
/// of other containers. A difference may come out below zero; it is 0 then.
///
/// The kernel counts what the machine used by looking at each tick of its clock who is at work: a load that keeps time
/// with the clock, such as 2,000 evenly spaced calls a second, is found at work always or never. Idle time is measured
/// (but for kernels that tick all the time), so what it leaves is the most that can have been used.
fn between(before: &Reading, after: &Reading, ticks_per_second: f64) -> Sample {
    let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
    if seconds <= 0.0 {
        return Sample { load1: after.load1, runnable: after.runnable, ..Sample::default() };
    }
    let cpus = |before: u64, after: u64| after.saturating_sub(before) as f64 / ticks_per_second / seconds;
    let used = |pick: fn(&Reading) -> Option<u64>| Some(cpus(pick(before)?, pick(after)?));
    let client_cpus = used(|reading| reading.client_ticks).unwrap_or_default();
    let server_cpus = used(|reading| reading.server_ticks);
    let ticked = used(|reading| reading.machine.map(|machine| machine.used)).unwrap_or_default();
    let unused = used(|reading| reading.machine.map(|machine| machine.unused)).unwrap_or_default();
    let online = after.machine.map_or(0.0, |machine| machine.processors as f64);
    let all = ticked.min(online - unused);
    let rest = all - client_cpus - server_cpus.unwrap_or_default();
    // A process that was not there before began within the interval.
    let used_by = |(key, other): (&_, &Other)| {
        cpus(before.other_ticks.get(key).map_or(0, |before| before.ticks), other.ticks)
    };
    let known = || after.other_ticks.iter().filter(|_| !before.other_ticks.is_empty());
    let each: f64 = known().map(used_by).sum();
    let foreign = known().filter(|(_, other)| !other.may_serve).map(used_by).sum();
    let steal_share = before.machine.zip(after.machine).map_or(0.0, |(before, after)| {
        let total = after.total.saturating_sub(before.total);
        let steal = after.steal.saturating_sub(before.steal);
        if total == 0 { 0.0 } else { (steal as f64 / total as f64).min(1.0) }
    });
    let longest = after.waited_ns.iter().map(|(thread, waited)| {
        waited.saturating_sub(before.waited_ns.get(thread).copied().unwrap_or_default())
    });
    Sample {
        client_cpus,
        server_cpus,
        other_cpus: rest.max(each).max(0.0),
        foreign_cpus: foreign,
        steal_share,
        client_wait: (longest.max().unwrap_or_default() as f64 / 1e9 / seconds).min(1.0),
        runnable: after.runnable,
        load1: after.load1,
        ..Sample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn reading(at: Instant, used: u64, steal: u64, total: u64, client: u64, server: Option<u64>) -> Reading {
        Reading {
            at,
            machine: Some(Machine { used, unused: total - used, steal, total, processors: 2 }),
            client_ticks: Some(client),
            server_ticks: server,
            other_ticks: BTreeMap::new(),
            waited_ns: BTreeMap::new(),
            load1: 1.5,
            runnable: 3,
        }
    }

    #[test]
    fn time_is_divided_among_those_who_used_it() {
        let start = Instant::now();
        let mut before = reading(start, 1_000, 10, 5_000, 100, Some(400));
        let mut after = reading(start + Duration::from_secs(2), 1_340, 30, 5_400, 200, Some(580));
        before.waited_ns = BTreeMap::from([(7, 1_000_000_000), (8, 0)]);
        after.waited_ns = BTreeMap::from([(7, 1_200_000_000), (8, 500_000_000), (9, 600_000_000)]);
        let found = between(&before, &after, 100.0);
        assert_eq!((found.client_cpus, found.server_cpus), (0.5, Some(0.9)));
        assert!((found.other_cpus - 0.3).abs() < 1e-9);
        assert_eq!((found.steal_share, found.client_wait), (0.05, 0.3));
        assert_eq!((found.runnable, found.load1), (3, 1.5));
    }

    /// Interrupts that are counted as the client's hide others in the sum, not in what each used.
    #[test]
    fn others_are_seen_one_by_one() {
        let start = Instant::now();
        let mut before = reading(start, 1_000, 0, 5_000, 100, Some(400));
        let mut after = reading(start + Duration::from_secs(1), 1_150, 0, 5_200, 170, Some(470));
        assert!((between(&before, &after, 100.0).other_cpus - 0.1).abs() < 1e-9);
        let other = |ticks| Other { ticks, may_serve: false };
        before.other_ticks = BTreeMap::from([((7, 1), other(900)), ((8, 1), other(50)), ((9, 1), other(5))]);
        after.other_ticks = BTreeMap::from([((7, 1), other(930)), ((8, 2), other(10)), ((9, 1), other(5))]);
        let found = between(&before, &after, 100.0);
        assert!((found.other_cpus - 0.4).abs() < 1e-9 && (found.foreign_cpus - 0.4).abs() < 1e-9);
        after.other_ticks.insert((7, 1), Other { ticks: 930, may_serve: true });
        let found = between(&before, &after, 100.0);
        assert!((found.other_cpus - 0.4).abs() < 1e-9 && (found.foreign_cpus - 0.1).abs() < 1e-9);
    }

    #[test]
    fn process_two_is_the_kernels_by_its_name_only() {
        let root = tempfile::tempdir().unwrap();
        let write = |pid: i32, name: &str, parent: i32| {
            fs::create_dir_all(root.path().join(pid.to_string())).unwrap();
            let stat = format!("{pid} ({name}) S {parent} 0 0 0 0 0 0 0 0 0 7 0 0 0 0 0 0 0 500");
            fs::write(root.path().join(format!("{pid}/stat")), stat).unwrap();
        };
        write(2, "kthreadd", 0);
        write(3, "kworker", 2);
        assert_eq!(others(root.path(), None), BTreeMap::new());
        write(2, "supervisor", 1);
        write(3, "postgres", 2);
        let found: Vec<bool> = others(root.path(), None).into_values().map(|other| other.may_serve).collect();
        assert_eq!(found, [false, true]);
    }

    /// A load that keeps time with the kernel's clock was at work at each tick; the idle time tells that it was not.
    #[test]
    fn ticks_that_lie_are_corrected_by_the_idle_time() {
        let start = Instant::now();
        let before = reading(start, 1_000, 0, 5_000, 100, Some(400));
        let mut after = reading(start + Duration::from_secs(1), 1_100, 0, 5_275, 111, Some(415));
        assert!((between(&before, &after, 100.0).other_cpus).abs() < 1e-9, "175 of 200 ticks were idle");
        // Idle time that is sampled, too, agrees with the rest.
        after.machine = after.machine.map(|machine| Machine { unused: 4_100, ..machine });
        assert!((between(&before, &after, 100.0).other_cpus - 0.74).abs() < 1e-9);
    }

    #[test]
    fn nothing_falls_below_zero() {
        let start = Instant::now();
        let before = reading(start, 1_000, 10, 5_000, 100, None);
        let after = reading(start + Duration::from_secs(1), 1_010, 5, 5_200, 150, Some(7));
        let found = between(&before, &after, 100.0);
        assert_eq!((found.other_cpus, found.steal_share, found.server_cpus), (0.0, 0.0, None));
        assert_eq!(between(&after, &before, 100.0).client_cpus, 0.0);
    }

    #[test]
    fn a_system_without_proc_is_said() {
        let empty = tempfile::tempdir().unwrap();
        let mut times = HostTimes::at(empty.path(), true, Some(1));
        assert_eq!(times.processors(), 0);
        assert_eq!(times.missing().len(), 2, "{:?}", times.missing());
        let sample = times.sample();
        assert_eq!((sample.client_cpus, sample.server_cpus), (0.0, None));
    }

    #[test]
    fn this_process_may_use_a_processor() {
        assert!(allowed_processors() >= 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_of_this_process_is_seen() {
        // This process is no PostgreSQL, so nothing is taken for a server.
        let own = i32::try_from(std::process::id()).unwrap();
        let mut times = HostTimes::new(true, Some(own));
        assert!(times.processors() >= 1);
        assert_eq!(times.missing().len(), 1, "{:?}", times.missing());
        let ticks = times.last.client_ticks.unwrap();
        let thread = std::thread::Builder::new().name("clients-0".to_owned());
        let work = thread.spawn(move || {
            let used = || proc::process(&fs::read_to_string("/proc/self/stat").unwrap()).unwrap().own;
            while used() < ticks + 5 {
                std::hint::black_box((0..10_000u64).sum::<u64>());
            }
            waits(Path::new("/proc/self/task")).len()
        });
        assert!(work.unwrap().join().unwrap() >= 1, "the client thread was found");
        let sample = times.sample();
        assert!(sample.client_cpus > 0.0 && sample.server_cpus.is_none(), "{sample:?}");
        assert!((0.0..=1.0).contains(&sample.steal_share) && sample.other_cpus >= 0.0, "{sample:?}");
        assert!(times.last.client_ticks.unwrap() >= ticks + 5);
    }
}
