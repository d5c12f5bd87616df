//! An embedded server on a smaller machine: as few processors and as little memory as were asked for, as far as this
//! machine can do that. The guard alone confines a server; `machine` says what to, and records how far it could be done.

use super::{
    affinity,
    cgroup::{self, Groups, Limit},
};
use crate::flags::setting::format_bytes;
use crate::text::proc_bytes;
use std::path::PathBuf;

/// What a server may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Confinement {
    /// Processors; a part of one is a share of its time.
    pub(super) cpus: f64,
    /// Memory, page cache included.
    pub(super) memory_bytes: u64,
}

/// How far it could be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Confined {
    /// Processors; absent where that could not be done.
    pub(super) cpus: Option<u32>,
    /// Memory; absent where that could not be done.
    pub(super) memory_bytes: Option<u64>,
    /// What could not be done, one sentence each.
    pub(super) not_done: Vec<String>,
}

/// Holds what is started in it. Every means was tried when it was built.
#[derive(Debug)]
pub(super) struct Cage {
    processors: Option<Vec<usize>>,
    groups: Groups,
    confined: Confined,
}

impl Cage {
    /// Nothing is confined yet. `name` is the server's own.
    pub(super) fn new(name: &str) -> Self {
        Self { processors: None, groups: Groups::new(name), confined: Confined::default() }
    }

    /// Groups that may come to exist.
    pub(super) fn possible_groups(&self) -> Vec<PathBuf> {
        self.groups.possible()
    }

    /// Groups that exist.
    pub(super) fn groups(&self) -> Vec<PathBuf> {
        self.groups.paths()
    }

    /// How far it could be done.
    pub(super) fn confined(&self) -> &Confined {
        &self.confined
    }

    /// Gets ready to confine what starts from now on, as far as this machine can.
    pub(super) fn build(&mut self, asked: Confinement) {
        self.confined.cpus = self.processors(asked.cpus);
        self.confined.memory_bytes = self.memory(asked.memory_bytes);
    }

    /// Whole processors are given by name, which throttles nothing; a share of one by its time.
    fn processors(&mut self, cpus: f64) -> Option<u32> {
        let wanted = cpus.ceil().max(1.0) as u32;
        let bound = affinity::allowed().and_then(|allowed| {
            let Some(chosen) = affinity::choose(&allowed, wanted as usize) else {
                return Ok(Err(allowed.len()));
            };
            let tried = affinity::confine(chosen);
            affinity::confine(&allowed)?;
            tried.map(|()| Ok(chosen.to_vec()))
        });
        let reason = match bound {
            Ok(Err(there)) => {
                self.confined.not_done.push(format!(
                    "this machine has {there} processors for the server, not {wanted}: it may use all of them"
                ));
                return None;
            }
            Ok(Ok(chosen)) => {
                self.processors = Some(chosen);
                None
            }
            Err(reason) => Some(reason),
        };
        if reason.is_none() && cpus.fract() == 0.0 {
            return Some(wanted);
        }
        match self.groups.limit(Limit::Cpu(cpus)) {
            Ok(()) => Some(wanted),
            Err(group) => {
                let reason = reason.map_or_else(String::new, |reason| format!("{reason}; "));
                self.confined
                    .not_done
                    .push(format!("the server is not confined to {cpus} processors: {reason}{group}"));
                self.processors.as_ref().map(|_| wanted)
            }
        }
    }

    fn memory(&mut self, bytes: u64) -> Option<u64> {
        if let Some(there) = memory_of_this_machine().filter(|there| *there < bytes) {
            let (there, bytes) = (rounded(there), format_bytes(bytes));
            self.confined.not_done.push(format!(
                "this machine has {there} of memory, not {bytes}: the server may use all of it"
            ));
            return None;
        }
        match self.groups.limit(Limit::Memory(bytes)) {
            Ok(()) => Some(bytes),
            Err(reason) => {
                let bytes = format_bytes(bytes);
                self.confined
                    .not_done
                    .push(format!("the server is not confined to {bytes} of memory: {reason}"));
                None
            }
        }
    }

    /// Does `work`; the processes that it starts are confined.
    pub(super) fn around<T>(&self, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let before = affinity::allowed();
        if let Some(processors) = &self.processors {
            affinity::confine(processors)?;
        }
        let done = self.groups.enter().and_then(|()| work());
        // Whatever was started must be known to the caller, so what fails from here on is not told.
        self.leave();
        if let (Some(_), Ok(before)) = (&self.processors, before) {
            let _ = affinity::confine(&before);
        }
        done
    }

    /// This process itself goes on as before; with it in them its groups could not be removed.
    fn leave(&self) {
        let _ = self.groups.leave();
    }

    /// Removes the groups, once the server has ended.
    pub(super) fn remove(&self) -> Result<(), String> {
        self.leave();
        cgroup::remove(&self.groups())
    }
}

fn memory_of_this_machine() -> Option<u64> {
    proc_bytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// What a machine has is no round number.
fn rounded(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_machine_is_read() {
        assert!(memory_of_this_machine().is_some_and(|bytes| bytes > 1 << 26));
    }

    #[test]
    fn more_than_this_machine_has_is_said() {
        let mut cage = Cage::new("test");
        cage.build(Confinement { cpus: 10_000.0, memory_bytes: 1 << 60 });
        let confined = cage.confined();
        assert_eq!((confined.cpus, confined.memory_bytes), (None, None));
        assert_eq!(confined.not_done.len(), 2, "{:?}", confined.not_done);
        assert!(confined.not_done[0].contains("not 10000"), "{:?}", confined.not_done);
        assert!(confined.not_done[1].contains("not 1048576TB"), "{:?}", confined.not_done);
        assert!(cage.groups().is_empty());
        assert_eq!(cage.around(|| Ok(7)), Ok(7));
    }

    /// Where groups can be made, what is started is in them; where not, it is said. Either way nothing is left.
    #[test]
    fn what_is_started_is_confined_as_far_as_it_is_told() {
        let name = format!("test-{}", std::process::id());
        let mut cage = Cage::new(&name);
        cage.build(Confinement { cpus: 0.5, memory_bytes: 256 << 20 });
        let confined = cage.confined().clone();
        let said = |part: &str| confined.not_done.iter().any(|sentence| sentence.contains(part));
        let seen = cage.around(|| {
            let output = std::process::Command::new("cat").arg("/proc/self/cgroup").output();
            output
                .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
                .map_err(|e| e.to_string())
        });
        let groups = cage.groups();
        cage.remove().unwrap();
        assert!(groups.iter().all(|group| !group.exists()));
        assert_eq!(seen.unwrap().contains(&name), !groups.is_empty());
        assert_eq!(confined.memory_bytes.is_some(), !said("of memory"), "{confined:?}");
        assert!(groups.iter().all(|group| cage.possible_groups().contains(group)), "what is swept");
    }
}
