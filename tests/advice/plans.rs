//! What plans cost beside their work.

use super::common::{SEARCH, change, left, missed, plan, said, set, to};
use loist_bench::record::{JitStatistics, PlanCase, Record};
use serde_json::json;

#[test]
fn compilation_of_short_statements_is_found() {
    left("planner/jit", |record| record.plans.clear());
    let piece = change("planner/jit", |record| {
        let statements = record.evidence.statements.as_mut().unwrap();
        let first = statements.iter_mut().find(|row| !row.statements.is_empty()).unwrap();
        first.jit = Some(JitStatistics { functions: 900, total_ms: first.total_ms * 0.8 });
    });
    assert_eq!(to(Some(piece)), "off");
}

#[test]
fn generic_plans_are_weighed_against_those_for_the_values() {
    let plans = |cost: f64, ms: f64| {
        move |record: &mut Record| {
            record.workload.protocol = "prepared".to_owned();
            let node = |cost: f64, ms: f64| json!({"Node Type": "Seq Scan", "Total Cost": cost, "Actual Total Time": ms});
            let custom = plan(SEARCH, "SELECT", node(100.0, 2.0));
            let mut generic = plan(SEARCH, "SELECT", node(cost, ms));
            generic.case = PlanCase::Generic;
            generic.fingerprint = "1".to_owned();
            record.plans = vec![custom, generic];
        }
    };
    assert_eq!(to(Some(change("planner/generic-plan", plans(101.0, 6.0)))), "force_custom_plan");
    left("planner/generic-plan", plans(101.0, 2.2));
    let seen = left("planner/generic-plan", plans(300.0, 6.0));
    assert!(seen.title.contains("PostgreSQL sees"), "a dearer generic plan is not taken: {}", seen.title);
    let forced = change("planner/generic-plan", |record| {
        plans(300.0, 6.0)(record);
        set(&mut record.evidence, "plan_cache_mode", "force_generic_plan");
    });
    assert_eq!(to(Some(forced)), "auto");
    assert_eq!(said("planner/generic-plan", |_| {}), None, "other protocols have none");
}

#[test]
fn planning_that_is_felt_is_worth_preparing() {
    let planned = |record: &mut Record| {
        let mut one = plan(SEARCH, "SELECT", json!({"Node Type": "Result", "Actual Total Time": 0.1}));
        one.explained["Planning Time"] = json!(5.0);
        record.plans = vec![one];
    };
    left("planner/planning", planned);
    change("planner/planning", |record| {
        planned(record);
        missed(record);
    });
}
