//! Execution plans of the workload's statements, from the record of a run.

use crate::{
    common::{Answer, Bench, KeptServer},
    wire,
};
use loist_bench::{
    record::{PlanCase, Record, StatementPlan},
    workload::{Workload, builtin},
};
use std::{collections::BTreeSet, path::PathBuf};

const WORKLOADS: [&str; 6] = ["mcp-mix", "read", "search", "browse", "fuzzy", "ingest"];

fn plans_of<'a>(record: &'a Record, name: &str) -> Vec<&'a StatementPlan> {
    record.plans.iter().filter(|plan| plan.statements.iter().any(|known| known == name)).collect()
}

/// Statements of operations that had a call that completed.
fn called(record: &Record, workload: &Workload) -> BTreeSet<String> {
    let operations = workload.operations.iter().zip(&record.operations);
    operations
        .filter(|(_, result)| result.summary.completed > 0)
        .flat_map(|(operation, _)| {
            operation.statements().map(|statement| format!("{}.{}", operation.name, statement.name))
        })
        .collect()
}

fn assert_explained(record: &Record, workload: &Workload) {
    let statements = called(record, workload);
    assert!(!statements.is_empty());
    for name in statements {
        let plans = plans_of(record, &name);
        assert!(!plans.is_empty(), "{name} has no plan: {:?}", record.evidence.missing);
        assert!(plans.iter().all(|plan| plan.executed), "{name}: {:?}", record.evidence.missing);
        let mut seen = BTreeSet::new();
        for plan in plans {
            assert!(plan.execution_ms().is_some() && plan.planning_ms().is_some(), "{name}");
            assert_eq!(plan.fingerprint.len(), 16);
            assert!(plan.shape.contains(&plan.root().kind.replace("ModifyTable", "on")), "{}", plan.shape);
            assert!(plan.root().nodes().iter().all(|node| node.actual_rows.is_some()), "{name}");
            let beside = record.workload.protocol != "simple";
            assert_eq!(plan.sql.contains("$1"), beside && !plan.parameters.is_empty(), "{}", plan.sql);
            assert!(beside || plan.parameters.is_empty(), "{name}");
            let is_insert = plan.sql.starts_with("INSERT");
            assert_eq!(plan.call_ms.is_none(), is_insert, "{name}: a row cannot be inserted twice");
            let settings = plan.explained.get("Settings");
            assert!(settings.is_none_or(|settings| settings.get("plan_cache_mode").is_none()));
            let generic = plan.case == PlanCase::Generic;
            assert!(seen.insert((plan.sql.clone(), plan.parameters.clone(), generic)), "{name}: twice");
        }
        let cases: Vec<PlanCase> = plans_of(record, &name).iter().map(|plan| plan.case).collect();
        assert_eq!(cases[0], PlanCase::Typical, "{name}");
        let has_parameters = !plans_of(record, &name)[0].parameters.is_empty();
        let generic = record.workload.protocol == "prepared" && has_parameters;
        assert_eq!(cases.contains(&PlanCase::Generic), generic, "{name}: {cases:?}");
    }
    assert!(record.steps.iter().any(|step| step.name == "explain the statements"));
}

fn every_workload_is_explained(protocol: &str) {
    let server = KeptServer::start("");
    for name in WORKLOADS {
        let bench = Bench::new();
        let run = format!("run {name} --tracks 500 --protocol {protocol} --warmup 0s --duration 1s --quiet");
        let record = bench.measure(&server, 0, &run);
        assert_explained(&record, &builtin::find(name).unwrap());
    }
}

#[test]
fn every_workload_is_explained_with_literals() {
    every_workload_is_explained("simple");
}

#[test]
fn every_workload_is_explained_with_parameters_beside_the_text() {
    every_workload_is_explained("extended");
}

#[test]
fn every_workload_is_explained_as_prepared() {
    every_workload_is_explained("prepared");
}

#[test]
fn equal_texts_are_explained_once() {
    let bench = Bench::new();
    bench.expect(0, "run --tracks 500 --warmup 0s --duration 2s --quiet");
    let record = bench.record();
    let reads = plans_of(&record, "oembed.track");
    assert!((1..=3).contains(&reads.len()), "{reads:?}");
    let names = [
        "get_audio_metadata",
        "resource_metadata",
        "resource_stream",
        "resource_thumbnail",
        "embed_page",
        "oembed",
    ];
    for plan in reads {
        assert_eq!(plan.statements, names.map(|name| format!("{name}.track")));
        assert_eq!(plan.shape, "Index Scan using audio_tracks_pkey on audio_tracks");
    }
    let envelope = ["begin", "validate", "commit", "rollback"];
    let explained: Vec<&String> = record.plans.iter().flat_map(|plan| &plan.statements).collect();
    assert!(explained.iter().all(|name| !envelope.iter().any(|part| name.ends_with(&format!(".{part}")))));
}

/// What the explained writes did is undone: the table holds what the calls left.
#[test]
fn explaining_leaves_no_trace() {
    let server = KeptServer::start("");
    let bench = Bench::new();
    let record = bench.measure(&server, 0, "run ingest --tracks 300 --warmup 0s --duration 1s --quiet");
    assert!(!plans_of(&record, "process_audio_complete.insert").is_empty());
    assert!(!plans_of(&record, "process_audio_untagged.fail").is_empty());
    let counted = |name: &str| -> u64 {
        let statements = record.operations.iter().flat_map(|operation| &operation.statements);
        statements.filter(|statement| statement.name == name).map(|statement| statement.rows).sum()
    };
    let one = |sql: &str| server.sql(sql)[0].parse::<u64>().unwrap();
    assert_eq!(one("SELECT count(*) FROM loist_bench.audio_tracks"), 300 + counted("insert"));
    let failed =
        "SELECT count(*) FROM loist_bench.audio_tracks WHERE last_processed_at > now() - '1 h'::interval";
    assert_eq!(one(&format!("{failed} AND retry_count > 0")), counted("fail"));
    assert_eq!(one(&format!("{failed} AND retry_count > 1")), 0);
}

#[test]
fn what_never_succeeds_is_said_and_not_explained() {
    let bench = Bench::new();
    bench.write(
        "fails.toml",
        "name = 'fails'\n[[operation]]\nname = 'divide'\nweight = 1.0\nexpected_errors = ['22012']\n
         parameters.n = { draw = 'integer', min = 0, max = 0 }\n[[operation.transaction]]\nend = 'rollback'\n
         [[operation.transaction.statement]]\nname = 'by_zero'\nsql = 'SELECT 1 / :n::int'\n
         [[operation]]\nname = 'fine'\nweight = 1.0\n[[operation.transaction]]\nend = 'none'\n
         [[operation.transaction.statement]]\nname = 'one'\nsql = 'SELECT 1'\n",
    );
    bench.expect(0, "run fails.toml --tracks 10 --warmup 0s --duration 500ms --quiet");
    let record = bench.record();
    assert!(plans_of(&record, "divide.by_zero").is_empty());
    let said = "plans of divide.by_zero: no call completed in the window";
    assert!(record.evidence.missing.iter().any(|missing| missing == said), "{:?}", record.evidence.missing);
    assert!(record.verdict.cautions.iter().any(|caution| caution.contains(said)));
    assert_eq!(plans_of(&record, "fine.one").len(), 1);
}

/// A statement that succeeds once a session, say, still has the plan that it would have had.
#[test]
fn what_cannot_be_executed_again_is_planned() {
    let server = KeptServer::start("");
    server.sql("CREATE TABLE public.once (id int PRIMARY KEY)");
    let bench = Bench::new();
    bench.write(
        "once.toml",
        "name = 'once'\n[[operation]]\nname = 'once'\nweight = 1.0\nexpected_errors = ['23505']\n
         [[operation.transaction]]\nend = 'commit'\n
         [[operation.transaction.statement]]\nname = 'insert'\nsql = 'INSERT INTO once VALUES (1)'\n",
    );
    let record = bench.measure(&server, 0, "run once.toml --tracks 10 --warmup 0s --duration 500ms --quiet");
    let plans = plans_of(&record, "once.insert");
    assert_eq!(plans.len(), 1);
    assert!(!plans[0].executed && plans[0].execution_ms().is_none(), "{plans:?}");
    assert_eq!(plans[0].shape, "Insert on once < Result");
    let said = "plan of once.insert (typical): planned, but not executed: ";
    assert!(record.evidence.missing.iter().any(|missing| missing.starts_with(said)));
}

/// In a database of somebody else's the session that explains may only read, and undoes even that.
#[test]
fn existing_tables_are_explained_read_only() {
    let server = KeptServer::start("--set log_statement=all --set log_line_prefix=@@%c@@");
    Bench::new().measure(&server, 0, "run read --tracks 200 --warmup 0s --duration 300ms --quiet");
    server.sql("CREATE TABLE public.audio_tracks AS SELECT * FROM loist_bench.audio_tracks");
    let before = wire::statements(&server.log()).len();
    let bench = Bench::new();
    let run = "run --use-existing --warmup 0s --duration 1s --quiet --protocol prepared";
    let record = bench.measure(&server, 0, run);
    assert!(!record.plans.is_empty());
    let sessions = wire::statements(&server.log());
    assert!(sessions.len() > before);
    let explains = |sent: &&Vec<String>| sent.iter().any(|sql| sql.starts_with("EXPLAIN (ANALYZE"));
    let explaining: Vec<&Vec<String>> = sessions.values().filter(explains).collect();
    // One of the first run, one of this one.
    assert_eq!(explaining.len(), 2);
    let read_only: Vec<&&Vec<String>> =
        explaining.iter().filter(|sent| sent[0] == "BEGIN READ ONLY").collect();
    assert_eq!(read_only.len(), 1);
    for transaction in read_only[0].split_inclusive(|sql| sql == "ROLLBACK") {
        // What the log costs is tried outside of transactions, by round trips that do nothing.
        let outside = |sql: &&String| {
            ["DEALLOCATE ALL", "SELECT 1"].contains(&sql.as_str()) || sql.contains("SET log_statement")
        };
        let inner: Vec<&String> = transaction.iter().filter(|sql| !outside(sql)).collect();
        if let [first, .., last] = inner.as_slice() {
            assert_eq!((first.as_str(), last.as_str()), ("BEGIN READ ONLY", "ROLLBACK"), "{transaction:?}");
        }
    }
}

#[test]
fn plans_that_flipped_come_before_the_advice() {
    let run = "run --tracks 3000 --warmup 0s --duration 1s --quiet";
    let (base, new) = (Bench::new(), Bench::new());
    base.expect(0, run);
    new.expect(0, &format!("{run} --set enable_bitmapscan=off --set enable_indexscan=off"));
    let advise = |new: PathBuf, base: PathBuf, rest: &str| -> Answer {
        Bench::new().expect(0, &format!("advise {} --base {} {rest}", new.display(), base.display()))
    };
    let text = advise(new.run_directory(), base.run_directory(), "").stdout;
    let flip = "plan flipped from index to sequential scan: get_audio_metadata.track and 5 more (typical): \
                Index Scan using audio_tracks_pkey on audio_tracks -> Seq Scan on audio_tracks, ";
    assert!(text.find(flip).unwrap() < text.find("Switch enable_bitmapscan").unwrap(), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&advise(new.run_directory(), base.run_directory(), "--format json").stdout)
            .unwrap();
    let flips = json["flips"].as_array().unwrap();
    assert!(!flips.is_empty());
    for flip in flips {
        assert!(flip["base_shape"].as_str().unwrap().contains("Index Scan"), "{flip}");
        assert!(flip["new_shape"].as_str().unwrap().contains("Seq Scan"), "{flip}");
        assert!(flip["base_execution_ms"].is_f64() && flip["new_execution_ms"].is_f64(), "{flip}");
    }
    assert_eq!(json["advice"], serde_json::to_value(&new.record().advice).unwrap());

    let same: serde_json::Value =
        serde_json::from_str(&advise(base.run_directory(), base.run_directory(), "--format json").stdout)
            .unwrap();
    assert_eq!(same["flips"].as_array().unwrap().len(), 0);
    assert!(
        advise(base.run_directory(), base.run_directory(), "")
            .stdout
            .starts_with("No plan flipped against the base.\n")
    );
}
