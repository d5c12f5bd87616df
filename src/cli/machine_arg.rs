//! What an embedded server shall stand for: the values of `--machine` and `--flags`.

use super::flags;
use crate::target::{Machine, Profile};

/// A machine by its name.
pub(super) fn machine(text: &str) -> Result<Machine, String> {
    let machine: crate::flags::Machine =
        text.parse().map_err(|error: crate::flags::FlagsError| error.to_string())?;
    Ok(Machine {
        platform: if machine.platform.is_cloud_sql() { "cloud_sql" } else { "plain" }.to_owned(),
        name: machine.name,
        cpus: f64::from(machine.vcpus),
        memory_bytes: machine.memory_bytes,
        max_connections: machine.max_connections,
    })
}

/// A shipped profile by its name, or the settings of a file in any form that `flags check` reads.
pub(super) fn flags(text: &str) -> Result<Profile, String> {
    let wanted = flags::settings_of(text).map_err(|failure| failure.sentence())?;
    Ok(Profile { name: text.to_owned(), settings: wanted.settings, notes: wanted.notes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_that_exist_are_read() {
        for (text, cpus, megabytes, connections) in [
            ("db-custom-1-3840", 1.0, 3_840, Some(100)),
            ("db-custom-4-16384", 4.0, 16_384, Some(500)),
            ("2cpu-8GB", 2.0, 8_192, None),
        ] {
            let machine = machine(text).unwrap();
            assert_eq!((machine.cpus, machine.memory_bytes), (cpus, megabytes << 20), "{text}");
            assert_eq!(machine.max_connections, connections, "{text}");
        }
        assert!(machine("db-n1-standard-1").unwrap_err().contains("db-custom-1-3840"));
    }

    #[test]
    fn profiles_that_are_shipped_are_found() {
        let plan = flags("plan").unwrap();
        assert_eq!(plan.settings.len(), 5);
        assert_eq!(plan.settings[0], ("shared_buffers".to_owned(), "1GB".to_owned()));
        assert!(flags("paln").unwrap_err().contains("no file of that name"));
    }
}
