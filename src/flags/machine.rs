//! Machines: Cloud SQL's tiers as `data/tiers.toml` has them, and any other by its processors and memory.

use super::{
    error::FlagsError,
    setting::format_bytes,
    unit::{Dimension, Unit},
};
use serde::{Deserialize, Serialize};
use std::{str::FromStr, sync::LazyLock};

const GB: f64 = (1_u64 << 30) as f64;
const MB: u64 = 1 << 20;

/// A machine that PostgreSQL runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// A tier's name, or processors and memory as in `2cpu-8GB`.
    pub name: String,
    /// Virtual processors; 1 where a part of one is shared.
    pub vcpus: u32,
    /// Main memory.
    pub memory_bytes: u64,
    /// What the platform sets `max_connections` to unless it is told otherwise.
    pub max_connections: Option<u32>,
    /// Who runs it.
    pub platform: Platform,
}

/// Who runs a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Cloud SQL for PostgreSQL, Enterprise edition.
    CloudSql,
    /// Cloud SQL for PostgreSQL, Enterprise Plus edition.
    CloudSqlPlus,
    /// Anybody else.
    Other,
}

impl Platform {
    /// Whether it is Cloud SQL, of whatever edition.
    #[must_use]
    pub fn is_cloud_sql(self) -> bool {
        self != Self::Other
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tiers {
    custom: Custom,
    tier: Vec<Tier>,
    plus: Vec<Plus>,
    refused: Vec<Refused>,
    connections: Connections,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    max_vcpus: u32,
    min_mb: u64,
    step_mb: u64,
    min_gb_per_vcpu: f64,
    max_gb_per_vcpu: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    name: String,
    vcpus: u32,
    memory_gb: f64,
    max_connections: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plus {
    prefix: String,
    sizes: Vec<Size>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    vcpus: u32,
    memory_gb: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    prefix: String,
    mb_per_vcpu: u64,
    vcpus: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connections {
    beyond: u32,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    below_gb: f64,
    connections: u32,
}

static TIERS: LazyLock<Tiers> = LazyLock::new(|| {
    // A broken file is a broken build, which a test finds.
    toml::from_str(include_str!("data/tiers.toml")).unwrap_or_else(|error| panic!("tiers.toml: {error}"))
});

impl FromStr for Machine {
    type Err = FlagsError;

    /// Reads a tier of Cloud SQL for PostgreSQL (`db-custom-1-3840`, `db-f1-micro`, `db-perf-optimized-N-4`), or the
    /// processors and the memory of any machine (`2cpu-8GB`).
    fn from_str(name: &str) -> Result<Self, FlagsError> {
        let refuse = |reason: String| Err(FlagsError::Machine { name: name.to_owned(), reason });
        if let Some(rest) = name.strip_prefix("db-custom-") {
            return custom(rest).or_else(refuse);
        }
        if let Some(tier) = TIERS.tier.iter().find(|tier| tier.name == name) {
            let connections = Some(tier.max_connections);
            return Ok(Self::of_cloud_sql(name, tier.vcpus, tier.memory_gb, connections, Platform::CloudSql));
        }
        for plus in &TIERS.plus {
            let Some(rest) = name.strip_prefix(&plus.prefix) else { continue };
            let size = plus.sizes.iter().find(|size| size.vcpus.to_string() == rest);
            return size.map_or_else(
                || refuse(format!("write {} and one of {}", plus.prefix, list(&plus.sizes))),
                |size| Ok(Self::of_cloud_sql(name, size.vcpus, size.memory_gb, None, Platform::CloudSqlPlus)),
            );
        }
        for refused in &TIERS.refused {
            let vcpus = name.strip_prefix(&refused.prefix).and_then(|rest| rest.parse().ok());
            if let Some(vcpus) = vcpus.filter(|vcpus| refused.vcpus.contains(vcpus)) {
                let equal = nearest_custom(vcpus, u64::from(vcpus) * refused.mb_per_vcpu);
                return refuse(format!(
                    "Cloud SQL has it for MySQL only; its equal for PostgreSQL is {equal}"
                ));
            }
        }
        plain(name).map_or_else(|| refuse(forms()), Ok)
    }
}

impl Machine {
    fn of_cloud_sql(
        name: &str,
        vcpus: u32,
        memory_gb: f64,
        connections: Option<u32>,
        platform: Platform,
    ) -> Self {
        let by_memory = || {
            let step = TIERS.connections.steps.iter().find(|step| memory_gb < step.below_gb);
            step.map_or(TIERS.connections.beyond, |step| step.connections)
        };
        Self {
            name: name.to_owned(),
            vcpus,
            memory_bytes: (memory_gb * GB) as u64,
            max_connections: Some(connections.unwrap_or_else(by_memory)),
            platform,
        }
    }
}

fn list(sizes: &[Size]) -> String {
    let sizes: Vec<String> = sizes.iter().map(|size| size.vcpus.to_string()).collect();
    sizes.join(", ")
}

fn forms() -> String {
    "not known; write a tier of Cloud SQL for PostgreSQL (db-custom-1-3840, db-f1-micro, db-g1-small, \
     db-perf-optimized-N-4), or processors and memory, as in 2cpu-8GB"
        .to_owned()
}

/// `CPU-MB`, behind `db-custom-`.
fn custom(rest: &str) -> Result<Machine, String> {
    let numbers = rest.split_once('-').and_then(|(vcpus, mb)| Some((vcpus.parse().ok()?, mb.parse().ok()?)));
    let Some((vcpus, mb)): Option<(u32, u64)> = numbers else {
        return Err("write db-custom-CPU-MB, as in db-custom-1-3840".to_owned());
    };
    let rule = &TIERS.custom;
    let nearest = nearest_custom(vcpus, mb);
    let (least, most) = memory_of(vcpus.clamp(1, rule.max_vcpus));
    let why = if vcpus == 0 || vcpus > rule.max_vcpus || (vcpus > 1 && vcpus % 2 == 1) {
        format!("it has 1 vCPU or an even number up to {}", rule.max_vcpus)
    } else if !(least..=most).contains(&mb) {
        format!("with {vcpus} vCPU it has {least} to {most} MB")
    } else if !mb.is_multiple_of(rule.step_mb) {
        format!("its memory is a multiple of {} MB", rule.step_mb)
    } else {
        let name = format!("db-custom-{vcpus}-{mb}");
        return Ok(Machine::of_cloud_sql(&name, vcpus, mb as f64 / 1024.0, None, Platform::CloudSql));
    };
    Err(format!("{why}; the nearest that is offered is {nearest}"))
}

/// Least and most memory with so many processors, in MB.
fn memory_of(vcpus: u32) -> (u64, u64) {
    let rule = &TIERS.custom;
    let mb = |gb_each: f64| gb_each * 1024.0 * f64::from(vcpus) / rule.step_mb as f64;
    let least = mb(rule.min_gb_per_vcpu).ceil() as u64 * rule.step_mb;
    (least.max(rule.min_mb), mb(rule.max_gb_per_vcpu).floor() as u64 * rule.step_mb)
}

/// The custom tier nearest to so many processors and so much memory: processors rounded up, then memory to what they
/// can have.
fn nearest_custom(vcpus: u32, mb: u64) -> String {
    let rule = &TIERS.custom;
    let vcpus = match vcpus.clamp(1, rule.max_vcpus) {
        odd if odd > 1 && odd % 2 == 1 => odd + 1,
        vcpus => vcpus,
    };
    let (least, most) = memory_of(vcpus);
    let rounded = mb.min(most).saturating_add(rule.step_mb / 2) / rule.step_mb * rule.step_mb;
    format!("db-custom-{vcpus}-{}", rounded.clamp(least, most))
}

/// `2cpu-8GB`.
fn plain(name: &str) -> Option<Machine> {
    let (vcpus, memory) = name.split_once("cpu-")?;
    let vcpus: u32 = vcpus.parse().ok().filter(|vcpus| (1..=1024).contains(vcpus))?;
    let digits = memory.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let unit = Unit::of(&memory[digits..]).filter(|unit| unit.dimension == Dimension::Memory)?;
    let memory_bytes = (memory[..digits].parse::<f64>().ok()? * unit.factor) as u64;
    (memory_bytes >= MB).then(|| Machine {
        name: format!("{vcpus}cpu-{}", format_bytes(memory_bytes)),
        vcpus,
        memory_bytes,
        max_connections: None,
        platform: Platform::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tiers_are_known() {
        for (name, vcpus, mb, connections, platform) in [
            ("db-custom-1-3840", 1, 3840, Some(100), Platform::CloudSql),
            ("db-custom-1-6656", 1, 6656, Some(200), Platform::CloudSql),
            ("db-custom-2-7680", 2, 7680, Some(400), Platform::CloudSql),
            ("db-custom-96-638976", 96, 638_976, Some(1000), Platform::CloudSql),
            ("db-f1-micro", 1, 614, Some(25), Platform::CloudSql),
            ("db-g1-small", 1, 1740, Some(50), Platform::CloudSql),
            ("db-perf-optimized-N-2", 2, 16 * 1024, Some(500), Platform::CloudSqlPlus),
            ("db-perf-optimized-N-128", 128, 864 * 1024, Some(1000), Platform::CloudSqlPlus),
            ("2cpu-8GB", 2, 8192, None, Platform::Other),
            ("1cpu-3840MB", 1, 3840, None, Platform::Other),
        ] {
            let machine: Machine = name.parse().unwrap();
            assert_eq!((machine.name.as_str(), machine.vcpus), (name, vcpus));
            assert_eq!(machine.memory_bytes / MB, mb, "{name}");
            assert_eq!((machine.max_connections, machine.platform), (connections, platform), "{name}");
        }
    }

    #[test]
    fn the_default_of_max_connections_follows_memory() {
        for (name, connections) in [
            ("db-custom-2-6144", 200),
            ("db-custom-4-15360", 500),
            ("db-custom-8-30720", 600),
            ("db-custom-10-61440", 800),
            ("db-custom-20-122880", 1000),
        ] {
            assert_eq!(name.parse::<Machine>().unwrap().max_connections, Some(connections), "{name}");
        }
    }

    #[test]
    fn what_is_not_offered_is_refused_with_the_nearest() {
        for (name, part) in [
            ("db-n1-standard-1", "MySQL only; its equal for PostgreSQL is db-custom-1-3840"),
            ("db-n1-highmem-4", "db-custom-4-26624"),
            ("db-custom-3-7680", "an even number up to 96; the nearest that is offered is db-custom-4-7680"),
            ("db-custom-1-1024", "has 3840 to 6656 MB; the nearest that is offered is db-custom-1-3840"),
            ("db-custom-1-8192", "db-custom-1-6656"),
            ("db-custom-1-4000", "a multiple of 256 MB; the nearest that is offered is db-custom-1-4096"),
            ("db-custom-0-0", "db-custom-1-3840"),
            ("db-custom-98-90112", "db-custom-96-90112"),
            ("db-custom-9999999999-1", "write db-custom-CPU-MB"),
            ("db-custom-2-18446744073709551615", "db-custom-2-13312"),
            ("db-perf-optimized-N-3", "one of 2, 4, 8"),
            ("db-n1-standard-3", "write a tier"),
            ("4x16", "as in 2cpu-8GB"),
            ("0cpu-8GB", "as in 2cpu-8GB"),
            ("2cpu-8", "as in 2cpu-8GB"),
            ("", "as in 2cpu-8GB"),
        ] {
            let error = name.parse::<Machine>().unwrap_err().to_string();
            assert!(error.contains(part), "{name}: {error}");
        }
    }

    proptest! {
        /// Whatever is asked for, the tier that is named instead can be had.
        #[test]
        fn the_nearest_is_offered(vcpus in 0..300_u32, mb in 0..2_000_000_u64) {
            let nearest = nearest_custom(vcpus, mb);
            prop_assert!(nearest.parse::<Machine>().is_ok(), "{}", nearest);
            if let Ok(machine) = format!("db-custom-{vcpus}-{mb}").parse::<Machine>() {
                prop_assert_eq!(machine.name, nearest);
            }
        }
    }
}
