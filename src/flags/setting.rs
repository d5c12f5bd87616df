//! One PostgreSQL setting (GUC) as the server reports it, with its unit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A setting as `pg_settings` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

    /// The value as PostgreSQL writes it: `128MB`, `5min`, `on`.
    #[must_use]
    pub fn display(&self) -> String {
        match self.quantity() {
            Some(Quantity::Bytes(bytes)) => format_bytes(bytes),
            Some(Quantity::Milliseconds(milliseconds)) => format_time(milliseconds),
            _ => format!("{}{}", self.value, self.unit.as_deref().unwrap_or_default()),
        }
    }
}

/// PostgreSQL's units (manual, section 20.1.1): memory counts in 1024s; the block units are those
/// of a server built with 8 kB pages, which report themselves.
fn scale(unit: &str, number: f64) -> Option<Quantity> {
    let digits = unit.find(|c: char| !c.is_ascii_digit()).unwrap_or(unit.len());
    let times: f64 = if digits == 0 { 1.0 } else { unit[..digits].parse().ok()? };
    let amount = number * times;
    let bytes = |factor: u64| Some(Quantity::Bytes((amount * factor as f64) as u64));
    let time = |factor: f64| Some(Quantity::Milliseconds(amount * factor));
    match &unit[digits..] {
        "B" => bytes(1),
        "kB" => bytes(1 << 10),
        "MB" => bytes(1 << 20),
        "GB" => bytes(1 << 30),
        "TB" => bytes(1 << 40),
        "us" => time(0.001),
        "ms" => time(1.0),
        "s" => time(1_000.0),
        "min" => time(60_000.0),
        "h" => time(3_600_000.0),
        "d" => time(86_400_000.0),
        _ => None,
    }
}

/// Bytes in the largest of PostgreSQL's units that divides them: `128MB`, `1GB`, `64kB`.
#[must_use]
pub fn format_bytes(bytes: u64) -> String {
    for (shift, unit) in [(40, "TB"), (30, "GB"), (20, "MB"), (10, "kB")] {
        if bytes >> shift > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

fn format_time(milliseconds: f64) -> String {
    for (factor, unit) in [(86_400_000.0, "d"), (3_600_000.0, "h"), (60_000.0, "min"), (1_000.0, "s")] {
        if milliseconds >= factor && milliseconds % factor == 0.0 {
            return format!("{}{unit}", milliseconds / factor);
        }
    }
    format!("{milliseconds}ms")
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
            ("-1", Some("kB"), None, "-1kB"),
            ("4", None, None, "4"),
            ("on", None, None, "on"),
        ] {
            let setting = setting(value, unit);
            assert_eq!(setting.bytes(), bytes, "{value} {unit:?}");
            assert_eq!(setting.display(), display);
        }
    }
}
