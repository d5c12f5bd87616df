//! What each setting of PostgreSQL may be, and what Cloud SQL makes of it: the rows of `data/settings.tsv`.

use super::unit::Unit;
use serde::Serialize;
use std::sync::LazyLock;

/// The major version that is meant where none is said: that of the Loist music library.
pub const DEFAULT_VERSION: u32 = 15;
/// The oldest and the newest major version of the catalogue.
pub const VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

/// A setting in a span of major versions in which these facts are the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    /// Its name, as PostgreSQL writes it.
    pub name: &'static str,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Its own unit, in which bare numbers count: `8kB`, `kB`, `ms`.
    pub unit: Option<&'static str>,
    /// Smallest value, in `unit`.
    pub min: Option<f64>,
    /// Largest value, in `unit`.
    pub max: Option<f64>,
    /// PostgreSQL's compiled-in default, in `unit`; `None` where it depends on the build or the cluster.
    pub default: Option<&'static str>,
    /// The words that an enum takes.
    pub values: Vec<&'static str>,
    /// When a change takes effect, as `pg_settings` says; `cloud` for Cloud SQL's own flags.
    pub context: &'static str,
    /// First major version.
    pub since: u32,
    /// Last major version, where it is gone from the newest.
    pub until: Option<u32>,
    /// Whether it is a database flag of Cloud SQL for PostgreSQL.
    pub cloud_sql: Known,
    /// What Cloud SQL takes, where that differs.
    pub cloud_sql_limits: Option<Limits>,
    /// Whether a change restarts the instance on Cloud SQL.
    pub cloud_sql_restart: Known,
    /// Where the facts about Cloud SQL come from.
    pub source: &'static str,
}

/// What a setting's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// on or off.
    Boolean,
    /// A whole number, perhaps with a unit.
    Integer,
    /// A number with decimals, perhaps with a unit.
    Real,
    /// One of some words.
    Enum,
    /// Text.
    String,
}

/// Yes, no, or no evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// No evidence was found.
    Unknown,
}

/// What Cloud SQL takes, where that differs from PostgreSQL.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limits {
    /// Shares of the machine's memory, 0..=1.
    MemoryShare {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// Numbers in the parameter's own unit.
    Range {
        /// Smallest.
        min: Option<f64>,
        /// Largest.
        max: Option<f64>,
    },
    /// Words of an enum.
    Words(Vec<&'static str>),
}

static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let rows = include_str!("data/settings.tsv").lines().filter(|line| !line.starts_with('#'));
    // The first is the header. A broken row is a broken build, which a test finds.
    rows.skip(1).map(|line| row(line).unwrap_or_else(|| panic!("settings.tsv: {line}"))).collect()
});

/// Every row, in the order of the file.
#[must_use]
pub fn all() -> &'static [Flag] {
    &FLAGS
}

/// The setting of that name, in any case: its row of [`DEFAULT_VERSION`], or of the version nearest to it that has it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Flag> {
    let rows = FLAGS.iter().filter(|flag| flag.name.eq_ignore_ascii_case(name));
    rows.min_by_key(|flag| flag.distance(DEFAULT_VERSION))
}

/// The setting of that name as this major version has it.
#[must_use]
pub fn find_in(name: &str, version: u32) -> Option<&'static Flag> {
    let version = version.clamp(*VERSIONS.start(), *VERSIONS.end());
    FLAGS.iter().find(|flag| flag.name.eq_ignore_ascii_case(name) && flag.distance(version) == 0)
}

/// The known name that is most like this one, if any is much like it.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    crate::text::nearest(name, FLAGS.iter().map(|flag| flag.name))
}

impl Flag {
    /// How many major versions lie between this row and `version`.
    fn distance(&self, version: u32) -> u32 {
        let until = self.until.unwrap_or(u32::MAX);
        self.since.saturating_sub(version).max(version.saturating_sub(until))
    }

    /// Its unit, where it has one.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        self.unit.and_then(Unit::of)
    }

    /// Whether PostgreSQL must restart before a change takes effect.
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        self.context == "postmaster"
    }

    /// Whether a session can change it for itself.
    #[must_use]
    pub fn is_session_settable(&self) -> bool {
        ["user", "superuser"].contains(&self.context)
    }
}

fn row(line: &'static str) -> Option<Flag> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [
        name,
        kind,
        unit,
        min,
        max,
        default,
        values,
        context,
        since,
        until,
        cloud_sql,
        limits,
        restart,
        source,
    ] = columns[..]
    else {
        return None;
    };
    let kind = match kind {
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "real" => Kind::Real,
        "enum" => Kind::Enum,
        "string" => Kind::String,
        _ => return None,
    };
    Some(Flag {
        name,
        kind,
        unit: some(unit),
        min: some(min).map(str::parse).transpose().ok()?,
        max: some(max).map(str::parse).transpose().ok()?,
        default: some(default),
        values: some(values).map_or_else(Vec::new, |words| words.split('|').collect()),
        context,
        since: since.parse().ok()?,
        until: some(until).map(str::parse).transpose().ok()?,
        cloud_sql: known(cloud_sql)?,
        cloud_sql_limits: some(limits).map(limits_of).transpose().ok()?,
        cloud_sql_restart: some(restart).map_or(Some(Known::Unknown), known)?,
        source,
    })
}

fn some(text: &'static str) -> Option<&'static str> {
    (!text.is_empty()).then_some(text)
}

fn known(text: &str) -> Option<Known> {
    match text {
        "yes" => Some(Known::Yes),
        "no" => Some(Known::No),
        "unknown" => Some(Known::Unknown),
        _ => None,
    }
}

/// `10%..60%`, `64..`, `14..262143`, or `try|off`.
fn limits_of(text: &'static str) -> Result<Limits, std::num::ParseFloatError> {
    let Some((min, max)) = text.split_once("..") else {
        return Ok(Limits::Words(text.split('|').collect()));
    };
    match (min.strip_suffix('%'), max.strip_suffix('%')) {
        (Some(min), Some(max)) => {
            Ok(Limits::MemoryShare { min: min.parse::<f64>()? / 100.0, max: max.parse::<f64>()? / 100.0 })
        }
        _ => Ok(Limits::Range {
            min: some(min).map(str::parse).transpose()?,
            max: some(max).map(str::parse).transpose()?,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole() {
        assert!(all().len() > 400);
        for flag in all() {
            assert!(flag.unit.is_none() || flag.unit().is_some(), "{}: its unit is known", flag.name);
            assert!(flag.min <= flag.max || flag.max.is_none(), "{}", flag.name);
            assert_eq!(flag.kind == Kind::Enum, !flag.values.is_empty(), "{}", flag.name);
            assert!(VERSIONS.contains(&flag.since), "{}", flag.name);
            let named_alike = all().iter().filter(|other| other.name == flag.name);
            for version in VERSIONS {
                let rows = named_alike.clone().filter(|row| row.distance(version) == 0);
                assert!(rows.count() <= 1, "{} {version}: one row a version", flag.name);
            }
        }
    }

    #[test]
    fn versions_have_rows_of_their_own() {
        assert_eq!(find("shared_buffers").unwrap().default, Some("16384"));
        assert_eq!(find_in("wal_compression", 14).unwrap().kind, Kind::Boolean);
        assert_eq!(find_in("wal_compression", 15).unwrap().kind, Kind::Enum);
        assert!(find_in("io_method", 17).is_none());
        assert!(find("io_method").is_some(), "known, if only in 18");
        assert_eq!(find("TIMEZONE").unwrap().name, "TimeZone");
    }

    #[test]
    fn the_facts_of_cloud_sql() {
        let limits = |name: &str| find(name).unwrap().cloud_sql_limits.clone().unwrap();
        assert_eq!(limits("shared_buffers"), Limits::MemoryShare { min: 0.1, max: 0.6 });
        assert_eq!(limits("effective_cache_size"), Limits::MemoryShare { min: 0.1, max: 0.7 });
        assert_eq!(limits("work_mem"), Limits::Range { min: Some(64.0), max: None });
        assert_eq!(limits("huge_pages"), Limits::Words(vec!["try", "off"]));
        for name in ["shared_preload_libraries", "fsync", "full_page_writes", "wal_level", "port"] {
            assert_eq!(find(name).unwrap().cloud_sql, Known::No, "{name}");
        }
    }

    #[test]
    fn a_misspelt_name_has_a_neighbour() {
        assert_eq!(nearest("shared_bufers"), Some("shared_buffers"));
        assert_eq!(nearest("Work_Men"), Some("work_mem"));
        assert_eq!(nearest("colour_of_the_sky_above"), None);
    }
}
