//! The advisor: evidence in, recommendations out. Pure: it reads a record and nothing else.
//!
//! To add a rule, write one function in the file of its family and give it a row in the table `RULES`.

mod apply;
mod asked;
mod budget;
mod case;
mod connections;
mod flips;
mod gin;
mod hot;
mod indexes;
mod locks;
mod logging;
mod memory;
mod missing;
mod planner;
mod plans;
mod platform;
mod predicate;
mod rules;
mod saving;
mod say;
mod statements;
mod statistics;
mod usable;
mod vacuum;
mod wal;
mod work_memory;
mod workers;

pub use flips::{PlanFlip, plan_flips};

use crate::record::{Recommendation, Record, Stance};
use case::Case;
use rules::RULES;
use std::cmp::Ordering;

/// All that the rules have to say: what to change first, by expected effect on the response time, then
/// what to leave alone.
#[must_use]
pub fn advise(record: &Record) -> Vec<Recommendation> {
    let case = Case::new(record);
    let mut advice: Vec<Recommendation> = RULES
        .iter()
        .filter_map(|rule| {
            let spoken = (rule.judge)(&case)?;
            Some(Recommendation {
                rule: rule.name.to_owned(),
                threshold: rule.threshold.to_owned(),
                source: rule.source.to_owned(),
                ..spoken
            })
        })
        .collect();
    // Where nothing else decides, the order of the table does: what people ask for first comes first in it.
    advice.sort_by(|a, b| {
        let by_effect = b.effect.total_cmp(&a.effect).then_with(|| a.basis.cmp(&b.basis));
        let by_effect = if a.stance == Stance::Change { by_effect } else { Ordering::Equal };
        (a.stance as u8).cmp(&(b.stance as u8)).then(by_effect)
    });
    advice
}

/// SQL of indexes that are worth a trial, as it can stand in a transaction.
#[must_use]
pub fn indexes_to_try(record: &Record) -> Vec<String> {
    missing::to_try(&Case::new(record))
}

/// What work_mem may be on the machine that a record is of: what is left beside everything else, over all that may be at
/// work at once; bytes.
#[must_use]
pub fn room_for_work_mem(record: &Record) -> u64 {
    budget::most_work_mem(&Case::new(record))
}

/// The memory that settings promise when everybody takes what he may, and the memory that there is, in bytes; `None` where
/// one of them is not known.
#[must_use]
pub fn promised_memory(record: &Record) -> Option<(u64, u64)> {
    let case = Case::new(record);
    Some((budget::promised(&case)?.all(), case.memory()?))
}

/// Every rule's name, threshold and source, in the order of the families.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.name, rule.threshold, rule.source))
}
