//! Policies of the gate and of the audit.

use super::{is_in, text};
use loist_bench::{
    audit,
    compare::{LEAST_CONFIDENCE, MOST_CONFIDENCE},
    gate,
};

/// The gate's: what is accepted can be judged by, what is not has its line.
pub(super) fn gate(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    match gate::Policy::parse(text, "gate.toml") {
        Ok(policy) => {
            let judgement = policy.judgement();
            assert!((LEAST_CONFIDENCE..=MOST_CONFIDENCE).contains(&judgement.confidence));
            assert!(!judgement.gated.is_empty());
            assert!((0.0..=10.0).contains(&policy.errors.most) && policy.history.confirmed_after >= 2);
            true
        }
        Err(error) => {
            assert!(is_in(&error.place, text), "{error}");
            false
        }
    }
}

/// The audit's: what is not accepted has its line.
pub(super) fn audit(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    match audit::Policy::parse(text, "audit.toml") {
        Ok(policy) => policy.origin.as_deref() == Some("audit.toml"),
        Err(error) => {
            assert!(is_in(&error.place, text), "{error}");
            false
        }
    }
}
