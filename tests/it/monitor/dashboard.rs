//! The dashboard: as Grafana's own types want it, and made of what there is.

use super::{file, known, named_in, prometheus::promtool};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn dashboard() -> Value {
    serde_json::from_str(&file("monitoring/grafana-dashboard.json")).unwrap()
}

fn panels() -> Vec<Value> {
    dashboard()["panels"].as_array().unwrap().clone()
}

/// Each panel's title and query.
fn queries() -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for panel in panels() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            found.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    assert!(found.len() > 50, "{found:?}");
    found
}

#[test]
fn it_is_as_grafana_s_types_want_it() {
    let schema: Value =
        serde_json::from_str(&file("tests/it/monitor/grafana/dashboard.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut dashboard = dashboard();
    // What an export adds for whoever imports it is no part of a dashboard.
    for name in ["__inputs", "__elements", "__requires"] {
        dashboard.as_object_mut().unwrap().remove(name).unwrap();
    }
    let errors: Vec<String> = validator
        .iter_errors(&dashboard)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    dashboard["panels"][1]["fieldConfig"]["defaults"]["unit"] = json!(1);
    assert!(!validator.is_valid(&dashboard), "the schema judges");
}

#[test]
fn it_asks_only_for_metrics_that_there_are_and_for_all_of_them() {
    let known = known();
    let mut asked = BTreeSet::new();
    for (title, query) in queries() {
        let named = named_in(&query);
        let unknown: Vec<&String> = named.difference(&known).collect();
        assert!(!named.is_empty() && unknown.is_empty(), "{title}: {unknown:?}");
        assert!(query.contains("instance=~\"$instance\""), "{title}: {query}");
        asked.extend(named);
    }
    // Texts in labels, and how long the collector's own session took to open.
    let is_left_out = |name: &&String| {
        name.ends_with("_info")
            || name.ends_with("_sum")
            || name.ends_with("_count")
            || name.contains("_connect_seconds")
    };
    let forgotten: Vec<&String> = known.difference(&asked).filter(|name| !is_left_out(name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn prometheus_understands_every_query() {
    let directory = tempfile::tempdir().unwrap();
    let mut rules = "groups:\n  - name: panels\n    rules:\n".to_owned();
    for (number, (_, query)) in queries().iter().enumerate() {
        let query = query.replace("$instance", ".*").replace("$__rate_interval", "1m");
        rules.push_str(&format!("      - record: panel:query:number{number}\n        expr: '{query}'\n"));
    }
    let path = directory.path().join("panels.yaml");
    std::fs::write(&path, rules).unwrap();
    promtool(&["check", "rules", path.to_str().unwrap()]);
}

#[test]
fn panels_have_a_place_a_number_and_a_unit_of_their_own() {
    let (mut numbers, mut taken) = (BTreeSet::new(), BTreeMap::new());
    for panel in panels() {
        let title = panel["title"].as_str().unwrap().to_owned();
        assert!(numbers.insert(panel["id"].as_u64().unwrap()), "{title}: its number is another's");
        let at = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24 && at("w") > 0 && at("h") > 0, "{title}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                if let Some(other) = taken.insert((x, y), title.clone()) {
                    panic!("{title} lies on {other}");
                }
            }
        }
        if panel["type"] != "row" {
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(defaults["unit"].is_string() && defaults["thresholds"]["steps"].is_array(), "{title}");
        }
    }
}

/// The limits that are drawn are those of the alerts.
#[test]
fn thresholds_are_those_of_the_alerts() {
    let rules = file("monitoring/alerts.yaml");
    let expression = |alert: &str| {
        let rule = rules.split(&format!("- alert: {alert}\n")).nth(1).unwrap();
        rule.split("        labels:").next().unwrap().split("        for:").next().unwrap().to_owned()
    };
    for (title, alert, limit, written) in [
        ("p95 of a small read", "LoistQueriesSlow", 0.2, "> 0.2"),
        ("Connections", "LoistConnectionsHigh", 0.8, "> 0.8"),
        ("Processors", "LoistCpuHigh", 0.8, "> 0.8"),
        ("Memory", "LoistMemoryHigh", 0.9, "> 0.9"),
        ("Storage", "LoistStorageHigh", 0.85, "> 0.85"),
        ("Errors", "LoistErrorsHigh", 0.001, "> 0.001"),
        ("Connections that succeed", "LoistConnectionsFailing", 0.999, "> 0.001"),
        ("Age of the newest backup", "LoistBackupOld", 93_600.0, "> 26 * 3600"),
        ("Longest idle transaction", "LoistIdleInTransaction", 300.0, "> 300"),
        ("Standbys are behind", "LoistReplicationLag", 60.0, "> 60"),
        ("Standbys and slots are behind", "LoistReplicationLag", 1_073_741_824.0, "> 1073741824"),
        ("Age of transactions", "LoistWraparound", 1e9, "> 1e9"),
        ("Since the last collection", "LoistCollectorGone", 300.0, "> 5 * 60"),
    ] {
        let panel = panels().into_iter().find(|panel| panel["title"] == title).unwrap();
        let steps = &panel["fieldConfig"]["defaults"]["thresholds"]["steps"];
        assert_eq!(steps[1]["value"].as_f64(), Some(limit), "{title}");
        assert!(expression(alert).contains(written), "{alert}: {}", expression(alert));
    }
}
