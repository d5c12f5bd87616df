//! The window's time as an axis, and its slices.

use super::{canvas::Axis, scale::Scale};
use crate::{record::Record, text::three_digits};

/// The axis of time, in a unit that suits the window's length.
pub(super) struct Time {
    pub(super) axis: Axis,
    seconds_per_unit: f64,
    unit: &'static str,
}

impl Time {
    pub(super) fn of(record: &Record) -> Self {
        let seconds = record.window.seconds;
        let (seconds_per_unit, unit) = match seconds {
            s if s > 10_800.0 => (3_600.0, "h"),
            s if s > 300.0 => (60.0, "min"),
            _ => (1.0, "s"),
        };
        let scale = Scale::linear(0.0, seconds / seconds_per_unit);
        let axis = Axis::new(scale, format!("time since the window began, {unit}"));
        Self { axis, seconds_per_unit, unit }
    }

    /// Where a moment stands, as a share of the axis.
    pub(super) fn place(&self, seconds: f64) -> f64 {
        self.axis.scale.fraction(seconds / self.seconds_per_unit)
    }

    /// A moment in words.
    pub(super) fn say(&self, seconds: f64) -> String {
        format!("{} {}", three_digits(seconds / self.seconds_per_unit), self.unit)
    }
}

/// A slice of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slice {
    pub(super) begins_seconds: f64,
    pub(super) ends_seconds: f64,
}

impl Slice {
    /// Its length.
    pub(super) fn seconds(self) -> f64 {
        self.ends_seconds - self.begins_seconds
    }

    pub(super) fn middle_seconds(self) -> f64 {
        f64::midpoint(self.begins_seconds, self.ends_seconds)
    }
}

/// The slices of the series; the last one ends with the window, and may be shorter.
pub(super) fn slices(record: &Record) -> Vec<Slice> {
    let interval = record.series.interval_seconds;
    let length = |answered: &Vec<u64>| answered.len();
    let count = record.series.operations.iter().map(|operation| length(&operation.answered)).max();
    let slice = |index: usize| {
        let (begins, ends) = (index as f64 * interval, (index + 1) as f64 * interval);
        Slice { begins_seconds: begins, ends_seconds: ends.min(record.window.seconds) }
    };
    (0..count.unwrap_or_default()).map(slice).filter(|slice| slice.seconds() > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::fixture::sample;

    #[test]
    fn the_last_slice_ends_with_the_window() {
        let mut record = sample();
        record.window.seconds = 29.25;
        let slices = slices(&record);
        assert_eq!(slices.len(), 30);
        assert_eq!((slices[1].begins_seconds, slices[1].ends_seconds), (1.0, 2.0));
        assert!((slices[29].seconds() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_long_window_has_longer_units() {
        let mut record = sample();
        for (seconds, said) in [(30.0, "15.0 s"), (1_200.0, "10.0 min"), (36_000.0, "5.00 h")] {
            record.window.seconds = seconds;
            let time = Time::of(&record);
            assert_eq!(time.say(seconds / 2.0), said);
            assert!((time.place(seconds / 2.0) - 0.5).abs() < 1e-9);
        }
    }
}
