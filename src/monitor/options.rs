//! What is collected, how often, and what the server itself cannot tell.

use super::{BackupSource, LogSource};
use crate::flags::{Machine, instance::CloudInstance};
use std::time::Duration;

/// What is collected.
#[derive(Debug, Clone)]
pub struct ObserveOptions {
    /// Time between two collections.
    pub every: Duration,
    /// Time between two looks at sizes, which cost more.
    pub sizes_every: Duration,
    /// Size of the server's disk in bytes.
    pub storage_limit: Option<u64>,
    /// Processors and memory in bytes of the server's machine.
    pub machine: Option<(f64, u64)>,
    /// What gcloud says of the instance.
    pub instance: Option<CloudInstance>,
    /// Where backups are told of.
    pub backups: Option<BackupSource>,
    /// Where the server's log is.
    pub log: Option<LogSource>,
}

impl ObserveOptions {
    /// Size of the server's disk, as it was said or as the instance has it.
    pub(super) fn storage_bytes(&self) -> Option<u64> {
        let of_instance = || self.instance.as_ref()?.disk_gb?.checked_mul(1 << 30);
        self.storage_limit.or_else(of_instance)
    }

    /// Processors and memory of the machine, as they were said or as the instance's tier has them.
    pub(super) fn machine_size(&self) -> Option<(f64, u64)> {
        let of_instance = || {
            let machine: Machine = self.instance.as_ref()?.tier.as_ref()?.parse().ok()?;
            Some((f64::from(machine.vcpus), machine.memory_bytes))
        };
        self.machine.or_else(of_instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_wins_over_the_instance() {
        let nothing = ObserveOptions {
            every: Duration::from_secs(1),
            sizes_every: Duration::from_secs(1),
            storage_limit: None,
            machine: None,
            instance: None,
            backups: None,
            log: None,
        };
        assert_eq!((nothing.storage_bytes(), nothing.machine_size()), (None, None));
        let instance = CloudInstance {
            tier: Some("db-custom-1-3840".to_owned()),
            disk_gb: Some(20),
            ..CloudInstance::default()
        };
        let options = ObserveOptions { instance: Some(instance), ..nothing };
        assert_eq!(options.storage_bytes(), Some(20 << 30));
        assert_eq!(options.machine_size(), Some((1.0, 3_840 << 20)));
        let said = ObserveOptions { storage_limit: Some(7), machine: Some((2.0, 9)), ..options };
        assert_eq!((said.storage_bytes(), said.machine_size()), (Some(7), Some((2.0, 9))));
    }
}
