//! A response over the sizes: what was measured, what follows from it for other sizes, and where nothing does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A response over the sizes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Response {
    /// Name of the operation, or of what it is.
    pub name: String,
    /// One entry a size, the smallest first.
    pub measured: Vec<Measured>,
    /// Standard deviation between runs of the same size, as a share of the response: moderated by that of the other
    /// operations. Absent where no size has two runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Law of growth that the estimates follow; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<String>,
    /// Laws that the sizes do not contradict; the intervals hold them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_laws: Vec<String>,
    /// The smallest size that the laws were fitted to: below it things are done in another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted_from_tracks: Option<u64>,
    /// Predictions at the numbers of tracks that were asked for and at others for orientation.
    pub predictions: Vec<Prediction>,
    /// Predictions close to one another, for a picture.
    pub curve: Vec<Prediction>,
}

/// What was measured at one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// Tracks when the runs began.
    pub tracks: u64,
    /// The response of each run.
    pub values: Vec<f64>,
}

/// What a new run at a number of tracks would show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// Tracks.
    pub tracks: u64,
    /// What it rests on.
    pub basis: Basis,
    /// The interval; absent where nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Ends>,
    /// Why it is not warranted, where it is not. An interval beside it is what would be if that did not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// An interval with its estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ends {
    /// Lower end.
    pub low: f64,
    /// The likeliest.
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

/// What a prediction rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Runs at that size.
    Measured,
    /// The sizes on both sides.
    Between,
    /// The laws of growth.
    Fitted,
}

/// Why a prediction is not warranted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Which reason.
    pub reason: Reason,
    /// The same in one sentence.
    pub sentence: String,
}

/// Reasons for which a fit is not warranted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing was measured, or too few calls for the quantile.
    NothingMeasured,
    /// No size has two runs: the variance between runs is not known.
    TooFewRuns,
    /// Fewer than two sizes.
    TooFewSizes,
    /// A statement is executed in another way from one size to the next.
    PlanChanged,
    /// No law of growth fits the sizes.
    LackOfFit,
    /// Too far from what was measured.
    TooFar,
    /// A statement may be executed in another way from some size on.
    PlanMayChange,
    /// The interval says hardly anything.
    TooWide,
}

/// How an operation or a number of tracks stands to the objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// The whole interval keeps it.
    Holds,
    /// Nothing can be said.
    Unknown,
    /// The interval reaches beyond it.
    InDanger,
    /// The estimate misses it.
    Missed,
}

impl Reason {
    /// The reason in a few words, for a line that has no room for the whole sentence.
    #[must_use]
    pub fn shortly(self) -> &'static str {
        match self {
            Self::NothingMeasured => "too little was measured",
            Self::TooFewRuns => "every size was measured once",
            Self::TooFewSizes => "one size alone was measured",
            Self::PlanChanged => "a plan changed between the sizes",
            Self::LackOfFit => "no law of growth fits",
            Self::TooFar => "too far from what was measured",
            Self::PlanMayChange => "a plan may change before",
            Self::TooWide => "the interval is too wide",
        }
    }
}

impl Prediction {
    /// Whether the interval can be relied on.
    #[must_use]
    pub fn is_warranted(&self) -> bool {
        self.range.is_some() && self.refusal.is_none()
    }

    /// How it stands to a target. An interval that is merely wide can still lie all on one side.
    #[must_use]
    pub fn outcome(&self, target: f64) -> RowOutcome {
        let is_usable = self.refusal.as_ref().is_none_or(|refusal| refusal.reason == Reason::TooWide);
        match self.range.filter(|_| is_usable) {
            Some(range) if range.high <= target => RowOutcome::Holds,
            Some(range) if range.low > target => RowOutcome::Missed,
            Some(_) if self.refusal.is_some() => RowOutcome::Unknown,
            Some(range) if range.estimate > target => RowOutcome::Missed,
            Some(_) => RowOutcome::InDanger,
            None => RowOutcome::Unknown,
        }
    }
}

impl Response {
    /// The prediction at a number of tracks, where one was made.
    #[must_use]
    pub fn at(&self, tracks: u64) -> Option<&Prediction> {
        self.predictions.iter().find(|prediction| prediction.tracks == tracks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(ends: Option<(f64, f64, f64)>, reason: Option<Reason>) -> Prediction {
        Prediction {
            tracks: 1,
            basis: Basis::Fitted,
            range: ends.map(|(low, estimate, high)| Ends { low, estimate, high }),
            refusal: reason.map(|reason| Refusal { reason, sentence: String::new() }),
        }
    }

    #[test]
    fn the_interval_decides_and_the_estimate_where_it_holds_the_target() {
        for (ends, reason, outcome) in [
            (Some((1.0, 2.0, 3.0)), None, RowOutcome::Holds),
            (Some((1.0, 2.0, 11.0)), None, RowOutcome::InDanger),
            (Some((1.0, 10.5, 11.0)), None, RowOutcome::Missed),
            (Some((10.5, 11.0, 12.0)), None, RowOutcome::Missed),
            (Some((1.0, 2.0, 9.0)), Some(Reason::TooWide), RowOutcome::Holds),
            (Some((1.0, 10.5, 20.0)), Some(Reason::TooWide), RowOutcome::Unknown),
            (Some((11.0, 20.0, 80.0)), Some(Reason::TooWide), RowOutcome::Missed),
            (Some((1.0, 2.0, 3.0)), Some(Reason::PlanMayChange), RowOutcome::Unknown),
            (None, Some(Reason::TooFar), RowOutcome::Unknown),
        ] {
            assert_eq!(prediction(ends, reason).outcome(10.0), outcome, "{ends:?} {reason:?}");
        }
    }
}
