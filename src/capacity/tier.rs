//! The smallest tier that bears a load. Pure.

use super::question::Question;
use crate::flags::Machine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Part of the memory that shared buffers and the operating system's cache can give to data.
const CACHE_SHARE: f64 = 0.7;
/// Memory for each processor, in MB, where nothing asks for more: that of Cloud SQL's standard machines.
const USUAL_MB: u64 = 3_840;
/// Memory comes in steps of so many MB.
const STEP_MB: u64 = 256;
/// Most processors of a tier.
const MOST_VCPUS: u32 = 96;

/// A tier of Cloud SQL with dedicated processors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tier {
    /// As in `db-custom-1-3840`.
    pub name: String,
    /// Its processors.
    pub vcpus: u32,
    /// Its memory.
    pub memory_bytes: u64,
    /// Connections that it takes unless told otherwise.
    pub max_connections: Option<u32>,
    /// Share of its processors' time that the load takes, 0..=1; absent where the processor time of a call is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<f64>,
    /// The most calls a second that keep it within the busyness that was asked for; absent as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_calls_per_second: Option<f64>,
    /// Whether the whole database fits into its caches.
    pub is_cached: bool,
    /// The tier that the upper ends of processor time and size ask for, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<String>,
}

/// What a number of tracks asks for: an estimate and an upper end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// Processor time of a call of the mix, in microseconds, where it was measured; `None` asks for no processors.
    pub(super) cpu_us: Option<f64>,
    pub(super) database_bytes: f64,
}

/// The smallest tier for the load; `None` where none is large enough.
pub(super) fn smallest(needs: Needs, at_most: Needs, question: &Question) -> Option<Tier> {
    let machine = machine(needs, question)?;
    let upper = self::machine(at_most, question).map(|machine| machine.name);
    let seconds = needs.cpu_us.map(|us| us / 1e6 * question.vcpu_factor);
    let vcpus = f64::from(machine.vcpus);
    Some(Tier {
        vcpus: machine.vcpus,
        memory_bytes: machine.memory_bytes,
        max_connections: machine.max_connections,
        busy: seconds.map(|seconds| question.load_per_second * seconds / vcpus),
        most_calls_per_second: seconds.map(|seconds| question.busy * vcpus / seconds),
        is_cached: needs.database_bytes <= CACHE_SHARE * machine.memory_bytes as f64,
        at_most: match upper {
            Some(upper) if upper == machine.name => None,
            Some(upper) => Some(upper),
            None => Some("more than the largest tier".to_owned()),
        },
        name: machine.name,
    })
}

/// The longest processor time of a call, in milliseconds where it was measured, with which a tier of so many processors
/// bears the load.
pub(super) fn most_cpu_ms(vcpus: u32, question: &Question) -> f64 {
    question.busy * f64::from(vcpus) / question.load_per_second / question.vcpu_factor * 1e3
}

fn machine(needs: Needs, question: &Question) -> Option<Machine> {
    let busy = question.load_per_second * needs.cpu_us.unwrap_or_default() / 1e6 * question.vcpu_factor;
    let cached_mb = needs.database_bytes / CACHE_SHARE / f64::from(1 << 20);
    let wanted_mb = (cached_mb / STEP_MB as f64).ceil().max(1.0) as u64 * STEP_MB;
    let sizes = std::iter::once(1).chain((2..=MOST_VCPUS).step_by(2));
    let enough = sizes.filter(|vcpus| busy <= question.busy * f64::from(*vcpus));
    let of = |vcpus: u32, mb: u64| format!("db-custom-{vcpus}-{mb}").parse::<Machine>().ok();
    let usual = |vcpus: u32| (USUAL_MB * u64::from(vcpus)).min(638_976);
    let fits = |vcpus: u32| of(vcpus, wanted_mb.max(usual(vcpus)));
    // Where no memory holds the database, its size is no reason for more processors.
    let first = enough.clone().next()?;
    enough.clone().find_map(fits).or_else(|| of(first, usual(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(cpu_ms: f64, database_gb: f64, load: f64) -> Option<Tier> {
        let needs = |cpu_ms: f64| Needs {
            cpu_us: Some(cpu_ms * 1e3),
            database_bytes: database_gb * f64::from(1 << 30),
        };
        let question = Question { load_per_second: load, ..Question::default() };
        smallest(needs(cpu_ms), needs(2.0 * cpu_ms), &question)
    }

    #[test]
    fn processors_follow_the_load_and_memory_the_database() {
        for (cpu_ms, gb, load, name, at_most) in [
            (3.0, 0.02, 10.0, "db-custom-1-3840", None),
            (3.0, 0.02, 150.0, "db-custom-1-3840", Some("db-custom-2-7680")),
            (3.0, 0.02, 250.0, "db-custom-2-7680", Some("db-custom-4-15360")),
            (3.0, 0.02, 900.0, "db-custom-6-23040", Some("db-custom-10-38400")),
            (3.0, 4.0, 10.0, "db-custom-1-5888", None),
            (3.0, 6.0, 10.0, "db-custom-2-8960", None),
        ] {
            let tier = tier(cpu_ms, gb, load).unwrap();
            assert_eq!(
                (tier.name.as_str(), tier.at_most.as_deref()),
                (name, at_most),
                "{cpu_ms} {gb} {load}"
            );
            let (busy, most) = (tier.busy.unwrap(), tier.most_calls_per_second.unwrap());
            assert!(busy <= 0.6 && most >= load && tier.is_cached, "{tier:?}");
        }
    }

    #[test]
    fn the_largest_has_an_end() {
        assert_eq!(tier(100.0, 0.1, 10_000.0), None);
        let near = tier(57.0, 0.1, 1_000.0).unwrap();
        assert_eq!(near.at_most.as_deref(), Some("more than the largest tier"));
        let huge = tier(3.0, 5_000.0, 10.0).unwrap();
        assert_eq!((huge.name.as_str(), huge.is_cached), ("db-custom-1-3840", false));
    }

    #[test]
    fn a_slower_processor_takes_more_of_them() {
        let needs = Needs { cpu_us: Some(3_000.0), database_bytes: 1e7 };
        let slow = Question { vcpu_factor: 2.0, load_per_second: 150.0, ..Question::default() };
        let tier = smallest(needs, needs, &slow).unwrap();
        assert!(tier.vcpus == 2 && (tier.busy.unwrap() - 0.45).abs() < 1e-9, "{tier:?}");
        assert!((tier.most_calls_per_second.unwrap() - 200.0).abs() < 1e-9);
        // 2 of 2 processors at 60 % are 1.2 s a second, of 150 calls that take twice as long there.
        assert!((most_cpu_ms(2, &slow) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_known_processor_time_the_database_decides() {
        let needs = Needs { cpu_us: None, database_bytes: 6.0 * f64::from(1 << 30) };
        let tier = smallest(needs, needs, &Question::default()).unwrap();
        assert_eq!((tier.name.as_str(), tier.busy, tier.at_most), ("db-custom-2-8960", None, None));
    }
}
