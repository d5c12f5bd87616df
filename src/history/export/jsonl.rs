//! JSON Lines: what another history reads.

use crate::history::{Baseline, History, Line, Night};

/// The lines of nights, and of the baselines that name them.
#[must_use]
pub fn jsonl(history: &History, nights: &[&Night]) -> String {
    let is_of = |baseline: &&Baseline| nights.iter().any(|night| Some(&night.id) == baseline.id.as_ref());
    let names = history.baselines().values().filter(is_of).cloned().map(Line::Baseline);
    let nights = nights.iter().map(|night| Line::Night(Box::new((*night).clone())));
    nights.chain(names).map(|line| line.text() + "\n").collect()
}
