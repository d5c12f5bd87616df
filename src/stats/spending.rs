//! Looking at the data more than once: how much of the error that is allowed each look may use up.

/// What part of the error `alpha` (0..1) may be spent until the share `share` (0..=1) of all data is there: `alpha`
/// times the square of the share (Kim and DeMets 1987, power family). Each look tests at what may be spent until then
/// less what was spent before; the sum over the looks is `alpha`, so that by the union bound all of them together err
/// no more often than that, whatever the test and however the looks depend on each other.
///
/// Of this, the first and the third power and the function like O'Brien and Fleming's (Lan and DeMets 1983), this one
/// needed the fewest pairs for small effects, and one or two more than the first power for large ones.
#[must_use]
pub fn spent(alpha: f64, share: f64) -> f64 {
    alpha * share.clamp(0.0, 1.0).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn little_is_spent_early_and_all_in_the_end() {
        assert_eq!([0.0, 0.5, 1.0, 2.0].map(|share| spent(0.04, share)), [0.0, 0.01, 0.04, 0.04]);
    }

    proptest! {
        #[test]
        fn more_data_never_takes_anything_back(alpha in 0.0..1.0, share in 0.0..1.0, more in 0.0..1.0) {
            prop_assert!(spent(alpha, share + more) >= spent(alpha, share));
            prop_assert!(spent(alpha, share) <= alpha);
        }
    }
}
