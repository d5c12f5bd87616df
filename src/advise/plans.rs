//! What executed plans cost beside their work: compilation, planning, generic plans.

use super::{apply, case::Case, planner, saving::Tried, say};
use crate::{
    record::{Basis, PlanCase, PlanNode, Recommendation, StatementPlan},
    text::{counted, three_digits},
};

/// Part of the execution time from which compilation is dear.
const JIT_SHARE: f64 = 0.1;
/// Statements shorter than this do not earn their compilation.
const SHORT_MS: f64 = 100.0;
/// A generic plan that takes this many times as long as the one for the values is a bad trade.
const GENERIC: f64 = 1.5;
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

/// Compilation in the window: functions, its time, and the time of the statements that had some, in milliseconds.
fn compiled_in_window(case: &Case) -> (u64, f64, f64) {
    let statistics = case.record.evidence.statements.as_deref().unwrap_or_default();
    let compiled =
        statistics.iter().filter_map(|row| Some((row, row.jit?))).filter(|(_, jit)| jit.functions > 0);
    compiled.fold((0, 0.0, 0.0), |(functions, jit_ms, total_ms), (row, jit)| {
        (functions + jit.functions, jit_ms + jit.total_ms, total_ms + row.total_ms)
    })
}

/// Just-in-time compilation takes milliseconds; it pays for statements that take many of them.
pub(super) fn jit(case: &Case) -> Option<Recommendation> {
    if !case.is("jit", "on") {
        return None;
    }
    let above = case.value("jit_above_cost").unwrap_or("not known");
    let (functions, jit_ms, total_ms) = compiled_in_window(case);
    let compiled: Vec<_> =
        case.executed().filter_map(|(plan, _)| Some((plan, plan.jit_ms()?, plan.execution_ms()?))).collect();
    let short = compiled.iter().find(|(_, jit, all)| *all < SHORT_MS || *jit > JIT_SHARE * all);
    if short.is_none() && (functions == 0 || jit_ms <= JIT_SHARE * total_ms) {
        let evidence = format!(
            "jit is on, jit_above_cost {above}; {functions} functions were compiled in the window, {} of {} plans would be",
            compiled.len(),
            case.plans.len()
        );
        return Some(say::leave_alone("Leave jit: nothing short is compiled", evidence, Basis::Inferred));
    }
    let tried = case.tried("jit");
    let by_plans = case.saving_in_plans(|plan, _| {
        plan.jit_ms().unwrap_or_default() / plan.execution_ms().unwrap_or(1.0).max(1e-3)
    });
    let figures = short.map_or_else(
        || "no plan looked at was compiled".to_owned(),
        |(plan, jit, all)| {
            let (name, with) = (say::statements(&plan.statements), self::case(plan.case));
            format!(
                "{name} took {} ms with {with}, {} ms of it compilation",
                three_digits(*all),
                three_digits(*jit)
            )
        },
    );
    let evidence = format!(
        "jit_above_cost is {above}; in the window {functions} functions were compiled for {} ms of {} ms of execution; {figures}{}",
        three_digits(jit_ms),
        three_digits(total_ms),
        planner::shown(case, "jit")
    );
    if Tried::was_slower(tried) {
        return Some(say::leave_alone(
            "Leave jit: without it, statements were slower",
            evidence,
            Basis::Measured,
        ));
    }
    Some(behind_its_cause(case, Tried::weigh(tried, Recommendation {
        title: "Switch jit off: compilation takes longer than it saves".to_owned(),
        evidence,
        change: apply::set(case, "jit", "off"),
        expected: format!("up to {} of the response time", say::percent(by_plans.share)),
        basis: Basis::Inferred,
        risk: "long analytical statements lose compilation: for them SET jit = on in their own session, or raise jit_above_cost"
            .to_owned(),
        verify: "run again: pg_stat_statements counts no jit_functions".to_owned(),
        effect: by_plans.share.max(if total_ms > 0.0 { 0.05 } else { 0.0 }),
        ..say::change()
    })))
}

/// Where something else makes plans look dear, that is put right first, and compilation goes with it.
fn behind_its_cause(case: &Case, advice: Recommendation) -> Recommendation {
    match planner::dearer_than_they_are(case) {
        None => advice,
        Some((names, effect)) => Recommendation {
            title: format!("Put {names} right first; if statements are still compiled then, switch jit off"),
            change: None,
            effect: advice.effect.min(effect * 0.5),
            ..advice
        },
    }
}

/// A statement whose generic plan was slower than the one for typical values.
struct Generic<'a> {
    custom: (&'a StatementPlan, &'a PlanNode),
    generic: (&'a StatementPlan, &'a PlanNode),
}

impl Generic<'_> {
    fn ms(&self) -> (f64, f64) {
        let ms = |plan: &StatementPlan| plan.execution_ms().unwrap_or_default();
        (ms(self.custom.0), ms(self.generic.0))
    }

    fn is_slower(&self) -> bool {
        let (custom, generic) = self.ms();
        self.custom.0.fingerprint != self.generic.0.fingerprint && generic > GENERIC * custom
    }

    /// Whether PostgreSQL itself would take it, from the sixth execution on: when it looks no dearer than plans for the
    /// values with what planning them costs (plancache.c: 1,000 operators for each table and one).
    fn would_be_taken(&self, operator_cost: f64) -> bool {
        let tables = self.custom.1.nodes().into_iter().filter(|node| node.relation.is_some()).count();
        let planning = 1000.0 * operator_cost * (tables + 1) as f64;
        self.generic.1.total_cost <= self.custom.1.total_cost + planning
    }

    fn figures(&self) -> String {
        let (custom, generic) = self.ms();
        format!(
            "{}: cost {:.0} and {} ms for any values, {:.0} and {} ms for typical ones",
            say::statements(&self.generic.0.statements),
            self.generic.1.total_cost,
            three_digits(generic),
            self.custom.1.total_cost,
            three_digits(custom)
        )
    }
}

/// A prepared statement's generic plan knows no values; where it is slower and would be taken all the same, plans for the
/// values are worth their time.
pub(super) fn generic_plan(case: &Case) -> Option<Recommendation> {
    if case.record.workload.protocol != "prepared" || case.is("plan_cache_mode", "force_custom_plan") {
        return None;
    }
    let forced = case.is("plan_cache_mode", "force_generic_plan");
    let operator_cost = case.number("cpu_operator_cost").unwrap_or(0.0025);
    let generic = case.plans.iter().filter(|(plan, _)| plan.case == PlanCase::Generic);
    let pairs = generic.filter_map(|(plan, root)| {
        let is_typical = |other: &&(&StatementPlan, PlanNode)| {
            other.0.case == PlanCase::Typical && other.0.executed && other.0.statements == plan.statements
        };
        let (custom, custom_root) = case.plans.iter().find(is_typical)?;
        Some(Generic { custom: (custom, custom_root), generic: (plan, root) })
    });
    let mut slower: Vec<Generic> = pairs.filter(Generic::is_slower).collect();
    slower.sort_by(|a, b| b.ms().1.total_cmp(&a.ms().1));
    let taken: Vec<&Generic> =
        slower.iter().filter(|one| forced || one.would_be_taken(operator_cost)).collect();
    let Some(worst) = taken.first() else {
        let (title, evidence) = match slower.first() {
            Some(one) => (
                "Leave plan_cache_mode: PostgreSQL sees that generic plans are dearer, and plans for the values",
                one.figures(),
            ),
            None => (
                "Leave plan_cache_mode: generic plans are no slower",
                "no statement's generic plan is of another shape and slower than the one for typical values"
                    .to_owned(),
            ),
        };
        return Some(say::leave_alone(title, evidence, Basis::Inferred));
    };
    let names: Vec<String> = taken.iter().flat_map(|one| one.generic.0.statements.iter().cloned()).collect();
    let (custom_ms, generic_ms) =
        taken.iter().map(|one| one.ms()).fold((0.0, 0.0), |sum, ms| (sum.0 + ms.0, sum.1 + ms.1));
    let slower = ((generic_ms - custom_ms) / generic_ms.max(1e-9)).clamp(0.0, 1.0);
    let to = if forced { "auto" } else { "force_custom_plan" };
    Some(Recommendation {
        title: format!("Set plan_cache_mode to {to}: generic plans are slower"),
        evidence: format!("{}; so are {} in all", worst.figures(), counted(taken.len(), "statement")),
        change: apply::set(case, "plan_cache_mode", to),
        expected: "each execution gets the plan for its values, and pays for planning it".to_owned(),
        basis: Basis::Inferred,
        risk: "statements that are planned longer than they run become slower: set it for the role alone"
            .to_owned(),
        verify: "run again with --protocol prepared and compare p95".to_owned(),
        effect: case.saving_statements(&names).share * slower,
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
        .filter(|(plan, planning, execution)| {
            planning > execution && case.saving_statements(&plan.statements).share > FREQUENT
        })
        .collect();
    let (plan, planning, execution) = *planned_longer.first()?;
    let saving = case.saving_in_plans(|plan, _| {
        let (planning, execution) =
            (plan.planning_ms().unwrap_or_default(), plan.execution_ms().unwrap_or_default());
        if planning > execution { planning / (planning + execution).max(1e-9) } else { 0.0 }
    });
    let figures = format!(
        "{} is planned for {} ms and runs for {} ms; in all, planning of such statements is {}",
        say::statements(&plan.statements),
        three_digits(planning),
        three_digits(execution),
        case.felt_figures(&saving)
    );
    if !case.is_felt(&saving) {
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
        effect: saving.share,
        ..say::change()
    })
}
