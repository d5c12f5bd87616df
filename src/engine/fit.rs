//! Which operations of a workload a database has what it takes for: its tables may be somebody else's, with other columns,
//! and the role may not be allowed to read them all.

use super::bind::{EngineError, example_of};
use crate::{
    target::describe,
    workload::{Operation, Statement, Value, Workload},
};
use tokio_postgres::{
    Client, Error,
    error::SqlState,
    types::{ToSql, Type},
};

/// An operation that the database cannot answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Its name.
    pub operation: String,
    /// What the server says of it.
    pub reason: String,
}

/// What the database lacks, or does not let this role have.
const LACKS: [SqlState; 6] = [
    SqlState::UNDEFINED_COLUMN,
    SqlState::UNDEFINED_TABLE,
    SqlState::UNDEFINED_FUNCTION,
    SqlState::UNDEFINED_OBJECT,
    SqlState::DATATYPE_MISMATCH,
    SqlState::INSUFFICIENT_PRIVILEGE,
];

/// Parts the operations that the database can answer from those that it cannot. Any other mistake of a workload is found
/// when it is bound.
///
/// # Errors
/// When the connection fails.
pub async fn fitting(mut workload: Workload, client: &Client) -> Result<(Workload, Vec<Unfit>), EngineError> {
    let mut unfit = Vec::new();
    for operation in std::mem::take(&mut workload.operations) {
        match lacks(&operation, client).await? {
            None => workload.operations.push(operation),
            Some(reason) => unfit.push(Unfit { operation: operation.name, reason }),
        }
    }
    Ok((workload, unfit))
}

/// What the first statement lacks that lacks something.
async fn lacks(operation: &Operation, client: &Client) -> Result<Option<String>, EngineError> {
    for statement in operation.statements() {
        for values in operation.variants(statement) {
            let Err(error) = plan(statement, values, client).await else { continue };
            match error.code() {
                Some(code) if LACKS.contains(code) => return Ok(Some(describe(&error))),
                Some(_) => {}
                None => return Err(EngineError::Check(describe(&error))),
            }
        }
    }
    Ok(None)
}

/// Has the server parse one form of a statement, and plan it: whether the columns may be read shows itself only then.
async fn plan(statement: &Statement, mut values: Vec<Value>, client: &Client) -> Result<(), Error> {
    let numbered = statement.template.numbered(&values);
    let prepared = client.prepare(&numbered.sql).await?;
    let types: Vec<Type> = prepared.params().to_vec();
    for (slot, r#type) in numbered.slots.iter().zip(&types) {
        values[*slot] = example_of(r#type);
    }
    let typed = numbered.slots.iter().zip(types);
    let typed: Vec<(&(dyn ToSql + Sync), Type)> =
        typed.map(|(slot, r#type)| (&values[*slot] as &(dyn ToSql + Sync), r#type)).collect();
    client.query_typed(&format!("EXPLAIN {}", numbered.sql), &typed).await.map(drop)
}
