//! One PostgreSQL setting (GUC) as the server reports it, with its unit.

use super::unit::{Dimension, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A setting as `pg_settings` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Name, as in `shared_buffers`.
    pub name: String,
    /// The value in force, a bare number in `unit` where there is one.
    pub value: String,
    /// The parameter's own unit, as in `8kB` or `ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// PostgreSQL's compiled-in default, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Where the value came from, as in `configuration file`.
    pub source: String,
    /// Name of the configuration file that the value stands in, without its directory; absent for other sources, and
    /// where the role may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// When a change takes effect: `postmaster` needs a restart.
    pub context: String,
    /// Whether a changed value waits for a restart.
    pub pending_restart: bool,
}

/// A value with its dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// An amount of memory or storage.
    Bytes(u64),
    /// A length of time in milliseconds.
    Milliseconds(f64),
    /// A number without a unit.
    Number(f64),
}

impl Setting {
    /// The value with its dimension, or `None` when it is text, an enum, or a special value such as -1.
    #[must_use]
    pub fn quantity(&self) -> Option<Quantity> {
        let number: f64 = self.value.parse().ok()?;
        match self.unit.as_deref() {
            None | Some("") => Some(Quantity::Number(number)),
            Some(unit) if number >= 0.0 => scale(unit, number),
            Some(_) => None,
        }
    }

    /// The value in bytes, where it is an amount of memory or storage.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        match self.quantity()? {
            Quantity::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether ALTER SYSTEM RESET brings the value back that is in force: where it stands in no file, or in another than
    /// the one that ALTER SYSTEM writes. A role that may not see the file is told nothing, and the answer is no.
    #[must_use]
    pub fn comes_back_by_reset(&self) -> bool {
        match &self.file {
            Some(file) => file != "postgresql.auto.conf",
            None => self.source != "configuration file",
        }
    }

    /// The value as PostgreSQL writes it: `128MB`, `5min`, `on`.
    #[must_use]
    pub fn display(&self) -> String {
        let unit = self.unit.as_deref().and_then(Unit::of);
        match (unit, self.value.parse()) {
            (Some(unit), Ok(amount)) => unit.display(amount),
            _ => self.value.clone(),
        }
    }
}

/// An amount in a unit, with its dimension.
fn scale(unit: &str, number: f64) -> Option<Quantity> {
    let unit = Unit::of(unit)?;
    Some(match unit.dimension {
        Dimension::Memory => Quantity::Bytes((number * unit.factor) as u64),
        Dimension::Time => Quantity::Milliseconds(number * unit.factor),
    })
}

/// Bytes in the largest of PostgreSQL's units that divides them: `128MB`, `1GB`, `64kB`.
#[must_use]
pub fn format_bytes(bytes: u64) -> String {
    if bytes == 0 {
        return "0B".to_owned();
    }
    Unit { dimension: Dimension::Memory, factor: 1.0 }.display(bytes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(value: &str, unit: Option<&str>) -> Setting {
        Setting {
            name: "x".into(),
            value: value.into(),
            unit: unit.map(Into::into),
            default: None,
            source: "default".into(),
            file: None,
            context: "user".into(),
            pending_restart: false,
        }
    }

    #[test]
    fn units_are_postgresqls() {
        for (value, unit, bytes, display) in [
            ("16384", Some("8kB"), Some(128 << 20), "128MB"),
            ("4096", Some("kB"), Some(4 << 20), "4MB"),
            ("64", Some("kB"), Some(64 << 10), "64kB"),
            ("524288", Some("8kB"), Some(4 << 30), "4GB"),
            ("1024", Some("MB"), Some(1 << 30), "1GB"),
            ("300", Some("s"), None, "5min"),
            ("100", Some("ms"), None, "100ms"),
            ("-1", Some("kB"), None, "-1"),
            ("4", None, None, "4"),
            ("on", None, None, "on"),
        ] {
            let setting = setting(value, unit);
            assert_eq!(setting.bytes(), bytes, "{value} {unit:?}");
            assert_eq!(setting.display(), display);
        }
    }
}
