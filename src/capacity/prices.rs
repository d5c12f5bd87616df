//! What Cloud SQL costs: a dated list, shipped or of the user's own.

use super::CapacityError;
use crate::text::{FileError, from_toml, read_file, toml_date};
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use std::{path::Path, sync::LazyLock};

/// Days after which prices are old.
const OLD: Days = Days::new(365);

/// A list of prices in US dollars.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// What they are of.
    pub name: String,
    /// The day for which they are.
    #[serde(deserialize_with = "toml_date")]
    pub date: NaiveDate,
    /// Hours that a month is billed as.
    pub hours_per_month: f64,
    /// A virtual processor for an hour.
    pub vcpu_hour: Price,
    /// A GB of memory for an hour.
    pub memory_gb_hour: Price,
    /// A GB of SSD storage for a month.
    pub ssd_gb_month: Price,
    /// A GB of backups for a month.
    pub backup_gb_month: Price,
    /// How many times instance and storage cost with high availability.
    pub high_availability_factor: Price,
    /// What a commitment for a year takes off the instance, 0..1.
    pub one_year_discount: Price,
    /// What a commitment for three years takes off the instance, 0..1.
    pub three_year_discount: Price,
    /// Tiers that share a processor.
    pub shared: Vec<SharedTier>,
    /// A GB of audio in Cloud Storage for a month.
    pub audio_gb_month: Price,
}

/// A figure with its source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The figure.
    pub value: f64,
    /// Where the seller says it.
    pub source: String,
    /// Where and when it was last read; absent where it was not confirmed.
    pub seen: Option<String>,
}

/// A tier that shares a processor.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedTier {
    /// Its name.
    pub name: String,
    /// What it costs for an hour.
    pub hour: f64,
    /// Where the seller says it.
    pub source: String,
    /// Where and when it was last read; absent where it was not confirmed.
    pub seen: Option<String>,
}

static SHIPPED: LazyLock<Prices> = LazyLock::new(|| {
    // A broken file is a broken build, which a test finds.
    let text = include_str!("data/cloud-sql-us-central1.toml");
    Prices::parse(text, "cloud-sql-us-central1.toml").unwrap_or_else(|error| panic!("{error}"))
});

impl Prices {
    /// The list that comes with this program.
    #[must_use]
    pub fn shipped() -> Self {
        SHIPPED.clone()
    }

    /// Reads a list of the user's own.
    ///
    /// # Errors
    /// When it cannot be read, is of another form, or holds a figure that is no price.
    pub fn read(path: &Path) -> Result<Self, CapacityError> {
        Self::parse(&read_file(path)?, &path.display().to_string())
    }

    fn parse(text: &str, origin: &str) -> Result<Self, CapacityError> {
        let prices: Self = from_toml(text, origin)?;
        prices.check(origin)?;
        Ok(prices)
    }

    fn check(&self, origin: &str) -> Result<(), CapacityError> {
        let is_price = |value: f64| value.is_finite() && value >= 0.0;
        let is_share = |value: f64| (0.0..1.0).contains(&value);
        let shares = [&self.one_year_discount, &self.three_year_discount];
        let wrong = self
            .figures()
            .into_iter()
            .find(|(_, price)| !is_price(price.value))
            .map(|(name, _)| format!("{name} must be a number from 0 on"))
            .or_else(|| {
                let wrong = shares.into_iter().any(|share| !is_share(share.value));
                wrong.then(|| "a discount is a share below 1, as in 0.25".to_owned())
            })
            .or_else(|| {
                let wrong = self.high_availability_factor.value < 1.0;
                wrong.then(|| "high_availability_factor must be a number from 1 on".to_owned())
            })
            .or_else(|| {
                let wrong = self.shared.iter().find(|tier| !is_price(tier.hour))?;
                Some(format!("the hour of {} must be a number from 0 on", wrong.name))
            })
            .or_else(|| {
                let is_month = (1.0..=744.0).contains(&self.hours_per_month);
                (!is_month).then(|| "hours_per_month must be from 1 to 744".to_owned())
            });
        match wrong {
            Some(reason) => Err(FileError { place: origin.to_owned(), reason }.into()),
            None => Ok(()),
        }
    }

    fn figures(&self) -> [(&'static str, &Price); 8] {
        [
            ("vcpu_hour", &self.vcpu_hour),
            ("memory_gb_hour", &self.memory_gb_hour),
            ("ssd_gb_month", &self.ssd_gb_month),
            ("backup_gb_month", &self.backup_gb_month),
            ("high_availability_factor", &self.high_availability_factor),
            ("one_year_discount", &self.one_year_discount),
            ("three_year_discount", &self.three_year_discount),
            ("audio_gb_month", &self.audio_gb_month),
        ]
    }

    /// Names of the figures that were not confirmed.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<String> {
        let figures = self.figures().into_iter().filter(|(_, price)| price.seen.is_none());
        let tiers = self.shared.iter().filter(|tier| tier.seen.is_none());
        figures.map(|(name, _)| name.to_owned()).chain(tiers.map(|tier| tier.name.clone())).collect()
    }

    /// Whether they are older than a year.
    #[must_use]
    pub fn is_old(&self, today: NaiveDate) -> bool {
        self.date.checked_add_days(OLD).is_none_or(|until| today > until)
    }

    /// An instance with so many dedicated processors and so much memory for a month.
    #[must_use]
    pub fn dedicated_month(&self, vcpus: u32, memory_bytes: u64) -> f64 {
        let memory_gb = memory_bytes as f64 / super::cost::GB;
        let hour = f64::from(vcpus) * self.vcpu_hour.value + memory_gb * self.memory_gb_hour.value;
        hour * self.hours_per_month
    }

    /// The same of a tier that shares a processor; `None` where it is not in the list.
    #[must_use]
    pub fn shared_month(&self, tier: &str) -> Option<f64> {
        let tier = self.shared.iter().find(|shared| shared.name == tier)?;
        Some(tier.hour * self.hours_per_month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("data/cloud-sql-us-central1.toml");

    #[test]
    fn the_shipped_list_is_whole_and_says_where_it_is_from() {
        let prices = Prices::shipped();
        assert_eq!(prices.date, NaiveDate::from_ymd_opt(2026, 9, 15).unwrap());
        for (name, price) in prices.figures() {
            assert!(price.source.starts_with("https://"), "{name}");
        }
        assert_eq!(prices.unconfirmed(), [""; 0]);
    }

    #[test]
    fn the_known_months_come_out() {
        let prices = Prices::shipped();
        assert!((prices.dedicated_month(1, 3840 << 20) - 49.31).abs() < 0.005);
        assert!((prices.dedicated_month(4, 15 << 30) - 197.246).abs() < 0.005);
        assert!((prices.shared_month("db-g1-small").unwrap() - 25.55).abs() < 0.005);
        assert!((prices.shared_month("db-f1-micro").unwrap() - 7.665).abs() < 0.0005);
        assert_eq!(prices.shared_month("db-custom-1-3840"), None);
    }

    #[test]
    fn prices_get_old() {
        let prices = Prices::shipped();
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        assert!(!prices.is_old(day(2027, 9, 15)) && prices.is_old(day(2027, 9, 16)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let error = |text: &str| Prices::parse(text, "own.toml").unwrap_err().to_string();
        assert!(error("name = 1").starts_with("own.toml:1: "));
        assert!(error(&SHIPPED.replace("value = 0.17", "value = \"x\"")).contains("own.toml:"));
        assert!(error(&SHIPPED.replace("value = 0.17", "value = -1.0")).contains("ssd_gb_month must be"));
        assert!(error(&SHIPPED.replace("value = 2.0", "value = 0.5")).contains("must be a number from 1 on"));
        assert!(error(&SHIPPED.replace("value = 0.52", "value = 52.0")).contains("a share below 1"));
        assert!(error(&SHIPPED.replace("hour = 0.035", "hour = nan")).contains("db-g1-small"));
        assert!(error(&SHIPPED.replace("2026-09-15\n", "2026-09-15T10:00:00Z\n")).contains("write a date"));
        assert!(error(&SHIPPED.replace("= 730", "= 0.0")).contains("hours_per_month"));
        assert!(error("surprise = 1").contains("own.toml:1"));
        let unseen: String =
            SHIPPED.lines().filter(|line| !line.contains("Micro")).map(|line| format!("{line}\n")).collect();
        assert_eq!(Prices::parse(&unseen, "x").unwrap().unconfirmed(), ["db-f1-micro"]);
        let missing = Prices::read(Path::new("/nowhere.toml")).unwrap_err().to_string();
        assert!(missing.contains("/nowhere.toml: cannot be read"), "{missing}");
    }
}
