//! What a missing index would do: made in a transaction that is rolled back, on a server of our own; elsewhere only
//! supposed, where the extension hypopg is installed.

use super::{
    ask::{Asker, How},
    texts::Sent,
    trials::{EXECUTIONS, ms},
};
use crate::{
    record::{self, StatementPlan, Trial, WhatIf},
    target::{Route, connect},
};
use serde_json::Value;
use std::time::Duration;
use tokio_postgres::{Client, Error};

/// How long an index may take to build, and each statement.
const LIMIT: Duration = Duration::from_secs(60);

/// Tries indexes on the plans that scan a table from end to end.
///
/// `creates` is SQL that makes the indexes. With `may_build` they are made, which locks the table against writes until it
/// is rolled back. `None` where there is nothing to try, or no way.
pub async fn try_indexes(
    route: &Route,
    creates: &[String],
    plans: &[StatementPlan],
    may_build: bool,
) -> Option<WhatIf> {
    let scanning: Vec<&StatementPlan> = plans
        .iter()
        .filter(|plan| plan.executed && is_reading(plan))
        .filter(|plan| plan.root().nodes().into_iter().any(record::PlanNode::is_sequential_scan))
        .collect();
    if creates.is_empty() || scanning.is_empty() {
        return None;
    }
    let mut what_if = WhatIf { settings: creates.to_vec(), ..WhatIf::default() };
    let client = match connect(&route.with_application_name("loist-bench plans")).await {
        Ok(client) => client,
        Err(error) => {
            what_if.missing.push(error.to_string());
            return Some(what_if);
        }
    };
    if !may_build && !has_hypopg(&client).await {
        return None;
    }
    let asker = Asker { client: &client, begins_with: "BEGIN", version_number: 0 };
    let tried = if may_build {
        build(&asker, creates, &scanning, &mut what_if).await
    } else {
        suppose(&asker, creates, &scanning, &mut what_if).await
    };
    if let Err(error) = tried {
        let who = if may_build { "" } else { "hypopg: " };
        what_if
            .missing
            .push(format!("{who}{}", crate::target::describe(&error).trim_start_matches("hypopg: ")));
    }
    let _ = client.simple_query("ROLLBACK").await;
    Some(what_if)
}

/// Only what reads: the index must not be in the way of anybody's write for longer than it is built.
fn is_reading(plan: &StatementPlan) -> bool {
    let first = plan.sql.split_whitespace().next().unwrap_or_default().to_uppercase();
    ["SELECT", "WITH"].contains(&first.as_str()) && plan.root().kind != "ModifyTable"
}

async fn has_hypopg(client: &Client) -> bool {
    let found = client.query_opt("SELECT 1 FROM pg_extension WHERE extname = 'hypopg'", &[]).await;
    found.is_ok_and(|row| row.is_some())
}

/// Makes the indexes between executions without and with them.
async fn build(
    asker: &Asker<'_>,
    creates: &[String],
    plans: &[&StatementPlan],
    what_if: &mut WhatIf,
) -> Result<(), Error> {
    let how = How { is_generic: false, writes: false, limit: LIMIT };
    asker.begin(&Sent::literal(plans[0]), how).await?;
    let mut base = Vec::new();
    for plan in plans {
        base.push(execute(asker, plan).await?);
    }
    for create in creates {
        asker.client.simple_query(create).await?;
    }
    for (plan, base_ms) in plans.iter().zip(base) {
        what_if.examined += 1;
        let (changed_shape, same) = shape(asker, plan).await?;
        if !same {
            let changed_ms = execute(asker, plan).await?;
            what_if.tried.push(trial(plan, changed_shape, base_ms, changed_ms));
        }
    }
    Ok(())
}

/// Has the planner believe in the indexes.
async fn suppose(
    asker: &Asker<'_>,
    creates: &[String],
    plans: &[&StatementPlan],
    what_if: &mut WhatIf,
) -> Result<(), Error> {
    for create in creates {
        asker.client.query("SELECT * FROM hypopg_create_index($1)", &[create]).await?;
    }
    for plan in plans {
        what_if.examined += 1;
        let (changed_shape, same) = shape(asker, plan).await?;
        if !same {
            what_if.tried.push(trial(plan, changed_shape, Vec::new(), Vec::new()));
        }
    }
    Ok(())
}

fn trial(plan: &StatementPlan, changed_shape: String, base_ms: Vec<f64>, changed_ms: Vec<f64>) -> Trial {
    Trial {
        statements: plan.statements.clone(),
        case: plan.case,
        shape: plan.shape.clone(),
        changed_shape,
        base_ms,
        changed_ms,
    }
}

/// The shape of the plan now, and whether it is the one that was recorded.
async fn shape(asker: &Asker<'_>, plan: &StatementPlan) -> Result<(String, bool), Error> {
    let explained = asker.ask(&format!("EXPLAIN (FORMAT JSON) {}", Sent::literal(plan).sql)).await?;
    let node = explained.get("Plan").unwrap_or(&Value::Null);
    Ok((record::shape(node), record::fingerprint(node) == plan.fingerprint))
}

/// Times of executions, the first of which is for warming up and does not count.
async fn execute(asker: &Asker<'_>, plan: &StatementPlan) -> Result<Vec<f64>, Error> {
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {}", Sent::literal(plan).sql);
    let mut times = Vec::new();
    for number in 0..=EXECUTIONS {
        let explained = asker.ask(&explain).await?;
        if number > 0 {
            times.push(ms(&explained));
        }
    }
    Ok(times)
}

impl Sent {
    /// A recorded statement with its parameters written into the text.
    fn literal(plan: &StatementPlan) -> Self {
        let mut sql = plan.sql.clone();
        // The last ones first: $1 begins as $10 does.
        for (at, literal) in plan.parameters.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", at + 1), literal);
        }
        Self { sql, is_typed: false, types: Vec::new(), parameters: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_into_the_text() {
        let plan: StatementPlan = serde_json::from_value(serde_json::json!({
            "statements": ["a.b"], "case": "typical", "sql": "SELECT $1, $10, $2", "executed": true, "fingerprint": "",
            "shape": "", "explained": {}, "parameters": ["'a'", "2", "3", "4", "5", "6", "7", "8", "9", "'j'"],
        }))
        .unwrap();
        assert_eq!(Sent::literal(&plan).sql, "SELECT 'a', 'j', 2");
        assert!(is_reading(&plan));
    }
}
