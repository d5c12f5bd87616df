//! What a drill comes to.

use super::options::Method;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every drill.
pub const FORMAT: &str = "loist-bench/drill";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// What a drill came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench drill")]
pub struct Drill {
    /// Always `loist-bench/drill`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When it began, UTC.
    pub at: DateTime<Utc>,
    /// The worst of the backups' outcomes.
    pub outcome: Outcome,
    /// One entry a backup.
    pub backups: Vec<BackupDrill>,
    /// What is in none of these backups.
    pub left_out: Vec<String>,
    /// What makes the figures less than they seem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
}

/// How a drill or a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// It could not be looked at, or not be told.
    Unproven,
    /// Not as it should be.
    Failed,
}

/// One backup, restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackupDrill {
    /// How it was made.
    pub method: Method,
    /// Failed where any check failed; a backup with checks that could not be made passes, and says which those are.
    pub outcome: Outcome,
    /// Where the backup was found, if it was made before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where the backup is kept now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    /// What was backed up, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<BackedUp>,
    /// What encrypted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
    /// Programs by which it was made and restored, with their versions.
    pub tools: Vec<String>,
    /// Every check, in the order in which they were made.
    pub checks: Vec<Check>,
    /// How large it is.
    pub sizes: Sizes,
    /// How long making it took, part by part; empty where it was made before and does not say.
    pub made: Vec<Part>,
    /// How long restoring it took, part by part.
    pub restored: Vec<Part>,
    /// From the start of the restore to the first correct answer: the sum of its parts. Absent where none came, or something
    /// had failed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time_seconds: Option<f64>,
    /// What would have been lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_point: Option<RecoveryPoint>,
    /// What a larger library would take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
}

/// What was backed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackedUp {
    /// Host, port, database and user; never the password.
    pub address: String,
    /// Version of the server.
    pub version: String,
    /// The state that is in the backup: when it was read, or the point that is restored, UTC.
    pub as_of: DateTime<Utc>,
    /// Tracks in it; absent where it has no table `audio_tracks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracks: Option<u64>,
}

/// One check of what was restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was seen, or why nothing could be seen.
    pub evidence: String,
    /// What is not as it should be, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

impl Check {
    /// A check that passes where nothing failed.
    pub(super) fn of(name: &str, evidence: impl Into<String>, failures: Vec<String>) -> Self {
        let outcome = if failures.is_empty() { Outcome::Passed } else { Outcome::Failed };
        Self { name: name.to_owned(), outcome, evidence: evidence.into(), failures }
    }

    /// A check that failed for one reason.
    pub(super) fn failed(name: &str, failure: impl Into<String>) -> Self {
        Self::of(name, "", vec![failure.into()])
    }

    /// A check that could not be made.
    pub(super) fn unproven(name: &str, why: impl Into<String>) -> Self {
        let failures = Vec::new();
        Self { name: name.to_owned(), outcome: Outcome::Unproven, evidence: why.into(), failures }
    }
}

/// Sizes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sizes {
    /// The database that was backed up; of a base backup all databases of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_bytes: Option<u64>,
    /// All files of the backup.
    pub backup_bytes: u64,
    /// The database that was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_bytes: Option<u64>,
}

/// A part of the work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub seconds: f64,
    /// Bytes that it read or wrote, where that is what took the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What would have been lost, had the server been lost at the worst moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecoveryPoint {
    /// Age of the newest state that could be restored, at the moment that is told of.
    pub measured_seconds: f64,
    /// Which moment that was.
    pub measured: String,
    /// The most that can be lost, as backups are made by plan; absent where nothing bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_seconds: Option<f64>,
    /// What that follows from.
    pub bound: String,
}

/// What a larger library would take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Growth {
    /// What was measured, by size.
    pub measured: Vec<Measured>,
    /// Estimates; each is of a size that is at most ten times the largest that was measured.
    pub projected: Vec<Projected>,
    /// Sizes that are not estimated, because they are too far from what was measured.
    pub refused: Vec<u64>,
    /// What the estimates rest on.
    pub assumption: String,
}

/// One size that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// Tracks.
    pub tracks: u64,
    /// All files of the backup.
    pub backup_bytes: u64,
    /// How long making it took.
    pub backup_seconds: f64,
    /// From the start of the restore to the first correct answer.
    pub recovery_seconds: f64,
}

/// An estimate for one size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Projected {
    /// Tracks.
    pub tracks: u64,
    /// All files of the backup.
    pub backup_bytes: Range,
    /// How long making it takes.
    pub backup_seconds: Range,
    /// From the start of the restore to the first correct answer.
    pub recovery_seconds: Range,
}

/// Between what the estimates lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

/// The JSON Schema of a drill (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Drill).to_value()
}
