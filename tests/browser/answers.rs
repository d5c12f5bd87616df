//! The pages of comparisons, verdicts, A/A measurements and audits, used as their readers use them.

use crate::{
    axe,
    page::{Page, Scheme},
};
use chrono::DateTime;
use loist_bench::{
    audit::Audit,
    capacity::{self, Capacity, Prices, Question},
    compare::Effects,
    gate::{FalseAlarms, Verdict},
    record::{self, Record},
    report::html,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>";
const OPEN_ALL: &str = "document.querySelectorAll('details').forEach((details) => { details.open = true; });";

fn effect(metric: &str, (base, new): (f64, f64), ends: [f64; 3], answer: &str) -> Value {
    json!({
        "metric": metric, "gated": metric != "p99", "base": base, "new": new, "low": ends[0], "change": ends[1],
        "high": ends[2], "least": 0.05, "detectable": 0.18, "answer": answer,
    })
}

fn effects() -> Value {
    let side = |label: &str| json!({"label": label, "runs": 9, "from": DateTime::UNIX_EPOCH, "until": DateTime::UNIX_EPOCH});
    let names = ["search_library", "an_operation_with_a_name_that_is_longer_than_its_room", EVIL];
    let operations = names.map(|name| {
        json!({"name": name, "metrics": [
            effect("p50", (1e4, 1.1e4), [0.08, 0.1, 0.13], "slower"),
            effect("p95", (2e4, 1.6e4), [-0.25, -0.2, -0.14], "faster"),
            effect("p99", (4e4, 4.1e4), [-0.1, 0.02, 0.2], "not_resolved"),
            effect("error_share", (0.0, 0.01), [-0.002, 0.001, 0.004], "equivalent"),
            effect("miss_share", (0.0, 0.02), [-0.2, 0.02, 0.3], "not_resolved"),
        ]})
    });
    json!({
        "format": "loist-bench/comparison", "version": 1, "tool_version": "0.1.0", "workload": EVIL,
        "base": side("as-is"), "new": side(EVIL), "confidence": 0.99, "alpha": 0.005, "operations": operations,
        "design": {"kind": "pairs", "pairs": 9, "set_aside": [{"pair": 3, "reason": EVIL}]},
        "experiment": {"id": "x", "planned_pairs": 12, "looks": 3, "budget_seconds": 600.0, "took_seconds": 93.0,
            "block_seconds": 3.0, "ended": "budget"},
        "plans": [{"statements": [EVIL], "case": "heavy", "sentence": EVIL}],
        "settings": [{"name": "work_mem", "base": "4MB", "new": EVIL}],
        "cautions": [EVIL],
    })
}

fn verdict() -> Value {
    let checks = ["base", "history", "slo", "errors"].map(|against| {
        ["passed", "failed", "not_resolved", "excused"].map(|result| {
            json!({"against": against, "operation": "search_library", "metric": "p95", "result": result, "sentence": EVIL})
        })
    });
    json!({
        "format": "loist-bench/gate", "version": 1, "tool_version": "0.1.0", "at": DateTime::UNIX_EPOCH,
        "outcome": "fail", "sentence": EVIL, "workload": "mcp-mix", "policy": "gate.toml", "checks": checks.concat(),
        "effects": effects(), "confirmation": effects(), "cautions": [EVIL],
        "shifts": [{"operation": "facets", "metric": "p50", "night": "2026-11-20", "at": DateTime::UNIX_EPOCH,
            "before": 1e3, "after": 2e3, "change": 1.0, "p": 0.001, "nights_since": 2, "provisional": true, "worse": true}],
    })
}

fn alarms() -> Value {
    let comparison = json!({"judged": 42, "slower": 0, "faster": 1, "equivalent": 30, "over_threshold": 2, "single_run": 3});
    json!({
        "format": "loist-bench/aa", "version": 1, "tool_version": "0.1.0", "at": DateTime::UNIX_EPOCH,
        "took_seconds": 9e3, "machine": EVIL, "postgresql": "17.2", "workload": "mcp-mix", "load": "8 clients",
        "tracks": 10_000, "confidence": 0.99, "block_seconds": 3.0, "pairs": 20, "set_aside": 4,
        "comparisons": vec![comparison; 30],
        "detectable": [{"operation": EVIL, "metric": "p95", "spread": 0.03, "change": 0.07}],
        "spread": [{"operation": EVIL, "metric": "p95", "values": [0.03, -0.02]}],
    })
}

fn audit() -> Value {
    let finding = |severity: &str| {
        json!({
            "id": "hba-trust", "severity": severity, "title": EVIL, "object": EVIL, "seen": EVIL, "why": EVIL,
            "reference": EVIL, "remedy": {"sql": [EVIL], "gcloud": [EVIL], "flags": [EVIL], "by_hand": EVIL},
            "place": {"file": EVIL, "line": 3},
        })
    };
    let mut findings: Vec<Value> = ["critical", "high", "medium", "low", "info"].map(finding).to_vec();
    findings[3]["accepted"] = json!({"reason": EVIL, "expires": "2027-06-30"});
    let mut evidence = json!({
        "server": {"address": EVIL, "version": "18.6", "version_number": 180_006, "database": EVIL, "owner": EVIL,
            "is_cloud_sql": false},
        "session": {"role": EVIL, "way": "network", "tls": true, "protocol": EVIL, "cipher": EVIL},
        "role": EVIL, "settings": [], "instance": {"unread": EVIL},
    });
    for part in [
        "role_settings",
        "hba",
        "passwords",
        "roles",
        "memberships",
        "grants",
        "default_privileges",
        "tables",
        "definer_functions",
        "extensions",
        "languages",
        "foreign_servers",
        "user_mappings",
        "event_triggers",
        "slots",
        "tracked_secrets",
    ] {
        evidence[part] = json!({"read": []});
    }
    json!({
        "format": "loist-bench/audit", "version": 1, "tool_version": "0.1.0", "at": DateTime::UNIX_EPOCH,
        "fail_on": "medium", "findings": findings, "passed": vec!["application-owns-database"; 40], "policy": EVIL,
        "unchecked": [{"id": "password-hash-md5", "title": EVIL, "reason": EVIL}], "remarks": [EVIL],
        "evidence": evidence,
    })
}

/// What the sample would come to if it were the same at every size.
fn capacity() -> Capacity {
    let sample = record::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample")).unwrap();
    let run = |tracks: &u64| -> Record {
        let mut record = sample.clone();
        record.catalog.tracks = *tracks;
        record.operations[0].name = EVIL.to_owned();
        record.workload.name = EVIL.to_owned();
        record
    };
    let records: Vec<Record> = [1_000, 1_000, 10_000, 10_000, 50_000].iter().map(run).collect();
    let question = Question { check: Some(50_000), ..Question::default() };
    let today = DateTime::UNIX_EPOCH.date_naive();
    capacity::analyse(&records, &question, &Prices::shipped(), today).unwrap()
}

/// A page of each kind.
fn pages(directory: &TempDir) -> Vec<PathBuf> {
    let effects: Effects = serde_json::from_value(effects()).unwrap();
    let verdict: Verdict = serde_json::from_value(verdict()).unwrap();
    let alarms: FalseAlarms = serde_json::from_value(alarms()).unwrap();
    let audit: Audit = serde_json::from_value(audit()).unwrap();
    let pages = [
        html::effects(&effects),
        html::gate(&verdict),
        html::false_alarms(&alarms),
        html::audit(&audit),
        html::capacity(&capacity()),
    ];
    let write = |(name, page): (&str, String)| {
        let path = directory.path().join(name);
        std::fs::write(&path, page).unwrap();
        path
    };
    ["effects.html", "gate.html", "alarms.html", "audit.html", "capacity.html"]
        .into_iter()
        .zip(pages)
        .map(write)
        .collect()
}

#[tokio::test]
async fn answers_can_be_read_by_all_at_any_width_and_obey_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let page = Page::new().await;
    for file in pages(&directory) {
        for (width, scheme) in [(1280, Scheme::Light), (360, Scheme::Dark)] {
            page.size(width, 800).await;
            page.prefer(scheme).await;
            page.open(&file).await;
            page.eval(OPEN_ALL).await; // fails when an alert is open
            let needed = page.eval("return document.scrollingElement.scrollWidth").await;
            assert!(needed.as_u64() <= Some(width.into()), "{} {width} px: {needed}", file.display());
            assert_eq!(axe::violations(&page).await, [""; 0], "{} {width}", file.display());
        }
        assert!(page.text("body").await.contains(EVIL), "it is shown");
        assert_eq!(page.eval("return document.querySelectorAll('img, [onerror]').length").await, 0);
        assert_eq!(page.console().await, [""; 0]);
        assert_eq!(page.requests().await.outside, [""; 0]);
    }
}

#[tokio::test]
async fn answers_can_be_read_without_scripts_and_on_paper() {
    let directory = tempfile::tempdir().unwrap();
    let page = Page::new().await;
    page.without_scripts().await;
    page.as_printed().await;
    page.size(688, 800).await;
    for file in pages(&directory) {
        page.open(&file).await;
        let faults = "const seen = (element) => element.checkVisibility();
            const closed = [...document.querySelectorAll('details.section:not([open])')].map((one) => one.id);
            const undrawn = [...document.querySelectorAll('figure.picture')]
                .filter((figure) => ![...figure.querySelectorAll('svg.wide, .pictures svg')].some(seen)).map((one) => one.id);
            const buttons = [...document.querySelectorAll('button, nav')].filter(seen).map((one) => one.textContent);
            const wide = document.scrollingElement.scrollWidth > innerWidth ? ['too wide'] : [];
            return [...closed, ...undrawn, ...buttons, ...wide];";
        assert_eq!(page.eval(faults).await, json!([]), "{}", file.display());
    }
}
