//! What was judged and kept as JSON: comparisons, gates, A/A measurements, studies, audits, and the journal of a study.

use super::{is_plausible, text};
use loist_bench::{
    audit::{self, Audit, Policy, Severity, Wanted},
    compare::Effects,
    gate::{FalseAlarms, Verdict},
    report::{html, markdown},
    tune::{Study, Trial},
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Each can be explained, whatever stands in it, and reads the same when it is written again.
pub(super) fn read(data: &[u8]) -> bool {
    let Some(text) = text(data) else { return false };
    explained(text, |found: &Effects| html::effects(found) + &markdown::effects(found))
        | explained(text, |found: &Verdict| html::gate(found) + &markdown::gate(found))
        | explained(text, |found: &FalseAlarms| html::false_alarms(found) + &markdown::false_alarms(found))
        | explained(text, |found: &Study| html::study(found) + &markdown::study(found))
        | explained(text, |found: &Audit| html::audit(found) + &markdown::audit(found) + &judged(found))
        | explained(text, |found: &Trial| format!("{} of {}", found.number, found.blocks.len()))
}

fn explained<T>(text: &str, explain: impl Fn(&T) -> String) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let Ok(found) = serde_json::from_str::<T>(text) else { return false };
    let written = serde_json::to_string(&found).expect("it is plain data");
    assert_eq!(serde_json::from_str::<T>(&written).ok().as_ref(), Some(&found));
    !is_plausible(&written) || !explain(&found).is_empty()
}

/// The same evidence, judged again.
fn judged(found: &Audit) -> String {
    let wanted = Wanted {
        row_security: Vec::new(),
        budget: None,
        fail_on: Severity::Medium,
        today: Default::default(),
    };
    let again = audit::audit(found.evidence.clone(), &wanted, &Policy::default(), Default::default());
    assert!(again.findings.iter().all(|finding| audit::checks().any(|check| check.id == finding.id)));
    markdown::audit(&again)
}
