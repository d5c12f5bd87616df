//! A night: the blocks of one kind that were measured together, as one line.

use super::{ALL, Blocks, FORMAT, HistoryError, Kind, VERSION};
use crate::{
    record::{Ended, Metric, Outcome, Record, Summary},
    text::sha256,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was measured in one night: a line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Night {
    /// Always `loist-bench/history`.
    #[schemars(extend("const" = FORMAT))]
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// The first sixteen digits of the SHA-256 of what was measured: the same night has the same id, whenever it is added
    /// and whatever revision it is given.
    pub id: String,
    /// When the first of its runs began, UTC.
    pub at: DateTime<Utc>,
    /// What was measured: a git revision, or any label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Version of the program that measured.
    pub tool_version: String,
    /// Of which kind it is; only nights of one kind can be put in a row.
    pub kind: Kind,
    /// Blocks that it has: each list has as many values.
    #[schemars(range(min = 1))]
    pub blocks: usize,
    /// Blocks that were disturbed or cut off, and are not among them.
    #[serde(default)]
    pub set_aside: usize,
    /// Whether each of its blocks was disturbed or cut off: they stand here because there was no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disturbed: bool,
    /// One entry an operation, in the workload's order.
    pub operations: Vec<Operation>,
    /// All operations together.
    pub overall: Blocks,
}

/// One operation of a night.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What its blocks measured.
    #[serde(flatten)]
    pub blocks: Blocks,
}

impl Night {
    /// Makes one night of the records of one kind. Each is a block; those that were cut off, and those whose verdict is
    /// inconclusive because of a decisive disturbance, are set aside, unless no other is left.
    ///
    /// # Errors
    /// When there is no record, when two of them are of different kinds or the same, or when the revision is no label.
    pub fn of(records: &[&Record], revision: Option<String>) -> Result<Self, HistoryError> {
        if let Some(revision) = &revision {
            check_revision(revision)?;
        }
        let first = records.first().ok_or(HistoryError::Empty)?;
        let kind = Kind::of(first);
        for (index, record) in records.iter().enumerate().skip(1) {
            if let Some(what) = difference(first, record) {
                return Err(HistoryError::Mixed { number: index + 1, what });
            }
            if let Some(same) = records[..index].iter().position(|other| other == record) {
                return Err(HistoryError::Twice { first: same + 1, second: index + 1 });
            }
        }
        let mut in_order = records.to_vec();
        in_order.sort_by_key(|record| record.run.started_at);
        let (kept, mut set_aside): (Vec<_>, Vec<_>) =
            in_order.iter().copied().partition(|record| !is_disturbed(record));
        let disturbed = kept.is_empty();
        let kept = if disturbed { std::mem::take(&mut set_aside) } else { kept };
        let summaries = |summary: &dyn Fn(&Record) -> &Summary| {
            Blocks::of(&kept.iter().copied().map(summary).collect::<Vec<_>>())
        };
        let operations = first.operations.iter().enumerate().map(|(index, operation)| Operation {
            name: operation.name.clone(),
            blocks: Blocks::of(
                &kept.iter().map(|record| &record.operations[index].summary).collect::<Vec<_>>(),
            ),
        });
        let night = Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            id: String::new(),
            at: in_order[0].run.started_at,
            revision: None,
            tool_version: first.tool_version.clone(),
            kind,
            blocks: kept.len(),
            set_aside: set_aside.len(),
            disturbed,
            operations: operations.collect(),
            overall: summaries(&|record| &record.overall),
        };
        Ok(Self { id: night.hash(), revision, ..night })
    }

    /// The median over the blocks of an operation, or of all together where `operation` is `None`. `None` where there is
    /// no such operation, or nothing was answered.
    #[must_use]
    pub fn value(&self, operation: Option<&str>, metric: Metric) -> Option<f64> {
        self.blocks_of(operation)?.value(metric)
    }

    /// What the blocks measured of an operation, or of all together where `operation` is `None`.
    #[must_use]
    pub fn blocks_of(&self, operation: Option<&str>) -> Option<&Blocks> {
        match operation {
            None => Some(&self.overall),
            Some(name) => self
                .operations
                .iter()
                .find(|operation| operation.name == name)
                .map(|operation| &operation.blocks),
        }
    }

    /// Its operations by name, and all together at the end, by `None`.
    pub fn parts(&self) -> impl Iterator<Item = (Option<&str>, &Blocks)> {
        let operations =
            self.operations.iter().map(|operation| (Some(operation.name.as_str()), &operation.blocks));
        operations.chain([(None, &self.overall)])
    }

    /// What is wrong with a night that was read.
    pub(super) fn fault(&self) -> Option<String> {
        if self.blocks == 0 {
            return Some("the night has no blocks".to_owned());
        }
        if self.id.is_empty() || !self.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Some("its id is not made of letters and digits".to_owned());
        }
        if let Some(Err(error)) = self.revision.as_deref().map(check_revision) {
            return Some(error.to_string());
        }
        self.fault_of_names().or_else(|| {
            self.parts().find_map(|(name, blocks)| {
                Some(format!("{}: {}", name.unwrap_or("overall"), blocks.fault(self.blocks)?))
            })
        })
    }

    /// Operations are told apart by their names, in tables too, where all together have one.
    fn fault_of_names(&self) -> Option<String> {
        let names: Vec<&str> = self.operations.iter().map(|operation| operation.name.as_str()).collect();
        if names.contains(&ALL) {
            return Some(format!("an operation is called `{ALL}`, as all together are"));
        }
        let twice = names.iter().enumerate().find(|(index, name)| names[..*index].contains(name));
        twice.map(|(_, name)| format!("two operations are called `{name}`"))
    }

    fn hash(&self) -> String {
        let text = serde_json::to_vec(self).expect("a night is plain data");
        sha256(text)[..16].to_owned()
    }
}

/// Whether a revision is a label that stands on one line.
///
/// # Errors
/// When it is not.
pub fn check_revision(revision: &str) -> Result<(), HistoryError> {
    let wrong = match revision {
        text if text.trim().is_empty() => "empty",
        text if text.chars().any(char::is_control) => "more than a line",
        text if text.chars().count() > 200 => "too long",
        _ => return Ok(()),
    };
    Err(HistoryError::Revision(wrong))
}

/// Why a run is no measure: it was cut off, or its verdict is inconclusive because of a decisive disturbance. `None` for one
/// that is.
#[must_use]
pub fn why_disturbed(record: &Record) -> Option<&str> {
    if record.run.ended != Ended::AsPlanned {
        return Some("it was cut short");
    }
    let decisive = record.disturbances.iter().find(|disturbance| disturbance.decisive)?;
    (record.verdict.outcome == Outcome::Inconclusive).then_some(decisive.sentence.as_str())
}

/// Whether a run is no measure.
#[must_use]
pub fn is_disturbed(record: &Record) -> bool {
    why_disturbed(record).is_some()
}

/// What keeps two records from being one night.
fn difference(first: &Record, other: &Record) -> Option<String> {
    let names = |record: &Record| -> Vec<String> {
        record.operations.iter().map(|operation| operation.name.clone()).collect()
    };
    if let Some(what) = Kind::of(first).difference(&Kind::of(other)) {
        return Some(what);
    }
    let side = |record: &Record| record.block.as_ref().map_or("none", |block| block.side.as_str()).to_owned();
    if side(first) != side(other) {
        return Some(format!("the side of a duet: {} and {}", side(first), side(other)));
    }
    if names(first) != names(other) {
        return Some(format!("the operations: {} and {}", names(first).join(", "), names(other).join(", ")));
    }
    let objectives = |record: &Record| -> Vec<String> {
        let all = record.operations.iter().map(|operation| &operation.summary);
        all.chain([&record.overall]).map(|summary| summary.slo.objective.clone()).collect()
    };
    let (own, others) = (objectives(first), objectives(other));
    let (own, others) = own.iter().zip(&others).find(|(own, others)| own != others)?;
    Some(format!("the objective: {own} and {others}"))
}
