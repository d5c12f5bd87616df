//! An audit as SARIF 2.1.0 (OASIS), for whatever shows the findings of tools.

use crate::{
    audit::{self, Audit, CheckFacts, Finding, Severity, Unchecked},
    text::{percent_encoded, sha256},
};
use serde_json::{Value, json};

/// The schema of the format.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name of our fingerprint, with its version.
const FINGERPRINT: &str = "findingAndObject/v1";

/// The audit as one run: every check is a rule, every finding a result; an accepted one is suppressed, and a check that
/// could not be made is a notification.
#[must_use]
pub fn render(audit: &Audit) -> Value {
    let checks: Vec<CheckFacts> = audit::checks().collect();
    let results: Vec<Value> = audit.findings.iter().map(|finding| result(finding, &checks)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "loist-bench",
                "semanticVersion": audit.tool_version,
                "rules": checks.iter().map(rule).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": audit.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "toolExecutionNotifications": audit.unchecked.iter().map(notification).collect::<Vec<_>>(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// As code scanning orders findings of security: above 9 critical, 7 high, 4 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

fn rule(check: &CheckFacts) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": format!("{}: {}", check.title, check.why) },
        "help": { "text": check.reference },
        "helpUri": check.address(),
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": { "tags": ["security", "postgresql"], "security-severity": score(check.severity) },
    })
}

fn result(finding: &Finding, checks: &[CheckFacts]) -> Value {
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": finding.object, "kind": "resource" }],
    });
    if let Some(place) = &finding.place {
        location["physicalLocation"] = json!({
            "artifactLocation": { "uri": address(&place.file), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": place.line },
        });
    }
    let mut result = json!({
        "ruleId": finding.id,
        "level": level(finding.severity),
        "message": { "text": format!("{}: {}", finding.title, finding.seen) },
        "locations": [location],
        "partialFingerprints": { FINGERPRINT: fingerprint(finding) },
        "properties": { "severity": finding.severity.name(), "remedy": super::words::remedy(&finding.remedy) },
    });
    if let Some(index) = checks.iter().position(|check| check.id == finding.id) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(accepted) = &finding.accepted {
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("{} (until {})", accepted.reason, accepted.expires),
        }]);
    }
    result
}

fn notification(one: &Unchecked) -> Value {
    json!({
        "level": "warning",
        "message": { "text": format!("could not be checked, because {}", one.reason) },
        "associatedRule": { "id": one.id },
    })
}

/// The same for the same fault of the same thing, whatever else is seen of it.
fn fingerprint(finding: &Finding) -> String {
    sha256(format!("{}\0{}", finding.id, finding.object))
}

/// A path as an address takes it.
fn address(path: &str) -> String {
    percent_encoded(path.as_bytes(), b"/-._~")
}
