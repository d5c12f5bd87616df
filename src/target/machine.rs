//! What an embedded server shall stand for: a machine, and named settings.

use super::confine::{Confined, Confinement};
use crate::record::TargetMachine;
use serde::{Deserialize, Serialize};

/// The machine that a server is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// As in `db-custom-1-3840`.
    pub name: String,
    /// `cloud_sql` or `plain`.
    pub platform: String,
    /// Its processors; a part of one is a share of its time.
    pub cpus: f64,
    /// Its memory.
    pub memory_bytes: u64,
    /// Connections that it takes unless told otherwise.
    pub max_connections: Option<u32>,
}

/// Settings that have a name together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// As in `plan`, or the path of a file.
    pub name: String,
    /// Names and values, as `postgresql.conf` has them.
    pub settings: Vec<(String, String)>,
    /// What of the file is not among them, a sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Machine {
    pub(super) fn confinement(&self) -> Confinement {
        Confinement { cpus: self.cpus, memory_bytes: self.memory_bytes }
    }

    /// For the record: what it is, and how far a server was confined to it.
    pub(super) fn recorded(&self, confined: Confined) -> TargetMachine {
        TargetMachine {
            name: self.name.clone(),
            platform: self.platform.clone(),
            vcpus: self.cpus.ceil().max(1.0) as u32,
            memory_bytes: self.memory_bytes,
            max_connections: self.max_connections,
            confined_cpus: confined.cpus,
            confined_memory_bytes: confined.memory_bytes,
            not_done: confined.not_done,
        }
    }

    /// The same where the server was already there.
    pub(super) fn recorded_only(&self) -> TargetMachine {
        let reason =
            "the server was not started by loist-bench, so nothing was confined: the machine is only noted";
        self.recorded(Confined { not_done: vec![reason.to_owned()], ..Confined::default() })
    }
}
