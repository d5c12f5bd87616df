//! Two sets of records in, effects out. Pure.
//!
//! The unit of replication is the run, or the block of a duet, never the call: calls of one run depend on each other.
//! Blocks that were measured in pairs are compared pair by pair (Wilcoxon 1945), other runs as two groups (Mann and
//! Whitney 1947), and one run a side is shown and not judged.
//!
//! What counts as slower is changed here: how sure it must be and which change matters (`judgement`), and the families of
//! tests (`answer`). The tests themselves are in `src/stats`.

mod answer;
mod changes;
mod design;
mod effects;
#[cfg(test)]
pub(crate) mod fixture;
mod hypothesis;
mod judgement;
mod pairs;
#[cfg(test)]
mod tests;

pub use answer::{effects, unknown_exemptions, worse_by_pair};
pub use design::{CompareError, Set};
pub use effects::{
    Answer, Design, Effect, Effects, Experiment, FORMAT, OperationEffects, PlanChange, SetAside,
    SettingChange, SideBrief, Stop, VERSION, schema,
};
pub use hypothesis::summary;
pub use judgement::{Judgement, LEAST_CONFIDENCE, Least, MOST_CONFIDENCE, POWER};
pub use pairs::{FROM_OUTSIDE, Pair, counted_pairs, pairs};
