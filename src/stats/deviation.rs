//! How much values spread.

use statrs::statistics::Statistics;

/// Standard deviation of a sample, in the unit of its values; `None` for fewer than two values, which tell none.
#[must_use]
pub fn deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| values.std_dev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_a_sample() {
        assert_eq!((deviation(&[]), deviation(&[1.0])), (None, None));
        assert_eq!(deviation(&[1.0, 3.0]), Some(2f64.sqrt()));
        assert_eq!(deviation(&[0.1; 9]), Some(0.0));
    }
}
