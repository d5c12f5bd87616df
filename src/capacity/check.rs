//! Whether the predictions held at a number of tracks that was measured and is no part of the fits. Pure.

use super::growth::Prediction;
use crate::stats::median;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the predictions at one number of tracks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Tracks.
    pub tracks: u64,
    /// Runs that were made there.
    pub runs: usize,
    /// Size of the database, then each operation.
    pub rows: Vec<CheckRow>,
    /// Warranted predictions that held.
    pub held: usize,
    /// Warranted predictions that did not hold.
    pub failed: usize,
    /// What was not predicted, or not warranted.
    pub not_warranted: usize,
    /// The same in one sentence.
    pub sentence: String,
}

/// One prediction beside what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckRow {
    /// Name of the operation; `database` for the size.
    pub name: String,
    /// What was predicted without these runs.
    pub prediction: Prediction,
    /// What each run showed.
    pub measured: Vec<f64>,
    /// The middle of it.
    pub median: Option<f64>,
    /// Whether the interval holds the middle; absent where there is no interval, or nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
}

impl CheckRow {
    pub(super) fn new(name: &str, prediction: Prediction, measured: Vec<f64>) -> Self {
        let median = median(&measured);
        let held =
            prediction.range.zip(median).map(|(range, value)| (range.low..=range.high).contains(&value));
        Self { name: name.to_owned(), prediction, measured, median, held }
    }
}

/// Counts what held.
pub(super) fn check(tracks: u64, runs: usize, rows: Vec<CheckRow>) -> Check {
    let warranted = |held| {
        let is_meant = |row: &&CheckRow| row.prediction.is_warranted() && row.held == Some(held);
        rows.iter().filter(is_meant).count()
    };
    let (held, failed) = (warranted(true), warranted(false));
    let not_warranted = rows.len() - held - failed;
    let sentence = match (held, failed) {
        (0, 0) => "nothing that was predicted there is warranted".to_owned(),
        (held, 0) => format!("all {held} predictions that are warranted held"),
        (held, failed) => {
            format!("{failed} of {} predictions that are warranted did not hold", held + failed)
        }
    };
    Check { tracks, runs, rows, held, failed, not_warranted, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::growth::{Basis, Ends, Reason, Refusal};

    fn row(ends: Option<(f64, f64)>, refused: bool, measured: &[f64]) -> CheckRow {
        let prediction = Prediction {
            tracks: 100,
            basis: Basis::Fitted,
            range: ends.map(|(low, high)| Ends { low, estimate: low, high }),
            refusal: refused.then(|| Refusal { reason: Reason::TooWide, sentence: String::new() }),
        };
        CheckRow::new("x", prediction, measured.to_vec())
    }

    #[test]
    fn the_middle_of_the_runs_decides() {
        let rows = vec![
            row(Some((1.0, 3.0)), false, &[2.0, 9.0, 2.5]),
            row(Some((1.0, 3.0)), false, &[4.0, 1.0, 4.0]),
            row(Some((1.0, 3.0)), true, &[2.0]),
            row(None, true, &[2.0]),
            row(Some((1.0, 3.0)), false, &[]),
        ];
        let held: Vec<Option<bool>> = rows.iter().map(|row| row.held).collect();
        assert_eq!(held, [Some(true), Some(false), Some(true), None, None]);
        let found = check(100, 3, rows.clone());
        assert_eq!((found.held, found.failed, found.not_warranted), (1, 1, 3));
        assert!(found.sentence.contains("1 of 2"), "{}", found.sentence);
        assert!(check(100, 3, rows[..1].to_vec()).sentence.contains("all 1"));
        assert!(check(100, 3, Vec::new()).sentence.contains("nothing"));
    }
}
