//! Axes: from a value to its place, and the values that are written along it.

use crate::text::{three_digits, without_idle_zeros};

/// An axis from its lower to its upper end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
    /// Of quantiles, by the logarithm of 1 / (1 - quantile): each nine takes as much room as the one before.
    Nines,
}

impl Scale {
    /// Equal differences take equal room. An empty range gets a length of one.
    pub(super) fn linear(low: f64, high: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { kind: Kind::Linear, low, high }
    }

    /// From 0 to a round number at or above `most`.
    pub(super) fn from_zero(most: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most / 4.0);
        Self::linear(0.0, (most / step * 1.001).ceil() * step)
    }

    /// Equal ratios take equal room. Values must be above 0.
    pub(super) fn log(low: f64, high: f64) -> Self {
        let low = low.max(f64::MIN_POSITIVE);
        Self { kind: Kind::Log, low, high: if high > low { high } else { low * 10.0 } }
    }

    /// Quantiles from 0 to that of one in `count`, at least 99 %.
    pub(super) fn nines(count: u64) -> Self {
        Self { kind: Kind::Nines, low: 0.0, high: 1.0 - 1.0 / (count as f64).max(100.0) }
    }

    pub(super) fn is_log(&self) -> bool {
        self.kind == Kind::Log
    }

    fn place(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Linear => value,
            Kind::Log => value.max(self.low).log10(),
            Kind::Nines => -(1.0 - value.min(self.high)).log10(),
        }
    }

    /// Where `value` stands, 0 at the lower end and 1 at the upper; what lies outside stands at the end.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let (low, high) = (self.place(self.low), self.place(self.high));
        ((self.place(value) - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// At most about `most` values to write along the axis, each with its fraction.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let values = match self.kind {
            Kind::Linear => linear_ticks(self.low, self.high, most),
            Kind::Log => log_ticks(self.low, self.high, most),
            Kind::Nines => {
                let all = [0.0, 0.5, 0.9, 0.99, 0.999, 0.999_9, 0.999_99, 0.999_999, 0.999_999_9];
                all.into_iter().filter(|quantile| *quantile <= self.high).collect()
            }
        };
        let label = |value: f64| match self.kind {
            Kind::Nines => short(value * 100.0),
            Kind::Linear | Kind::Log => short(value),
        };
        values.into_iter().map(|value| (self.fraction(value), label(value))).collect()
    }
}

/// The round number (1, 2 or 5 times a power of ten) at or above `length`.
fn step(length: f64) -> f64 {
    let power = 10f64.powf(length.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= length * 0.999)
        .unwrap_or(power)
}

fn linear_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let step = step((high - low) / most.max(1) as f64);
    let first = (low / step * 0.999_999).ceil();
    (0..)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|value| *value <= high * 1.000_001)
        .collect()
}

/// Decades, and 2 and 5 of each where there is room.
fn log_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let within = |digits: &[f64]| -> Vec<f64> {
        let all = decades.clone().flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
        all.filter(|value| (low * 0.999..=high * 1.001).contains(value)).collect()
    };
    let candidates = [within(&[1.0, 2.0, 5.0]), within(&[1.0, 3.0]), within(&[1.0])];
    let fitting = candidates.iter().find(|ticks| ticks.len() <= most);
    fitting.unwrap_or(&candidates[2]).clone()
}

/// Three digits without idle zeros: `0.1`, `20`, `1,500`, `99.99`.
fn short(value: f64) -> String {
    let text = if (99.0..100.0).contains(&value) || (0.0..0.1).contains(&value) {
        format!("{value:.6}")
    } else {
        three_digits(value)
    };
    without_idle_zeros(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Scale {
        /// The value at a fraction of the axis.
        fn value(&self, fraction: f64) -> f64 {
            let (low, high) = (self.place(self.low), self.place(self.high));
            let place = low + fraction * (high - low);
            match self.kind {
                Kind::Linear => place,
                Kind::Log => 10f64.powf(place),
                Kind::Nines => 1.0 - 10f64.powf(-place),
            }
        }
    }

    fn labels(scale: &Scale, most: usize) -> Vec<String> {
        scale.ticks(most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Scale::linear(0.0, 30.0), 6), ["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(labels(&Scale::from_zero(1_346.0), 4), ["0", "500", "1,000", "1,500"]);
        assert_eq!(
            labels(&Scale::log(0.1, 200.0), 12),
            ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50", "100", "200"]
        );
        assert_eq!(labels(&Scale::log(0.01, 2_000.0), 7), ["0.01", "0.1", "1", "10", "100", "1,000"]);
        assert_eq!(labels(&Scale::nines(14_000), 9), ["0", "50", "90", "99", "99.9", "99.99"]);
    }

    #[test]
    fn nothing_breaks_an_axis() {
        for scale in [Scale::linear(5.0, 5.0), Scale::log(0.0, 0.0), Scale::nines(0), Scale::from_zero(0.0)] {
            assert!(!scale.ticks(5).is_empty(), "{scale:?}");
            assert!((0.0..=1.0).contains(&scale.fraction(0.0)));
            assert!((0.0..=1.0).contains(&scale.fraction(1e12)));
        }
    }

    proptest! {
        #[test]
        fn a_fraction_leads_back_to_its_value(low in 0.001f64..100.0, ratio in 1.1f64..1e6, at in 0.0f64..=1.0) {
            let high = low * ratio;
            for scale in [Scale::linear(low, high), Scale::log(low, high), Scale::nines((ratio * 10.0) as u64)] {
                prop_assert!((scale.fraction(scale.value(at)) - at).abs() < 1e-6);
                let ticks = scale.ticks(6);
                prop_assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", ticks);
                prop_assert!(ticks.iter().all(|(fraction, _)| (0.0..=1.0).contains(fraction)));
            }
        }
    }
}
