//! Numbers for people: three significant digits, thousands apart.

use super::grouped;

/// Microseconds as milliseconds with three significant digits, or `-` when there is nothing.
#[must_use]
pub fn milliseconds(us: Option<f64>) -> String {
    us.map_or_else(|| "-".to_owned(), |us| three_digits(us / 1_000.0))
}

/// From here on, a number is written with its power of ten: groups of three would no longer be read.
const LARGE: f64 = 1e15;

/// Three significant digits; whole numbers from 100 on, in groups of three. `?` for what is no number.
#[must_use]
pub fn three_digits(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "?".to_owned(),
        v if v >= LARGE => format!("{value:.2e}"),
        v if v >= 99.95 => format!("{}{}", if value < 0.0 { "-" } else { "" }, grouped(v.round() as u64)),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// `0.500` as `0.5`, and `20.0` as `20`; what has a power of ten stays as it is.
#[must_use]
pub fn without_idle_zeros(text: &str) -> &str {
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// Bytes in 1024s: `23.4 GB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    for (shift, unit) in [(30, "GB"), (20, "MB"), (10, "kB")] {
        if bytes >> shift > 0 {
            return format!("{} {unit}", three_digits(bytes as f64 / (1u64 << shift) as f64));
        }
    }
    format!("{bytes} B")
}

/// A share as a percentage; never `0 %` for something that happened, nor `100 %` for less than all. `?` for what is no number.
#[must_use]
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        p if !p.is_finite() => "? %".to_owned(),
        p if p.abs() >= LARGE => format!("{p:.2e} %"),
        p if p.abs() < 0.01 => "<0.01 %".to_owned(),
        p if (99.995..100.0).contains(&p) => ">99.99 %".to_owned(),
        p => format!("{} %", without_idle_zeros(&format!("{p:.2}"))),
    }
}

/// A quantile as people write it: 0.95 as `p95`, 0.999 as `p99.9`.
#[must_use]
pub fn percentile(quantile: f64) -> String {
    format!("p{}", (quantile * 1e6).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!(milliseconds(None), "-");
        for (us, text) in [
            (12.3, "0.012"),
            (999.4, "0.999"),
            (999.6, "1.00"),
            (12_345.0, "12.3"),
            (99_960.0, "100"),
            (1_234_567.0, "1,235"),
            (-250_000.0, "-250"),
            (1e308, "1.00e305"),
            (f64::INFINITY, "?"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(milliseconds(Some(us)), text);
        }
        for (text, short) in [("0.500", "0.5"), ("20.0", "20"), ("1,500", "1,500"), ("1.50e20", "1.50e20")] {
            assert_eq!(without_idle_zeros(text), short);
        }
        assert_eq!(bytes(25_000_000_000), "23.3 GB");
        assert_eq!(bytes(12), "12 B");
        for (share, text) in [
            (0.0, "0 %"),
            (0.00001, "<0.01 %"),
            (0.0512, "5.12 %"),
            (0.05, "5 %"),
            (1.0, "100 %"),
            (-0.05, "-5 %"),
            (1e300, "1.00e302 %"),
            (f64::NAN, "? %"),
        ] {
            assert_eq!(percent(share), text);
        }
        for (quantile, text) in [(0.5, "p50"), (0.95, "p95"), (0.999, "p99.9"), (0.999_999, "p99.9999")] {
            assert_eq!(percentile(quantile), text);
        }
    }
}
