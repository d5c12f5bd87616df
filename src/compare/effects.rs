//! What a comparison comes to, as a file and as what others print.

use crate::{
    record::{Metric, PlanCase},
    stats::fewest,
    text::counted,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every comparison.
pub const FORMAT: &str = "loist-bench/comparison";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// What differs between two sets of records, and how sure that is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench comparison")]
pub struct Effects {
    /// Always `loist-bench/comparison`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// Name of the workload that both sides replay.
    pub workload: String,
    /// The side that the other one is compared with.
    pub base: SideBrief,
    /// The other side.
    pub new: SideBrief,
    /// How the sides stand against each other.
    pub design: Design,
    /// Probability that none of the gated answers calls slower or faster what is not by as much as matters, 0..1.
    pub confidence: f64,
    /// Probability of an error in one direction that the answers were allowed: less than (1 - confidence) / 2 where it
    /// was looked at more than once.
    pub alpha: f64,
    /// How the experiment went, if the records are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Experiment>,
    /// One entry an operation, in the workload's order, then `all`.
    pub operations: Vec<OperationEffects>,
    /// Statements that the new side executes in another way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<PlanChange>,
    /// Settings of the servers that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingChange>,
    /// What makes the answers less than they seem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SideBrief {
    /// What it is called.
    pub label: String,
    /// Runs or blocks of it that count.
    pub runs: usize,
    /// When the first one began, UTC.
    pub from: chrono::DateTime<chrono::Utc>,
    /// When the last one was over, UTC.
    pub until: chrono::DateTime<chrono::Utc>,
}

/// How two sides stand against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Design {
    /// Blocks measured in pairs, one after the other in random order.
    Pairs {
        /// Pairs that count.
        pairs: usize,
        /// Those that do not, and why.
        set_aside: Vec<SetAside>,
    },
    /// Runs of one side, and runs of the other, at other times.
    Groups,
    /// One run a side: what differs between runs that are the same is not known.
    Single,
}

/// A pair that does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SetAside {
    /// Its number.
    pub pair: u32,
    /// Why.
    pub reason: String,
}

/// How an experiment went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Experiment {
    /// Its name.
    pub id: String,
    /// Pairs that the budget was expected to hold.
    pub planned_pairs: usize,
    /// How often it was looked at.
    pub looks: usize,
    /// Longest time that it was allowed.
    pub budget_seconds: f64,
    /// How long it took.
    pub took_seconds: f64,
    /// Length of a block's window.
    pub block_seconds: f64,
    /// Why it ended.
    pub ended: Stop,
}

/// Why an experiment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Every answer is certain.
    Certain,
    /// The answers are certain that were waited for.
    Enough,
    /// There were as many pairs as were asked for.
    Pairs,
    /// The time was over.
    Budget,
    /// The user ended it.
    Interrupted,
    /// A server went away.
    ServerLost,
    /// The brake ended the load, for the sake of others who use the server.
    Braked,
}

/// What one operation came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationEffects {
    /// Its name; `all` for all of them together.
    pub name: String,
    /// One entry a metric.
    pub metrics: Vec<Effect>,
}

/// What one metric of one operation came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// The metric.
    pub metric: Metric,
    /// Whether decisions rest on it.
    pub gated: bool,
    /// Median of the base's runs, in the metric's unit.
    pub base: Option<f64>,
    /// Median of the new side's.
    pub new: Option<f64>,
    /// Estimate of the change: of a latency or a rate relative, 0.2 being 20 % more; of a share of calls absolute, 0.01
    /// being one percentage point more (Hodges and Lehmann 1963, on the logarithms of ratios or on differences).
    pub change: Option<f64>,
    /// Lower end of the interval that holds the change with the comparison's confidence, for this metric by itself.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The smallest change that matters, as `change` is written.
    pub least: f64,
    /// The smallest change beyond `least` that so many runs would have found nine times in ten; as `change` is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detectable: Option<f64>,
    /// Probability of such values or clearer ones if it is not slower by more than `least`, adjusted for all that was
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_slower: Option<f64>,
    /// The same for faster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_faster: Option<f64>,
    /// The answer.
    pub answer: Answer,
    /// Why there is none, where the numbers were not enough to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An honest answer. Slower stands for worse, whatever the metric, and faster for better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Worse by more than matters.
    Slower,
    /// Better by more than matters.
    Faster,
    /// Neither by as much as matters.
    Equivalent,
    /// The runs cannot tell.
    NotResolved,
}

/// A statement that is executed in another way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanChange {
    /// As `operation.statement`.
    pub statements: Vec<String>,
    /// Which parameters.
    pub case: PlanCase,
    /// What changed, in words.
    pub sentence: String,
}

/// A setting that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingChange {
    /// Its name.
    pub name: String,
    /// Its value in the base, in readable units; absent where the base does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Its value on the new side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Effects {
    /// Operations and metrics that decisions rest on.
    pub fn gated(&self) -> impl Iterator<Item = (&str, &Effect)> {
        self.operations.iter().flat_map(|operation| {
            let name = operation.name.as_str();
            operation.metrics.iter().filter(|effect| effect.gated).map(move |effect| (name, effect))
        })
    }

    /// Gated answers of one kind.
    pub fn answered(&self, answer: Answer) -> impl Iterator<Item = (&str, &Effect)> {
        self.gated().filter(move |(_, effect)| effect.answer == answer)
    }

    /// Why the pairs cannot tell anything, whatever they show, as in `3 pairs count, and it takes 9: raise --budget`; `None`
    /// where enough count, or the sides were not measured in pairs.
    #[must_use]
    pub fn too_few_pairs(&self) -> Option<String> {
        let Design::Pairs { pairs, set_aside } = &self.design else { return None };
        // Each direction has half of the error.
        let needed = fewest(f64::midpoint(1.0, self.confidence));
        let ended = self.experiment.as_ref().map(|experiment| experiment.ended);
        let why = match (set_aside.len(), ended) {
            (1, _) if *pairs == 0 => ": it was set aside".to_owned(),
            (aside, _) if aside > *pairs => format!(": {aside} were set aside"),
            (_, Some(Stop::Budget)) => ": raise --budget".to_owned(),
            _ => String::new(),
        };
        let count = if *pairs == 1 { "counts" } else { "count" };
        (*pairs < needed).then(|| format!("{} {count}, and it takes {needed}{why}", counted(*pairs, "pair")))
    }

    /// Whether no gated answer is left open.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.gated().next().is_some() && self.answered(Answer::NotResolved).next().is_none()
    }
}

/// The JSON Schema of a comparison (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Effects).to_value()
}
