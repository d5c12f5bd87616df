//! Fitting laws to runs at several sizes, and the interval of a new run.

use super::law::Law;
use crate::stats::{Variance, student::f_tail, t_beyond};

/// Relative spread below which runs cannot be told apart: responses have three digits.
const RESOLUTION: f64 = 1e-3;
/// A law is contradicted where so much lack of fit would come by chance less often than this.
const CONTRADICTED: f64 = 0.01;
/// Shares at which a fit looks for its least squares before it narrows down.
const COARSE: usize = 64;
/// Steps of narrowing down, each to 62 %.
const STEPS: usize = 60;
/// Shares at which the interval of a new run is looked at.
const LOOKS: usize = 40;
/// A share this near to its end is at it.
const AT_THE_END: f64 = 1e-6;

/// Runs at one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The size, above 0.
    pub size: f64,
    /// The response of each run, above 0.
    pub values: Vec<f64>,
}

/// What a new run would show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// The likeliest.
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

impl Range {
    /// How many times the upper end is the lower one.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.high / self.low
    }

    /// Whether it holds the value.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// A law that was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// Part of the response at the largest size that grows, 0..=1; of the power law, that part of the steepest exponent.
    pub share: f64,
    /// Probability of as much lack of fit by chance; `None` where there are too few sizes to see any.
    pub p: Option<f64>,
    /// Logarithm of the response at the largest size.
    level: f64,
    /// Squares that the law leaves between the sizes.
    squares: f64,
    /// Shares that a new run cannot rule out.
    shares: (f64, f64),
}

impl Fit {
    /// Whether the sizes contradict it.
    fn is_contradicted(&self) -> bool {
        self.p.is_some_and(|p| p < CONTRADICTED)
    }
}

/// The variance of the logarithm of the response within the sizes, at least that of three digits. `None` without a size
/// that has two runs, or with a response that has no logarithm.
#[must_use]
pub fn pure_error(groups: &[Group]) -> Option<Variance> {
    let means = means(groups)?;
    let squares: f64 = groups
        .iter()
        .zip(&means)
        .flat_map(|(group, mean)| group.values.iter().map(|value| (value.ln() - mean.log).powi(2)))
        .sum();
    let runs: f64 = means.iter().map(|mean| mean.runs).sum();
    let freedom = runs - means.len() as f64;
    (freedom > 0.0).then(|| Variance { value: (squares / freedom).max(RESOLUTION.powi(2)), freedom })
}

/// The mean of one size.
#[derive(Debug, Clone, Copy)]
struct Mean {
    size: f64,
    log: f64,
    runs: f64,
}

fn means(groups: &[Group]) -> Option<Vec<Mean>> {
    let usable = |value: f64| value.is_finite() && value > 0.0;
    let mean = |group: &Group| {
        let is_usable = usable(group.size) && group.values.iter().all(|value| usable(*value));
        let runs = group.values.len() as f64;
        let log = group.values.iter().map(|value| value.ln()).sum::<f64>() / runs;
        (is_usable && runs > 0.0).then_some(Mean { size: group.size, log, runs })
    };
    groups.iter().map(mean).collect()
}

/// All laws, fitted to the same runs.
#[derive(Debug, Clone)]
pub struct Growth {
    means: Vec<Mean>,
    runs: f64,
    /// The largest size.
    reference: f64,
    variance: Variance,
    /// Squares by which a new run may raise the sum.
    allowed: f64,
    fits: Vec<Fit>,
}

impl Growth {
    /// Fits each of `laws` to the runs of `groups`, one group a size. `variance` is that of the logarithm of a run;
    /// `tail` the probability that a new run may lie beyond each end of its interval, 0..0.5. `None` without runs, with a
    /// response that has no logarithm, or with an unknown variance.
    #[must_use]
    pub fn fit(groups: &[Group], laws: &[Law], variance: Variance, tail: f64) -> Option<Self> {
        let means = means(groups)?;
        let reference = means.iter().map(|mean| mean.size).reduce(f64::max)?;
        let allowed = t_beyond(tail, variance.freedom)?.powi(2) * variance.value;
        let runs = means.iter().map(|mean| mean.runs).sum();
        let mut growth = Self { means, runs, reference, variance, allowed, fits: Vec::new() };
        growth.fits = laws.iter().map(|law| growth.fitted(*law)).collect();
        Some(growth)
    }

    /// Every law, in the order in which they were given.
    #[must_use]
    pub fn fits(&self) -> &[Fit] {
        &self.fits
    }

    /// Laws that the sizes do not contradict.
    pub fn possible(&self) -> impl Iterator<Item = &Fit> {
        self.fits.iter().filter(|fit| !fit.is_contradicted())
    }

    /// The law that explains the runs best for its numbers; `None` where all that explain something are contradicted.
    #[must_use]
    pub fn best(&self) -> Option<&Fit> {
        let cost = |fit: &Fit| fit.squares / self.variance.value + 2.0 * fit.law.parameters() as f64;
        // Of equals the first: what is left of rounding decides nothing.
        let explaining = self.possible().filter(|fit| fit.law.explains());
        explaining.reduce(|best, fit| if cost(fit) < cost(best) - 1e-6 { fit } else { best })
    }

    /// What a new run at `size` would show, by all laws that are possible; the estimate is the best one's. `None` where all
    /// are contradicted.
    #[must_use]
    pub fn predict(&self, size: f64) -> Option<Range> {
        let best = self.best()?;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for fit in self.possible() {
            let (from, to) = self.interval(fit, size);
            (low, high) = (low.min(from), high.max(to));
        }
        let estimate = best.level + best.law.log_shape(best.share, size, self.reference);
        Some(Range { low: low.exp(), estimate: estimate.exp(), high: high.exp() })
    }

    /// Ends of one law's interval, as logarithms.
    fn interval(&self, fit: &Fit, size: f64) -> (f64, f64) {
        let (from, to) = fit.shares;
        let widened = (self.runs + 1.0) / self.runs;
        let ends = (0..=LOOKS).map(|step| {
            let share = from + (to - from) * step as f64 / LOOKS as f64;
            let (squares, level) = self.squares(fit.law, share);
            let centre = level + fit.law.log_shape(share, size, self.reference);
            let half = ((fit.squares + self.allowed - squares).max(0.0) * widened).sqrt();
            (centre - half, centre + half)
        });
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (from, to)| (low.min(from), high.max(to)))
    }

    /// Squares that the law leaves between the sizes with this share, and the level that leaves least.
    fn squares(&self, law: Law, share: f64) -> (f64, f64) {
        let rest = |mean: &Mean| mean.log - law.log_shape(share, mean.size, self.reference);
        let level = self.means.iter().map(|mean| mean.runs * rest(mean)).sum::<f64>() / self.runs;
        let squares = self.means.iter().map(|mean| mean.runs * (rest(mean) - level).powi(2)).sum();
        (squares, level)
    }

    fn fitted(&self, law: Law) -> Fit {
        let share = if law == Law::Constant { 0.0 } else { self.least(law) };
        let (squares, level) = self.squares(law, share);
        // At an end of its range the share is not free.
        let is_free = (AT_THE_END..=1.0 - AT_THE_END).contains(&share);
        let freedom = self.means.len() as f64 - if is_free { 2.0 } else { 1.0 };
        let Variance { value, freedom: known } = self.variance;
        let p = (freedom > 0.0).then(|| f_tail(squares / freedom / value, freedom, known)).flatten();
        let limit = squares + self.allowed;
        let end = |end| if law == Law::Constant { 0.0 } else { self.end(law, share, end, limit) };
        Fit { law, share, p, level, squares, shares: (end(0.0), end(1.0)) }
    }

    /// The share that leaves the least squares: the best of a grid, then by the golden section about it.
    fn least(&self, law: Law) -> f64 {
        let of = |share: f64| self.squares(law, share).0;
        let at = |step: usize| step as f64 / COARSE as f64;
        let coarse = (0..=COARSE).map(|step| (step, of(at(step))));
        let (best, _) = coarse.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0));
        let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(COARSE)));
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        for _ in 0..STEPS {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if of(left) <= of(right) {
                high = right;
            } else {
                low = left;
            }
        }
        let middle = f64::midpoint(low, high);
        // An end is better where it is as good.
        [0.0, 1.0].into_iter().find(|end| of(*end) <= of(middle)).unwrap_or(middle)
    }

    /// How far towards `end` the share can go until the squares exceed `limit`.
    fn end(&self, law: Law, share: f64, end: f64, limit: f64) -> f64 {
        if self.squares(law, end).0 <= limit {
            return end;
        }
        let (mut inside, mut outside) = (share, end);
        for _ in 0..STEPS {
            let middle = f64::midpoint(inside, outside);
            if self.squares(law, middle).0 <= limit {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Response = fn(f64) -> f64;

    fn group(size: f64, values: &[f64]) -> Group {
        Group { size, values: values.to_vec() }
    }

    /// A response of exactly this law, three runs a size that scatter by one per cent about it.
    fn exact(sizes: &[f64], of: impl Fn(f64) -> f64) -> Vec<Group> {
        sizes
            .iter()
            .map(|size| group(*size, &[0.99, 1.0, 1.0 / 0.99].map(|noise| noise * of(*size))))
            .collect()
    }

    fn fitted(groups: &[Group]) -> Growth {
        Growth::fit(groups, &Law::ALL, pure_error(groups).unwrap(), 0.025).unwrap()
    }

    #[test]
    fn the_pure_error_is_that_within_the_sizes() {
        let groups = [group(10.0, &[1.0, std::f64::consts::E]), group(100.0, &[5.0])];
        assert_eq!(pure_error(&groups), Some(Variance { value: 0.5, freedom: 1.0 }));
        assert_eq!(pure_error(&groups[1..]), None, "one run has no spread");
        assert_eq!(pure_error(&[group(1.0, &[2.0, 2.0])]).unwrap().value, RESOLUTION.powi(2));
        assert_eq!(pure_error(&[group(1.0, &[2.0, 0.0])]), None);
        assert_eq!(pure_error(&[group(1.0, &[2.0, f64::NAN])]), None);
    }

    #[test]
    fn a_constant_has_the_interval_of_the_textbook() {
        let groups = [group(10.0, &[1.0, 1.2, 0.9]), group(100.0, &[1.1, 1.0, 0.95])];
        let variance = pure_error(&groups).unwrap();
        let growth = Growth::fit(&groups, &[Law::Constant], variance, 0.025).unwrap();
        let range = growth.predict(1e3).unwrap();
        let logs: Vec<f64> = groups.iter().flat_map(|group| &group.values).map(|value| value.ln()).collect();
        let mean = logs.iter().sum::<f64>() / 6.0;
        let half = 2.776_45 * (variance.value * (1.0 + 1.0 / 6.0)).sqrt();
        assert!((range.estimate.ln() - mean).abs() < 1e-9);
        assert!((range.low.ln() - mean + half).abs() < 1e-4 && (range.high.ln() - mean - half).abs() < 1e-4);
    }

    #[test]
    fn four_sizes_find_the_law_and_its_numbers() {
        let sizes = [1e3, 1e4, 1e5, 1e6];
        let growth = fitted(&exact(&sizes, |n| 0.5 + n / 1e4));
        let best = growth.best().unwrap();
        assert_eq!(best.law, Law::Linear);
        assert!((best.share - 100.0 / 100.5).abs() < 1e-4, "{best:?}");
        let range = growth.predict(1e7).unwrap();
        assert!((range.estimate / 1_000.5 - 1.0).abs() < 0.01 && range.width() < 1.2, "{range:?}");
        let others: [(Law, Response); 2] = [(Law::Power, |n| 2.0 * n.sqrt()), (Law::Constant, |_| 3.0)];
        for (law, of) in others {
            assert_eq!(fitted(&exact(&sizes, of)).best().unwrap().law, law);
        }
    }

    /// Two sizes cannot tell laws apart: the interval holds them all.
    #[test]
    fn two_sizes_leave_the_law_open() {
        let growth = fitted(&exact(&[1e3, 1e4], |n| 1.0 + n / 1e3));
        let possible: Vec<Law> = growth.possible().map(|fit| fit.law).collect();
        assert!(!possible.contains(&Law::Constant) && !possible.contains(&Law::Logarithmic), "{possible:?}");
        assert_eq!(growth.best().unwrap().law, Law::Linear, "of equals the simplest");
        let range = growth.predict(1e5).unwrap();
        assert!((range.estimate - 101.0).abs() < 1.0, "{range:?}");
        // A power law from 2 to 11 goes on to 60.5, n^1.25 to 171.
        assert!(range.low < 62.0 && range.high > 165.0 && range.width() < 4.0, "{range:?}");
    }

    #[test]
    fn what_falls_or_steps_is_no_growth() {
        let falls: Response = |n| if n < 2e3 { 5.0 } else { 1.0 };
        let steps: Response = |n| if n > 2e4 { 50.0 } else { 1.0 };
        for of in [falls, steps] {
            let growth = fitted(&exact(&[1e3, 1e4, 1e5], of));
            assert!(growth.best().is_none() && growth.predict(1e6).is_none(), "{:?}", growth.fits());
        }
    }

    #[test]
    fn nothing_follows_from_nothing() {
        let variance = Variance { value: 0.01, freedom: 4.0 };
        assert!(Growth::fit(&[], &Law::ALL, variance, 0.025).is_none());
        assert!(Growth::fit(&[group(10.0, &[])], &Law::ALL, variance, 0.025).is_none());
        let unknown = Variance { value: 0.01, freedom: 0.0 };
        assert!(Growth::fit(&[group(10.0, &[1.0])], &Law::ALL, unknown, 0.025).is_none());
    }
}
