//! Numbers in sentences.

use crate::text::counted;
use crate::{compare::Effect, record::Metric};

/// A change: `+21 %` of a latency or rate, `+0.5 points` of a share of the calls.
pub(super) fn change(metric: Metric, change: f64) -> String {
    format!("{} {}", signed(change), metric.unit_of_change())
}

/// In percent, as many digits as it is worth.
fn signed(change: f64) -> String {
    let percent = change * 100.0;
    let digits = usize::from(percent.abs() < 9.95);
    format!("{percent:+.digits$}")
}

/// A value with its unit.
pub(super) fn value(metric: Metric, value: f64) -> String {
    match metric {
        latency if latency.is_latency() && value < 10_000.0 => format!("{:.2} ms", value / 1e3),
        latency if latency.is_latency() => format!("{:.1} ms", value / 1e3),
        Metric::Throughput => format!("{value:.0} calls/s"),
        _ => percent(value),
    }
}

/// A number of nights.
pub(super) fn nights(number: usize) -> String {
    counted(number as u64, "night")
}

/// A share of the calls.
pub(super) fn percent(share: f64) -> String {
    let digits = if share > 0.0 && share < 0.001 { 3 } else { 1 };
    format!("{:.digits$} %", share * 100.0)
}

/// `+21 % (+15..+28 %), 4.19 ms -> 5.08 ms`.
pub(super) fn effect(effect: &Effect) -> String {
    let of = |number: f64| change(effect.metric, number);
    let estimate = effect.change.map_or_else(|| "no estimate".to_owned(), of);
    let interval = match (effect.low, effect.high) {
        (Some(low), Some(high)) => format!(" ({}..{})", signed(low), of(high)),
        _ => String::new(),
    };
    let values = match (effect.base, effect.new) {
        (Some(base), Some(new)) => {
            format!(", {} -> {}", value(effect.metric, base), value(effect.metric, new))
        }
        _ => String::new(),
    };
    format!("{estimate}{interval}{values}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        assert_eq!([0.2131, 0.0213, -4.6].map(|by| change(Metric::P95, by)), ["+21 %", "+2.1 %", "-460 %"]);
        assert_eq!(change(Metric::ErrorShare, -0.005), "-0.5 points");
        assert_eq!(value(Metric::P50, 940.0), "0.94 ms");
        assert_eq!(value(Metric::P50, 140_000.0), "140.0 ms");
        assert_eq!(value(Metric::Throughput, 2_345.6), "2346 calls/s");
        assert_eq!([0.0, 0.0004, 0.05].map(percent), ["0.0 %", "0.040 %", "5.0 %"]);
    }
}
