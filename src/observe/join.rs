//! Which of the workload's statements a row of pg_stat_statements stands for.
//!
//! The server itself is asked: EXPLAIN (VERBOSE) prints the query identifier of what it plans. Commands
//! that cannot be explained (BEGIN, COMMIT, ROLLBACK) are recognised by their text.

use crate::engine::Bound;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Client;

/// Names as `operation.statement`, by query identifier and by command.
#[derive(Debug, Clone, Default)]
pub struct StatementNames {
    pub(super) by_id: BTreeMap<i64, BTreeSet<String>>,
    pub(super) by_command: BTreeMap<String, BTreeSet<String>>,
}

impl StatementNames {
    pub(super) fn of(&self, query_id: i64, query: &str) -> Vec<String> {
        let names = self.by_id.get(&query_id).or_else(|| self.by_command.get(&query.to_ascii_uppercase()));
        names.into_iter().flatten().cloned().collect()
    }
}

/// Asks the server for the query identifier of every form of every statement. Where it gives none (no
/// `compute_query_id`, before PostgreSQL 14) the names stay empty.
pub async fn statement_names(bound: &Bound, client: &Client) -> StatementNames {
    let mut names = StatementNames::default();
    let envelope = &bound.workload.envelope;
    let validate_id = match &envelope.validate {
        Some(sql) => query_id(client, sql, &[]).await,
        None => None,
    };
    for (index, operation) in bound.workload.operations.iter().enumerate() {
        let name = |statement: &str| format!("{}.{statement}", operation.name);
        for (sql, slot) in
            [(envelope.begin.as_str(), "begin"), ("ROLLBACK", "rollback"), ("COMMIT", "commit")]
        {
            if bound.operations[index].slots.iter().any(|known| known == slot) {
                names.by_command.entry(sql.to_ascii_uppercase()).or_default().insert(name(slot));
            }
        }
        let validates = bound.operations[index].slots.iter().any(|known| known == "validate");
        if let Some(id) = validate_id.filter(|_| validates) {
            names.by_id.entry(id).or_default().insert(name("validate"));
        }
        for (statement, example) in bound.examples(index) {
            let (sql, values) = bound.as_sent(index, statement, example);
            if let Some(id) = query_id(client, &sql, &values).await {
                names.by_id.entry(id).or_default().insert(name(&statement.name));
            }
        }
    }
    names
}

async fn query_id(client: &Client, sql: &str, values: &[crate::engine::Typed]) -> Option<i64> {
    let explain = format!("EXPLAIN (VERBOSE, FORMAT JSON) {sql}");
    let parameters: Vec<_> = values.iter().map(crate::engine::Typed::as_parameter).collect();
    let rows = client.query_typed(&explain, &parameters).await.ok()?;
    let plan: serde_json::Value = rows.first()?.try_get(0).ok()?;
    plan.get(0)?.get("Query Identifier")?.as_i64()
}
