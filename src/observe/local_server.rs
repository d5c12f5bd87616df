//! A PostgreSQL server on this machine, as the operating system sees it: its processor time and its memory.

use super::{host_times::ticks_per_second, postmaster::Postmaster, proc};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The processes of a server.
#[derive(Debug)]
pub struct LocalServer {
    proc_directory: PathBuf,
    postmaster: Postmaster,
}

impl LocalServer {
    /// The server of the backend with that number, as `pg_backend_pid()` gives it.
    ///
    /// # Errors
    /// A sentence that says why it is not one of this machine's.
    pub fn of_backend(backend_pid: i32) -> Result<Self, String> {
        Self::at(Path::new("/proc"), backend_pid)
    }

    fn at(proc_directory: &Path, backend_pid: i32) -> Result<Self, String> {
        let postmaster = Postmaster::of_backend(proc_directory, backend_pid)?;
        Ok(Self { proc_directory: proc_directory.to_owned(), postmaster })
    }

    /// Processor time that all of its processes used since it started; `None` when it has ended.
    pub fn cpu_seconds(&mut self) -> Option<f64> {
        Some(self.postmaster.ticks()? as f64 / ticks_per_second())
    }

    /// Memory in bytes: what is each process's own, and once what they share. The kernel's cache of files, which
    /// PostgreSQL counts on, is not in it. `None` when the server has ended or the kernel does not tell.
    #[must_use]
    pub fn memory_bytes(&self) -> Option<u64> {
        let status = |pid: i32| fs::read_to_string(self.proc_directory.join(format!("{pid}/status"))).ok();
        let all: Vec<proc::Memory> =
            self.postmaster.family().into_iter().filter_map(|pid| proc::memory(&status(pid)?)).collect();
        let private: u64 = all.iter().map(|memory| memory.private).sum();
        Some(private + all.iter().map(|memory| memory.shared).max()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_counts_once() {
        let root = tempfile::tempdir().unwrap();
        for (pid, parent, private, shared) in
            [(10, 1, 100, 20), (11, 10, 50, 70), (12, 10, 5, 60), (13, 1, 900, 900)]
        {
            let directory = root.path().join(pid.to_string());
            fs::create_dir_all(&directory).unwrap();
            let stat = format!("{pid} (postgres) S {parent} 0 0 0 0 0 0 0 0 0 100 50 0 0 0 0 0 0 500");
            fs::write(directory.join("stat"), stat).unwrap();
            let status = format!("Name: postgres\nRssAnon: {private} kB\nRssShmem: {shared} kB\n");
            fs::write(directory.join("status"), status).unwrap();
        }
        let mut server = LocalServer::at(root.path(), 11).unwrap();
        assert_eq!(server.memory_bytes(), Some((155 + 70) * 1_024));
        assert_eq!(server.cpu_seconds(), Some(450.0 / ticks_per_second()));
        for pid in [10, 11, 12] {
            fs::remove_dir_all(root.path().join(pid.to_string())).unwrap();
        }
        assert_eq!((server.memory_bytes(), server.cpu_seconds()), (None, None), "it has ended");
    }
}
