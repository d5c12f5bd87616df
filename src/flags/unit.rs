//! PostgreSQL's units (manual, section 20.1.1).

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Memory or storage; the base is one byte.
    Memory,
    /// Time; the base is one millisecond.
    Time,
}

/// A unit: how many bytes or milliseconds it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// What it measures.
    pub dimension: Dimension,
    /// Bytes or milliseconds.
    pub factor: f64,
}

/// The units that people write, the largest first.
const MEMORY: [(&str, f64); 5] = [
    ("TB", (1_u64 << 40) as f64),
    ("GB", (1_u64 << 30) as f64),
    ("MB", (1_u64 << 20) as f64),
    ("kB", 1024.0),
    ("B", 1.0),
];
const TIME: [(&str, f64); 6] =
    [("d", 86_400_000.0), ("h", 3_600_000.0), ("min", 60_000.0), ("s", 1_000.0), ("ms", 1.0), ("us", 0.001)];

impl Dimension {
    /// The units that can be written, the largest first, with what they stand for.
    #[must_use]
    pub fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Memory => &MEMORY,
            Self::Time => &TIME,
        }
    }

    /// PostgreSQL's own hint: the units by name.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Memory => "B, kB, MB, GB or TB (PostgreSQL tells capital letters from small ones)",
            Self::Time => "us, ms, s, min, h or d",
        }
    }
}

impl Unit {
    /// A parameter's own unit as `pg_settings` names it: `8kB`, `kB`, `ms`. The block units are those of a server built
    /// with pages of 8 kB, which report themselves.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let digits = name.find(|c: char| !c.is_ascii_digit())?;
        let times: f64 = if digits == 0 { 1.0 } else { name[..digits].parse().ok()? };
        [Dimension::Memory, Dimension::Time].into_iter().find_map(|dimension| {
            let (_, factor) = dimension.units().iter().find(|(unit, _)| *unit == &name[digits..])?;
            Some(Self { dimension, factor: times * factor })
        })
    }

    /// An amount in this unit as PostgreSQL shows it: in the largest unit in which it is whole. Like PostgreSQL it gives
    /// zero and special values such as -1 without a unit.
    #[must_use]
    pub fn display(self, amount: f64) -> String {
        if amount <= 0.0 {
            return format!("{amount}");
        }
        let base = amount * self.factor;
        let whole = |factor: f64| {
            let value = base / factor;
            value.round() >= 1.0 && (value - value.round()).abs() <= 1e-12 * value
        };
        let unit = self.dimension.units().iter().find(|(_, factor)| whole(*factor));
        match unit {
            Some((name, factor)) => format!("{}{name}", (base / factor).round()),
            // No unit makes it whole: the parameter's own, or the nearest that can be written.
            None => {
                let (name, factor) = self.writable();
                format!("{}{name}", base / factor)
            }
        }
    }

    /// The largest unit that can be written and is not larger than this one.
    fn writable(self) -> (&'static str, f64) {
        let units = self.dimension.units();
        *units.iter().find(|(_, factor)| *factor <= self.factor).unwrap_or(&units[units.len() - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_as_postgresql_shows_them() {
        for (unit, amount, shown) in [
            ("8kB", 16384.0, "128MB"),
            ("8kB", 100_000.0, "800000kB"),
            ("kB", 64.0, "64kB"),
            ("MB", 1024.0, "1GB"),
            ("kB", -1.0, "-1"),
            ("kB", 0.0, "0"),
            ("s", 300.0, "5min"),
            ("ms", 0.5, "500us"),
            ("ms", 2.0, "2ms"),
            ("min", 1440.0, "1d"),
            ("B", 100.0, "100B"),
        ] {
            assert_eq!(Unit::of(unit).unwrap().display(amount), shown);
        }
        assert!(Unit::of("kb").is_none());
        assert!(Unit::of("").is_none());
        assert!(Unit::of("8").is_none());
    }
}
