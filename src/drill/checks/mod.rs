//! What is looked at in a database that was restored, each subject in a file of its own.
//!
//! A check that PostgreSQL answers with an error has failed: what cannot be read was not restored. The source is not asked
//! here: what it held stands in the manifest. A check is added in the file of its subject, and called from `compare` or
//! `sound`.

mod answer;
mod constraints;
mod exclusions;
mod gin;
mod heap;
mod indexes;
mod same;
mod sequences;
mod server;
mod workload;

pub(super) use answer::{FIRST, first};

use super::{
    contents::{self, Contents},
    context::Context,
    error::DrillError,
    manifest::Manifest,
    restore::Restored,
    result::Check,
};
use crate::target::describe;
use std::future::Future;
use tokio_postgres::{Client, Error};

/// Schema of the extension that looks into tables and indexes; of the restored database alone.
const SCHEMA: &str = "loist_bench_drill_checks";

/// Holds what was restored against the manifest, if there is one.
///
/// # Errors
/// When the scratch server does not answer, or the user asks for the end.
pub(super) fn compare(
    context: &Context<'_>,
    restored: &Restored,
    manifest: Option<&Manifest>,
    programs_major: u32,
) -> Result<(Vec<Check>, Option<Contents>), DrillError> {
    let method = restored_method(manifest);
    let (found, _) = context.step(&format!("{method}digests of what was restored"), || {
        context.ask(async {
            let client = restored.session().await?;
            Ok::<_, DrillError>(contents::read(&client).await)
        })
    })?;
    let found = match found {
        Ok(found) => found,
        Err(error) => return Ok((vec![Check::failed(same::ROWS, describe(&error))], None)),
    };
    let checks = match manifest {
        Some(manifest) => same::all(manifest, &found, programs_major),
        None => same::unknown(&found),
    };
    Ok((checks, Some(found)))
}

fn restored_method(manifest: Option<&Manifest>) -> String {
    manifest.map_or_else(String::new, |manifest| format!("{}: ", manifest.method))
}

/// Looks whether what was restored is sound in itself, and whether it can be worked with; what was found until something
/// breaks off is among `checks`.
///
/// # Errors
/// When the scratch server does not answer, or the user asks for the end.
pub(super) fn sound(
    context: &Context<'_>,
    restored: &Restored,
    manifest: Option<&Manifest>,
    found: Option<&Contents>,
    checks: &mut Vec<Check>,
) -> Result<(), DrillError> {
    let method = restored_method(manifest);
    let (looked, _) = context.step(&format!("{method}constraints, indexes and tables"), || {
        context.ask(async {
            let client = restored.session().await?;
            Ok::<_, DrillError>(structure(&client, manifest).await)
        })
    })?;
    checks.extend(looked);
    let schema = &context.options.target.schema;
    checks.extend(context.ask(async {
        let client = restored.session().await?;
        Ok::<_, DrillError>(server::all(&client, schema, manifest, found).await)
    })?);
    let ((), _) = context.step(&format!("{method}statistics"), || {
        context.ask(async {
            let client = restored.session().await?;
            client.batch_execute("ANALYZE").await.map_err(DrillError::of("analysed"))
        })
    })?;
    checks.push(workload::run(context, restored)?);
    Ok(())
}

async fn structure(client: &Client, manifest: Option<&Manifest>) -> Vec<Check> {
    let mut checks = constraints::all(client).await;
    checks.push(told(indexes::VALID, indexes::valid(client, manifest)).await);
    let amcheck = amcheck(client).await;
    checks.push(told(indexes::BTREES, indexes::btrees(client, amcheck.as_deref())).await);
    checks.push(told(gin::CHECK, gin::all(client, amcheck.as_deref())).await);
    checks.extend(indexes::others(client).await);
    checks.push(told(heap::CHECK, heap::all(client, amcheck.as_deref())).await);
    if let Some(point) = manifest.and_then(|manifest| manifest.point.as_ref()) {
        checks.push(told(answer::POINT, answer::point(client, point)).await);
    }
    checks
}

/// A check, or that it could not be made because the database answers with an error.
async fn told(name: &str, check: impl Future<Output = Result<Check, Error>>) -> Check {
    check.await.unwrap_or_else(|error| Check::failed(name, describe(&error)))
}

/// The schema of the extension amcheck, which is made if it is not there; why it cannot be had otherwise.
async fn amcheck(client: &Client) -> Result<String, String> {
    let there = client
        .query_opt(
            "SELECT format('%I', n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'amcheck'",
            &[],
        )
        .await
        .map_err(|error| describe(&error))?;
    if let Some(row) = there {
        return Ok(row.get(0));
    }
    let make = format!("CREATE SCHEMA {SCHEMA}; CREATE EXTENSION amcheck SCHEMA {SCHEMA}");
    client
        .batch_execute(&make)
        .await
        .map_err(|error| format!("amcheck is not there: {}", describe(&error)))?;
    Ok(SCHEMA.to_owned())
}

/// Rows of all tables.
fn all_rows(contents: &Contents) -> u64 {
    contents.tables.iter().map(|table| table.rows).sum()
}
