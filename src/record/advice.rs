//! A recommendation, as stored in a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to change, or to leave alone, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// The rule that speaks, as in `memory/shared-buffers`.
    pub rule: String,
    /// Change or leave alone.
    pub stance: Stance,
    /// The advice in one sentence.
    pub title: String,
    /// What was looked at, with its figures.
    pub evidence: String,
    /// From where on the rule speaks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub threshold: String,
    /// Where the rule and its threshold come from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The setting to change, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Settings that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_changes: Vec<Change>,
    /// What it should bring.
    pub expected: String,
    /// What the advice rests on.
    pub basis: Basis,
    /// What could go wrong.
    pub risk: String,
    /// How to see that it worked.
    pub verify: String,
    /// Expected share of the response time, 0..=1, by which advice is ordered.
    pub effect: f64,
}

impl Recommendation {
    /// Everything that it would change.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.change.iter().chain(&self.more_changes)
    }
}

/// Change something, or leave it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Change it.
    Change,
    /// A change would bring nothing, or harm.
    LeaveAlone,
}

/// What a piece of advice rests on, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// An effect measured in this run.
    Measured,
    /// Follows from what this run showed.
    Inferred,
    /// Common practice; this run neither proves nor disproves it.
    Convention,
}

impl Basis {
    /// As a record writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Inferred => "inferred",
            Self::Convention => "convention",
        }
    }
}

/// A setting to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The setting's name.
    pub setting: String,
    /// Its value now.
    pub from: String,
    /// The recommended value.
    pub to: String,
    /// Whether the server must restart.
    pub restart: bool,
    /// SQL that does it.
    pub apply: String,
    /// SQL that takes it back.
    pub undo: String,
}
