//! What a study came to, as a file and as what others print.

use super::{Candidate, Objective, confirm::of_all};
use crate::{
    compare::Effects,
    record::{Metric, amount::change},
    text::counted,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every study.
pub const FORMAT: &str = "loist-bench/study";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// What was searched, and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench tuning study")]
pub struct Study {
    /// Always `loist-bench/study`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When it began, UTC.
    pub at: DateTime<Utc>,
    /// SHA-256 of all that was asked.
    pub options_sha256: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The same in one sentence.
    pub sentence: String,
    /// Name of the workload.
    pub workload: String,
    /// Tracks of the catalog.
    pub tracks: u64,
    /// The load, in words.
    pub load: String,
    /// The machine that the server is for.
    pub machine: String,
    /// As in `15.18`.
    pub postgresql: String,
    /// What was to be made better.
    pub objective: Objective,
    /// How challengers were chosen.
    pub search: String,
    /// Longest time that it was allowed.
    pub budget_seconds: f64,
    /// How long it took: to seed a server, to settle the load, to measure.
    pub took_seconds: f64,
    /// Close looks and pairs of blocks that were measured.
    pub trials: u32,
    /// Settings that the server was told to begin with.
    pub start: Vec<(String, String)>,
    /// Settings to change; empty where nothing is to be gained.
    pub recommended: Vec<Change>,
    /// What they do together, or what the best that was found would have done; absent where there was nothing to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Effects>,
    /// What the confirmation compares with what the server began with: the best that the search took, or where it took
    /// none what came nearest to being better; absent where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Candidate>,
    /// Every challenger, in the order in which they were tried.
    pub tried: Vec<Tried>,
    /// Settings that were not tried, and why.
    pub not_tried: Vec<NotTried>,
    /// What makes it less than it seems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// What a study came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Other settings are better, and that is confirmed.
    Improved,
    /// Nothing was found that is better by as much as matters; of settings that were given, that they are not.
    NothingToGain,
    /// The settings that were given are worse.
    Worse,
    /// The measurement cannot tell.
    Inconclusive,
}

/// A setting to change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Its value now, as PostgreSQL writes it.
    pub from: String,
    /// What it should be.
    pub to: String,
    /// Whether the server must restart.
    pub restart: bool,
    /// What it is worth among the others, by pairs that decided nothing; absent where it is the only one, or no time was left
    /// to measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// A measured effect: how many times what it costs without is what it costs with it, below 1 being better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// Pairs of blocks.
    pub pairs: usize,
    /// Estimate.
    pub ratio: f64,
    /// Lower end of the 95 % interval; absent where the pairs are too few for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// A challenger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tried {
    /// Who proposed it.
    pub origin: String,
    /// What it changed of the best so far.
    pub changes: Vec<(String, String)>,
    /// All of its settings.
    pub candidate: Candidate,
    /// Pairs of blocks.
    pub pairs: usize,
    /// How many times what the best so far cost it did; absent where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_best: Option<f64>,
    /// How many times what the server began with cost it did, as the duels that were won add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_ratio: Option<f64>,
    /// The smallest gain for which it would have been taken nine times in ten, a share of the cost, 0..1: an orientation, by
    /// the noise of all pairs until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detectable: Option<f64>,
    /// Whether it was the best from then on.
    pub taken: bool,
    /// Why it could not be measured, if it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A setting that was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotTried {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

impl Tried {
    /// In one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let changes: Vec<String> =
            self.changes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let came_to = match (&self.failed, self.against_best) {
            (Some(failed), _) => format!("failed: {failed}"),
            (None, None) => "could not be measured".to_owned(),
            (None, Some(ratio)) => {
                let taken = if self.taken { ", taken" } else { "" };
                // The sign is that of a cost, whatever the objective.
                let cost = change(Metric::P95, Some(ratio - 1.0));
                format!("{cost} in {}{taken}", counted(self.pairs, "pair"))
            }
        };
        format!("{}: {}: {came_to}", self.origin, changes.join(" "))
    }
}

impl Study {
    /// What the confirmation says of the objective.
    #[must_use]
    pub fn answer(&self) -> Option<&crate::compare::Effect> {
        of_all(self.confirmation.as_ref()?, self.objective.metric())
    }
}

/// The JSON Schema of a study (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Study).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenger_is_told_as_the_tables_round() {
        let changes = vec![("work_mem".to_owned(), "20MB".to_owned())];
        let tried = |pairs: usize| Tried {
            origin: "the formula of pgtune".to_owned(),
            candidate: Candidate::new("x", changes.clone()),
            changes: changes.clone(),
            pairs,
            cost_ratio: Some(1.177),
            against_best: Some(1.177),
            detectable: None,
            taken: false,
            failed: None,
        };
        assert_eq!(tried(1).sentence(), "the formula of pgtune: work_mem=20MB: +18 % in 1 pair");
        assert!(tried(3).sentence().ends_with("+18 % in 3 pairs"), "{}", tried(3).sentence());
    }
}
