//! The program's side of an embedded server: it talks to the guard and never owns the server itself.

use super::{Machine, Profile, TargetError, kept, login::Route, restored::Order, server_log};
use crate::text::told;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    io::{BufRead, BufReader, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// How to reach an embedded server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// A socket in a directory that only the server's user and root may enter.
    Unix,
    /// 127.0.0.1, with a random password.
    Tcp,
    /// The same, over TLS alone, with a certificate of an authority that lasts as long as the server.
    Tls,
}

/// What to start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Spec {
    /// Directory of the programs; `None` looks for them.
    pub pg_bin: Option<PathBuf>,
    /// Major version.
    pub pg_version: Option<u32>,
    /// How to reach it.
    pub transport: Transport,
    /// The machine that it stands for.
    pub machine: Option<Machine>,
    /// Settings, which win over this program's own.
    pub profile: Option<Profile>,
    /// Settings, which win over all others.
    pub settings: Vec<(String, String)>,
    /// Whether it stays when the program ends.
    pub keep: bool,
    /// Files to begin with, instead of a new server's.
    pub seeded: Option<PathBuf>,
    /// Where its directory goes.
    pub base_dir: PathBuf,
    /// Whether it is only started when that is ordered, by which time somebody may have filled its directory.
    #[serde(default)]
    pub waits: bool,
}

impl Spec {
    /// Every setting that follows from what was asked; of several for one name the last counts.
    pub(super) fn all_settings(&self) -> Vec<(String, String)> {
        let connections = self.machine.as_ref().and_then(|machine| machine.max_connections);
        let of_machine = connections.map(|number| ("max_connections".to_owned(), number.to_string()));
        let of_profile = self.profile.iter().flat_map(|profile| profile.settings.iter().cloned());
        of_machine.into_iter().chain(of_profile).chain(self.settings.iter().cloned()).collect()
    }

    /// Options by which settings were given.
    fn options(&self) -> Vec<String> {
        let machine = self.machine.as_ref().map(|machine| format!("--machine {}", machine.name));
        let profile = self.profile.as_ref().map(|profile| format!("--flags {}", profile.name));
        let set = (!self.settings.is_empty()).then(|| "--set".to_owned());
        [machine, profile, set].into_iter().flatten().collect()
    }

    /// Why it did not start: the user's fault, where what was asked was refused.
    fn failure(&self, reason: String) -> TargetError {
        let refused = [server_log::SETTING_REFUSED, super::in_force::NOT_IN_FORCE];
        if reason.contains("--pg-bin") || reason.contains("is not usable") {
            return TargetError::Programs(reason);
        }
        if refused.iter().any(|beginning| reason.starts_with(beginning)) {
            return TargetError::Contradiction { option: format!("{}:", self.options().join(", ")), reason };
        }
        match self.options() {
            options if options.is_empty() => TargetError::Start(reason),
            options => {
                let names: Vec<&str> = self.settings.iter().map(|(name, _)| name.as_str()).collect();
                let set = if names.is_empty() { String::new() } else { format!(" for {}", names.join(", ")) };
                TargetError::Start(format!("{reason} ({}{set} given)", options.join(", ")))
            }
        }
    }
}

/// What the guard says, one JSON document a line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// The server takes connections, or, where it waits for an order, its directory is there.
    Ready(Box<Facts>),
    /// It could not be started, or has ended.
    Failed {
        /// Why.
        reason: String,
    },
}

/// Facts of a running embedded server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Where it is, how to connect, whether it stays.
    pub server: kept::KeptServer,
    /// Type of the file system that holds its directory.
    pub file_system: String,
    /// How long each step took.
    pub timings: Vec<(String, Duration)>,
}

/// A running embedded server. Dropping it ends the server, unless it is kept.
#[derive(Debug)]
pub(super) struct Embedded {
    guard: Child,
    said: RefCell<BufReader<ChildStdout>>,
    facts: Facts,
    base: PathBuf,
}

impl Embedded {
    /// Starts `guard __guard`, which starts the server, and waits until it takes connections.
    ///
    /// # Errors
    /// When there are no usable server programs, or the server does not come up.
    pub(super) fn start(guard: &std::path::Path, spec: &Spec) -> Result<Self, TargetError> {
        let failed = |error: std::io::Error| TargetError::Start(told(guard, &error));
        let mut child = Command::new(guard)
            .arg("__guard")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let text = serde_json::to_string(spec).map_err(|error| TargetError::Start(error.to_string()))?;
        if let Some(stdin) = &mut child.stdin {
            writeln!(stdin, "{text}").map_err(failed)?;
        }
        let stdout =
            child.stdout.take().ok_or_else(|| TargetError::Start("its guard has no output".to_owned()))?;
        let mut said = BufReader::new(stdout);
        let mut line = String::new();
        said.read_line(&mut line).map_err(failed)?;
        match serde_json::from_str(&line) {
            Ok(Report::Ready(facts)) => {
                let base = spec.base_dir.clone();
                Ok(Self { guard: child, said: RefCell::new(said), facts: *facts, base })
            }
            report => {
                if !child.wait().is_ok_and(|status| status.code().is_some()) {
                    kept::sweep(&spec.base_dir);
                }
                Err(match report {
                    Ok(Report::Failed { reason }) => spec.failure(reason),
                    _ => TargetError::Start("its guard process ended unexpectedly".to_owned()),
                })
            }
        }
    }

    /// How to connect.
    ///
    /// # Errors
    /// When a file that its URL names is gone.
    pub(super) fn route(&self) -> Result<Route, TargetError> {
        Route::own(&self.facts.server.url).map_err(TargetError::Start)
    }

    /// Has the guard start what is in the directory, and waits until it takes connections or `give_up` says so.
    ///
    /// # Errors
    /// Why it does not come up.
    pub(super) fn start_ordered(&mut self, order: &Order, give_up: &dyn Fn() -> bool) -> Result<(), String> {
        let text = serde_json::to_string(order).map_err(|error| error.to_string())?;
        if let Some(stdin) = &mut self.guard.stdin {
            writeln!(stdin, "{text}").map_err(|error| format!("its guard does not listen: {error}"))?;
        }
        let mut said = self.said.borrow_mut();
        loop {
            let mut watched = [PollFd::new(said.get_ref().as_fd(), PollFlags::POLLIN)];
            if poll(&mut watched, PollTimeout::from(50_u16)).is_ok_and(|ready| ready > 0) {
                break;
            }
            if give_up() {
                return Err("given up".to_owned());
            }
        }
        let mut line = String::new();
        said.read_line(&mut line).map_err(|error| error.to_string())?;
        match serde_json::from_str(&line) {
            Ok(Report::Ready(facts)) => self.facts = *facts,
            Ok(Report::Failed { reason }) => return Err(reason),
            Err(_) => return Err("its guard process ended unexpectedly".to_owned()),
        }
        Ok(())
    }

    /// The guard's process, which leads a group of its own.
    pub(super) fn guard(&self) -> u32 {
        self.guard.id()
    }

    /// Whether the guard has something to say, which it only has when the server has ended.
    pub(super) fn is_gone(&self) -> bool {
        let said = self.said.borrow();
        let mut watched = [PollFd::new(said.get_ref().as_fd(), PollFlags::POLLIN)];
        poll(&mut watched, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }

    /// Why the server does not answer any more: what its guard says, or else the end of its log. Waits a
    /// moment, for the guard looks now and then only.
    pub(super) fn fate(&self) -> String {
        let mut said = self.said.borrow_mut();
        let mut line = String::new();
        let mut watched = [PollFd::new(said.get_ref().as_fd(), PollFlags::POLLIN)];
        if poll(&mut watched, PollTimeout::from(500_u16)).is_ok_and(|ready| ready > 0) {
            let _ = said.read_line(&mut line);
        }
        match serde_json::from_str(&line) {
            Ok(Report::Failed { reason }) => reason,
            _ => {
                let log = self.facts.server.directory.join(super::cluster::LOG);
                format!("its log ends with: {}", server_log::last_lines(&log))
            }
        }
    }

    /// What is known of it.
    #[must_use]
    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Closing the pipe is the signal; the guard is done when everything is gone.
        self.guard.stdin.take();
        if !self.guard.wait().is_ok_and(|status| status.success()) {
            // It was killed: what it left is for us to remove.
            kept::sweep(&self.base);
        }
    }
}

/// Embedded servers that stay, the oldest first.
#[must_use]
pub fn list_kept() -> Vec<kept::KeptServer> {
    kept::list(&super::base::chosen())
}
