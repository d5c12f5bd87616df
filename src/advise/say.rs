//! Words, figures and changes that several families use.

use crate::record::{Basis, Recommendation, Stance};
use crate::text::first_of;

/// Advice to change something; the rule fills it in.
pub(super) fn change() -> Recommendation {
    Recommendation {
        rule: String::new(),
        stance: Stance::Change,
        title: String::new(),
        evidence: String::new(),
        threshold: String::new(),
        source: String::new(),
        change: None,
        more_changes: Vec::new(),
        expected: String::new(),
        basis: Basis::Inferred,
        risk: String::new(),
        verify: String::new(),
        effect: 0.0,
    }
}

/// Advice to leave something alone.
pub(super) fn leave_alone(title: &str, evidence: String, basis: Basis) -> Recommendation {
    Recommendation {
        stance: Stance::LeaveAlone,
        title: title.to_owned(),
        evidence,
        expected: match basis {
            Basis::Measured => "a change would bring nothing: this run measured it",
            Basis::Inferred => "a change would bring nothing: what it helps with did not happen in this run",
            Basis::Convention => {
                "a change is not worth its risk, by common practice; this run did not try one"
            }
        }
        .to_owned(),
        basis,
        risk: "none".to_owned(),
        verify: "run again with more tracks, or with a workload of your own".to_owned(),
        ..change()
    }
}

/// A share as a percentage; what would read 0 or 100 and is neither gets more digits.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.001 {
        return "under 0.001 %".to_owned();
    }
    if (99.999_5..100.0).contains(&percent) {
        return "over 99.999 %".to_owned();
    }
    if percent != 0.0 && percent.abs() < 0.1 || percent != 100.0 && (99.9..100.0).contains(&percent) {
        return format!("{percent:.3} %");
    }
    format!("{percent:.1} %")
}

/// The statements that a plan stands for, in few words.
pub(super) fn statements(names: &[String]) -> String {
    first_of(names, 1)
}

/// What trials say that a change saves. They are of single statements on a server that does nothing else: under load it
/// may be less.
pub(super) fn by_trials(saved: f64) -> String {
    format!("up to {} of the response time, by the trials of this run", percent(saved))
}

/// Rounded down to whole megabytes, so that a value can be read.
pub(super) fn whole_mb(bytes: u64) -> u64 {
    ((bytes >> 20).max(1)) << 20
}
