//! From the runs of one response to its predictions, or to why there are none. Pure.

use super::{
    ahead::Ahead,
    growth::{Basis, Ends, Measured, Prediction, Reason, Refusal, Response},
    steps::Step,
    tracks::short_tracks,
};
use crate::stats::{Group, Growth, Law, Range, Variance, pure_error, t_beyond};

/// Farthest from what was measured that is predicted.
pub(super) const FARTHEST: f64 = 10.0;
/// An interval whose upper end is more than so many times its lower one says hardly anything.
const WIDEST: f64 = 4.0;
/// A size that grew by more than this part in its windows is not told of by its runs alone, where a law can.
const GREW: f64 = 0.02;
/// Points of a curve.
const POINTS: usize = 41;

/// Laws by which a response time or processor time may grow.
pub(super) const TIMES: &[Law] = &Law::ALL;
/// Laws by which a size may grow: rows fill pages, and index entries grow a little more slowly or quickly than rows.
pub(super) const SIZES: &[Law] = &[Law::Linear, Law::NearlyLinear, Law::Sorting];

/// A response with all that was measured of it.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) name: String,
    /// Sizes by which runs were asked for, the smallest first.
    pub(super) tracks: Vec<u64>,
    /// The runs of each: their mean size, which grows in a window, and their responses.
    pub(super) groups: Vec<Group>,
    pub(super) laws: &'static [Law],
    /// What changed between sizes.
    pub(super) step: Option<Step>,
    /// What may change beyond them.
    pub(super) ahead: Option<Ahead>,
}

/// What is asked of a response.
pub(super) struct Wanted<'a> {
    /// Numbers of tracks to predict at.
    pub(super) rows: &'a [u64],
    /// Probability that a new run may lie beyond each end of an interval.
    pub(super) tail: f64,
}

impl Subject {
    /// Adds the runs of a size that show something.
    pub(super) fn push(&mut self, tracks: u64, runs: &[(f64, f64)]) {
        if runs.is_empty() {
            return;
        }
        let size = runs.iter().map(|(size, _)| size).sum::<f64>() / runs.len() as f64;
        self.tracks.push(tracks);
        self.groups.push(Group { size, values: runs.iter().map(|(_, value)| *value).collect() });
    }

    /// The variance between runs of the same size, by itself.
    pub(super) fn own_variance(&self) -> Option<Variance> {
        pure_error(&self.groups)
    }

    /// What follows from the runs with this variance between them.
    pub(super) fn respond(&self, variance: Option<Variance>, wanted: &Wanted<'_>) -> Response {
        let measured = self.tracks.iter().zip(&self.groups);
        let measured =
            measured.map(|(tracks, group)| Measured { tracks: *tracks, values: group.values.clone() });
        let mut response = Response {
            name: self.name.clone(),
            measured: measured.collect(),
            spread: variance.as_ref().map(Variance::deviation),
            ..Response::default()
        };
        let fit = Fitted::of(self, variance, wanted.tail);
        if let Some(growth) = &fit.growth {
            response.law = growth.best().map(|best| best.law.name().to_owned());
            response.possible_laws = growth.possible().map(|fit| fit.law.name().to_owned()).collect();
            response.fitted_from_tracks = self.tracks.get(fit.from).copied();
        }
        response.predictions = wanted.rows.iter().map(|tracks| fit.at(*tracks)).collect();
        response.curve = self.curve().into_iter().map(|tracks| fit.at(tracks)).collect();
        response
    }

    /// Numbers of tracks from the smallest size to the farthest that is predicted, by equal ratios.
    fn curve(&self) -> Vec<u64> {
        let Some((first, last)) = self.tracks.first().zip(self.tracks.last()) else { return Vec::new() };
        let (first, last) = (*first as f64, *last as f64 * FARTHEST);
        let at = |point: usize| first * (last / first).powf(point as f64 / (POINTS - 1) as f64);
        let mut all: Vec<u64> =
            (0..POINTS).map(|point| at(point).round() as u64).chain(self.tracks.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A subject with its laws fitted.
struct Fitted<'a> {
    subject: &'a Subject,
    variance: Option<Variance>,
    tail: f64,
    /// The first size of those that the laws are fitted to.
    from: usize,
    /// Absent with fewer than two sizes.
    growth: Option<Growth>,
}

impl<'a> Fitted<'a> {
    fn of(subject: &'a Subject, variance: Option<Variance>, tail: f64) -> Self {
        let from = subject.step.as_ref().map_or(0, |step| {
            subject.tracks.iter().position(|tracks| *tracks >= step.from).unwrap_or(subject.tracks.len())
        });
        let groups = &subject.groups[from..];
        let fit = |variance| Growth::fit(groups, subject.laws, variance, tail);
        let growth = variance.filter(|_| groups.len() >= 2).and_then(fit);
        Self { subject, variance, tail, from, growth }
    }

    fn at(&self, tracks: u64) -> Prediction {
        let sizes = &self.subject.tracks;
        let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else {
            let why =
                "nothing was measured, or too few calls for the objective's quantile: measure for longer";
            return refused(tracks, Reason::NothingMeasured, why.to_owned());
        };
        let Some(variance) = self.variance else {
            let why =
                "every size was measured once, and without repeats the spread between runs is not known";
            return refused(tracks, Reason::TooFewRuns, why.to_owned());
        };
        if let Some(at) = sizes.iter().position(|size| *size == tracks).filter(|at| self.is_told_by_runs(*at))
        {
            return Prediction {
                tracks,
                basis: Basis::Measured,
                range: self.measured(at, variance),
                refusal: None,
            };
        }
        if tracks < *first || tracks > *last {
            return self.beyond(tracks, *first, *last);
        }
        let after = sizes.iter().position(|size| *size > tracks).unwrap_or(sizes.len() - 1);
        let fitted = self.growth.as_ref().filter(|_| after > self.from);
        match fitted.and_then(|growth| growth.predict(tracks as f64)) {
            Some(range) => narrow_enough(tracks, range),
            None => self.between(tracks, after, variance),
        }
    }

    /// Whether a size is told of by its own runs: it was about that size, or no law joins it to others.
    fn is_told_by_runs(&self, at: usize) -> bool {
        let grew = self.subject.groups[at].size / self.subject.tracks[at] as f64 - 1.0;
        let is_joined = at >= self.from && self.growth.as_ref().is_some_and(|growth| growth.best().is_some());
        grew.abs() <= GREW || !is_joined
    }

    /// The interval of a new run at a measured size, by its own runs alone.
    fn measured(&self, at: usize, variance: Variance) -> Option<Ends> {
        let values = &self.subject.groups[at].values;
        let runs = values.len() as f64;
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / runs;
        let half = t_beyond(self.tail, variance.freedom)? * (variance.value * (1.0 + 1.0 / runs)).sqrt();
        Some(Ends { low: (mean - half).exp(), estimate: mean.exp(), high: (mean + half).exp() })
    }

    /// Between two sizes that no law joins: what does not fall as it grows lies between theirs.
    fn between(&self, tracks: u64, after: usize, variance: Variance) -> Prediction {
        let sizes = &self.subject.tracks;
        let part = (tracks as f64 / sizes[after - 1] as f64).ln()
            / (sizes[after] as f64 / sizes[after - 1] as f64).ln();
        let range = self.measured(after - 1, variance).zip(self.measured(after, variance));
        let range = range.map(|(below, above)| Ends {
            low: below.low.min(above.low),
            estimate: below.estimate.powf(1.0 - part) * above.estimate.powf(part),
            high: below.high.max(above.high),
        });
        Prediction { tracks, basis: Basis::Between, range, refusal: None }
    }

    fn beyond(&self, tracks: u64, first: u64, last: u64) -> Prediction {
        let subject = self.subject;
        let Some(growth) = &self.growth else {
            return match subject.step.as_ref().filter(|_| subject.tracks.len() > 1) {
                Some(step) => refused(
                    tracks,
                    Reason::PlanChanged,
                    format!(
                        "{}, so that what comes after is known at one size alone; measure at more sizes beyond",
                        step.what
                    ),
                ),
                None => refused(
                    tracks,
                    Reason::TooFewSizes,
                    "it was measured at one size alone: measure at two or more".to_owned(),
                ),
            };
        };
        if let Some(step) = subject.step.as_ref().filter(|_| tracks < first) {
            return refused(tracks, Reason::PlanChanged, step.what.clone());
        }
        let Some(range) = growth.predict(tracks as f64) else {
            let count = subject.tracks.len() - self.from;
            let why = format!(
                "no law of growth fits what was measured at {count} sizes: something changes among them"
            );
            return refused(tracks, Reason::LackOfFit, why);
        };
        let factor = if tracks > last { tracks as f64 / last as f64 } else { first as f64 / tracks as f64 };
        if factor > FARTHEST {
            let why = format!(
                "it is {factor:.0} times as far as what was measured, and more than {FARTHEST:.0} times is not predicted"
            );
            return refused(tracks, Reason::TooFar, why);
        }
        match subject.ahead.as_ref().filter(|ahead| tracks > last && tracks >= ahead.tracks) {
            Some(ahead) => Prediction {
                tracks,
                basis: Basis::Fitted,
                range: Some(ends(range)),
                refusal: Some(Refusal {
                    reason: Reason::PlanMayChange,
                    sentence: format!("from about {} tracks on {}", short_tracks(ahead.tracks), ahead.what),
                }),
            },
            None => narrow_enough(tracks, range),
        }
    }
}

fn ends(range: Range) -> Ends {
    Ends { low: range.low, estimate: range.estimate, high: range.high }
}

fn refused(tracks: u64, reason: Reason, sentence: String) -> Prediction {
    Prediction { tracks, basis: Basis::Fitted, range: None, refusal: Some(Refusal { reason, sentence }) }
}

/// An interval that is too wide is given with that reservation.
fn narrow_enough(tracks: u64, range: Range) -> Prediction {
    let refusal = (range.width() > WIDEST).then(|| Refusal {
        reason: Reason::TooWide,
        sentence: format!(
            "the upper end of its interval is {:.1} times the lower one: more sizes or repeats would tell more",
            range.width()
        ),
    });
    Prediction { tracks, basis: Basis::Fitted, range: Some(ends(range)), refusal }
}

#[cfg(test)]
mod tests;
