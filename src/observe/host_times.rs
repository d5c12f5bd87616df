//! Who used this machine's processors between two moments, read from Linux's `/proc`.

use super::{
    postmaster::{self, Postmaster},
    proc::{self, Machine, Process},
};
use crate::record::Sample;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// The engine's threads carry this name and a number.
const CLIENT_THREAD: &str = "clients-";

/// On a machine with more processes than this they are not looked at one by one, which takes some 10 us each.
const MOST_PROCESSES: usize = 2_000;
/// The parent of the kernel's threads: its number and name. In a container that number is anybody's.
const KTHREADD: (i32, &str) = (2, "kthreadd");
/// Programs that may carry the packets of a server that cannot be seen: on the way of a call, they are part of it.
const CARRIERS: [&str; 2] = ["docker-proxy", "pgbouncer"];

/// Everything read at one moment; counters run since the machine or the process started.
#[derive(Debug, Clone)]
struct Reading {
    at: Instant,
    machine: Option<Machine>,
    client_ticks: Option<u64>,
    server_ticks: Option<u64>,
    /// Each process that is neither this one nor the server's nor the kernel's, by its number and start.
    others: BTreeMap<(i32, u64), Other>,
    /// Nanoseconds waited for a processor, by client thread.
    waited_ns: BTreeMap<i32, u64>,
    load1: f64,
    runnable: u64,
}

/// What somebody else's process used, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Other {
    ticks: u64,
    /// Whether it is certainly not the server's.
    foreign: bool,
    /// Whether it ran last on a processor that this process may use.
    beside: bool,
}

/// Reads the machine again and again.
#[derive(Debug)]
pub(super) struct HostTimes {
    proc_directory: PathBuf,
    server_is_local: bool,
    ticks_per_second: f64,
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
        let mut postmaster = postmaster_of(proc_directory, backend_pid.filter(|_| server_is_local))
            .map_err(|reason| missing.push(format!("processors that the server uses: {reason}")))
            .ok();
        let last = read(proc_directory, postmaster.as_mut());
        let ticks_per_second = ticks_per_second();
        let proc_directory = proc_directory.to_owned();
        Self { proc_directory, server_is_local, ticks_per_second, postmaster, last, missing }
    }

    /// Takes the server of that backend from now on: the one before it may have ended.
    pub(super) fn renew(&mut self, backend_pid: Option<i32>) {
        let backend_pid = backend_pid.filter(|_| self.server_is_local);
        if let Ok(mut found) = postmaster_of(&self.proc_directory, backend_pid) {
            if let Some(before) = self.postmaster.take() {
                found.succeed(before);
            }
            self.postmaster = Some(found);
        }
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

fn postmaster_of(proc_directory: &Path, backend_pid: Option<i32>) -> Result<Postmaster, String> {
    let unknown = || "it is not known to be on this machine".to_owned();
    Postmaster::of_backend(proc_directory, backend_pid.ok_or_else(unknown)?)
}

/// Processors that this process may use.
pub(super) fn allowed_processors() -> usize {
    let any = || std::thread::available_parallelism().map_or(1, usize::from);
    Some(affinity().len()).filter(|count| *count > 0).unwrap_or_else(any)
}

/// Numbers of the processors that this process may use; none where that cannot be told.
#[cfg(target_os = "linux")]
fn affinity() -> BTreeSet<usize> {
    use nix::sched::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(nix::unistd::Pid::this()).unwrap_or_default();
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect()
}

#[cfg(not(target_os = "linux"))]
fn affinity() -> BTreeSet<usize> {
    BTreeSet::new()
}

/// Unit of processor time in `/proc`; 100 on every common machine.
pub(super) fn ticks_per_second() -> f64 {
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
        others: others(proc_directory, postmaster.as_deref()),
        waited_ns: waits(&proc_directory.join("self/task")),
        load1,
        runnable,
    }
}

fn others(proc_directory: &Path, postmaster: Option<&Postmaster>) -> BTreeMap<(i32, u64), Other> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let allowed = affinity();
    let kthreadd = postmaster::read(proc_directory, KTHREADD.0).filter(|found| found.name == KTHREADD.1);
    let kernel = kthreadd.map(|_| KTHREADD.0);
    let other = |process: &Process| Other {
        ticks: process.own,
        foreign: postmaster.is_some() || !may_be_the_servers(process),
        beside: process.processor.is_some_and(|processor| allowed.contains(&processor)),
    };
    let pids: Vec<i32> = postmaster::all(proc_directory).take(MOST_PROCESSES + 1).collect();
    if pids.len() > MOST_PROCESSES {
        return BTreeMap::new();
    }
    pids.into_iter()
        .filter(|pid| *pid != own && Some(*pid) != kernel)
        .filter_map(|pid| Some((pid, postmaster::read(proc_directory, pid)?)))
        .filter(|(_, process)| Some(process.parent) != kernel)
        .filter(|(pid, process)| !postmaster.is_some_and(|server| server.owns(*pid, process)))
        .map(|(pid, process)| ((pid, process.started), other(&process)))
        .collect()
}

/// Whether it may belong to a server whose processes are not known.
fn may_be_the_servers(process: &Process) -> bool {
    postmaster::is_postgres(process) || CARRIERS.iter().any(|name| process.name.starts_with(name))
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
    let machines = before.machine.zip(after.machine);
    let cpus = |before: u64, after: u64| after.saturating_sub(before) as f64 / ticks_per_second / seconds;
    let used = |pick: fn(&Reading) -> Option<u64>| Some(cpus(pick(before)?, pick(after)?));
    let client_cpus = used(|reading| reading.client_ticks).unwrap_or_default();
    let server_cpus = used(|reading| reading.server_ticks);
    let rest = machines.map(|(before, after)| {
        let ticked = cpus(before.used, after.used);
        let all = ticked.min(after.processors as f64 - cpus(before.unused, after.unused));
        all - client_cpus - server_cpus.unwrap_or_default()
    });
    // A process that was not there before began within the interval.
    let used_by = |(key, other): (&_, &Other)| {
        cpus(before.others.get(key).map(|other| other.ticks).unwrap_or_default(), other.ticks)
    };
    let were_read = !before.others.is_empty() && !after.others.is_empty();
    let each = |which: fn(&Other) -> bool| {
        were_read.then(|| after.others.iter().filter(|(_, other)| which(other)).map(used_by).sum::<f64>())
    };
    let steal_share = machines.map(|(before, after)| {
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
        other_cpus: rest.map(|rest| rest.max(each(|_| true).unwrap_or_default()).max(0.0)),
        foreign_cpus: each(|other| other.foreign),
        foreign_cpus_beside: each(|other| other.foreign && other.beside),
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
            others: BTreeMap::new(),
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
        assert!((found.other_cpus.unwrap() - 0.3).abs() < 1e-9);
        assert_eq!((found.steal_share, found.client_wait), (Some(0.05), 0.3));
        assert_eq!(found.foreign_cpus, None, "nobody was looked at");
        assert_eq!((found.runnable, found.load1), (3, 1.5));
    }

    /// Interrupts that are counted as the client's hide others in the sum, not in what each used.
    #[test]
    fn others_are_seen_one_by_one() {
        let start = Instant::now();
        let mut before = reading(start, 1_000, 0, 5_000, 100, Some(400));
        let mut after = reading(start + Duration::from_secs(1), 1_150, 0, 5_200, 170, Some(470));
        assert!((between(&before, &after, 100.0).other_cpus.unwrap() - 0.1).abs() < 1e-9);
        let other = |ticks, foreign, beside| Other { ticks, foreign, beside };
        let (hog, neighbour, server) = (
            |ticks| other(ticks, true, false),
            |ticks| other(ticks, true, true),
            |ticks| other(ticks, false, true),
        );
        before.others = BTreeMap::from([((7, 1), hog(900)), ((8, 1), neighbour(50)), ((9, 1), server(5))]);
        after.others = BTreeMap::from([((7, 1), hog(930)), ((8, 2), neighbour(10)), ((9, 1), server(25))]);
        let found = between(&before, &after, 100.0);
        assert!((found.other_cpus.unwrap() - 0.6).abs() < 1e-9);
        assert!((found.foreign_cpus.unwrap() - 0.4).abs() < 1e-9, "what may be the server's is not foreign");
        assert!((found.foreign_cpus_beside.unwrap() - 0.1).abs() < 1e-9);
    }

    /// A load that keeps time with the kernel's clock was at work at each tick; the idle time tells that it was not.
    #[test]
    fn ticks_that_lie_are_corrected_by_the_idle_time() {
        let start = Instant::now();
        let before = reading(start, 1_000, 0, 5_000, 100, Some(400));
        let mut after = reading(start + Duration::from_secs(1), 1_100, 0, 5_275, 111, Some(415));
        assert!(between(&before, &after, 100.0).other_cpus.unwrap() < 1e-9, "175 of 200 ticks were idle");
        // Idle time that is sampled, too, agrees with the rest.
        after.machine = after.machine.map(|machine| Machine { unused: 4_100, ..machine });
        assert!((between(&before, &after, 100.0).other_cpus.unwrap() - 0.74).abs() < 1e-9);
    }

    #[test]
    fn nothing_falls_below_zero() {
        let start = Instant::now();
        let before = reading(start, 1_000, 10, 5_000, 100, None);
        let after = reading(start + Duration::from_secs(1), 1_010, 5, 5_200, 150, Some(7));
        let found = between(&before, &after, 100.0);
        assert_eq!((found.other_cpus, found.steal_share, found.server_cpus), (Some(0.0), Some(0.0), None));
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
        assert_eq!((sample.other_cpus, sample.foreign_cpus, sample.steal_share), (None, None, None));
    }

    /// In a container, number 2 is a process like any other, and so are its children.
    #[test]
    fn the_kernels_threads_are_known_by_their_parents_name() {
        let found = |name: &str| {
            let root = tempfile::tempdir().unwrap();
            for (pid, name, parent) in [(2, name, 0), (3, "child", 2), (4, "postgres", 1)] {
                let directory = root.path().join(pid.to_string());
                fs::create_dir_all(&directory).unwrap();
                let stat = format!("{pid} ({name}) S {parent} 0 0 0 0 0 0 0 0 0 3 4 0 0 0 0 0 0 500");
                fs::write(directory.join("stat"), stat).unwrap();
            }
            let found = others(root.path(), None);
            found.into_iter().map(|((pid, _), other)| (pid, other.foreign)).collect::<Vec<_>>()
        };
        assert_eq!(found("kthreadd"), [(4, false)]);
        assert_eq!(found("make"), [(2, true), (3, true), (4, false)]);
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
        assert!((0.0..=1.0).contains(&sample.steal_share.unwrap()), "{sample:?}");
        assert!(sample.other_cpus.unwrap() >= sample.foreign_cpus_beside.unwrap(), "{sample:?}");
        assert!(times.last.client_ticks.unwrap() >= ticks + 5);
    }
}
