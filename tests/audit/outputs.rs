//! What an audit looks like, in every form.

use crate::fixture::{clean, hba, judged, now, read, set, wanted};
use loist_bench::{
    audit::{self, Audit, Policy, fix_script},
    observe::{TrackedSecret, security::Part},
    report::{self, mark},
};

/// An audit with something of everything in it.
pub(super) fn faulty() -> Audit {
    let mut evidence = clean();
    read(&mut evidence.hba).push(hba("host all all 0.0.0.0/0.0.0.0 trust"));
    read(&mut evidence.tables)[0].owner = "app".to_owned();
    read(&mut evidence.instance).backups.point_in_time = false;
    read(&mut evidence.tracked_secrets).push(TrackedSecret {
        file: "deploy/my app/.env".to_owned(),
        line: 3,
        name: "DB_PASSWORD".to_owned(),
    });
    evidence.passwords = Part::Unread("the session's role may not read pg_authid".to_owned());
    set(&mut evidence, "log_statement", "all");
    set(&mut evidence, "log_disconnections", "off");
    set(&mut evidence, "data_checksums", "off");
    let text = "[[accept]]\nid = 'checksums-off'\nreason = 'the next upgrade brings them'\nexpires = 2027-06-30\n\
                [[accept]]\nid = 'log-disconnections-off'\nreason = 'for now'\nexpires = 2026-06-30\n\
                [[accept]]\nid = 'fsync-off'\nreason = 'no more'\nexpires = 2027-06-30\n";
    let policy = Policy::parse(text, "loist-audit.toml").unwrap();
    let mut audit = audit::audit(evidence, &wanted(), &policy, now());
    audit.tool_version = "0.1.0".to_owned();
    audit
}

fn without_styles(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn as_text() {
    insta::assert_snapshot!(without_styles(&report::audit::render(&faulty())));
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(report::markdown::audit(&faulty()));
}

#[test]
fn as_a_script() {
    let script = fix_script(&faulty());
    assert!(mark::is_ours(&script));
    insta::assert_snapshot!(script);
}

/// The page without its style and its script, which all pages share.
#[test]
fn as_a_page() {
    let page = report::html::audit(&faulty());
    assert!(mark::is_ours(&page) && page.ends_with("</html>"));
    let body = page.split_once("<main>").unwrap().1.split_once("<script>").unwrap().0;
    insta::assert_snapshot!(body);
}

#[test]
fn of_a_clean_server() {
    let audit = judged(clean());
    let text = without_styles(&report::audit::render(&audit));
    assert!(text.starts_with("PASS: nothing was found by "), "{text}");
    assert!(!text.contains("Could not be checked"), "{text}");
    assert!(report::html::audit(&audit).contains("Nothing was found by"));
    let script = fix_script(&audit);
    assert!(script.lines().all(|line| line.starts_with("--") || line.is_empty()), "{script}");
}

/// Whatever names and settings hold, it stays text, and ends no comment of a script.
#[test]
fn hostile_names_stay_text() {
    let evil = "x\nDROP TABLE y;\u{1b}[31m<script>alert(1)</script>\u{202E}";
    let mut evidence = clean();
    evidence.server.database = evil.to_owned();
    evidence.server.address = evil.to_owned();
    let table = &mut read(&mut evidence.tables)[0];
    (table.name, table.schema) = (format!("public.\"{evil}\""), "public".to_owned());
    let mut line = hba("local all all trust");
    line.users = vec![evil.to_owned()];
    read(&mut evidence.hba).push(line);
    let audit = judged(evidence);
    assert_eq!(audit.findings.len(), 2, "{:?}", audit.findings);
    let page = report::html::audit(&audit);
    assert!(!page.contains("<script>alert") && !page.contains(['\u{1b}', '\u{202E}']));
    assert_eq!(page.matches("<script").count(), 1);
    let text = without_styles(&report::audit::render(&audit));
    assert!(!text.contains(['\u{1b}', '\u{202E}']));
    assert!(!text.lines().any(|line| line.starts_with("DROP")), "{text}");
    assert!(!fix_script(&audit).lines().any(|line| line.starts_with("DROP")));
    assert!(!report::markdown::audit(&audit).contains("<script>"));
}

/// An audit that was kept is read back whole.
#[test]
fn as_json() {
    let audit = faulty();
    let value = serde_json::to_value(&audit).unwrap();
    assert_eq!(serde_json::from_value::<Audit>(value.clone()).unwrap(), audit);
    let schema = audit::schema();
    jsonschema::meta::validate(&schema).expect("a valid JSON Schema");
    jsonschema::validate(&schema, &value).unwrap();
}
