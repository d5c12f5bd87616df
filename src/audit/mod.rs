//! The audit: evidence in, findings out. Pure: it reads the evidence and nothing else.
//!
//! To add a check, write one function in the file of its subject and give it a row in the table `CHECKS` there.

mod authentication;
mod case;
mod check;
mod cloud;
mod code;
mod durability;
mod finding;
mod limits;
mod ownership;
mod policy;
mod releases;
mod repository;
mod rights;
mod roles;
mod script;
mod tracing;
mod transport;

pub use finding::{Acceptance, FilePlace, Finding, NoSeverity, Remedy, Severity, Unchecked};
pub use policy::Policy;
pub use script::{MARK, fix_script};

use crate::observe::security::SecurityEvidence;
use case::Case;
use check::Seen;
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every audit.
pub const FORMAT: &str = "loist-bench/audit";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// What is asked beside the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Tables that are to have row-level security.
    pub row_security: Vec<String>,
    /// Instances of the application, and connections of each.
    pub budget: Option<Budget>,
    /// The severity from which on findings fail.
    pub fail_on: Severity,
    /// The day that it is.
    pub today: NaiveDate,
}

/// Instances of the application, and connections of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Instances.
    pub instances: u32,
    /// Connections that the pool of each may open.
    pub pool: u32,
}

impl Budget {
    /// Connections of all together.
    #[must_use]
    pub fn connections(self) -> u64 {
        u64::from(self.instances) * u64::from(self.pool)
    }
}

/// What an audit came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench audit")]
pub struct Audit {
    /// Always `loist-bench/audit`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// When it was made, UTC.
    pub at: DateTime<Utc>,
    /// The severity from which on findings fail.
    pub fail_on: Severity,
    /// What was found, the worst first; what is accepted says so.
    pub findings: Vec<Finding>,
    /// Checks that could not be made.
    pub unchecked: Vec<Unchecked>,
    /// Checks that found nothing.
    pub passed: Vec<String>,
    /// Where the policy came from, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What is to be said of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// What all of it rests on.
    pub evidence: SecurityEvidence,
}

impl Audit {
    /// Findings that nobody accepted, the worst first.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// Findings that nobody accepted and that are too bad.
    pub fn failing(&self) -> impl Iterator<Item = &Finding> {
        self.open().filter(|finding| finding.severity >= self.fail_on)
    }
}

/// Makes every check.
#[must_use]
pub fn audit(evidence: SecurityEvidence, wanted: &Wanted, policy: &Policy, at: DateTime<Utc>) -> Audit {
    let (mut findings, mut unchecked, mut passed) = (Vec::new(), Vec::new(), Vec::new());
    let case = Case { evidence: &evidence, wanted };
    for check in check::all() {
        match (check.judge)(&case) {
            Ok(seen) if seen.is_empty() => passed.push(check.id.to_owned()),
            Ok(seen) => findings.extend(seen.into_iter().map(|seen| finding(check, seen))),
            Err(reason) => {
                unchecked.push(Unchecked { id: check.id.to_owned(), title: check.title.to_owned(), reason });
            }
        }
    }
    let remarks = policy.apply(&mut findings, wanted.today);
    // Where nothing else decides, the order of the tables does.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Audit {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        fail_on: wanted.fail_on,
        findings,
        unchecked,
        passed,
        policy: policy.origin.clone(),
        remarks,
        evidence,
    }
}

fn finding(check: &check::Check, seen: Seen) -> Finding {
    Finding {
        id: check.id.to_owned(),
        severity: seen.severity.unwrap_or(check.severity),
        title: check.title.to_owned(),
        object: seen.object,
        seen: seen.seen,
        why: check.why.to_owned(),
        reference: check.reference.to_owned(),
        remedy: seen.remedy,
        place: seen.place,
        accepted: None,
    }
}

/// What a check is: its id, how bad what it finds is, what that is, why it matters, and where that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckFacts {
    /// As in `tls-not-enforced`.
    pub id: &'static str,
    /// How bad it is, unless what was seen makes it better or worse.
    pub severity: Severity,
    /// What is wrong.
    pub title: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// An address, and behind a semicolon what else there is.
    pub reference: &'static str,
}

impl CheckFacts {
    /// The address of its reference.
    #[must_use]
    pub fn address(&self) -> &'static str {
        self.reference.split(';').next().unwrap_or_default()
    }
}

/// Every check, subject by subject.
pub fn checks() -> impl Iterator<Item = CheckFacts> {
    check::all().map(|check| CheckFacts {
        id: check.id,
        severity: check.severity,
        title: check.title,
        why: check.why,
        reference: check.reference,
    })
}

/// The JSON Schema of an audit (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Audit).to_value()
}
