//! What Cloud SQL for PostgreSQL makes of a setting.

use super::{
    catalog::{Flag, Limits, find},
    machine::Machine,
    value::Value,
};

/// What tells for certain which flags there are.
#[must_use]
pub fn list_command(version: u32) -> String {
    format!("gcloud sql flags list --database-version=POSTGRES_{version}")
}

/// The name of an instance, if it can be one.
///
/// # Errors
/// When it cannot.
pub fn instance_name(name: &str) -> Result<String, String> {
    let is_right = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && name.len() <= 98;
    if is_right {
        return Ok(name.to_owned());
    }
    Err("an instance's name begins with a letter, and has letters, digits and hyphens, 98 at most".to_owned())
}

/// Why Cloud SQL refuses a value that PostgreSQL takes, and the nearest that it takes. Shares of memory are only known
/// with the machine.
#[must_use]
pub fn limits_error(
    flag: &Flag,
    value: &Value,
    machine: Option<&Machine>,
) -> Option<(String, Option<Value>)> {
    match (flag.cloud_sql_limits.as_ref()?, value) {
        (Limits::Words(words), Value::Word(word)) if !words.contains(word) => {
            Some((format!("Cloud SQL takes {}", words.join(" or ")), None))
        }
        (Limits::Range { min, max }, Value::Integer(amount)) => {
            let nearest = outside(*amount, *min, *max)?;
            Some((format!("Cloud SQL takes {}", range(flag, *min, *max)), Some(Value::Integer(nearest))))
        }
        (Limits::MemoryShare { min, max }, Value::Integer(amount)) => {
            let machine = machine?;
            let memory = machine.memory_bytes as f64 / flag.unit()?.factor;
            // The API rounds down: on 1024 MB it names 13107 .. 78643 pages.
            let (least, most) = ((memory * min).floor(), (memory * max).floor());
            let nearest = outside(*amount, Some(least), Some(most))?;
            let why = format!(
                "Cloud SQL takes {:.0} to {:.0} % of the machine's memory, on {} {}",
                min * 100.0,
                max * 100.0,
                machine.name,
                pages(flag, least, most),
            );
            Some((why, Some(Value::Integer(nearest))))
        }
        _ => None,
    }
}

/// A range of Cloud SQL's, with units. An end that it does not have itself is PostgreSQL's, and called so.
#[must_use]
pub fn range(flag: &Flag, min: Option<f64>, max: Option<f64>) -> String {
    let end = |own: Option<f64>, of_postgresql: Option<f64>| {
        own.or(of_postgresql).map_or_else(String::new, |amount| flag.show_amount(amount))
    };
    let whose = match (min, max) {
        (Some(_), Some(_)) => "",
        (None, _) => " (the lower end is PostgreSQL's)",
        (_, None) => " (the upper end is PostgreSQL's)",
    };
    format!("{} .. {}{whose}", end(min, flag.min), end(max, flag.max))
}

/// Two amounts of memory in the setting's own unit, and in MB: `49152 .. 294912 (384MB .. 2304MB)`.
#[must_use]
pub fn pages(flag: &Flag, least: f64, most: f64) -> String {
    format!("{least} .. {most} ({} .. {})", megabytes(flag, least), megabytes(flag, most))
}

/// The whole number of MB nearest to `bytes` that Cloud SQL takes for a setting whose limits are shares of the machine's
/// memory; `bytes` where they are not.
#[must_use]
pub fn nearest_share(name: &str, bytes: u64, memory_bytes: u64) -> u64 {
    let limits = find(name).and_then(|flag| flag.cloud_sql_limits.as_ref());
    let Some(Limits::MemoryShare { min, max }) = limits else { return bytes };
    let megabytes = |share: f64| memory_bytes as f64 * share / f64::from(1 << 20);
    let (least, most) = ((megabytes(*min).ceil() as u64) << 20, (megabytes(*max).floor() as u64) << 20);
    bytes.max(least).min(most)
}

fn megabytes(flag: &Flag, amount: f64) -> String {
    let bytes = amount * flag.unit().map_or(1.0, |unit| unit.factor);
    format!("{:.0}MB", bytes / f64::from(1 << 20))
}

/// The limit that `amount` is beyond.
fn outside(amount: i64, min: Option<f64>, max: Option<f64>) -> Option<i64> {
    let below = min.map(|min| min as i64).filter(|min| amount < *min);
    below.or_else(|| max.map(|max| max as i64).filter(|max| amount > *max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_share_is_taken() {
        let machine: Machine = "db-custom-4-16384".parse().unwrap();
        for (name, bytes, nearest) in [
            ("shared_buffers", 1000 << 20, 1639 << 20),
            ("shared_buffers", 4 << 30, 4 << 30),
            ("effective_cache_size", 12 << 30, 11_468 << 20),
            ("work_mem", 1 << 40, 1 << 40),
        ] {
            assert_eq!(nearest_share(name, bytes, machine.memory_bytes), nearest, "{name}");
            let flag = find(name).unwrap();
            if let Some(unit) = flag.unit().filter(|_| nearest < 1 << 40) {
                let value = Value::Integer((nearest as f64 / unit.factor) as i64);
                assert!(limits_error(flag, &value, Some(&machine)).is_none(), "{name}");
            }
        }
    }

    #[test]
    fn shares_are_of_the_machines_memory_as_the_api_counts_them() {
        let machine: Machine = "1cpu-1024MB".parse().unwrap();
        let error = |name: &str, pages: i64| {
            limits_error(find(name).unwrap(), &Value::Integer(pages), Some(&machine)).map(|(_, to)| to)
        };
        assert_eq!(error("shared_buffers", 13107), None);
        assert_eq!(error("shared_buffers", 13106), Some(Some(Value::Integer(13107))));
        assert_eq!(error("shared_buffers", 78643), None);
        assert_eq!(error("shared_buffers", 78644), Some(Some(Value::Integer(78643))));
        assert_eq!(error("effective_cache_size", 91750), None);
        assert_eq!(error("effective_cache_size", 91751), Some(Some(Value::Integer(91750))));
        let huge_pages = find("huge_pages").unwrap();
        let (why, _) = limits_error(huge_pages, &Value::Word("on"), None).unwrap();
        assert_eq!(why, "Cloud SQL takes try or off");
    }

    #[test]
    fn ranges_have_two_ends_with_units() {
        for (name, min, max, told) in [
            ("work_mem", Some(64.0), None, "64kB .. 2147483647kB (the upper end is PostgreSQL's)"),
            ("max_connections", Some(14.0), Some(262_143.0), "14 .. 262143"),
        ] {
            assert_eq!(range(find(name).unwrap(), min, max), told);
        }
    }
}
