//! SARIF, held against the schema of its standard.

use crate::{
    fixture::{clean, judged, read},
    outputs::faulty,
};
use loist_bench::{audit::checks, report::audit::sarif::render};
use serde_json::{Value, json};
use std::path::Path;

fn validated(value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit/sarif/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    // The pattern of a language, of which there is none here, has a bracket that is never opened.
    for name in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][name]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(!validator.is_valid(&json!({ "version": "2.1.0" })), "the schema judges");
}

fn result<'a>(value: &'a Value, id: &str) -> &'a Value {
    let results = value["runs"][0]["results"].as_array().unwrap();
    results.iter().find(|result| result["ruleId"] == id).unwrap()
}

#[test]
fn it_is_as_the_standard_says() {
    validated(&render(&faulty()));
    validated(&render(&judged(clean())));
}

#[test]
fn every_check_is_a_rule_and_every_finding_a_result() {
    let audit = faulty();
    let value = render(&audit);
    let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), checks().count());
    assert!(rules.iter().all(|rule| rule["helpUri"].as_str().unwrap().starts_with("https://")));
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), audit.findings.len());
    for one in results {
        let index = usize::try_from(one["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], one["ruleId"]);
    }
    let trust = result(&value, "hba-trust");
    assert_eq!(trust["level"], "error");
    let object = &trust["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(object, "host all all 0.0.0.0/0.0.0.0 trust");
    assert!(trust.get("suppressions").is_none());
    assert_eq!(result(&value, "log-every-statement")["level"], "warning");
    let accepted = result(&value, "checksums-off");
    assert_eq!(accepted["level"], "note");
    assert_eq!(
        accepted["suppressions"][0]["justification"],
        "the next upgrade brings them (until 2027-06-30)"
    );
    let file = &result(&value, "secret-in-repository")["locations"][0]["physicalLocation"];
    assert_eq!(file["artifactLocation"]["uri"], "deploy/my%20app/.env");
    assert_eq!(file["region"]["startLine"], 3);
    let told = value["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(told.len(), audit.unchecked.len());
    assert_eq!(told[0]["associatedRule"]["id"], "password-hash-md5");
}

/// The same fault is known again whatever else is seen of it.
#[test]
fn fingerprints_are_of_the_check_and_its_object() {
    let print = |line: u32| {
        let mut evidence = faulty().evidence;
        read(&mut evidence.hba).last_mut().unwrap().line = line;
        result(&render(&judged(evidence)), "hba-trust")["partialFingerprints"].clone()
    };
    assert_eq!(print(1), print(500));
    let value = render(&faulty());
    let all: Vec<String> = value["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["partialFingerprints"].to_string())
        .collect();
    let mut unique = all.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len());
}
