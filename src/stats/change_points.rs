//! Where the level of a series changed for good: E-divisive means with a t test for each point.
//!
//! The method is that of Hunter, now Apache Otava (Fleming et al. 2023), which stands on MongoDB's (Daly et al. 2020):
//! divide windows of the series by the energy distance (Matteson and James 2014), keep even weak points, and
//! take out the weakest until each is significant and large enough between its neighbouring segments as they then
//! are. Other than there, outliers are put back among their neighbours first, a weak point is tested against what follows up to the next change
//! and not to the window's end, short segments need a smaller p, and a point settles where it fits best.

use super::divisive::strongest;
use super::levels::{Levels, Segment};
use super::median;
use std::collections::BTreeSet;

/// Fewer values than this between two changes are outliers, and after fewer a change may still turn out as one.
const LASTING: usize = 3;
/// Fewer values than this at the end of the series are not told from an outlier.
const NEWEST: usize = 2;
/// How much larger the p of a weak point may be than that of one that is told (Fleming et al. 2023).
const WEAK: f64 = 10.0;
/// Values this many standard deviations from what is around them are outliers.
const FAR: f64 = 4.0;

/// What counts as a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The largest p of the test between the segments on both sides of a point, 0..1.
    pub most_p: f64,
    /// The smallest change that is told, as a share of the smaller one of both levels; 0 for any.
    pub least_change: f64,
    /// How many values are divided together, next to the whole series.
    pub window: usize,
}

impl Default for Detection {
    /// - `most_p`: in series that never changed and spread by 2 % or 5 %, fewer than 2 points in 10,000 values are false.
    /// - `least_change`: half of the 5 % that matter, so that a change of 5 % is not missed for being measured as less.
    /// - `window`: that of Hunter; 30 to 80 find the same.
    fn default() -> Self {
        Self { most_p: 0.000_5, least_change: 0.025, window: 50 }
    }
}

/// A place where the level changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// Number of the first value of the new level.
    pub index: usize,
    /// Level from the point before to this one: the mean with outliers put back (the geometric one, where all values
    /// are positive), in the unit of the series.
    pub before: f64,
    /// Level from here to the next point.
    pub after: f64,
    /// Two-sided p of the t test between both, 0..=1, the more enlarged the shorter the shorter segment is. The place
    /// was searched for, so it tells strong from weak more than it is a probability.
    pub p: f64,
    /// Whether fewer than three values are after it: the next ones may take it back.
    pub provisional: bool,
}

/// The places where `series`, in the order of time, changed its level for good, in that order.
///
/// Where all values are positive, their logarithms are looked at: changes are then ratios, and the unit does not matter.
/// A level has to last for three values, or two at the end of the series; a slow creep is told as one or more steps.
/// None are found in a series with a value that is not finite. Takes about n² steps.
#[must_use]
pub fn change_points(series: &[f64], detection: &Detection) -> Vec<ChangePoint> {
    if !series.iter().all(|value| value.is_finite()) {
        return Vec::new();
    }
    let ratios = series.iter().all(|value| *value > 0.0);
    let values: Vec<f64> =
        if ratios { series.iter().map(|value| value.ln()).collect() } else { series.to_vec() };
    let search = Search { levels: Levels::new(&put_back(&values)), count: series.len(), ratios, detection };
    let mut points = search.weak();
    search.strengthen(&mut points);
    while search.settle(&mut points) {
        search.strengthen(&mut points);
    }
    (0..points.len()).map(|at| search.told(&points, at)).collect()
}

/// `values` with outliers put at the nearest median: those that lie far from the medians of five values that end with
/// them, that have them in their middle, and that begin with them (after Hampel 1974). A level that lasts for three
/// values agrees with one of these everywhere, and stays as it is.
fn put_back(values: &[f64]) -> Vec<f64> {
    let differences: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    // The median amount of a difference of two normal values is 0.6745 sqrt 2 standard deviations.
    let far = FAR * median(&differences).unwrap_or(0.0) / (0.674_5 * std::f64::consts::SQRT_2);
    let end = |at: usize| values.len().min(at + 1);
    let put = |(at, value): (usize, &f64)| {
        let near = [(at.saturating_sub(4), end(at)), (at.saturating_sub(2), end(at + 2)), (at, end(at + 4))];
        let middle = |&(from, to): &(usize, usize)| match to - from {
            1 => None,
            // Of two values, the other one.
            2 => Some(values[from + to - 1 - at]),
            _ => median(&values[from..to]),
        };
        let middles: Vec<f64> = near.iter().filter_map(middle).collect();
        let least = middles.iter().copied().reduce(f64::min).unwrap_or(*value);
        let most = middles.iter().copied().reduce(f64::max).unwrap_or(*value);
        let lies_out = *value < least - far || *value > most + far;
        if lies_out { value.clamp(least, most) } else { *value }
    };
    values.iter().enumerate().map(put).collect()
}

/// A search for points in a series, its steps in order. Points are numbers of the first values of new levels.
struct Search<'a> {
    levels: Levels,
    count: usize,
    ratios: bool,
    detection: &'a Detection,
}

/// A point between its neighbours as they are.
struct Judged {
    at: usize,
    p: f64,
    change: f64,
}

impl Search<'_> {
    /// Points that are significant within the whole series or a window, if only weakly.
    fn weak(&self) -> Vec<usize> {
        let window = self.detection.window.max(2 * LASTING);
        let mut found = BTreeSet::new();
        self.divide((0, self.count), &mut found);
        for from in (0..self.count).step_by(window / 2) {
            self.divide((from, self.count.min(from + window)), &mut found);
        }
        found.into_iter().collect()
    }

    fn divide(&self, (from, to): Segment, found: &mut BTreeSet<usize>) {
        let fewest = (LASTING, self.fewest_until(to));
        let Some(division) = strongest(&self.levels.values()[from..to], fewest) else { return };
        let (at, until) = (from + division.at, from + division.until);
        if self.levels.p((from, at), (at, until)) <= self.detection.most_p * WEAK {
            found.insert(at);
            self.divide((from, at), found);
            self.divide((at, to), found);
        }
    }

    /// Takes out what is weakest, one by one, as what is left is then seen between other neighbours: first the least
    /// significant points, then the smallest changes.
    fn strengthen(&self, points: &mut Vec<usize>) {
        loop {
            let judged: Vec<Judged> = (0..points.len()).map(|at| self.judge(points, at)).collect();
            let weakest = judged
                .iter()
                .filter(|point| point.p > self.detection.most_p)
                .max_by(|a, b| a.p.total_cmp(&b.p).then(b.change.total_cmp(&a.change)));
            let smallest = judged
                .iter()
                .filter(|point| point.change < self.detection.least_change)
                .min_by(|a, b| a.change.total_cmp(&b.change));
            match weakest.or(smallest) {
                Some(point) => points.remove(point.at),
                None => return,
            };
        }
    }

    fn judge(&self, points: &[usize], at: usize) -> Judged {
        let (before, after) = self.sides(points, at);
        let lasts = before.1 - before.0 >= LASTING && after.1 - after.0 >= self.fewest_until(after.1);
        let p = if lasts { self.levels.p(before, after) } else { 1.0 };
        let (from, to) = (self.levels.mean(before), self.levels.mean(after));
        let difference = (to - from).abs();
        let change = if self.ratios { difference.exp_m1() } else { difference / from.abs().min(to.abs()) };
        Judged { at, p, change }
    }

    /// Moves each point to the place between its neighbours that leaves the least scatter; whether any moved.
    fn settle(&self, points: &mut [usize]) -> bool {
        let mut moved = false;
        for at in 0..points.len() {
            let ((from, here), (_, to)) = self.sides(points, at);
            let gain = |place: usize| self.levels.gain((from, place), (place, to));
            let places = from + LASTING..=to - self.fewest_until(to);
            let better = |best, place| if gain(place) > gain(best) * (1.0 + 1e-9) { place } else { best };
            points[at] = places.fold(here, better);
            moved |= points[at] != here;
        }
        moved
    }

    fn fewest_until(&self, to: usize) -> usize {
        if to == self.count { NEWEST } else { LASTING }
    }

    /// The segments on both sides of a point.
    fn sides(&self, points: &[usize], at: usize) -> (Segment, Segment) {
        let from = at.checked_sub(1).map_or(0, |before| points[before]);
        let to = points.get(at + 1).copied().unwrap_or(self.count);
        ((from, points[at]), (points[at], to))
    }

    fn told(&self, points: &[usize], at: usize) -> ChangePoint {
        let (before, after) = self.sides(points, at);
        let level = |segment| {
            let mean = self.levels.mean(segment);
            if self.ratios { mean.exp() } else { mean }
        };
        ChangePoint {
            index: points[at],
            before: level(before),
            after: level(after),
            p: self.levels.p(before, after),
            provisional: self.count - points[at] < LASTING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::stream;
    use proptest::prelude::*;
    use rand::RngExt;

    /// `count` values about 100 that spread by about `spread` (log ratio), of a nearly normal distribution.
    fn nights(count: usize, spread: f64, seed: u64) -> Vec<f64> {
        let mut rng = stream(seed, 1, 0);
        let mut night = || (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>();
        (0..count).map(|_| 100.0 * (spread * night()).exp()).collect()
    }

    fn found(series: &[f64]) -> Vec<usize> {
        change_points(series, &Detection::default()).iter().map(|point| point.index).collect()
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        for by in [1.1, 0.9] {
            let mut series = nights(90, 0.01, 1);
            series[50..].iter_mut().for_each(|value| *value *= by);
            let points = change_points(&series, &Detection::default());
            assert_eq!(points.len(), 1, "{points:?}");
            let point = points[0];
            assert_eq!((point.index, point.provisional), (50, false));
            assert!((point.after / point.before - by).abs() < 0.01 && point.p < 1e-6, "{point:?}");
        }
    }

    /// 1 % a night for 20 nights: no single night stands out of a spread of 2 %.
    #[test]
    fn a_creep_is_found() {
        let mut beside = 0;
        for seed in 0..10 {
            let mut series = nights(100, 0.02, seed);
            for (night, value) in series.iter_mut().enumerate() {
                *value *= 1.01_f64.powi((night as i32 - 39).clamp(0, 20));
            }
            let points = found(&series);
            assert!(points.iter().any(|at| (38..=62).contains(at)), "{seed}: {points:?}");
            beside += points.iter().filter(|at| !(38..=62).contains(*at)).count();
        }
        assert!(beside <= 2, "{beside} of ten series");
    }

    #[test]
    fn a_visit_is_told_with_its_way_back() {
        let mut series = nights(60, 0.01, 3);
        series[20..30].iter_mut().for_each(|value| *value *= 1.2);
        assert_eq!(found(&series), [20, 30]);
    }

    #[test]
    fn a_lone_outlier_is_no_change_wherever_it_is() {
        for at in 0..40 {
            let mut series = nights(40, 0.02, 7);
            series[at] *= 1.8;
            assert_eq!(found(&series), [0; 0], "night {at}");
        }
        let mut series = nights(60, 0.01, 4);
        for at in [9, 33, 34, 50] {
            series[at] *= 2.0;
        }
        series[40..].iter_mut().for_each(|value| *value *= 1.1);
        assert_eq!(found(&series), [40]);
    }

    #[test]
    fn the_newest_nights_are_provisional() {
        let mut series = nights(40, 0.01, 5);
        series.extend([120.0, 121.0]);
        let told = |series: &[f64]| -> Vec<(usize, bool)> {
            let points = change_points(series, &Detection::default());
            points.iter().map(|point| (point.index, point.provisional)).collect()
        };
        assert_eq!(told(&series[..41]), []);
        assert_eq!(told(&series), [(40, true)]);
        series.push(119.0);
        assert_eq!(told(&series), [(40, false)]);
    }

    #[test]
    fn small_changes_are_told_only_if_asked_for() {
        let mut series = nights(200, 0.005, 6);
        series[100..].iter_mut().for_each(|value| *value *= 1.015);
        assert_eq!(found(&series), [0; 0]);
        let any = Detection { least_change: 0.01, ..Detection::default() };
        assert_eq!(change_points(&series, &any).iter().map(|point| point.index).collect::<Vec<_>>(), [100]);
    }

    #[test]
    fn shares_may_be_zero() {
        let series: Vec<f64> = [vec![0.0; 12], vec![0.5, 0.6, 0.4, 0.5, 0.5, 0.4]].concat();
        let points = change_points(&series, &Detection::default());
        assert_eq!((points.len(), points[0].index, points[0].before), (1, 12, 0.0));
        assert_eq!(found(&[0.0; 30]), [0; 0]);
        assert_eq!(found(&[1.0, f64::NAN, 3.0]), [0; 0]);
        assert_eq!((found(&[]), found(&[1.0]), found(&[1.0, 9.0])), (vec![], vec![], vec![]));
    }

    /// Of 20,000 nights without a change, two or three begin a level.
    #[test]
    fn false_points_are_rare() {
        let points: usize = (0..100).map(|seed| found(&nights(200, 0.05, seed)).len()).sum();
        assert!(points <= 12, "{points} in 20,000");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_unit_does_not_matter(seed in 0_u64..1_000, scale in 1e-6..1e6_f64, at in 10_usize..50) {
            let mut series = nights(60, 0.02, seed);
            series[at..].iter_mut().for_each(|value| *value *= 1.08);
            let scaled: Vec<f64> = series.iter().map(|value| value * scale).collect();
            prop_assert_eq!(found(&scaled), found(&series));
        }

        #[test]
        fn points_ascend_and_keep_their_distance(series in prop::collection::vec(-3i8..9, 0..60), window in 0_usize..70) {
            let series: Vec<f64> = series.into_iter().map(f64::from).collect();
            let detection = Detection { window, most_p: 0.1, ..Detection::default() };
            let points = change_points(&series, &detection);
            prop_assert!(points.windows(2).all(|pair| pair[0].index + LASTING <= pair[1].index));
            for point in &points {
                prop_assert!(point.index >= LASTING && point.index + NEWEST <= series.len());
                prop_assert!(point.p <= 0.1 && point.provisional == (series.len() - point.index < 3));
            }
        }
    }
}
