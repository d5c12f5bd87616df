//! What an embedded server shall stand for: the values of `--machine` and `--flags`.

use crate::target::{Machine, Profile};

/// A machine by its name.
pub(super) fn machine(text: &str) -> Result<Machine, String> {
    let (cpus, memory_bytes, platform) = custom(text).or_else(|| plain(text)).ok_or(
        "there is no such machine for PostgreSQL: write db-custom-CPUS-MEGABYTES, as in db-custom-1-3840, or as in 2cpu8GB",
    )?;
    let is_cloud = platform == "cloud_sql";
    Ok(Machine {
        name: text.to_owned(),
        platform: platform.to_owned(),
        cpus: f64::from(cpus),
        memory_bytes,
        max_connections: is_cloud.then(|| default_connections(memory_bytes)),
    })
}

/// As in `db-custom-1-3840`: one processor, or an even number of them, and memory in steps of 256 MB.
fn custom(text: &str) -> Option<(u32, u64, &'static str)> {
    let (cpus, megabytes) = text.strip_prefix("db-custom-")?.split_once('-')?;
    let (cpus, megabytes): (u32, u64) = (cpus.parse().ok()?, megabytes.parse().ok()?);
    let exists = (cpus == 1 || cpus.is_multiple_of(2))
        && (1..=96).contains(&cpus)
        && megabytes.is_multiple_of(256)
        && (3_840..=638_976).contains(&megabytes);
    exists.then_some((cpus, megabytes << 20, "cloud_sql"))
}

/// As in `2cpu8GB`.
fn plain(text: &str) -> Option<(u32, u64, &'static str)> {
    let text = text.to_ascii_lowercase();
    let (cpus, gigabytes) = text.strip_suffix("gb")?.split_once("cpu")?;
    let (cpus, gigabytes): (u32, u64) = (cpus.parse().ok()?, gigabytes.parse().ok()?);
    let is_some = (1..=1_024).contains(&cpus) && (1..=65_536).contains(&gigabytes);
    is_some.then_some((cpus, gigabytes << 30, "plain"))
}

/// What Cloud SQL gives an instance of that memory.
fn default_connections(memory_bytes: u64) -> u32 {
    let steps = [(120.0, 1_000), (60.0, 800), (30.0, 600), (15.0, 500), (7.5, 400), (6.0, 200)];
    let gigabytes = memory_bytes as f64 / f64::from(1 << 30);
    steps.iter().find(|(least, _)| gigabytes >= *least).map_or(100, |(_, connections)| *connections)
}

/// The settings that are shipped, by name: shared_buffers, work_mem, maintenance_work_mem, effective_cache_size and
/// random_page_cost.
const PROFILES: [(&str, [&str; 5]); 3] = [
    ("pg-defaults", ["128MB", "4MB", "64MB", "4GB", "4.0"]),
    ("plan", ["1GB", "4MB", "64MB", "2GB", "1.1"]),
    ("as-documented", ["768MB", "64kB", "1MB", "781MB", "1.1"]),
];

/// A profile of settings by its name.
pub(super) fn flags(text: &str) -> Result<Profile, String> {
    let names =
        ["shared_buffers", "work_mem", "maintenance_work_mem", "effective_cache_size", "random_page_cost"];
    let Some((name, values)) = PROFILES.iter().find(|(name, _)| *name == text) else {
        let known: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no such profile: name one of {}", known.join(", ")));
    };
    let settings = names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(Profile { name: (*name).to_owned(), settings: settings.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_that_exist_are_read() {
        for (text, cpus, megabytes, connections) in [
            ("db-custom-1-3840", 1.0, 3_840, Some(100)),
            ("db-custom-4-16384", 4.0, 16_384, Some(500)),
            ("2cpu8GB", 2.0, 8_192, None),
            ("1CPU1gb", 1.0, 1_024, None),
        ] {
            let machine = machine(text).unwrap();
            assert_eq!((machine.cpus, machine.memory_bytes), (cpus, megabytes << 20), "{text}");
            assert_eq!(machine.max_connections, connections, "{text}");
        }
        for text in
            ["", "db-n1-standard-1", "db-custom-3-3840", "db-custom-1-3841", "0cpu1GB", "2cpu", "cpuGB"]
        {
            assert!(machine(text).unwrap_err().contains("db-custom-1-3840"), "{text}");
        }
    }

    #[test]
    fn profiles_that_are_shipped_are_found() {
        let plan = flags("plan").unwrap();
        assert_eq!(plan.settings.len(), 5);
        assert_eq!(plan.settings[0], ("shared_buffers".to_owned(), "1GB".to_owned()));
        assert!(flags("paln").unwrap_err().contains("name one of pg-defaults, plan, as-documented"));
    }
}
