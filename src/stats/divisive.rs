//! Where a series falls apart into two: the energy distance of Matteson and James 2014 (E-divisive).

/// A division of a series in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Division {
    /// Number of the first value of the second part.
    pub at: usize,
    /// Number after the last value of the second part: what follows may be a third.
    pub until: usize,
}

/// The division of `values` with the largest energy distance, each part having at least as many values as `fewest`
/// says for it; `None` when there is none with a distance above 0.
///
/// For parts X of n values before it and Y of m values up to another change, it is the largest of
/// `m n / (m + n) (2 E|X - Y| - E|X - X'| - E|Y - Y'|)` (their formulas 5 to 8, with an exponent of 1). Equal ones are
/// resolved to the first. Takes n² steps.
pub(super) fn strongest(values: &[f64], fewest: (usize, usize)) -> Option<Division> {
    let n = values.len();
    // For each place of division: sums of distances within the values before it, across it, and after it up to here.
    let (mut before, mut across, mut after) = (vec![0.0; n + 1], vec![0.0; n + 1], vec![0.0; n + 1]);
    let mut to_newest = vec![0.0; n + 1];
    let mut best = (0.0, None);
    for (newest, value) in values.iter().enumerate() {
        for (at, other) in values[..newest].iter().enumerate() {
            to_newest[at + 1] = to_newest[at] + (other - value).abs();
        }
        let all = to_newest[newest];
        before[newest + 1] = before[newest] + all;
        let until = newest + 1;
        for at in 1..until {
            across[at] += to_newest[at];
            after[at] += all - to_newest[at];
            if at < fewest.0.max(1) || until - at < fewest.1.max(1) {
                continue;
            }
            let distance = energy(before[at], across[at], after[at], at, until - at);
            // The last digits of sums must not decide between equal ones.
            if distance > best.0 * (1.0 + 1e-9) + f64::EPSILON {
                best = (distance, Some(Division { at, until }));
            }
        }
    }
    best.1
}

/// The scaled energy distance from sums over pairs: within `n` values, across to `m` others, and within these.
fn energy(before: f64, across: f64, after: f64, n: usize, m: usize) -> f64 {
    let (n, m) = (n as f64, m as f64);
    let mean = |sum: f64, count: f64| if count > 1.0 { 2.0 * sum / (count * (count - 1.0)) } else { 0.0 };
    (2.0 * across / (n * m) - mean(before, n) - mean(after, m)) * n * m / (n + m)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formula, written out.
    fn plain(values: &[f64], at: usize, until: usize) -> f64 {
        let (x, y) = (&values[..at], &values[at..until]);
        let sum = |a: &[f64], b: &[f64]| -> f64 {
            a.iter().flat_map(|a| b.iter().map(move |b| (a - b).abs())).sum()
        };
        let (n, m) = (x.len() as f64, y.len() as f64);
        let own = |part: &[f64]| {
            let count = part.len() as f64;
            if part.len() > 1 { sum(part, part) / (count * (count - 1.0)) } else { 0.0 }
        };
        n * m / (n + m) * (2.0 * sum(x, y) / (n * m) - own(x) - own(y))
    }

    #[test]
    fn a_step_is_where_it_is() {
        let values = [1.0, 2.0, 1.0, 2.0, 9.0, 8.0, 9.0];
        assert_eq!(strongest(&values, (1, 1)), Some(Division { at: 4, until: 7 }));
        assert_eq!(strongest(&[5.0; 9], (1, 1)), None);
        assert_eq!(strongest(&values[..3], (2, 2)), None);
        assert_eq!(strongest(&[], (1, 1)), None);
    }

    /// What follows the second level is not mixed into it.
    #[test]
    fn a_visit_ends_where_it_ends() {
        let values: Vec<f64> = [[1.0; 10], [2.0; 10], [1.0; 10]].concat();
        assert_eq!(strongest(&values, (3, 3)), Some(Division { at: 10, until: 20 }));
    }

    proptest! {
        #[test]
        fn no_division_is_stronger(values in prop::collection::vec(-9.0..9.0f64, 2..14)) {
            let all = (1..values.len()).flat_map(|at| (at + 1..=values.len()).map(move |until| (at, until)));
            let largest = all.map(|(at, until)| plain(&values, at, until)).fold(0.0, f64::max);
            let found = strongest(&values, (1, 1)).map_or(0.0, |found| plain(&values, found.at, found.until));
            prop_assert!((found - largest).abs() <= 1e-6 * largest.max(1.0), "{} {}", found, largest);
        }
    }
}
