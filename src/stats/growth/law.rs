//! Laws by which a response may grow with the size of what it is about.

/// The steepest power that is thought of: beyond it something else than size has changed.
const STEEPEST: f64 = 1.25;
/// Sizes below 2 have no logarithm to speak of.
const SMALLEST: f64 = 2.0;

/// A law of growth. Each but the constant has two numbers, a level and how much of it grows; neither is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// It does not grow: a point read.
    Constant,
    /// a + b n: every row is looked at.
    Linear,
    /// a + b n^0.8: most rows are looked at, but not more often for a vocabulary that grows more slowly than the text.
    NearlyLinear,
    /// a n^b, b from 0 to 1.25.
    Power,
    /// a + b log n: a tree gets deeper.
    Logarithmic,
    /// a + b n log n: every row is sorted.
    Sorting,
    /// a + b n^1.25: every row is looked at, and caches hold less and less of them. It bounds how far growth may go; by
    /// itself it explains nothing that a step would not explain as well.
    Steep,
}

impl Law {
    /// All of them, the simpler ones first.
    pub const ALL: [Self; 7] = [
        Self::Constant,
        Self::Linear,
        Self::NearlyLinear,
        Self::Power,
        Self::Logarithmic,
        Self::Sorting,
        Self::Steep,
    ];

    /// As people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "a + b n",
            Self::NearlyLinear => "a + b n^0.8",
            Self::Power => "a n^b",
            Self::Logarithmic => "a + b log n",
            Self::Sorting => "a + b n log n",
            Self::Steep => "a + b n^1.25",
        }
    }

    /// Whether it may stand alone: what only the steepest law explains may as well be a step.
    #[must_use]
    pub fn explains(self) -> bool {
        self != Self::Steep
    }

    /// How many numbers it takes.
    #[must_use]
    pub fn parameters(self) -> usize {
        if self == Self::Constant { 1 } else { 2 }
    }

    /// The logarithm of the response at `size` as a multiple of that at `reference`, of which `share`, 0..=1, grows; of
    /// the power law, that part of the steepest exponent. At a share of 0 it is 0.
    pub(super) fn log_shape(self, share: f64, size: f64, reference: f64) -> f64 {
        let (size, reference) = (size.max(SMALLEST), reference.max(SMALLEST));
        let grown = match self {
            Self::Constant => return 0.0,
            Self::Power => return share * STEEPEST * (size / reference).ln(),
            Self::Linear => size / reference,
            Self::NearlyLinear => (size / reference).powf(0.8),
            Self::Logarithmic => size.ln() / reference.ln(),
            Self::Sorting => size * size.ln() / (reference * reference.ln()),
            Self::Steep => (size / reference).powf(STEEPEST),
        };
        (share * (grown - 1.0)).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shapes_are_those_of_the_laws() {
        let shape = |law: Law, share| law.log_shape(share, 1e4, 1e3).exp();
        for (law, all) in [
            (Law::Constant, 1.0),
            (Law::Linear, 10.0),
            (Law::NearlyLinear, 10f64.powf(0.8)),
            (Law::Power, 10f64.powf(1.25)),
            (Law::Logarithmic, 4.0 / 3.0),
            (Law::Sorting, 40.0 / 3.0),
            (Law::Steep, 10f64.powf(1.25)),
        ] {
            assert!((shape(law, 1.0) - all).abs() < 1e-9, "{law:?}");
            assert!((shape(law, 0.0) - 1.0).abs() < 1e-12, "{law:?}");
        }
        assert!((shape(Law::Linear, 0.5) - 5.5).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn nothing_shrinks_as_it_grows(share in 0.0..=1.0_f64, size in 1.0..1e8_f64, factor in 1.0..100.0_f64) {
            for law in Law::ALL {
                let (small, large) = (law.log_shape(share, size, 1e4), law.log_shape(share, size * factor, 1e4));
                prop_assert!(small.is_finite() && large >= small - 1e-12, "{:?} {} {}", law, small, large);
            }
        }
    }
}
