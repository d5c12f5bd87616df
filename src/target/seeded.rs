//! A server's files with the catalog in them, at rest: servers that begin as a copy of them have not to be seeded.

use super::{TargetError, cluster::DATA, embedded::Embedded, kept, template::copy};
use nix::sys::signal::{Signal, kill};
use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant},
};

/// How long a server may take to write what it has in memory and to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether it has ended.
const POLL: Duration = Duration::from_millis(10);

/// The files of a server that has ended in good order. Its guard still stands, and removes them when this is dropped or
/// the program ends, however that comes about.
#[derive(Debug)]
pub struct Seeded {
    data: PathBuf,
    /// Only there to be dropped; a lock makes it one that threads may share.
    _guarded: Mutex<Embedded>,
}

impl Seeded {
    /// Ends the server, and keeps its files.
    ///
    /// # Errors
    /// When it does not end in good order.
    pub(super) fn of(server: Embedded) -> Result<Self, TargetError> {
        let directory = server.facts().server.directory.clone();
        end(&directory).map_err(|reason| TargetError::Seeded { reason })?;
        Ok(Self { data: directory.join(DATA), _guarded: Mutex::new(server) })
    }

    /// The files.
    pub(super) fn data(&self) -> PathBuf {
        self.data.clone()
    }
}

/// Lets a server write what it has in memory, and waits until it has ended.
fn end(server: &Path) -> Result<(), String> {
    let Some(pid) = kept::postmaster(server) else { return Err("the server has ended before".to_owned()) };
    kill(pid, Signal::SIGINT).map_err(|error| format!("the server cannot be ended: {error}"))?;
    let began = Instant::now();
    while kept::postmaster(server).is_some() {
        if began.elapsed() > PATIENCE {
            return Err(format!("the server did not end within {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(POLL);
    }
    // A server that ends in good order takes its pid file with it.
    if server.join(DATA).join("postmaster.pid").exists() {
        return Err("the server broke off while it ended".to_owned());
    }
    Ok(())
}

/// Fills a new server's data directory with the files of one that was seeded. What was copied is on the disk then: written
/// later, it would be in the way of what is measured. (The file of settings that the copy includes is that of the server it
/// is of; the new one's comes after it and sets whatever it sets.)
pub(super) fn fill(files: &Path, data: &Path) -> Result<(), String> {
    if !copy(files, data) {
        return Err(format!("{} cannot be copied to {}", files.display(), data.display()));
    }
    #[cfg(target_os = "linux")]
    if let Ok(directory) = std::fs::File::open(data) {
        // Without it the measurement is less quiet, and that is all.
        let _ = nix::unistd::syncfs(&directory);
    }
    Ok(())
}
