//! The median of some values, and an interval for it.

use super::Interval;

/// Probability that the interval leaves out the median, on each side.
const TAIL: f64 = 0.025;

/// The middle of `values`; `None` when there are none.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// An interval that holds the median with a probability of 95 % or more, whatever the distribution: the sign test turned
/// round (Thompson 1936). `None` for fewer than six values, of which even the whole range is less sure. Only the
/// benchmarks (`benches/common/windows.rs`) use it.
#[must_use]
pub fn median_interval(values: &[f64]) -> Option<Interval> {
    let sorted = sorted(values);
    // How many values lie below the median is binomial with 1/2.
    let mut probability = 0.5_f64.powi(i32::try_from(sorted.len()).ok()?);
    let (mut below, mut left_out) = (probability, 0);
    while below <= TAIL {
        left_out += 1;
        probability *= (sorted.len() + 1 - left_out) as f64 / left_out as f64;
        below += probability;
    }
    let low = *sorted.get(left_out.checked_sub(1)?)?;
    Some(Interval { low, high: *sorted.get(sorted.len() - left_out)? })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    /// Ranks as tables of the sign test have them: 6 values 1..6, 10 values 2..9, 20 values 6..15.
    #[test]
    fn the_ranks_are_those_of_the_tables() {
        let ranks = |count: u32| {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            median_interval(&values).map(|interval| (interval.low, interval.high))
        };
        assert_eq!((ranks(0), ranks(5)), (None, None));
        assert_eq!((ranks(6), ranks(10), ranks(20)), (Some((1.0, 6.0)), Some((2.0, 9.0)), Some((6.0, 15.0))));
    }
}
