//! Indexes are taken away before a large load and built again after it, side by side: many times faster than
//! growing them row by row, and the same in the end.

use super::{CatalogError, TABLE};
use crate::{
    target::{Route, connect},
    text::sql,
};
use futures_util::future::try_join_all;
use std::cell::RefCell;
use tokio_postgres::{Client, Transaction, error::SqlState};

/// Connections that build indexes at the same time, at most.
const MOST_BUILDERS: usize = 4;

/// Connections that build indexes at the same time, on this machine.
pub(super) fn builders() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_BUILDERS)
}

/// Drops the indexes of the table, the key included, and gives the statements that bring them back: first those that
/// can run side by side, last the one that makes the key a key again. An index that something else hangs on (a
/// constraint, a foreign key, a comment, replication) stays where it is.
pub(super) async fn take_away(
    transaction: &mut Transaction<'_>,
) -> Result<Vec<String>, tokio_postgres::Error> {
    // The largest first: the last one to be built should be a quick one.
    let rows = transaction
        .query(
            &format!(
                "SELECT pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text, c.conname::text
                 FROM pg_index i
                 JOIN pg_class r ON r.oid = i.indexrelid
                 JOIN pg_am a ON a.oid = r.relam
                 LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
                 WHERE i.indrelid = '{TABLE}'::regclass AND coalesce(c.contype, 'p') = 'p'
                   AND NOT i.indisreplident AND NOT i.indisclustered
                   AND obj_description(i.indexrelid, 'pg_class') IS NULL
                 ORDER BY a.amname = 'gin' DESC, pg_relation_size(i.indexrelid) DESC, r.relname"
            ),
            &[],
        )
        .await?;
    let mut statements = Vec::new();
    let mut key = None;
    for row in &rows {
        let (definition, name, constraint): (String, String, Option<String>) =
            (row.get(0), row.get(1), row.get(2));
        let constraint = constraint.as_deref().map(sql::name);
        let drop = match &constraint {
            Some(constraint) => format!("ALTER TABLE {TABLE} DROP CONSTRAINT {constraint}"),
            None => format!("DROP INDEX {name}"),
        };
        let attempt = transaction.savepoint("take_away").await?;
        if attempt.batch_execute(&drop).await.is_err() {
            attempt.rollback().await?;
            continue;
        }
        attempt.commit().await?;
        statements.push(definition);
        key = key.or(constraint.map(|constraint| {
            format!("ALTER TABLE {TABLE} ADD CONSTRAINT {constraint} PRIMARY KEY USING INDEX {constraint}")
        }));
    }
    statements.extend(key);
    Ok(statements)
}

/// Runs the statements that [`take_away`] gave. What is there already is left as it is.
pub(super) async fn bring_back(
    client: &Client,
    route: &Route,
    statements: &[String],
) -> Result<(), CatalogError> {
    let (key, indexes): (Vec<&String>, Vec<&String>) =
        statements.iter().partition(|statement| statement.starts_with("ALTER TABLE"));
    let queue = RefCell::new(indexes.iter());
    let build = async || {
        let builder = connect(route).await?;
        loop {
            let Some(statement) = queue.borrow_mut().next() else { break };
            run(&builder, statement).await?;
        }
        Ok::<_, CatalogError>(())
    };
    try_join_all((0..builders().min(indexes.len())).map(|_| build())).await?;
    for statement in key {
        run(client, statement).await?;
    }
    Ok(())
}

async fn run(client: &Client, statement: &str) -> Result<(), CatalogError> {
    match client.batch_execute(statement).await {
        Err(error)
            if [Some(&SqlState::DUPLICATE_TABLE), Some(&SqlState::INVALID_TABLE_DEFINITION)]
                .contains(&error.code()) =>
        {
            Ok(())
        }
        outcome => outcome.map_err(CatalogError::of("indexed")),
    }
}
