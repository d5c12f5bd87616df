//! A series cut into segments: their means, their spread, and how surely two of them differ.

use super::median;
use statrs::function::beta::checked_beta_reg;

/// Numbers of a segment's first value and of the one after its last.
pub(super) type Segment = (usize, usize);

/// What is smaller than this part of a series' sum of squares is the rounding of sums.
const ROUNDING: f64 = 1e-18;

/// A series of which the sums over any segment are known.
pub(super) struct Levels {
    /// Values less their median, which keeps the digits of the sums.
    values: Vec<f64>,
    middle: f64,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Levels {
    pub(super) fn new(values: &[f64]) -> Self {
        let middle = median(values).unwrap_or(0.0);
        let values: Vec<f64> = values.iter().map(|value| value - middle).collect();
        let running = |of: fn(f64) -> f64| {
            let mut sum = 0.0;
            let next = |value: &f64| {
                sum += of(*value);
                sum
            };
            std::iter::once(0.0).chain(values.iter().map(next)).collect::<Vec<f64>>()
        };
        let (sums, squares) = (running(|value| value), running(|value| value * value));
        Self { values, middle, sums, squares }
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(super) fn mean(&self, segment: Segment) -> f64 {
        self.middle + self.sum(segment) / count(segment)
    }

    fn sum(&self, (from, to): Segment) -> f64 {
        self.sums[to] - self.sums[from]
    }

    /// Sum of squared distances from the segment's mean.
    fn scatter(&self, (from, to): Segment) -> f64 {
        let squares = self.squares[to] - self.squares[from];
        (squares - self.sum((from, to)).powi(2) / count((from, to))).max(0.0)
    }

    /// By how much less two segments scatter about their own means than about a common one.
    pub(super) fn gain(&self, a: Segment, b: Segment) -> f64 {
        let (n, m) = (count(a), count(b));
        (self.sum(b) / m - self.sum(a) / n).powi(2) * n * m / (n + m)
    }

    /// Two-sided p of Student's t test of two neighbouring segments of n and m values, times (n + m) / (2 min(n, m)):
    /// so many segments as short as the shorter one would fit in, and each could have been the one that was
    /// found (the correction for scale of Dümbgen and Spokoiny 2001, as a factor).
    pub(super) fn p(&self, a: Segment, b: Segment) -> f64 {
        let (n, m) = (count(a), count(b));
        let freedom = n + m - 2.0;
        let gain = self.gain(a, b);
        let size = self.squares.last().copied().unwrap_or(0.0);
        if freedom < 1.0 || gain <= ROUNDING * size {
            return 1.0;
        }
        // With t² = gain / (scatter / freedom), p is the beta function I(freedom / (freedom + t²); freedom / 2, 1/2).
        let scatter = self.scatter(a) + self.scatter(b);
        let p = checked_beta_reg(freedom / 2.0, 0.5, scatter / (scatter + gain)).unwrap_or(1.0);
        (p * (n + m) / (2.0 * n.min(m))).min(1.0)
    }
}

fn count((from, to): Segment) -> f64 {
    to.saturating_sub(from) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's own example (Student 1908, of Cushny and Peebles): two groups of ten, t = 1.8608, p = 0.07919.
    #[test]
    fn the_test_matches_the_published_example() {
        let sleep = [
            0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6,
            4.6, 3.4,
        ];
        let levels = Levels::new(&sleep);
        assert!((levels.p((0, 10), (10, 20)) - 0.079_19).abs() < 5e-6, "{}", levels.p((0, 10), (10, 20)));
        assert!((levels.mean((0, 10)) - 0.75).abs() < 1e-12 && (levels.mean((10, 20)) - 2.33).abs() < 1e-12);
    }

    #[test]
    fn short_segments_need_more() {
        let mut values = [1.0, 2.0].repeat(20);
        values[38..].iter_mut().for_each(|value| *value += 2.0);
        let levels = Levels::new(&values);
        let (short, even) = (levels.p((0, 38), (38, 40)), levels.p((36, 38), (38, 40)));
        assert!(short > 0.0 && even > 0.0 && short < 1.0);
        // 38 + 2 values are ten times 2 + 2.
        let plain = short / 10.0;
        assert!(plain < 0.001 && short < 0.01, "{short}");
    }

    #[test]
    fn what_does_not_differ_is_not_told_apart() {
        let levels = Levels::new(&[0.1; 9]);
        assert_eq!(levels.p((0, 4), (4, 9)), 1.0);
        assert_eq!(Levels::new(&[1.0, 2.0]).p((0, 1), (1, 2)), 1.0);
        assert_eq!(Levels::new(&[1.0, 1.0, 2.0, 2.0]).p((0, 2), (2, 4)), 0.0);
    }
}
