//! Records for tests: a small workload at any number of tracks, with response times that are made up.

use crate::record::{
    Latency, OperationResult, PlanCase, QuantileInterval, Record, Relation, RelationWindow, Sample,
    StatementPlan, Summary, sample,
};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

/// Operations of the made-up workload.
pub(crate) const OPERATIONS: [&str; 3] = ["get_audio_metadata", "search_library", "facets"];

const TEXT: &str = r#"
name = "small"
[[operation]]
name = "get_audio_metadata"
weight = 6.0
[[operation.transaction]]
end = "none"
[[operation.transaction.statement]]
name = "track"
sql = "SELECT 1"
[[operation]]
name = "search_library"
weight = 3.0
[[operation.transaction]]
end = "none"
[[operation.transaction.statement]]
name = "page"
sql = "SELECT 1"
[[operation]]
name = "facets"
weight = 1.0
[[operation.transaction]]
end = "none"
[[operation.transaction.statement]]
name = "genres"
sql = "SELECT 1"
"#;

/// A run at `tracks`, in which the operation of that name takes `us(name, tracks)` microseconds.
pub(crate) fn record(tracks: u64, seed: u64, us: impl Fn(&str, u64) -> f64) -> Record {
    let mut record = sample();
    record.run.seed = seed;
    let since = TimeDelta::days(20_000) + TimeDelta::seconds(i64::try_from(seed).unwrap());
    record.run.started_at = DateTime::UNIX_EPOCH + since;
    record.host.cpu_model = "a processor".to_owned();
    record.host.cpus = 2;
    (record.server.version, record.server.version_number) = ("15.18".to_owned(), 150_018);
    record.window.seconds = 30.0;
    record.catalog.tracks = tracks;
    record.workload.name = "small".to_owned();
    record.workload.origin = "a test".to_owned();
    record.workload.text = TEXT.to_owned();
    record.load.clients = 1;
    record.load.connections = 1;
    let template = record.operations[0].clone();
    let of = |name: &&str| operation(&template, name, us(name, tracks));
    record.operations = OPERATIONS.iter().map(of).collect();
    record.plans = OPERATIONS.iter().map(|name| plan(name, "Index Scan", json!({}))).collect();
    let cpu =
        record.operations.iter().map(|one| one.summary.service.mean_us.unwrap() * 100.0 / 1e6).sum::<f64>();
    let sample = |at_seconds: f64| Sample {
        at_seconds,
        server_cpus: Some(cpu / record.window.seconds),
        ..Sample::default()
    };
    record.samples.samples = vec![sample(10.0), sample(20.0)];
    let rows = tracks as f64;
    record.evidence.database_bytes = Some(8_000_000 + (1_400.0 * rows) as u64);
    record.evidence.tables = vec![Relation {
        name: "loist_bench.audio_tracks".to_owned(),
        heap_bytes: (350.0 * rows) as u64,
        index_bytes: (1_000.0 * rows) as u64,
        live_rows: tracks,
        window: Some(RelationWindow::default()),
        ..Relation::default()
    }];
    record.knee = None;
    record
}

fn operation(template: &OperationResult, name: &str, us: f64) -> OperationResult {
    let latency = Latency {
        count: 100,
        mean_us: Some(us * 0.8),
        p50_us: Some(us * 0.7),
        p95_us: Some(us),
        ..template.summary.response.clone()
    };
    let mut slo = template.summary.slo.clone();
    slo.observed_us = Some(us);
    let interval = QuantileInterval { quantile: 0.95, low_us: us * 0.9, high_us: us * 1.1 };
    let summary = Summary {
        calls: 100,
        completed: 100,
        response_intervals: vec![interval],
        response: latency.clone(),
        service: latency,
        slo,
        ..template.summary.clone()
    };
    OperationResult { name: name.to_owned(), weight: 1.0, summary, ..template.clone() }
}

/// A plan of an operation's only statement: one node of that kind, with these figures.
pub(crate) fn plan(operation: &str, kind: &str, figures: Value) -> StatementPlan {
    let mut node = figures;
    node["Node Type"] = json!(kind);
    node["Relation Name"] = json!("audio_tracks");
    StatementPlan {
        statements: vec![format!("{operation}.page")],
        case: PlanCase::Typical,
        sql: "SELECT 1".to_owned(),
        parameters: Vec::new(),
        call_ms: None,
        executed: true,
        fingerprint: kind.to_owned(),
        shape: format!("{kind} on audio_tracks"),
        explained: json!({ "Plan": node }),
    }
}
