//! Whether a series rises or falls, and how fast, without a belief about its distribution.

use super::{median, normal};

/// Result of the Mann-Kendall test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise minus pairs that fall.
    pub s: i64,
    /// `s` as a standard normal deviate, positive for a series that rises.
    pub z: f64,
    /// Two-sided probability of an `s` at least as far from 0 in a series without trend, 0..=1.
    pub p: f64,
}

/// A straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Change of the value per unit of time.
    pub slope: f64,
    /// Value at time 0.
    pub intercept: f64,
}

impl Line {
    /// Value at `time`.
    #[must_use]
    pub fn at(&self, time: f64) -> f64 {
        self.intercept + self.slope * time
    }
}

/// Fewer values than this are too few for the normal approximation (Gilbert 1987, section 16.4.2).
const FEWEST_VALUES: usize = 10;

/// Tests for a trend (Mann 1945; Kendall 1975): S = sum over i < j of sign(x_j - x_i), with
/// Var S = (n (n-1) (2n+5) - sum over groups of t equal values of t (t-1) (2t+5)) / 18, and
/// z = (S -+ 1) / sqrt(Var S), the 1 taken towards 0.
///
/// `None` with fewer than ten values. The values are taken as independent: positive serial dependence makes p too
/// small (Hamed and Rao 1998), so a small p alone should decide nothing. Takes n² steps.
#[must_use]
pub fn mann_kendall(values: &[f64]) -> Option<MannKendall> {
    if values.len() < FEWEST_VALUES {
        return None;
    }
    let s: i64 = values
        .iter()
        .enumerate()
        .flat_map(|(at, earlier)| values[at + 1..].iter().map(move |later| sign(*earlier, *later)))
        .sum();
    let variance = (spread(values.len()) - ties(values).into_iter().map(spread).sum::<f64>()) / 18.0;
    let z = if variance > 0.0 { (s - s.signum()) as f64 / variance.sqrt() } else { 0.0 };
    Some(MannKendall { s, z, p: normal::two_sided(z) })
}

fn sign(earlier: f64, later: f64) -> i64 {
    i64::from(later > earlier) - i64::from(later < earlier)
}

/// n (n-1) (2n+5), of which the variance is made.
fn spread(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// Sizes of the groups of equal values; a value of its own is a group of one and adds no spread.
fn ties(values: &[f64]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).collect()
}

/// The line through `points` (time, value) whose slope is the median of the slopes between all pairs at different
/// times (Theil 1950; Sen 1968), and whose intercept is the median of `value - slope * time`. Up to 29 % of the points
/// may be anything without moving it far.
///
/// `None` when no two points differ in time. Takes n² steps and as much memory.
#[must_use]
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Line> {
    let slopes = points.iter().enumerate().flat_map(|(at, (x, y))| {
        let later = points[at + 1..].iter();
        later.filter(move |(x2, _)| x2 != x).map(move |(x2, y2)| (y2 - y) / (x2 - x))
    });
    let slope = median(&slopes.collect::<Vec<_>>())?;
    let intercept = median(&points.iter().map(|(x, y)| y - slope * x).collect::<Vec<_>>())?;
    Some(Line { slope, intercept })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// EPA QA/G-9S 2006, section on the Mann-Kendall test for large samples.
    #[test]
    fn matches_the_published_example_with_ties() {
        let values = [10.0, 10.0, 10.0, 5.0, 10.0, 20.0, 18.0, 17.0, 15.0, 24.0, 15.0];
        let found = mann_kendall(&values).unwrap();
        assert_eq!(found.s, 22);
        assert!((found.z - 1.685).abs() < 5e-4, "{found:?}");
        let variance = (spread(11) - spread(4) - spread(2)) / 18.0;
        assert!((variance - 155.33).abs() < 5e-3, "{variance}");
    }

    /// Hollander and Wolfe, Nonparametric Statistical Methods, example 9.1 (cloud seeding).
    #[test]
    fn slope_matches_the_published_example() {
        let points = [(1.0, 1.26), (2.0, 1.27), (3.0, 1.12), (4.0, 1.16), (5.0, 1.03)];
        let line = theil_sen(&points).unwrap();
        assert!((line.slope + 0.056_25).abs() < 1e-9, "{line:?}");
    }

    #[test]
    fn nothing_to_tell() {
        assert_eq!(mann_kendall(&[1.0; 9]), None);
        let flat = mann_kendall(&[1.0; 20]).unwrap();
        assert_eq!((flat.s, flat.z), (0, 0.0));
        assert!(flat.p > 0.999_999);
        assert_eq!(theil_sen(&[(1.0, 2.0)]), None);
        assert_eq!(theil_sen(&[(1.0, 2.0), (1.0, 3.0)]), None);
    }

    #[test]
    fn an_outlier_does_not_move_the_line() {
        let mut points: Vec<_> = (0..20).map(|at| (f64::from(at), 5.0 + 2.0 * f64::from(at))).collect();
        points[19].1 = 1e6;
        let line = theil_sen(&points).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-9 && (line.intercept - 5.0).abs() < 1e-9, "{line:?}");
        assert!((line.at(30.0) - 65.0).abs() < 1e-9);
    }

    /// The test keeps its word: of series without a trend, about 1 in 100 has p < 0.01.
    #[test]
    fn false_alarms_are_as_rare_as_promised() {
        use rand::{RngExt, SeedableRng};
        let mut rng = rand_pcg::Pcg64::seed_from_u64(3);
        let alarms = (0..4_000)
            .filter(|_| {
                let values: Vec<f64> = (0..30).map(|_| rng.random_range(0.0..1.0)).collect();
                mann_kendall(&values).unwrap().p < 0.01
            })
            .count();
        assert!((15..=60).contains(&alarms), "{alarms} of 4,000");
    }

    proptest! {
        #[test]
        fn the_test_turns_with_the_series(values in prop::collection::vec(-1e6..1e6f64, 10..60)) {
            let forward = mann_kendall(&values).unwrap();
            let reversed: Vec<f64> = values.iter().rev().copied().collect();
            let backward = mann_kendall(&reversed).unwrap();
            prop_assert_eq!(forward.s, -backward.s);
            prop_assert!((forward.p - backward.p).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&forward.p));
            // Only the order of the values matters.
            let stretched: Vec<f64> = values.iter().map(|value| value * 8.0).collect();
            prop_assert_eq!(mann_kendall(&stretched).unwrap().s, forward.s);
        }

        #[test]
        fn a_straight_series_is_its_own_line(slope in -1e3..1e3f64, intercept in -1e3..1e3f64, n in 2usize..60) {
            let points: Vec<_> = (0..n).map(|at| (at as f64, intercept + slope * at as f64)).collect();
            let line = theil_sen(&points).unwrap();
            prop_assert!((line.slope - slope).abs() < 1e-6 && (line.intercept - intercept).abs() < 1e-6);
        }

        #[test]
        fn the_slope_lies_among_the_pairs(values in prop::collection::vec(-1e3..1e3f64, 2..40), lift in -1e3..1e3f64) {
            let points: Vec<_> = values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
            let slope = theil_sen(&points).unwrap().slope;
            let steepest = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
            prop_assert!(slope.abs() <= steepest + 1e-9);
            let lifted: Vec<_> = points.iter().map(|(x, y)| (*x, y + lift)).collect();
            prop_assert!((theil_sen(&lifted).unwrap().slope - slope).abs() < 1e-6);
        }
    }
}
