//! Values and changes of a metric in words, with their units: the same in a verdict, a table and a picture.

use super::Metric;
use crate::text::{grouped, milliseconds, percent, three_digits, without_idle_zeros};

/// From here on, a change is written with its power of ten.
const LARGE: f64 = 1e9;

/// A value in the metric's own unit, as in `12.3 ms`, `190 calls/s` or `0.5 %`; `-` where there is none, `?` for what is no
/// number.
#[must_use]
pub fn value(metric: Metric, value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if !value.is_finite() => "?".to_owned(),
        Some(value) if metric.is_share() => percent(value),
        Some(value) if metric.is_latency() => format!("{} ms", milliseconds(Some(value))),
        Some(value) => format!("{} calls/s", three_digits(value)),
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
        assert_eq!(value(Metric::Throughput, Some(1_234.5)), "1,235 calls/s");
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
}
