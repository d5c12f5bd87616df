//! A setting's value: read as PostgreSQL reads it, written as PostgreSQL writes it.

use super::{
    catalog::{Flag, Kind},
    meant::without_comma,
    unit::Unit,
};

/// A value of some setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// on or off.
    Bool(bool),
    /// A whole number in the parameter's own unit.
    Integer(i64),
    /// A number in the parameter's own unit.
    Real(f64),
    /// A word of an enum, in the catalogue's spelling.
    Word(&'static str),
    /// Text.
    Text(String),
}

/// What was written is no value of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a number.
    #[error("{0} is a number")]
    NotANumber(String),
    /// A number with a comma in it.
    #[error("{why}, as in {meant}")]
    Comma {
        /// What is wrong with it.
        why: &'static str,
        /// The text without it.
        meant: String,
    },
    /// A number with something behind it that is no unit.
    #[error("`{unit}` is no unit of {flag}: write {hint}")]
    UnknownUnit {
        /// The setting.
        flag: String,
        /// What stood behind the number.
        unit: String,
        /// What could.
        hint: &'static str,
    },
    /// A unit where none belongs.
    #[error("{flag} is a number without a unit: leave `{unit}` out")]
    NoUnit {
        /// The setting.
        flag: String,
        /// What stood behind the number.
        unit: String,
    },
    /// More than PostgreSQL can hold.
    #[error("{0} is beyond the range of whole numbers")]
    Overflow(String),
    /// Neither on nor off.
    #[error("{0} is on or off")]
    NotABool(String),
    /// Not one of the words.
    #[error("{flag} is one of {words}")]
    NotAWord {
        /// The setting.
        flag: String,
        /// What it could be.
        words: String,
    },
}

impl Flag {
    /// Reads what people write: `128MB`, `'128MB'`, `131072`, `64 kB`, `1.1`, `on`. A bare number counts in the
    /// parameter's own unit; fractions are rounded as PostgreSQL rounds them.
    ///
    /// # Errors
    /// When it is no value of this setting. Whether it is in range is another question: [`Flag::range_error`].
    pub fn parse(&self, text: &str) -> Result<Value, ValueError> {
        if self.kind == Kind::String {
            return Ok(Value::Text(text.to_owned()));
        }
        let text = unquoted(text.trim()).trim();
        match self.kind {
            Kind::Boolean => {
                parse_bool(text).map(Value::Bool).ok_or_else(|| ValueError::NotABool(self.name.into()))
            }
            Kind::Enum => self.parse_word(text),
            Kind::Integer | Kind::Real => self.parse_number(text),
            Kind::String => Ok(Value::Text(text.to_owned())),
        }
    }

    fn parse_word(&self, text: &str) -> Result<Value, ValueError> {
        let word = self.values.iter().find(|word| word.eq_ignore_ascii_case(text));
        // Enums that know on and off take the other ways to say so, without listing them.
        let meant = parse_bool(text).map(|on| if on { "on" } else { "off" });
        let word = word.or_else(|| self.values.iter().find(|word| Some(**word) == meant));
        word.map(|word| Value::Word(word))
            .ok_or_else(|| ValueError::NotAWord { flag: self.name.into(), words: self.values.join(", ") })
    }

    fn parse_number(&self, text: &str) -> Result<Value, ValueError> {
        let whole = self.kind == Kind::Integer;
        let (number, rest) =
            leading_number(text, whole).ok_or_else(|| ValueError::NotANumber(self.name.into()))?;
        let written = rest.trim();
        let mut amount = number;
        if !written.is_empty() {
            if let Some((why, meant)) = without_comma(text) {
                return Err(ValueError::Comma { why, meant });
            }
            let Some(unit) = self.unit() else {
                return Err(ValueError::NoUnit { flag: self.name.into(), unit: written.to_owned() });
            };
            amount = in_own_unit(number, written, unit).ok_or_else(|| ValueError::UnknownUnit {
                flag: self.name.into(),
                unit: written.to_owned(),
                hint: unit.dimension.hint(),
            })?;
        }
        if !whole {
            return Ok(Value::Real(amount));
        }
        let rounded = amount.round_ties_even();
        if rounded < f64::from(i32::MIN) || rounded > f64::from(i32::MAX) {
            return Err(ValueError::Overflow(self.name.into()));
        }
        Ok(Value::Integer(rounded as i64))
    }

    /// Why PostgreSQL refuses the value although it is of the right type: it is out of range.
    #[must_use]
    pub fn range_error(&self, value: &Value) -> Option<String> {
        let amount = value.number()?;
        let outside = self.min.is_some_and(|min| amount < min) || self.max.is_some_and(|max| amount > max);
        if !outside {
            return None;
        }
        let show = |limit: Option<f64>| limit.map_or_else(String::new, |limit| self.show_amount(limit));
        Some(format!(
            "{} is outside PostgreSQL's range {} .. {}",
            self.show_amount(amount),
            show(self.min),
            show(self.max)
        ))
    }

    /// A number in the parameter's own unit, as PostgreSQL shows it.
    #[must_use]
    pub fn show_amount(&self, amount: f64) -> String {
        self.unit().map_or_else(|| format!("{amount}"), |unit| unit.display(amount))
    }

    /// The value as PostgreSQL writes it: `128MB`, `5min`, `on`, `1.1`.
    #[must_use]
    pub fn display(&self, value: &Value) -> String {
        value.number().map_or_else(|| value.bare(), |amount| self.show_amount(amount))
    }

    /// The value in bytes, where it is memory.
    #[must_use]
    pub fn bytes(&self, value: &Value) -> Option<u64> {
        let unit = self.unit().filter(|unit| unit.dimension == super::unit::Dimension::Memory)?;
        let amount = value.number().filter(|amount| *amount >= 0.0)?;
        Some((amount * unit.factor) as u64)
    }
}

impl Value {
    /// The number, in the parameter's own unit.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// Without a unit, as Cloud SQL takes it: `131072`, `on`, `1.1`.
    #[must_use]
    pub fn bare(&self) -> String {
        match self {
            Self::Bool(true) => "on".to_owned(),
            Self::Bool(false) => "off".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Word(word) => (*word).to_owned(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Without the quotes around it, if there are any.
pub(super) fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(text)
}

/// PostgreSQL's `parse_bool`: any beginning of these words that can only be one of them.
#[must_use]
pub fn parse_bool(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    match text.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || begins("on", 2) => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

/// The number that `text` begins with, and what follows it: decimal, and for whole numbers C's 0x10 and 010 as well.
fn leading_number(text: &str, whole: bool) -> Option<(f64, &str)> {
    let sign = if text.starts_with(['+', '-']) { 1 } else { 0 };
    let negative = text.starts_with('-');
    let digits = &text[sign..];
    if whole && let Some(end) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let length = end.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(end.len());
        let number = i64::from_str_radix(&end[..length], 16).ok()? as f64;
        return Some((if negative { -number } else { number }, &end[length..]));
    }
    let count = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let integral = count(digits);
    let mut end = integral;
    if digits[end..].starts_with('.') {
        end += 1 + count(&digits[end + 1..]);
    }
    if end == 0 || &digits[..end] == "." {
        return None;
    }
    if let Some(exponent) = digits[end..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let length = count(&exponent[sign..]);
        end += if length > 0 { 1 + sign + length } else { 0 };
    }
    let is_octal = whole && end == integral && integral > 1 && digits.starts_with('0');
    let number = if is_octal {
        i64::from_str_radix(&digits[..end], 8).ok()? as f64
    } else {
        digits[..end].parse().ok()?
    };
    Some((if negative { -number } else { number }, &digits[end..]))
}

/// `number` of the unit that was written, in the parameter's own. Fractions are rounded to the next smaller unit first,
/// as PostgreSQL does (`convert_to_base_unit`): 30.1GB are a whole number of MB.
fn in_own_unit(number: f64, written: &str, own: Unit) -> Option<f64> {
    let units = own.dimension.units();
    let at = units.iter().position(|(name, _)| *name == written)?;
    let mut base = number * units[at].1;
    if let Some((_, smaller)) = units.get(at + 1) {
        base = (base / smaller).round_ties_even() * smaller;
    }
    Some(base / own.factor)
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{VERSIONS, all, find, find_in};
    use super::*;
    use proptest::prelude::*;

    fn read(name: &str, text: &str) -> Value {
        find(name).unwrap().parse(text).unwrap()
    }

    #[test]
    fn values_are_read_as_postgresql_reads_them() {
        for (name, text, value) in [
            ("shared_buffers", "128MB", Value::Integer(16384)),
            ("shared_buffers", " '128MB' ", Value::Integer(16384)),
            ("shared_buffers", "131072", Value::Integer(131_072)),
            ("shared_buffers", "1.5GB", Value::Integer(196_608)),
            ("effective_cache_size", "781.25MB", Value::Integer(100_000)),
            ("work_mem", "64 kB", Value::Integer(64)),
            ("work_mem", "0x40", Value::Integer(64)),
            ("work_mem", "0100", Value::Integer(64)),
            ("work_mem", "1e3", Value::Integer(1000)),
            // 30.1 GB are 30822.4 MB, which PostgreSQL rounds to 30822 MB.
            ("work_mem", "30.1GB", Value::Integer(30822 * 1024)),
            ("work_mem", "65.5", Value::Integer(66)),
            ("checkpoint_timeout", "5min", Value::Integer(300)),
            ("statement_timeout", "1500us", Value::Integer(2)),
            ("random_page_cost", "1.1", Value::Real(1.1)),
            ("vacuum_cost_delay", "0.5ms", Value::Real(0.5)),
            ("vacuum_cost_delay", "500us", Value::Real(0.5)),
            ("log_temp_files", "-1", Value::Integer(-1)),
            ("enable_seqscan", "TRUE", Value::Bool(true)),
            ("enable_seqscan", "of", Value::Bool(false)),
            ("huge_pages", "Try", Value::Word("try")),
            ("huge_pages", "yes", Value::Word("on")),
            ("search_path", "'a', b", Value::Text("'a', b".into())),
        ] {
            assert_eq!(read(name, text), value, "{name} = {text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused_with_the_remedy() {
        for (name, text, part) in [
            ("work_mem", "4mb", "`mb` is no unit of work_mem: write B, kB"),
            ("work_mem", "lots", "work_mem is a number"),
            ("work_mem", "", "work_mem is a number"),
            ("work_mem", ".", "work_mem is a number"),
            ("work_mem", "4TB", "beyond the range"),
            ("max_connections", "100MB", "without a unit: leave `MB` out"),
            ("checkpoint_timeout", "5MB", "write us, ms, s"),
            ("enable_seqscan", "o", "on or off"),
            ("huge_pages", "maybe", "one of off, on, try"),
            ("random_page_cost", "1,1", "the decimal separator is a point, as in 1.1"),
            ("max_wal_size", "1,5GB", "the decimal separator is a point, as in 1.5GB"),
            ("max_connections", "1,000", "digits are written without a comma, as in 1000"),
        ] {
            let error = find(name).unwrap().parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{name} = {text}: {error}");
        }
    }

    #[test]
    fn ranges_are_told_in_units() {
        let work_mem = find("work_mem").unwrap();
        let told = work_mem.range_error(&Value::Integer(1)).unwrap();
        assert_eq!(told, "1kB is outside PostgreSQL's range 64kB .. 2147483647kB");
        assert_eq!(work_mem.range_error(&Value::Integer(64)), None);
    }

    #[test]
    fn every_default_is_a_value_in_range() {
        for flag in all() {
            let Some(default) = flag.default else { continue };
            let value = flag.parse(default).unwrap_or_else(|error| panic!("{}: {error}", flag.name));
            assert_eq!(flag.range_error(&value), None, "{}", flag.name);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(at in 0..10_000_usize, version in VERSIONS, share in 0.0..1.0_f64) {
            let flag = &all()[at % all().len()];
            let flag = find_in(flag.name, version).unwrap_or(flag);
            let (min, max) = (flag.min.unwrap_or(0.0), flag.max.unwrap_or(1e6).min(1e9));
            let amount = min + (max - min) * share.powi(6);
            let value = match flag.kind {
                Kind::Integer => Value::Integer(amount as i64),
                // Written with a unit, it keeps whole numbers of the next smaller one, as in PostgreSQL.
                Kind::Real if flag.unit.is_some() => Value::Real((amount * 1000.0).round() / 1000.0),
                Kind::Real => Value::Real(amount),
                Kind::Boolean => Value::Bool(share < 0.5),
                Kind::Enum => Value::Word(flag.values[at % flag.values.len()]),
                Kind::String => Value::Text(format!("x {share}")),
            };
            prop_assert_eq!(flag.parse(&value.bare()), Ok(value.clone()));
            match (flag.parse(&flag.display(&value)), &value) {
                // Units are decimal fractions of each other; the last bit may differ.
                (Ok(Value::Real(read)), Value::Real(shown)) => {
                    prop_assert!((read - shown).abs() <= 1e-9 * shown.abs().max(1.0), "{read} {shown}");
                }
                (read, _) => prop_assert_eq!(read, Ok(value)),
            }
        }
    }
}
