//! What the repository gives away.

use super::{
    case::Case,
    check::{Check, Judged, Seen},
    finding::Severity,
};
use crate::observe::TrackedSecret;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "secret-in-repository",
    severity: Severity::Critical,
    title: "a secret stands in a file that git tracks",
    why: "whoever has the repository, or ever had it, has the secret; it stays in the history when the file is gone",
    reference: "https://cwe.mitre.org/data/definitions/540.html; CWE-540; Secret Manager: https://cloud.google.com/secret-manager/docs",
    judge: secrets,
}];

fn secrets(case: &Case) -> Judged {
    let seen = |one: &TrackedSecret| {
        Seen::new(
            format!("{}:{}", one.file, one.name),
            format!("{} has a value in line {} of {}", one.name, one.line, one.file),
        )
        .at(&one.file, one.line)
        .by_hand("make a new secret, for this one is known; keep it outside, as in Secret Manager; git rm --cached the file, and name it in .gitignore")
    };
    Ok(case.evidence.tracked_secrets.get()?.iter().map(seen).collect())
}
