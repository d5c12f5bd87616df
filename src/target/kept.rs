//! What is on disk of embedded servers: the ones that stay, and leftovers of the ones that should not.
//!
//! A guard holds a lock on the file in its directory for as long as it lives. A directory whose lock is
//! free, and that is not marked as kept, was left by a guard that was killed: the next start removes it.

use super::{TargetError, base, cgroup, cluster};
use crate::record::TargetMachine;
use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    sys::signal::kill,
    unistd::Pid,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
};

/// Beginning of the names of clusters' directories.
pub(super) const PREFIX: &str = "server-";
const LOCK: &str = "guard.lock";
const MARK: &str = "server.json";

/// An embedded server on this machine.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptServer {
    /// Its private directory.
    pub directory: PathBuf,
    /// How to connect.
    pub url: String,
    /// Directory of its socket.
    pub socket_directory: PathBuf,
    /// Whether it stays when the program ends.
    pub kept: bool,
    /// The machine that it stands for, and how far it is confined to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<TargetMachine>,
    /// Name of the profile of settings that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<String>,
    /// Control groups that were made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub control_groups: Vec<PathBuf>,
}

/// Without the URL, which may hold a password.
impl fmt::Debug for KeptServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("KeptServer");
        shown.field("directory", &self.directory).field("kept", &self.kept).finish_non_exhaustive()
    }
}

/// Takes the lock of a directory of the caller's own.
pub(super) fn lock(directory: &Path) -> Result<Flock<File>, String> {
    // Under another name first, so that nobody finds it unlocked.
    let hidden = directory.join("guard.lock.new");
    let file = File::create(&hidden).map_err(|error| error.to_string())?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error.to_string())?;
    std::fs::rename(&hidden, directory.join(LOCK)).map_err(|error| error.to_string())?;
    Ok(lock)
}

/// Writes what a directory holds, for its owner's eyes alone: the URL may hold a password.
pub(super) fn mark(server: &KeptServer) -> Result<(), String> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let text = serde_json::to_string(server).map_err(|error| error.to_string())?;
    let path = server.directory.join(MARK);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| error.to_string())
}

fn read_mark(directory: &Path) -> Option<KeptServer> {
    let server: KeptServer =
        serde_json::from_str(&std::fs::read_to_string(directory.join(MARK)).ok()?).ok()?;
    (server.directory == directory).then_some(server)
}

/// Servers below `base` that stay, the oldest first.
#[must_use]
pub(super) fn list(base: &Path) -> Vec<KeptServer> {
    let mut found: Vec<_> = directories(base)
        .into_iter()
        .filter_map(|directory| Some((directory.metadata().ok()?.modified().ok()?, read_mark(&directory)?)))
        .filter(|(_, server)| server.kept)
        .collect();
    found.sort_by_key(|(made, _)| *made);
    found.into_iter().map(|(_, server)| server).collect()
}

/// Ends a server that stays and removes its directory.
///
/// # Errors
/// When the directory is no kept server's (it is left alone), or it cannot be removed.
pub fn stop(directory: &Path) -> Result<(), TargetError> {
    let refuse =
        |reason: &str| TargetError::NotKept { directory: directory.to_owned(), reason: reason.to_owned() };
    let real =
        directory.canonicalize().map_err(|_| refuse("does not exist: see `loist-bench server list`"))?;
    let server = read_mark(&real).filter(|server| server.kept && base::is_own(&real)).ok_or_else(|| {
        refuse("holds no server that was kept, and is left alone: see `loist-bench server list`")
    })?;
    remove(&server).map_err(|reason| TargetError::Stop { directory: directory.to_owned(), reason })
}

/// Removes what killed guards left below `base`.
pub(super) fn sweep(base: &Path) {
    for directory in directories(base) {
        // Without a lock it may be anybody's, whatever it is called.
        let Ok(file) = File::open(directory.join(LOCK)) else { continue };
        let Ok(_lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else { continue };
        match read_mark(&directory) {
            Some(server) if server.kept => {}
            Some(server) => {
                let _ = remove(&server);
            }
            None => {
                let _ = std::fs::remove_dir_all(&directory);
            }
        }
    }
}

/// What may be a cluster's directory below `base`, if that and they are nobody else's.
fn directories(base: &Path) -> Vec<PathBuf> {
    let Some(base) = base.canonicalize().ok().filter(|_| base::is_own(base)) else { return Vec::new() };
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .filter(|directory| base::is_own(directory))
        .collect()
}

fn remove(server: &KeptServer) -> Result<(), String> {
    if let Some(pid) = postmaster(&server.directory) {
        cluster::end(pid, &mut || {
            kill(pid, None) == Err(Errno::ESRCH) || postmaster(&server.directory).is_none()
        });
    }
    let groups = cgroup::remove(&server.control_groups);
    groups.and(cluster::remove(&server.directory, &server.socket_directory))
}

/// The process that serves `directory`, by its pid file; only if its command line names the directory
/// too, for pids come round again.
pub(super) fn postmaster(directory: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(directory.join("data/postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let running = if let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) {
        String::from_utf8_lossy(&line).contains(&*directory.to_string_lossy())
    } else {
        // No /proc: the pid file is removed by a server that ends, so it speaks of a living one or of a crash.
        !Path::new("/proc/self").exists() && kill(Pid::from_raw(pid), None).is_ok()
    };
    running.then(|| Pid::from_raw(pid))
}
