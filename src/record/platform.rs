//! The machine that the server is for, and what stands around the server: role, extensions, limits, disk.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine that was asked for with `--machine`, and how far the server was confined to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetMachine {
    /// As in `db-custom-1-3840`.
    pub name: String,
    /// `cloud_sql` or `plain`.
    pub platform: String,
    /// Its processors.
    pub vcpus: u32,
    /// Its memory.
    pub memory_bytes: u64,
    /// Connections that it takes unless told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u32>,
    /// Processors that the server was confined to; absent where that could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confined_cpus: Option<u32>,
    /// Memory that the server was confined to, page cache included; absent where that could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confined_memory_bytes: Option<u64>,
    /// What could not be done, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_done: Vec<String>,
}

/// The role that the load used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// The database that it used.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// Whether it is a superuser.
    pub is_superuser: bool,
    /// Whether it may see other roles' statements and sessions (`pg_read_all_stats`).
    pub reads_all_statistics: bool,
    /// Whether it may see every setting (`pg_read_all_settings`).
    pub reads_all_settings: bool,
    /// Settings of this role and database of their own (`pg_db_role_setting`), as in `work_mem=64MB`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

/// An extension of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Its version in this database; `None` where it could be created but is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<String>,
}

/// A disk of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Block device, as in `sda`; absent where the file system has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Whether it turns; absent where the kernel does not say, or cannot know (a virtual disk).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_rotational: Option<bool>,
    /// Size of the file system.
    pub total_bytes: u64,
    /// Free on it after the window.
    pub free_bytes: u64,
}
