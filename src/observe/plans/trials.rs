//! Trials: each plan again under other settings of the session, and where it may matter both executed in turn.

use super::{
    ask::{Asker, How},
    candidates::{Candidate, candidates},
    texts::Sent,
};
use crate::{
    flags::Setting,
    record::{self, PlanCase, StatementPlan, Trial, WhatIf},
};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio_postgres::Error;

/// Executions of each kind in a trial: with five, chance alone puts all of one kind before all of the other in one of
/// 252 trials.
pub(super) const EXECUTIONS: usize = 5;
/// How long one execution may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Statements that take longer are not executed ten times more.
const LONGEST_MS: f64 = 2_000.0;
/// Name of the savepoint around what is changed.
const OWN: &str = "loist_bench_trial";
/// Round trips of one timing of the log.
const PINGS: u32 = 200;

/// A plan that was executed, with what was sent for it.
#[derive(Debug)]
pub(super) struct Executed {
    /// Its place among the plans.
    pub(super) plan: usize,
    pub(super) sent: Sent,
}

/// Tries every candidate that the settings suggest on every plan that reads, until `deadline`.
pub(super) async fn try_settings(
    asker: &Asker<'_>,
    settings: &[Setting],
    plans: &[StatementPlan],
    executed: &[Executed],
    deadline: Instant,
) -> Vec<WhatIf> {
    let mut what_ifs = Vec::new();
    what_ifs.extend(logging(asker, settings).await);
    for candidate in candidates(settings) {
        let mut what_if = WhatIf { settings: vec![candidate.said()], ..WhatIf::default() };
        let mut too_late = 0_u64;
        for one in executed {
            let plan = &plans[one.plan];
            if plan.case == PlanCase::Generic || !(candidate.of_interest)(plan, &plan.root()) {
                continue;
            }
            if Instant::now() >= deadline {
                too_late += 1;
                continue;
            }
            what_if.examined += 1;
            match compare(asker, &one.sent, plan, &candidate).await {
                Ok(trial) => what_if.tried.extend(trial),
                Err(error) => what_if.missing.push(format!(
                    "{} ({:?}): {}",
                    plan.statements.join(", "),
                    plan.case,
                    crate::target::describe(&error)
                )),
            }
            let _ = asker.client.simple_query("ROLLBACK").await;
            if one.sent.is_typed {
                let _ = asker.client.simple_query("DEALLOCATE ALL").await;
            }
        }
        if too_late > 0 {
            what_if.missing.push(format!("{too_late} plans: the time for trials was over"));
        }
        if what_if.examined + too_late > 0 {
            what_ifs.push(what_if);
        }
    }
    what_ifs
}

/// A trial of one plan; none where it stays what it is and is not of the kind that may run faster all the same.
async fn compare(
    asker: &Asker<'_>,
    sent: &Sent,
    plan: &StatementPlan,
    candidate: &Candidate,
) -> Result<Option<Trial>, Error> {
    let how = How { is_generic: false, writes: false, limit: LIMIT };
    let statement = asker.begin(sent, how).await?;
    let set = candidate.set();
    let explain = format!("EXPLAIN (FORMAT JSON) {statement}");
    let other = changed(asker, &set, &explain).await?;
    let Some(node) = other.get("Plan") else { return Ok(None) };
    // What no longer looks dear is no longer compiled: the same plan, at another price.
    let is_compiled = |explained: &Value| explained.get("JIT").is_some();
    let same =
        record::fingerprint(node) == plan.fingerprint && is_compiled(&other) == is_compiled(&plan.explained);
    let too_long = plan.execution_ms().unwrap_or_default() > LONGEST_MS;
    if too_long || same && !candidate.may_help_the_same_plan {
        return Ok(None);
    }
    // Without the time of each node: looking at the clock for every row costs more than some plans do.
    let execute = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}");
    changed(asker, &set, &execute).await?;
    asker.ask(&execute).await?;
    let (mut base_ms, mut changed_ms) = (Vec::new(), Vec::new());
    for _ in 0..EXECUTIONS {
        base_ms.push(ms(&asker.ask(&execute).await?));
        changed_ms.push(ms(&changed(asker, &set, &execute).await?));
    }
    Ok(Some(Trial {
        statements: plan.statements.clone(),
        case: plan.case,
        shape: plan.shape.clone(),
        changed_shape: record::shape(node),
        base_ms,
        changed_ms,
    }))
}

/// An answer under changed settings, which hold for it alone.
async fn changed(asker: &Asker<'_>, set: &str, explain: &str) -> Result<Value, Error> {
    asker.client.simple_query(&format!("SAVEPOINT {OWN}; {set}")).await?;
    let answer = asker.ask(explain).await?;
    asker.client.simple_query(&format!("ROLLBACK TO {OWN}; RELEASE {OWN}")).await?;
    Ok(answer)
}

/// Time of planning and execution.
pub(super) fn ms(explained: &Value) -> f64 {
    let part = |name: &str| explained.get(name).and_then(Value::as_f64).unwrap_or_default();
    part("Planning Time") + part("Execution Time")
}

/// What a line of the log for each statement costs, by round trips that do nothing; only those who may switch it off
/// for their session can be told.
async fn logging(asker: &Asker<'_>, settings: &[Setting]) -> Option<WhatIf> {
    let is = |name: &str, value: &str| settings.iter().any(|s| s.name == name && s.value == value);
    let (name, quiet) = [
        ("log_statement", "all", "none"),
        ("log_min_duration_statement", "0", "-1"),
        ("log_duration", "on", "off"),
        ("auto_explain.log_min_duration", "0", "-1"),
    ]
    .into_iter()
    .find_map(|(name, loud, quiet)| is(name, loud).then_some((name, quiet)))?;
    let mut what_if = WhatIf { settings: vec![format!("{name}={quiet}")], examined: 1, ..WhatIf::default() };
    match time_round_trips(asker, name, quiet).await {
        Ok((base_ms, changed_ms)) => what_if.tried.push(Trial {
            statements: vec!["SELECT 1".to_owned()],
            case: PlanCase::Typical,
            shape: String::new(),
            changed_shape: String::new(),
            base_ms,
            changed_ms,
        }),
        Err(error) => what_if.missing.push(crate::target::describe(&error)),
    }
    let _ = asker.client.simple_query(&format!("RESET {name}")).await;
    Some(what_if)
}

/// Mean times of round trips in milliseconds, with the line and without.
async fn time_round_trips(asker: &Asker<'_>, name: &str, quiet: &str) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let (mut loud_ms, mut quiet_ms) = (Vec::new(), Vec::new());
    // The first of each is for warming up.
    for number in 0..=EXECUTIONS {
        for (setting, times) in
            [(format!("RESET {name}"), &mut loud_ms), (format!("SET {name} = {quiet}"), &mut quiet_ms)]
        {
            asker.client.simple_query(&setting).await?;
            let began = Instant::now();
            for _ in 0..PINGS {
                asker.client.simple_query("SELECT 1").await?;
            }
            if number > 0 {
                times.push(began.elapsed().as_secs_f64() * 1e3 / f64::from(PINGS));
            }
        }
    }
    Ok((loud_ms, quiet_ms))
}
