//! What executed plans cost beside their work: compilation, planning, generic plans.

use super::{case::Case, say};
use crate::record::{Basis, PlanCase, Recommendation};

/// Part of the execution time from which compilation is dear.
const JIT_SHARE: f64 = 0.1;
/// Statements shorter than this do not earn their compilation.
const SHORT_MS: f64 = 100.0;
/// A generic plan that costs this much more than the one for the values is a bad trade.
const GENERIC_COST: f64 = 1.5;
/// The share of the response time of a statement from which it counts as frequent.
const FREQUENT: f64 = 0.02;

/// The name of a case in a sentence.
pub(super) fn case(case: PlanCase) -> &'static str {
    match case {
        PlanCase::Typical => "typical parameters",
        PlanCase::Heavy => "heavy parameters",
        PlanCase::Rare => "rare parameters",
        PlanCase::Generic => "a generic plan",
    }
}

/// Just-in-time compilation takes milliseconds; it pays for statements that take many of them.
pub(super) fn jit(case: &Case) -> Option<Recommendation> {
    if !case.is("jit", "on") {
        return None;
    }
    let statistics = case.record.evidence.statements.as_deref().unwrap_or_default();
    let counted = statistics.iter().filter_map(|statement| Some((statement, statement.jit?)));
    let (mut functions, mut jit_ms, mut total_ms) = (0, 0.0, 0.0);
    for (statement, jit) in counted.filter(|(_, jit)| jit.functions > 0) {
        functions += jit.functions;
        jit_ms += jit.total_ms;
        total_ms += statement.total_ms;
    }
    let compiled: Vec<_> =
        case.executed().filter_map(|(plan, _)| Some((plan, plan.jit_ms()?, plan.execution_ms()?))).collect();
    let short = compiled.iter().find(|(_, jit, all)| *all < SHORT_MS || *jit > JIT_SHARE * all);
    let dear = jit_ms > JIT_SHARE * total_ms && functions > 0;
    if !dear && short.is_none() {
        let evidence = format!(
            "jit is on, jit_above_cost {}; {functions} functions were compiled in the window, {} of {} plans would be",
            case.value("jit_above_cost").unwrap_or("not known"),
            compiled.len(),
            case.plans.len()
        );
        return Some(say::leave_alone("Leave jit: nothing short is compiled", evidence, Basis::Inferred));
    }
    let what_if = case.what_if("jit");
    let saved = what_if.map_or(0.0, |what_if| case.saved(what_if));
    let by_plans = case.share_of_plans(|plan, _| {
        plan.jit_ms().unwrap_or_default() / plan.execution_ms().unwrap_or(1.0).max(1e-3)
    });
    let figures = match short {
        Some((plan, jit, all)) => format!(
            "{} took {} ms with {}, {} ms of it compilation",
            say::statements(&plan.statements),
            say::ms(*all),
            self::case(plan.case),
            say::ms(*jit)
        ),
        None => "no plan looked at was compiled".to_owned(),
    };
    Some(Recommendation {
        title: "Switch jit off: compilation takes longer than it saves".to_owned(),
        evidence: format!(
            "jit_above_cost is {}; in the window {functions} functions were compiled for {} ms of {} ms of execution; {figures}",
            case.value("jit_above_cost").unwrap_or("not known"),
            say::ms(jit_ms),
            say::ms(total_ms)
        ),
        change: say::alter_system(case, "jit", "off"),
        expected: format!("{} of the response time", say::percent(saved.max(by_plans))),
        basis: if saved > 0.0 { Basis::Measured } else { Basis::Inferred },
        risk: "long analytical statements lose compilation: for them SET jit = on in their own session, or raise jit_above_cost"
            .to_owned(),
        verify: "run again: pg_stat_statements counts no jit_functions".to_owned(),
        effect: saved.max(by_plans).max(if total_ms > 0.0 { 0.05 } else { 0.0 }),
        ..say::change()
    })
}

/// A prepared statement's generic plan knows no values; where it is dearer, plans for the values are worth their time.
pub(super) fn generic_plan(case: &Case) -> Option<Recommendation> {
    if case.record.workload.protocol != "prepared" || case.is("plan_cache_mode", "force_custom_plan") {
        return None;
    }
    let mut worst: Option<(f64, String)> = None;
    let mut statements = Vec::new();
    let (mut custom_ms, mut generic_ms) = (0.0, 0.0);
    for (generic, root) in case.plans.iter().filter(|(plan, _)| plan.case == PlanCase::Generic) {
        let custom = case
            .executed()
            .find(|(plan, _)| plan.case == PlanCase::Typical && plan.statements == generic.statements);
        let Some((custom, custom_root)) = custom else { continue };
        let times = custom.execution_ms().zip(generic.execution_ms());
        let slower = times.is_some_and(|(custom, generic)| generic > GENERIC_COST * custom);
        let dearer = root.total_cost > GENERIC_COST * custom_root.total_cost;
        if custom.fingerprint == generic.fingerprint || !(slower || dearer) {
            continue;
        }
        let (custom_time, generic_time) = times.unwrap_or_default();
        custom_ms += custom_time;
        generic_ms += generic_time;
        let ratio = root.total_cost / custom_root.total_cost.max(1e-9);
        if worst.as_ref().is_none_or(|(known, _)| ratio > *known) {
            let sentence = format!(
                "{}: cost {:.0} and {} ms for any values, {:.0} and {} ms for typical ones",
                say::statements(&generic.statements),
                root.total_cost,
                say::ms(generic_time),
                custom_root.total_cost,
                say::ms(custom_time)
            );
            worst = Some((ratio, sentence));
        }
        statements.extend(generic.statements.iter().cloned());
    }
    let Some((_, sentence)) = worst else {
        let evidence =
            "no statement's generic plan is of another shape and dearer than the one for typical values"
                .to_owned();
        return Some(say::leave_alone(
            "Leave plan_cache_mode: generic plans cost no more",
            evidence,
            Basis::Inferred,
        ));
    };
    let slower = ((generic_ms - custom_ms) / generic_ms.max(1e-9)).clamp(0.0, 1.0);
    Some(Recommendation {
        title: "Set plan_cache_mode to force_custom_plan".to_owned(),
        evidence: sentence,
        change: say::alter_system(case, "plan_cache_mode", "force_custom_plan"),
        expected: "each execution gets the plan for its values, and pays for planning it".to_owned(),
        basis: Basis::Inferred,
        risk: "statements that are planned longer than they run become slower: set it for the role alone"
            .to_owned(),
        verify: "run again with --protocol prepared and compare p95".to_owned(),
        effect: case.share(&statements) * slower.max(0.1),
        ..say::change()
    })
}

/// A statement that is planned longer than it runs, and runs often, is one to prepare.
pub(super) fn planning(case: &Case) -> Option<Recommendation> {
    if case.record.workload.protocol == "prepared" {
        return None;
    }
    let planned_longer: Vec<_> = case
        .executed()
        .filter(|(plan, _)| plan.case == PlanCase::Typical)
        .filter_map(|(plan, _)| Some((plan, plan.planning_ms()?, plan.execution_ms()?)))
        .filter(|(plan, planning, execution)| planning > execution && case.share(&plan.statements) > FREQUENT)
        .collect();
    let (plan, planning, execution) = *planned_longer.first()?;
    let share = case.share_of_plans(|plan, _| {
        let (planning, execution) =
            (plan.planning_ms().unwrap_or_default(), plan.execution_ms().unwrap_or_default());
        if planning > execution { planning / (planning + execution).max(1e-9) } else { 0.0 }
    });
    let figures = format!(
        "{} is planned for {} ms and runs for {} ms; in all, planning of such statements is {}",
        say::statements(&plan.statements),
        say::ms(planning),
        say::ms(execution),
        case.felt_figures(share)
    );
    if !case.is_felt(share) {
        let title = "Leave the protocol: planning again costs nothing that is felt";
        return Some(say::leave_alone(title, figures, Basis::Inferred));
    }
    Some(Recommendation {
        title: "Prepare the statements that are planned longer than they run".to_owned(),
        evidence: figures,
        expected: "each is parsed and planned once a connection".to_owned(),
        basis: Basis::Inferred,
        risk: "a generic plan may be worse for some values; a pooler in transaction mode must know prepared statements"
            .to_owned(),
        verify: "run with --protocol prepared and compare p95".to_owned(),
        effect: share,
        ..say::change()
    })
}
