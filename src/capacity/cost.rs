//! What an instance costs a month, and what the server's own plan said of it. Pure.

use super::{growth::Response, prices::Prices};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A GB, as the seller counts it.
pub(super) const GB: f64 = (1_u64 << 30) as f64;
/// Daily backups that are kept.
const BACKUPS: f64 = 7.0;
/// What stands on the disk beside the database: write-ahead log, the server's own databases, temporary files. An
/// assumption.
pub(super) const BESIDE_GB: f64 = 1.0;
/// Audio of one track.
const AUDIO_BYTES: f64 = 50e6;
/// Storage is not smaller.
const LEAST_GB: u64 = 10;

/// The server's own plan: instance, storage and backups a month at the start, and all of it at 10,000 tracks.
const PLANNED: [f64; 3] = [25.0, 5.0, 2.0];
const PLANNED_AT_10K: f64 = 50.0;
const PLANNED_GB: f64 = 20.0;
/// The tier that the plan's name has to be, and the one whose price it gives.
const MEANT: (&str, u32, u64) = ("db-custom-1-3840", 1, 3840 << 20);
const PRICED: &str = "db-g1-small";

/// What an instance costs a month, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Processors and memory.
    pub instance_usd: f64,
    /// Storage.
    pub storage_usd: f64,
    /// Backups, at most.
    pub backups_usd: f64,
    /// The three together.
    pub total_usd: f64,
    /// What high availability adds.
    pub high_availability_usd: f64,
    /// The total, with the instance committed for a year.
    pub one_year_total_usd: f64,
    /// The same for three years.
    pub three_year_total_usd: f64,
    /// Storage that is provisioned by then.
    pub storage_gb: u64,
}

/// What the instance and the database are.
pub(super) struct Subject {
    /// The instance for a month.
    pub(super) instance_usd: f64,
    pub(super) database_bytes: f64,
    /// Storage at the start.
    pub(super) storage_gb: u64,
}

/// What it costs.
pub(super) fn of(subject: &Subject, prices: &Prices) -> Cost {
    let used_gb = subject.database_bytes / GB + BESIDE_GB;
    let storage_gb = provisioned(subject.storage_gb, used_gb);
    let instance_usd = subject.instance_usd;
    let storage_usd = storage_gb as f64 * prices.ssd_gb_month.value;
    let backups_usd = BACKUPS * used_gb * prices.backup_gb_month.value;
    let total_usd = instance_usd + storage_usd + backups_usd;
    let committed = |discount: f64| total_usd - discount * instance_usd;
    Cost {
        instance_usd,
        storage_usd,
        backups_usd,
        total_usd,
        high_availability_usd: (prices.high_availability_factor.value - 1.0) * (instance_usd + storage_usd),
        one_year_total_usd: committed(prices.one_year_discount.value),
        three_year_total_usd: committed(prices.three_year_discount.value),
        storage_gb,
    }
}

/// Storage with automatic increase once `used_gb` are used: below a threshold of free space as much as the threshold is
/// added (https://cloud.google.com/sql/docs/postgres/instance-settings, for SSD).
fn provisioned(start_gb: u64, used_gb: f64) -> u64 {
    let mut size = start_gb.max(LEAST_GB);
    while used_gb.is_finite() && size as f64 - used_gb < threshold(size) as f64 {
        size += threshold(size);
    }
    size
}

fn threshold(size_gb: u64) -> u64 {
    (5 + size_gb / 25).min(25)
}

/// Audio files of so many tracks, in Cloud Storage, a month.
pub(super) fn audio_usd(tracks: u64, prices: &Prices) -> f64 {
    tracks as f64 * AUDIO_BYTES / GB * prices.audio_gb_month.value
}

/// The plan's figures against the prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanCheck {
    /// What the plan says that it costs a month at the start.
    pub planned_usd: f64,
    /// What the tier costs that the plan names, or its equal, with the plan's storage and backups.
    pub found_usd: f64,
    /// Why they differ, a sentence each.
    pub sentences: Vec<String>,
}

/// Checks the plan's figures; `database` tells by how much the database grows.
pub(super) fn against_plan(database: &Response, prices: &Prices) -> PlanCheck {
    let (name, vcpus, memory) = MEANT;
    let bytes = |tracks| Some(database.at(tracks)?.range?.estimate);
    let (small, large) = (bytes(1_000), bytes(10_000));
    let month = |database_bytes: f64| {
        let instance_usd = prices.dedicated_month(vcpus, memory);
        of(&Subject { instance_usd, database_bytes, storage_gb: PLANNED_GB as u64 }, prices)
    };
    let found = month(small.unwrap_or_default());
    let planned: f64 = PLANNED.iter().sum();
    let [instance, storage, backups] = PLANNED;
    let shared = prices.shared_month(PRICED);
    let shared = shared.map_or_else(String::new, |usd| {
        format!("{instance:.0} is the price of {PRICED} ({usd:.2}), which shares a processor and takes 50 connections; ")
    });
    let grows = small.zip(large).map(|(small, large)| {
        format!(
            "the database grows by {:.0} MB from 1,000 to 10,000 tracks, which the storage of the start holds, so that {name} costs {:.2} at the start and {:.2} then",
            (large - small) / 1e6,
            found.total_usd,
            month(large).total_usd
        )
    });
    let sentences = vec![
        format!(
            "instance: the plan says about {instance:.0} USD for db-n1-standard-1, which Cloud SQL refuses for PostgreSQL; {shared}its equal for PostgreSQL, {name}, costs {:.2}",
            found.instance_usd
        ),
        format!(
            "storage and backups: the plan says {storage:.0} and {backups:.0}; {PLANNED_GB:.0} GB of SSD cost {:.2}, and seven full backups of what is used at most {:.2}",
            found.storage_usd, found.backups_usd
        ),
        format!(
            "growth: the plan says about {PLANNED_AT_10K:.0} at 10,000 tracks, rising with them from {planned:.0}; {}: the database's bill hardly rises with tracks, it steps with tiers and storage",
            grows.unwrap_or_else(|| "rows are small".to_owned())
        ),
        format!(
            "audio: what does rise with tracks is Cloud Storage's bill: 10,000 tracks of 50 MB are {:.2} a month, beside the database's",
            audio_usd(10_000, prices)
        ),
    ];
    PlanCheck { planned_usd: planned, found_usd: found.total_usd, sentences }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::growth::{Basis, Ends, Prediction};
    use proptest::prelude::*;

    #[test]
    fn each_part_is_told_apart() {
        let prices = Prices::shipped();
        let instance_usd = prices.dedicated_month(1, 3840 << 20);
        let cost = of(&Subject { instance_usd, database_bytes: 20e6, storage_gb: 20 }, &prices);
        let near =
            |found: f64, expected: f64| assert!((found - expected).abs() < 0.006, "{found}, not {expected}");
        near(cost.instance_usd, 49.31);
        near(cost.storage_usd, 3.40);
        near(cost.backups_usd, 0.57);
        near(cost.total_usd, 53.28);
        near(cost.high_availability_usd, 52.71);
        near(cost.one_year_total_usd, 53.28 - 12.33);
        near(cost.three_year_total_usd, 53.28 - 25.64);
        assert_eq!(cost.storage_gb, 20);
        near(audio_usd(10_000, &prices), 9.31);
    }

    #[test]
    fn storage_grows_by_steps_and_stays() {
        for (start, used, expected) in
            [(20, 1.0, 20), (20, 14.9, 20), (20, 15.1, 25), (20, 20.0, 31), (5, 1.0, 10)]
        {
            assert_eq!(provisioned(start, used), expected, "{start} {used}");
        }
        assert_eq!(threshold(66), 7, "as the documentation reckons");
        assert_eq!((threshold(500), threshold(9_000)), (25, 25));
    }

    proptest! {
        #[test]
        fn there_is_always_room(start in 1_u64..3_000, used in 0.0..10_000.0_f64) {
            let size = provisioned(start, used);
            prop_assert!(size as f64 - used >= threshold(size) as f64 && size >= start);
        }
    }

    #[test]
    fn the_plan_is_explained() {
        let prediction = |tracks, estimate| Prediction {
            tracks,
            basis: Basis::Measured,
            range: Some(Ends { low: estimate, estimate, high: estimate }),
            refusal: None,
        };
        let predictions = vec![prediction(1_000, 9e6), prediction(10_000, 22e6)];
        let database = Response { predictions, ..Response::default() };
        let found = against_plan(&database, &Prices::shipped());
        assert_eq!(found.planned_usd, 32.0);
        assert!((found.found_usd - 53.28).abs() < 0.01, "{found:?}");
        let all = found.sentences.join("\n");
        for part in [
            "db-g1-small (25.55)",
            "db-custom-1-3840, costs 49.31",
            "cost 3.40",
            "by 13 MB",
            "53.28 then",
            "9.31 a month",
        ] {
            assert!(all.contains(part), "{part} in {all}");
        }
    }
}
