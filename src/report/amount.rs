//! Values and changes of a metric, with their units.

use crate::text::{grouped, milliseconds, percent, three_digits, without_idle_zeros};
use crate::{record::Metric, text::counted};

/// From here on, a change is written with its power of ten.
const LARGE: f64 = 1e9;

/// A value in the metric's own unit, as in `12.3 ms`, `190/s` or `0.5 %`; `-` where there is none, `?` for what is no
/// number.
#[must_use]
pub fn value(metric: Metric, value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if !value.is_finite() => "?".to_owned(),
        Some(value) if metric.is_share() => percent(value),
        Some(value) if metric.is_latency() => format!("{} ms", milliseconds(Some(value))),
        Some(value) => format!("{}/s", three_digits(value)),
    }
}

/// A change with its sign, as in `+21 %`, or `+0.4 points` of a share of the calls.
#[must_use]
pub fn change(metric: Metric, change: Option<f64>) -> String {
    change.map_or_else(|| "-".to_owned(), |change| format!("{} {}", signed(change), metric.unit_of_change()))
}

/// The interval of a change, as in `+15..+28 %`; `-` where there is none.
#[must_use]
pub fn interval(metric: Metric, low: Option<f64>, high: Option<f64>) -> String {
    low.zip(high).map_or_else(
        || "-".to_owned(),
        |(low, high)| format!("{}..{} {}", signed(low), signed(high), metric.unit_of_change()),
    )
}

/// The size of a change, as in `5 %` or `0.5 points`.
#[must_use]
pub fn size(metric: Metric, size: f64) -> String {
    format!("{} {}", short(size), metric.unit_of_change())
}

/// Sizes from one to another, as in `5 % to 25 %`; the one where they read alike.
#[must_use]
pub fn sizes(metric: Metric, (low, high): (f64, f64)) -> String {
    let (low, high) = (size(metric, low), size(metric, high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A span of time, as in `58 s`, `9 min 30 s` or `2 h 5 min`.
#[must_use]
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".to_owned();
    }
    let whole = seconds.round() as u64;
    let parts = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{} {unit}", grouped(large)),
        small => format!("{} {unit} {small} {small_unit}", grouped(large)),
    };
    match whole {
        ..10 => format!("{} s", short_of(seconds)),
        10..120 => format!("{whole} s"),
        120..7_200 => parts(whole / 60, "min", whole % 60, "s"),
        _ => parts(whole / 3_600, "h", whole % 3_600 / 60, "min"),
    }
}

/// `count` of something, as in `1 pair` or `3 pairs`.
#[must_use]
pub fn count(count: usize, of: &str) -> String {
    counted(count as u64, of)
}

fn signed(change: f64) -> String {
    let text = digits(change * 100.0);
    let is_nothing = text.chars().all(|c| "0.?".contains(c));
    let sign = match change {
        _ if is_nothing => "",
        change if change < 0.0 => "-",
        _ => "+",
    };
    format!("{sign}{text}")
}

fn short(size: f64) -> String {
    without_idle_zeros(&digits(size * 100.0)).to_owned()
}

/// A number of seconds below ten.
fn short_of(seconds: f64) -> String {
    without_idle_zeros(&format!("{seconds:.1}")).to_owned()
}

/// Two digits, or three; without a sign.
fn digits(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => "?".to_owned(),
        0.0 => "0".to_owned(),
        v if v >= LARGE => format!("{v:.1e}"),
        v if v >= 9.95 => grouped(v.round() as u64),
        v if v >= 0.95 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_unit_of_their_metric() {
        assert_eq!(value(Metric::P95, Some(12_345.0)), "12.3 ms");
        assert_eq!(value(Metric::Throughput, Some(1_234.5)), "1,235/s");
        assert_eq!(value(Metric::ErrorShare, Some(0.0)), "0 %");
        assert_eq!(value(Metric::MissShare, Some(0.012)), "1.2 %");
        for metric in Metric::ALL {
            assert_eq!(value(metric, None), "-");
            for no_number in [f64::NAN, f64::INFINITY] {
                assert_eq!(value(metric, Some(no_number)), "?");
            }
        }
    }

    #[test]
    fn changes_have_a_sign_and_few_digits() {
        for (amount, text) in [
            (0.214, "+21 %"),
            (-0.0512, "-5.1 %"),
            (0.004, "+0.40 %"),
            (0.0, "0 %"),
            (-0.000_001, "0.00 %"),
            (12.5, "+1,250 %"),
            (1e12, "+1.0e14 %"),
            (f64::NAN, "? %"),
            (f64::NEG_INFINITY, "? %"),
        ] {
            assert_eq!(change(Metric::P95, Some(amount)), text);
        }
        assert_eq!(change(Metric::ErrorShare, Some(0.012)), "+1.2 points");
        assert_eq!(change(Metric::P95, None), "-");
        assert_eq!(interval(Metric::P95, Some(0.15), Some(0.284)), "+15..+28 %");
        assert_eq!(interval(Metric::P95, Some(0.15), None), "-");
        assert_eq!(size(Metric::P95, 0.05), "5 %");
        assert_eq!(size(Metric::MissShare, 0.005), "0.5 points");
        assert_eq!(sizes(Metric::P95, (0.05, 0.05)), "5 %");
        assert_eq!(sizes(Metric::P95, (0.05, 0.25)), "5 % to 25 %");
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        for (seconds, text) in [
            (3.0, "3 s"),
            (0.25, "0.2 s"),
            (58.4, "58 s"),
            (570.0, "9 min 30 s"),
            (600.0, "10 min"),
            (7_500.0, "2 h 5 min"),
            (f64::NAN, "?"),
            (-1.0, "?"),
        ] {
            assert_eq!(span(seconds), text);
        }
        assert_eq!((count(1, "pair"), count(1_000, "pair")), ("1 pair".to_owned(), "1,000 pairs".to_owned()));
    }
}
