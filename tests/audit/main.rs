//! The audit's checks, each on the evidence of a clean server with one thing about it changed, and what an audit looks like
//! in every form.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

mod cloud;
mod fixture;
mod outputs;
mod roles;
mod sarif;
mod server;

use fixture::{clean, judged, wanted};
use loist_bench::audit::{self, Severity, checks};
use std::{collections::HashSet, path::Path};

#[test]
fn a_clean_server_has_no_findings() {
    let audit = judged(clean());
    assert_eq!(audit.findings, []);
    assert_eq!(audit.unchecked, []);
    assert_eq!(audit.passed.len(), checks().count());
    assert!(audit.failing().next().is_none());
}

#[test]
fn every_check_has_a_name_a_reason_and_an_address() {
    let mut ids = HashSet::new();
    for check in checks() {
        assert!(ids.insert(check.id), "{} twice", check.id);
        assert!(
            check.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            check.id
        );
        assert!(check.address().starts_with("https://"), "{}", check.id);
        for text in [check.title, check.why] {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('|'), "{}: {text}", check.id);
        }
    }
    assert!(ids.len() >= 30);
}

/// The table of the documentation is that of the program.
#[test]
fn the_checks_are_documented() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    let is_row = |line: &&str| line.starts_with("| `") && line.ends_with(" |") && line.contains("| http");
    let documented: Vec<&str> = page.lines().filter(is_row).collect();
    let row = |check: audit::CheckFacts| {
        format!("| `{}` | {} | {} | {} |", check.id, check.severity, check.title, check.reference)
    };
    let checks: Vec<String> = checks().map(row).collect();
    assert_eq!(documented, checks, "put this into docs/audit.md:\n{}", checks.join("\n"));
}

/// What is not known is never taken for good.
#[test]
fn what_cannot_be_read_does_not_pass() {
    let mut evidence = serde_json::to_value(clean()).unwrap();
    for part in evidence.as_object_mut().unwrap().values_mut() {
        if part.get("read").is_some() {
            *part = serde_json::json!({ "unread": "nobody may" });
        }
    }
    evidence["settings"] = serde_json::json!([]);
    let audit = judged(serde_json::from_value(evidence).unwrap());
    assert_eq!(audit.findings, []);
    let passed: Vec<&str> = audit.passed.iter().map(String::as_str).collect();
    // These rest on what every session knows of itself and its server.
    let known = ["session-without-tls", "application-owns-database"];
    assert_eq!(
        passed,
        [&known[..], &["version-unsupported", "version-ends-soon", "version-outdated"]].concat()
    );
    assert!(audit.unchecked.iter().all(|one| !one.reason.is_empty()));
}

#[test]
fn accepted_findings_do_not_fail() {
    let mut evidence = clean();
    fixture::set(&mut evidence, "fsync", "off");
    let text = "[[accept]]\nid = 'fsync-off'\nreason = 'a copy for tests'\nexpires = 2027-01-01\n";
    let policy = audit::Policy::parse(text, "p").unwrap();
    let audit = audit::audit(evidence, &wanted(), &policy, fixture::now());
    assert_eq!(audit.findings.len(), 1);
    assert_eq!(audit.findings[0].severity, Severity::Critical);
    assert!(audit.failing().next().is_none() && audit.open().next().is_none());
}
