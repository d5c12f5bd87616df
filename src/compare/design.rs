//! The sets that are compared: what may stand in one, and how two stand against each other.

use super::{
    hypothesis::summary,
    pairs::{Pair, pairs},
};
use crate::{
    history::Kind,
    record::{Ended, Record},
    text::short_digest,
};

/// Records of one side.
#[derive(Debug, Clone)]
pub struct Set<'a> {
    /// What the side is called.
    pub label: String,
    /// Its records. A whole run and blocks of a duet may stand together: the blocks are compared then, and the run
    /// tells the plans.
    pub records: Vec<&'a Record>,
}

/// Records that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// A side without records.
    #[error("{0}: there is no record: name records, or a directory of them")]
    Empty(String),
    /// Different loads in one set.
    #[error("{label}: its records are not of one kind ({what}: {one}, {other}): compare records of one kind")]
    Mixed {
        /// The side.
        label: String,
        /// What differs.
        what: &'static str,
        /// In the first record.
        one: String,
        /// In another one.
        other: String,
    },
    /// Different workloads.
    #[error("the records replay different workloads ({base}, {new}): compare records of one workload")]
    Workloads {
        /// Of the base.
        base: String,
        /// Of the other side.
        new: String,
    },
    /// No operation is in both.
    #[error("the records have no operation in common: compare records of one workload")]
    Nothing,
}

/// How the two sides stand against each other.
pub(super) enum Layout<'a> {
    /// Blocks that were measured in pairs.
    Pairs(Vec<Pair<'a>>),
    /// Runs of each side.
    Groups(Vec<&'a Record>, Vec<&'a Record>),
    /// One run a side, or two.
    Single(&'a Record, &'a Record),
}

impl Layout<'_> {
    /// Whether both sides have the operation.
    pub(super) fn has(&self, operation: &str) -> bool {
        let (base, new) = match self {
            Self::Pairs(pairs) => (pairs.first().map(|pair| pair.base), pairs.first().map(|pair| pair.new)),
            Self::Groups(base, new) => (base.first().copied(), new.first().copied()),
            Self::Single(base, new) => (Some(*base), Some(*new)),
        };
        [base, new].into_iter().all(|side| side.is_some_and(|side| summary(side, operation).is_some()))
    }
}

impl<'a> Set<'a> {
    /// The records that are measurements: blocks where there are any, else the runs that were not cut short, unless all were.
    pub(super) fn measured(&self) -> Vec<&'a Record> {
        let blocks: Vec<&Record> = self
            .records
            .iter()
            .copied()
            .filter(|record| record.block.as_ref().is_some_and(|block| block.pair > 0))
            .collect();
        if !blocks.is_empty() {
            return blocks;
        }
        let whole: Vec<&Record> =
            self.records.iter().copied().filter(|record| record.run.ended == Ended::AsPlanned).collect();
        if whole.is_empty() { self.records.clone() } else { whole }
    }

    /// How many of its records are no blocks and were cut short.
    pub(super) fn cut_short(&self) -> usize {
        let is_run = |record: &&&Record| record.block.is_none() && record.run.ended != Ended::AsPlanned;
        self.records.iter().filter(is_run).count()
    }

    /// The record that tells plans and settings: one that has plans, else the first.
    pub(super) fn portrait(&self) -> Option<&'a Record> {
        self.records.iter().find(|record| !record.plans.is_empty()).or(self.records.first()).copied()
    }

    /// Whether all of it is of one kind.
    fn check(&self) -> Result<(), CompareError> {
        let measured = self.measured();
        let Some(first) = measured.first() else { return Err(CompareError::Empty(self.label.clone())) };
        let differs = |what: &'static str, of: &dyn Fn(&Record) -> String| {
            let own = of(first);
            let other = measured.iter().map(|record| of(record)).find(|other| *other != own);
            other.map(|other| CompareError::Mixed { label: self.label.clone(), what, one: own, other })
        };
        let found = [
            differs("workload", &|record| record.workload.name.clone()),
            differs("workload's text", &|record| short_digest(&record.workload.sha256).to_owned()),
            differs("tracks", &|record| record.catalog.tracks.to_string()),
            differs("clients", &|record| record.load.clients.to_string()),
            differs("protocol", &|record| record.workload.protocol.clone()),
            differs("PostgreSQL", &|record| record.server.version.clone()),
            differs("load", &|record| Kind::of(record).load),
            differs("objective", &|record| record.overall.slo.objective.clone()),
            differs("side of a duet", &|record| {
                record.block.as_ref().map_or_else(|| "none".to_owned(), |block| block.side.clone())
            }),
        ];
        found.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

/// How `base` and `new` stand against each other.
///
/// # Errors
/// When they cannot be compared.
pub(super) fn layout<'a>(base: &Set<'a>, new: &Set<'a>) -> Result<Layout<'a>, CompareError> {
    base.check()?;
    new.check()?;
    let (ours, theirs) = (base.measured(), new.measured());
    let (Some(one), Some(other)) = (ours.first(), theirs.first()) else { return Err(CompareError::Nothing) };
    if one.workload.name != other.workload.name {
        return Err(CompareError::Workloads {
            base: one.workload.name.clone(),
            new: other.workload.name.clone(),
        });
    }
    let names = |record: &&Record| record.operations.iter().map(|operation| operation.name.clone()).collect();
    let (ours_named, theirs_named): (Vec<String>, Vec<String>) = (names(one), names(other));
    if !ours_named.iter().any(|name| theirs_named.contains(name)) {
        return Err(CompareError::Nothing);
    }
    let paired = pairs(&ours, &theirs);
    Ok(match (ours.as_slice(), theirs.as_slice()) {
        _ if !paired.is_empty() => Layout::Pairs(paired),
        ([one], [other]) => Layout::Single(one, other),
        _ => Layout::Groups(ours, theirs),
    })
}
