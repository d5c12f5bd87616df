//! One measurement of a study, as its journal keeps it: a close look, or a pair of blocks.

use super::Candidate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One measurement. A pair that was cut off in the middle is none, and is measured again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Its number, from 1.
    pub number: u32,
    /// What it was measured for.
    pub purpose: Purpose,
    /// Seed of what the clients drew, of both blocks alike.
    pub seed: u64,
    /// One of a close look; of a pair that of the best so far and that of the challenger, in this order.
    pub blocks: Vec<TrialBlock>,
    /// Why it does not count, if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// How long it took, with the start of its servers.
    pub took_seconds: f64,
}

/// A block: one server under load for some seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialBlock {
    /// The settings.
    pub candidate: Candidate,
    /// The objective's value, in its own unit; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The logarithm of what it costs, so that less is better; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Why it could not be measured, if it could not: there is no record of it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What something was measured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// What a server does, closely looked at.
    Portrait,
    /// A challenger against the best so far.
    Search,
    /// The best with and without some of its settings.
    Shrink,
    /// The best with and without one of its settings, to tell what that is worth.
    Worth,
    /// The best against what the server began with.
    Confirm,
}

/// What a pair says of its challenger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Seen<'a> {
    /// It cannot be measured.
    Failed(&'a str),
    /// Nothing: the pair does not count.
    Nothing,
    /// The logarithm of what it costs over what the best so far costs.
    Worse(f64),
}

impl Purpose {
    /// As files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portrait => "portrait",
            Self::Search => "search",
            Self::Shrink => "shrink",
            Self::Worth => "worth",
            Self::Confirm => "confirm",
        }
    }
}

impl Trial {
    /// Name of the file that holds the record of its block `at`.
    #[must_use]
    pub fn file(&self, at: usize) -> String {
        let side = match (self.blocks.len(), at) {
            (1, _) => "",
            (_, 0) => "-base",
            _ => "-new",
        };
        format!("trial-{:04}{side}.json", self.number)
    }

    /// What it says of its challenger.
    pub(super) fn seen(&self) -> Seen<'_> {
        let [base, challenger] = self.blocks.as_slice() else { return Seen::Nothing };
        match (&challenger.failed, &self.set_aside, base.cost.zip(challenger.cost)) {
            (Some(why), ..) => Seen::Failed(why),
            (None, None, Some((base, challenger))) => Seen::Worse(challenger - base),
            _ => Seen::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(cost: Option<f64>, failed: Option<&str>) -> TrialBlock {
        TrialBlock { candidate: Candidate::start(), value: None, cost, failed: failed.map(str::to_owned) }
    }

    fn pair(base: TrialBlock, challenger: TrialBlock, set_aside: Option<&str>) -> Trial {
        Trial {
            number: 7,
            purpose: Purpose::Search,
            seed: 1,
            blocks: vec![base, challenger],
            set_aside: set_aside.map(str::to_owned),
            took_seconds: 8.0,
        }
    }

    #[test]
    fn a_pair_tells_of_its_challenger() {
        let (fast, slow) = (block(Some(1.0), None), block(Some(1.25), None));
        assert_eq!(pair(fast.clone(), slow.clone(), None).seen(), Seen::Worse(0.25));
        assert_eq!(pair(fast.clone(), slow.clone(), Some("steal")).seen(), Seen::Nothing);
        assert_eq!(pair(block(None, Some("gone")), slow, None).seen(), Seen::Nothing, "that of the best");
        let crashed = pair(fast, block(None, Some("gone")), Some("steal"));
        assert_eq!(crashed.seen(), Seen::Failed("gone"));
        assert_eq!([crashed.file(0), crashed.file(1)], ["trial-0007-base.json", "trial-0007-new.json"]);
        let look = Trial { blocks: vec![block(Some(1.0), None)], ..crashed };
        assert_eq!((look.seen(), look.file(0).as_str()), (Seen::Nothing, "trial-0007.json"));
    }
}
