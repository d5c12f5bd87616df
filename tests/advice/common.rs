//! The sample record, changes that many tests make to it, and what a rule says then.

use loist_bench::{
    advise::advise,
    flags::Setting,
    record::{
        self, Evidence, Index, Outcome, PlanCase, Recommendation, Record, Relation, Stance, StatementPlan,
        TargetMachine, Trial, WhatIf,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// The sample without plans and trials: what it happened to see must not decide a test.
pub(super) fn sample() -> Record {
    let mut record = record::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample")).unwrap();
    record.plans.clear();
    record.what_ifs.clear();
    record
}

/// What `rule` says of the sample once `change` was made to it.
pub(super) fn said(rule: &str, change: impl FnOnce(&mut Record)) -> Option<Recommendation> {
    let mut record = sample();
    change(&mut record);
    advise(&record).into_iter().find(|piece| piece.rule == rule)
}

pub(super) fn set(evidence: &mut Evidence, name: &str, value: &str) {
    evidence.settings.iter_mut().find(|setting| setting.name == name).unwrap().value = value.to_owned();
}

/// A setting of the record.
pub(super) fn setting<'a>(record: &'a mut Record, name: &str) -> &'a mut Setting {
    record.evidence.settings.iter_mut().find(|setting| setting.name == name).unwrap()
}

/// Every setting that a piece of advice changes, with its new value.
pub(super) fn changed(piece: &Recommendation) -> Vec<(&str, &str)> {
    piece.changes().map(|change| (change.setting.as_str(), change.to.as_str())).collect()
}

/// Settings that the advice as a whole changes to different values.
pub(super) fn contradictions(advice: &[Recommendation]) -> Vec<String> {
    let mut to: BTreeMap<&str, &str> = BTreeMap::new();
    let changes = advice.iter().flat_map(changed);
    changes
        .filter_map(|(name, value)| {
            let known = *to.entry(name).or_insert(value);
            (known != value).then(|| format!("{name}: {known} and {value}"))
        })
        .collect()
}

/// The library's table.
pub(super) fn tracks(record: &mut Record) -> &mut Relation {
    record.evidence.tables.iter_mut().find(|table| table.name.ends_with("audio_tracks")).unwrap()
}

/// The part of the response time of all calls that a statement takes, `operation.statement`.
pub(super) fn share(record: &Record, statement: &str) -> f64 {
    let all: f64 = record
        .operations
        .iter()
        .map(|one| one.summary.response.mean_us.unwrap_or_default() * one.summary.response.count as f64)
        .sum();
    let (operation, name) = statement.split_once('.').unwrap();
    let operation = record.operations.iter().find(|one| one.name == operation).unwrap();
    let service = &operation.statements.iter().find(|one| one.name == name).unwrap().service;
    service.mean_us.unwrap() * service.count as f64 / all
}

/// Takes two numbers for equal that differ by the order of additions alone.
#[track_caller]
pub(super) fn assert_near(is: f64, wanted: f64) {
    assert!((is - wanted).abs() < 1e-9, "{is} instead of {wanted}");
}

/// The value that is recommended.
pub(super) fn to(piece: Option<Recommendation>) -> String {
    piece.expect("the rule speaks").change.expect("it names a value").to
}

pub(super) const SEARCH: &str = "search_library.page";

/// A plan of a statement, with typical parameters unless told otherwise.
pub(super) fn plan(statement: &str, sql: &str, node: Value) -> StatementPlan {
    let ms = node.get("Actual Total Time").and_then(Value::as_f64).unwrap_or(1.0);
    let mut explained = json!({"Planning Time": 0.1, "Execution Time": ms});
    explained["Plan"] = node;
    serde_json::from_value(json!({
        "statements": [statement], "case": "typical", "sql": sql, "executed": true, "fingerprint": "0", "shape": "x",
        "explained": explained,
    }))
    .unwrap()
}

/// A sequential scan that keeps few of many rows.
pub(super) fn scan(filter: &str, removed: f64, kept: f64) -> Value {
    json!({
        "Node Type": "Seq Scan", "Relation Name": "audio_tracks", "Filter": filter, "Rows Removed by Filter": removed,
        "Actual Rows": kept, "Plan Rows": kept, "Actual Loops": 1, "Actual Total Time": 9.0, "Shared Hit Blocks": 400,
    })
}

/// Replaces all plans by one of the search's page.
pub(super) fn searched_by(node: Value) -> impl FnOnce(&mut Record) {
    move |record| record.plans = vec![plan(SEARCH, "SELECT id FROM audio_tracks LIMIT 20 OFFSET 0", node)]
}

/// The objective is missed, so that whatever saves a tenth of the time is felt.
pub(super) fn missed(record: &mut Record) {
    record.overall.slo.outcome = Outcome::Missed;
}

/// A statement of the search takes five times as long.
pub(super) fn slow(record: &mut Record, statement: &str) {
    let search = record.operations.iter_mut().find(|operation| operation.name == "search_library").unwrap();
    let statement = search.statements.iter_mut().find(|other| other.name == statement).unwrap();
    statement.service.mean_us = statement.service.mean_us.map(|us| us * 5.0);
}

pub(super) fn index(name: &str, method: &str, keys: &[&str]) -> Index {
    Index {
        name: format!("loist_bench.{name}"),
        table: "loist_bench.audio_tracks".to_owned(),
        method: method.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        definition: format!(
            "CREATE INDEX {name} ON loist_bench.audio_tracks USING {method} ({})",
            keys.join(", ")
        ),
        is_valid: true,
        bytes: 1 << 20,
        scans: Some(5),
        scans_ever: 5,
        ..Index::default()
    }
}

pub(super) fn trial(base: f64, changed: f64) -> Trial {
    Trial {
        statements: vec![SEARCH.to_owned()],
        case: PlanCase::Typical,
        shape: "Seq Scan on audio_tracks".to_owned(),
        changed_shape: "Bitmap Heap Scan on audio_tracks".to_owned(),
        base_ms: vec![base; 5],
        changed_ms: vec![changed; 5],
    }
}

pub(super) fn what_if(setting: &str, tried: Vec<Trial>) -> WhatIf {
    WhatIf { settings: vec![setting.to_owned()], examined: 40, tried, missing: Vec::new() }
}

pub(super) fn change(rule: &str, make: impl FnOnce(&mut Record)) -> Recommendation {
    let piece = said(rule, make).unwrap_or_else(|| panic!("{rule} has nothing to say"));
    assert_eq!(piece.stance, Stance::Change, "{rule}: {} ({})", piece.title, piece.evidence);
    assert!(!piece.risk.is_empty() && !piece.verify.is_empty() && !piece.expected.is_empty(), "{rule}");
    assert!(!piece.threshold.is_empty() && !piece.source.is_empty(), "{rule}");
    piece
}

pub(super) fn left(rule: &str, make: impl FnOnce(&mut Record)) -> Recommendation {
    let piece = said(rule, make).unwrap_or_else(|| panic!("{rule} has nothing to say"));
    assert_eq!(piece.stance, Stance::LeaveAlone, "{rule}: {} ({})", piece.title, piece.evidence);
    piece
}

pub(super) fn small_machine(record: &mut Record) {
    record.server.machine = Some(TargetMachine {
        name: "db-custom-1-3840".to_owned(),
        platform: "cloud_sql".to_owned(),
        vcpus: 1,
        memory_bytes: 3840 << 20,
        max_connections: Some(100),
        confined_cpus: None,
        confined_memory_bytes: None,
        not_done: Vec::new(),
    });
}
