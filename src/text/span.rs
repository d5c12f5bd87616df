//! Spans of time for people.

use super::{grouped, without_idle_zeros};

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

/// A number of seconds below ten.
fn short_of(seconds: f64) -> String {
    without_idle_zeros(&format!("{seconds:.1}")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
