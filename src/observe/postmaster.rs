//! The processor time of a PostgreSQL server on this machine: its postmaster and all of its children.

use super::proc::{self, Process};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The server's first process, from which all others descend.
#[derive(Debug)]
pub(super) struct Postmaster {
    proc_directory: PathBuf,
    pid: i32,
    started: u64,
    /// Ticks that those before it used, where a server was started again.
    predecessors: u64,
    /// Most ticks seen so far. A child that ends while it is being read is missed once and is back in the next
    /// reading, with its parent: the sum may step back for a moment, what was used can not.
    most: u64,
}

impl Postmaster {
    /// The postmaster of the backend with that number, if the two are PostgreSQL on this machine: the number that a
    /// server in a container or far away gives means nothing here.
    ///
    /// # Errors
    /// A sentence that says why they are not.
    pub(super) fn of_backend(proc_directory: &Path, backend: i32) -> Result<Self, String> {
        let server = |pid: i32| {
            read(proc_directory, pid).filter(is_postgres).ok_or_else(|| {
                format!("process {pid} is not PostgreSQL on this machine; the server may be in a container")
            })
        };
        let pid = server(backend)?.parent;
        let started = server(pid)?.started;
        Ok(Self { proc_directory: proc_directory.to_owned(), pid, started, predecessors: 0, most: 0 })
    }

    /// Goes on counting where `before` stopped. The same postmaster is left as it is.
    pub(super) fn succeed(&mut self, before: Self) {
        if (before.pid, before.started) == (self.pid, self.started) {
            *self = before;
        } else {
            self.predecessors = before.predecessors.saturating_add(before.most);
        }
    }

    /// Ticks that the server used since it started first; never less than before. `None` when it has ended.
    ///
    /// What ended children used, the postmaster holds.
    pub(super) fn ticks(&mut self) -> Option<u64> {
        // Read before its children: one that ends in between is missed for now rather than counted twice.
        let postmaster =
            read(&self.proc_directory, self.pid).filter(|process| process.started == self.started)?;
        let children = self.children().into_iter().filter_map(|pid| read(&self.proc_directory, pid));
        let mine = children.filter(|child| child.parent == self.pid);
        let sum = mine.fold(all_ticks(&postmaster), |sum, child| sum.saturating_add(all_ticks(&child)));
        self.most = self.most.max(sum);
        Some(self.predecessors.saturating_add(self.most))
    }

    /// Whether that process is one of the server's.
    pub(super) fn owns(&self, pid: i32, process: &Process) -> bool {
        pid == self.pid || process.parent == self.pid
    }

    /// Numbers of the server's processes.
    pub(super) fn family(&self) -> Vec<i32> {
        let mine =
            |pid: &i32| read(&self.proc_directory, *pid).is_some_and(|process| self.owns(*pid, &process));
        let children = self.children().into_iter().filter(|pid| *pid != self.pid);
        children.chain([self.pid]).filter(mine).collect()
    }

    /// Numbers of the children, and of others where the kernel does not list children.
    fn children(&self) -> Vec<i32> {
        let list = self.proc_directory.join(format!("{0}/task/{0}/children", self.pid));
        if let Ok(list) = fs::read_to_string(list) {
            return list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        }
        all(&self.proc_directory).collect()
    }
}

/// Numbers of all processes.
pub(super) fn all(proc_directory: &Path) -> impl Iterator<Item = i32> {
    let entries = fs::read_dir(proc_directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The process of that number, if it still is there.
pub(super) fn read(proc_directory: &Path, pid: i32) -> Option<Process> {
    let stat = fs::read(proc_directory.join(format!("{pid}/stat"))).ok()?;
    proc::process(&String::from_utf8_lossy(&stat))
}

/// Whether it is PostgreSQL by its name.
pub(super) fn is_postgres(process: &Process) -> bool {
    ["postgres", "postmaster"].iter().any(|name| process.name.starts_with(name))
}

fn all_ticks(process: &Process) -> u64 {
    process.own.saturating_add(process.reaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, pid: i32, name: &str, parent: i32, ticks: [u64; 4]) {
        let directory = root.join(pid.to_string());
        fs::create_dir_all(&directory).unwrap();
        let [user, system, reaped_user, reaped_system] = ticks;
        let stat = format!(
            "{pid} ({name}) S {parent} 0 0 0 0 0 0 0 0 0 {user} {system} {reaped_user} {reaped_system} 0 0 0 0 500"
        );
        fs::write(directory.join("stat"), stat).unwrap();
    }

    #[test]
    fn sums_the_family_and_never_steps_back() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, 10, "postgres", 1, [1, 2, 30, 40]);
        write(root, 11, "postgres", 10, [100, 10, 0, 0]);
        write(root, 12, "postgres", 10, [5, 5, 1, 0]);
        write(root, 13, "hog", 1, [9_999, 0, 0, 0]);
        let mut server = Postmaster::of_backend(root, 11).unwrap();
        assert_eq!(server.ticks(), Some(73 + 110 + 11));
        // A child has ended and is not reaped yet; then its parent holds its time.
        fs::remove_dir_all(root.join("11")).unwrap();
        assert_eq!(server.ticks(), Some(194));
        write(root, 10, "postgres", 1, [1, 2, 131, 51]);
        assert_eq!(server.ticks(), Some(185 + 11));
        // Where the kernel lists children, only they are read, and only if they still are.
        fs::create_dir_all(root.join("10/task/10")).unwrap();
        fs::write(root.join("10/task/10/children"), "12 13 ").unwrap();
        assert_eq!(server.ticks(), Some(196));
        fs::remove_dir_all(root.join("10")).unwrap();
        assert_eq!(server.ticks(), None);
    }

    #[test]
    fn a_server_that_was_started_again_goes_on_counting() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, 10, "postgres", 1, [100, 0, 0, 0]);
        write(root, 11, "postgres", 10, [20, 0, 0, 0]);
        let mut server = Postmaster::of_backend(root, 11).unwrap();
        assert_eq!(server.ticks(), Some(120));
        let mut again = Postmaster::of_backend(root, 11).unwrap();
        again.succeed(server);
        assert_eq!(again.ticks(), Some(120), "it is the same");
        write(root, 20, "postgres", 1, [1, 0, 0, 0]);
        write(root, 21, "postgres", 20, [2, 0, 0, 0]);
        let mut next = Postmaster::of_backend(root, 21).unwrap();
        next.succeed(again);
        assert_eq!(next.ticks(), Some(123));
    }

    #[test]
    fn other_processes_of_that_number_are_no_server() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, 57, "bash", 1, [0; 4]);
        write(root, 58, "postgres", 57, [0; 4]);
        for pid in [57, 58, 59] {
            assert!(Postmaster::of_backend(root, pid).unwrap_err().contains("container"), "{pid}");
        }
    }
}
