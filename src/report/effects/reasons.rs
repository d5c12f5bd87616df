//! Why answers are missing: pairs that were set aside, and what there were too few calls for.

use super::words::loud;
use crate::{
    compare::{Answer, Design, Effects, SetAside},
    record::Metric,
    report::xml::plain,
};

/// Pairs that are named of those set aside for one reason.
const MOST_PAIRS: usize = 5;

/// Why nothing could be resolved, where all that decides has a reason: the most frequent one, if it is said more than once.
/// It is said below the answers, and not in each.
#[must_use]
pub fn common_reason(effects: &Effects) -> Option<&str> {
    let open = loud(effects).filter(|(_, effect)| effect.answer == Answer::NotResolved);
    let open: Vec<&str> = open.map(|(_, effect)| effect.reason.as_deref()).collect::<Option<_>>()?;
    let times = |reason: &str| open.iter().filter(|other| **other == reason).count();
    open.iter().copied().max_by_key(|reason| times(reason)).filter(|reason| times(reason) > 1)
}

/// Whether pairs were measured and not one of them counts: then there are no answers to show.
#[must_use]
pub fn none_counts(effects: &Effects) -> bool {
    matches!(effects.design, Design::Pairs { pairs: 0, .. })
}

/// A reason for which pairs were set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Numbers of the pairs.
    pub pairs: Vec<u32>,
    /// The reason, with the figures of the first.
    pub sentence: String,
}

impl Reason {
    /// The reason and its pairs, as in `a checkpoint came to the block of base alone (pair 5)`.
    #[must_use]
    pub fn say(&self) -> String {
        let some: Vec<String> = self.pairs.iter().take(MOST_PAIRS).map(u32::to_string).collect();
        let more = match self.pairs.len().saturating_sub(some.len()) {
            0 => String::new(),
            more => format!(" and {more} more, with other figures"),
        };
        let word = if self.pairs.len() == 1 { "pair" } else { "pairs" };
        format!("{} ({word} {}{more})", self.sentence, some.join(", "))
    }
}

/// Pairs that were set aside, by reason, the most frequent first. Reasons that differ in their figures alone are one.
#[must_use]
pub fn set_aside(effects: &Effects) -> Vec<Reason> {
    let Design::Pairs { set_aside, .. } = &effects.design else { return Vec::new() };
    let mut reasons: Vec<(String, Reason)> = Vec::new();
    for SetAside { pair, reason } in set_aside {
        let kind = kind(reason);
        match reasons.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => known.pairs.push(*pair),
            None => reasons.push((kind, Reason { pairs: vec![*pair], sentence: plain(reason) })),
        }
    }
    reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.pairs.len()));
    reasons.into_iter().map(|(_, reason)| reason).collect()
}

/// What would decide and there were too few calls for, a line a metric and reason.
#[must_use]
pub fn not_judged(effects: &Effects) -> Vec<String> {
    let said = common_reason(effects);
    let decides = |metric: Metric| effects.gated().any(|(_, other)| other.metric == metric);
    let mut groups: Vec<(Metric, String, Vec<String>)> = Vec::new();
    for operation in &effects.operations {
        for effect in operation.metrics.iter().filter(|effect| !effect.gated && decides(effect.metric)) {
            let Some(reason) = effect.reason.as_deref().filter(|reason| Some(*reason) != said) else {
                continue;
            };
            let same = |group: &&mut (Metric, String, Vec<String>)| {
                group.0 == effect.metric && kind(&group.1) == kind(reason)
            };
            match groups.iter_mut().find(same) {
                Some((.., names)) => names.push(plain(&operation.name)),
                None => groups.push((effect.metric, reason.to_owned(), vec![plain(&operation.name)])),
            }
        }
    }
    let say = |(metric, reason, names): (Metric, String, Vec<String>)| {
        let of_first = if names.len() > 1 { "in the first, " } else { "" };
        format!("{} of {}: {of_first}{}", metric.title(), names.join(", "), plain(&reason))
    };
    groups.into_iter().map(say).collect()
}

/// A reason without its figures.
fn kind(reason: &str) -> String {
    reason.chars().filter(|c| !c.is_ascii_digit() && !".,".contains(*c)).collect()
}
