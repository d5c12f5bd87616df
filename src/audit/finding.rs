//! What an audit finds: what was seen, how bad it is, and what helps.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be known; nothing need be done.
    Info,
    /// It makes other faults worse, or harder to see.
    Low,
    /// It does harm when something else goes wrong.
    Medium,
    /// It does harm by itself when somebody tries.
    High,
    /// Whoever comes by takes or loses everything.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// As the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write critical, high, medium, low or info")]
pub struct NoSeverity;

impl FromStr for Severity {
    type Err = NoSeverity;

    fn from_str(text: &str) -> Result<Self, NoSeverity> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or(NoSeverity)
    }
}

/// Something that should not be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Which check found it, as in `tls-not-enforced`.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in general.
    pub title: String,
    /// What it is about: a role, a table, a setting.
    pub object: String,
    /// What was seen.
    pub seen: String,
    /// Why it matters.
    pub why: String,
    /// Where that stands: an address, and what else there is.
    pub reference: String,
    /// What helps.
    pub remedy: Remedy,
    /// Where it stands, if that is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<FilePlace>,
    /// Who accepted it, if the policy says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// What helps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// SQL, one command each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql: Vec<String>,
    /// Database flags of Cloud SQL, as in `log_connections=on`. All flags of an instance are set at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Commands of gcloud.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gcloud: Vec<String>,
    /// What has to be known, chosen or done by hand.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by_hand: String,
}

impl Remedy {
    /// What people have to do.
    #[must_use]
    pub(super) fn by_hand(text: impl Into<String>) -> Self {
        Self { by_hand: text.into(), ..Self::default() }
    }

    /// Whether commands alone do it.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        !(self.sql.is_empty() && self.flags.is_empty() && self.gcloud.is_empty())
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FilePlace {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
}

/// That somebody accepted a finding for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// The last day on which that holds.
    pub expires: NaiveDate,
}

/// A check that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unchecked {
    /// The check.
    pub id: String,
    /// What it looks for.
    pub title: String,
    /// Why it could not be made.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_and_read_back() {
        assert!(Severity::ALL.is_sorted_by(|a, b| a > b));
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
        }
        assert_eq!(
            "bad".parse::<Severity>().unwrap_err().to_string(),
            "write critical, high, medium, low or info"
        );
    }
}
