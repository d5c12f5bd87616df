//! What was evidently meant by a number that PostgreSQL does not read: a comma stands in it, or its unit is spelt otherwise.

use super::{catalog::Flag, unit::Dimension, value::Value, value::unquoted};

/// PostgreSQL's units, and in small letters how people write them otherwise.
type Spellings = [(&'static str, &'static [&'static str])];

const MEMORY: &Spellings = &[
    ("B", &["b", "byte", "bytes"]),
    ("kB", &["k", "kb", "kib", "kbyte", "kbytes", "kilobyte", "kilobytes"]),
    ("MB", &["m", "mb", "mib", "mbyte", "mbytes", "megabyte", "megabytes"]),
    ("GB", &["g", "gb", "gib", "gbyte", "gbytes", "gigabyte", "gigabytes"]),
    ("TB", &["t", "tb", "tib", "tbyte", "tbytes", "terabyte", "terabytes"]),
];
const TIME: &Spellings = &[
    ("us", &["us", "µs", "usec", "usecs", "microsecond", "microseconds"]),
    ("ms", &["ms", "msec", "msecs", "millis", "millisecond", "milliseconds"]),
    ("s", &["s", "sec", "secs", "second", "seconds"]),
    ("min", &["m", "min", "mins", "minute", "minutes"]),
    ("h", &["h", "hr", "hrs", "hour", "hours"]),
    ("d", &["d", "day", "days"]),
];

impl Flag {
    /// The value, in range, that was evidently meant by a text that is none: `1,1` as 1.1, `250 msec` as 250 ms, `64mb`
    /// as 64 MB. `None` where that cannot be told.
    #[must_use]
    pub fn meant(&self, text: &str) -> Option<Value> {
        let text = unquoted(text.trim()).trim();
        let text = without_comma(text).map_or_else(|| text.to_owned(), |(_, meant)| meant);
        let (number, written) = text.split_at(text.find(char::is_alphabetic).unwrap_or(text.len()));
        let unit = match written {
            "" => "",
            written => respelt(written, self.unit()?.dimension)?,
        };
        let value = self.parse(&format!("{}{unit}", number.trim())).ok()?;
        self.range_error(&value).is_none().then_some(value)
    }
}

/// The unit in PostgreSQL's spelling.
fn respelt(written: &str, dimension: Dimension) -> Option<&'static str> {
    let written = written.to_lowercase();
    let spellings = match dimension {
        Dimension::Memory => MEMORY,
        Dimension::Time => TIME,
    };
    spellings.iter().find(|(_, others)| others.contains(&written.as_str())).map(|(unit, _)| *unit)
}

/// A number with a comma: what is wrong with it, and the text without it. Groups of three digits are thousands
/// (`1,000`), but behind a zero; all else is a fraction (`1,5GB`). `None` where no comma stands among the digits.
pub(super) fn without_comma(text: &str) -> Option<(&'static str, String)> {
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let (whole, rest) = text.split_once(',')?;
    let (decimals, behind) =
        rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len()));
    let digits = whole.trim_start_matches(['+', '-']);
    let is_thousands = digits != "0"
        && digits.len() <= 3
        && decimals.split(',').all(|group| is_digits(group) && group.len() == 3);
    if !is_digits(digits) {
        None
    } else if is_thousands {
        let number = format!("{whole}{}{behind}", decimals.replace(',', ""));
        Some(("digits are written without a comma", number))
    } else {
        let is_fraction = is_digits(decimals) && !behind.starts_with('.');
        is_fraction.then(|| ("the decimal separator is a point", format!("{whole}.{decimals}{behind}")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::find;

    #[test]
    fn what_was_meant_is_found() {
        for (name, text, meant) in [
            ("random_page_cost", "1,1", Some("1.1")),
            ("random_page_cost", "'0,125'", Some("0.125")),
            ("max_wal_size", "1,5GB", Some("1536MB")),
            ("max_wal_size", "1,024 mb", Some("1GB")),
            ("max_connections", "1,000", Some("1000")),
            ("jit_above_cost", "1,000,000", Some("1000000")),
            ("log_min_duration_statement", "250 msec", Some("250ms")),
            ("log_min_duration_statement", "2 sec", Some("2s")),
            ("checkpoint_timeout", "5 minutes", Some("5min")),
            ("work_mem", "64mb", Some("64MB")),
            ("work_mem", "64KB", Some("64kB")),
            ("work_mem", "64Mb", Some("64MB")),
            ("work_mem", "1,2,3", None),
            ("work_mem", "1kb", None),
            ("work_mem", "64 msec", None),
            ("work_mem", "lots", None),
            ("max_connections", "100MB", None),
            ("jit", "perhaps", None),
            ("huge_pages", "1,1", None),
        ] {
            let flag = find(name).unwrap();
            let found = flag.meant(text).map(|value| flag.display(&value));
            assert_eq!(found.as_deref(), meant, "{name} = {text}");
        }
    }
}
