//! Which operations a picture shows first, and in which colour.

use super::{
    lines::Line,
    palette::{self, Colour},
};
use crate::record::{OperationResult, Record, SeriesOperation};

/// Lines that are shown before somebody switches more of them on; others would only hide them.
const MOST_SHOWN: usize = 8;

/// What a page switches on and off together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch {
    /// Index of the operation.
    pub(super) operation: usize,
    /// Whether it is shown before anything is switched.
    pub(super) is_shown: bool,
}

/// The operations of a record by the callers' time that they took, the most first.
#[derive(Debug, Clone)]
pub struct Ranks {
    by_cost: Vec<usize>,
}

impl Ranks {
    /// Those of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let cost = |operation: &OperationResult| {
            operation.summary.response.mean_us.unwrap_or_default() * operation.summary.calls as f64
        };
        let mut by_cost: Vec<usize> = (0..record.operations.len()).collect();
        by_cost.sort_by(|a, b| cost(&record.operations[*b]).total_cmp(&cost(&record.operations[*a])));
        Self { by_cost }
    }

    fn rank(&self, operation: usize) -> usize {
        self.by_cost.iter().position(|index| *index == operation).unwrap_or_default()
    }

    /// Its colour in all pictures.
    #[must_use]
    pub fn colour(&self, operation: usize) -> Colour {
        palette::series(self.rank(operation))
    }

    /// Its line's `stroke-dasharray` in all pictures.
    #[must_use]
    pub fn dashes(&self, operation: usize) -> &'static str {
        palette::dashes(self.rank(operation))
    }

    /// Whether it is shown before anything is switched.
    #[must_use]
    pub fn is_shown(&self, operation: usize) -> bool {
        self.rank(operation) < MOST_SHOWN
    }

    pub(super) fn switch(&self, operation: usize) -> Switch {
        Switch { operation, is_shown: self.is_shown(operation) }
    }

    /// Indexes of the operations, the costliest first.
    #[must_use]
    pub fn by_cost(&self) -> &[usize] {
        &self.by_cost
    }

    /// Slices of the operations of which `has` is true, with their indexes, the costliest first.
    pub(super) fn series<'a>(
        &self,
        record: &'a Record,
        has: impl Fn(&SeriesOperation) -> bool,
    ) -> Vec<(usize, &'a SeriesOperation)> {
        let all =
            self.by_cost.iter().filter_map(|index| Some((*index, record.series.operations.get(*index)?)));
        all.filter(|(_, operation)| has(operation)).collect()
    }

    /// The look of an operation's line.
    pub(super) fn line(&self, operation: usize, name: &str, pieces: Vec<Vec<(f64, f64)>>) -> Line {
        Line {
            name: name.to_owned(),
            switch: Some(self.switch(operation)),
            colour: self.colour(operation),
            dashes: self.dashes(operation),
            width: 4,
            pieces,
        }
    }
}
