//! Whether indexes can be used, and whether btrees hold every row in its place.

use crate::drill::{
    contents,
    definitions::{Definition, INDEX},
    manifest::Manifest,
    result::Check,
};
use crate::target::describe;
use crate::text::{counted, grouped};
use tokio_postgres::{Client, Error, error::SqlState};

/// What the checks are called.
pub(super) const VALID: &str = "usable indexes";
pub(super) const BTREES: &str = "btree indexes";
const OTHERS: &str = "other indexes";

/// Whether every index is valid and ready. One that was not when it was copied, as a build that broke off leaves it, is no
/// fault of the backup's.
pub(super) async fn valid(client: &Client, manifest: Option<&Manifest>) -> Result<Check, Error> {
    let sql = format!(
        "SELECT i.indexrelid::regclass::text, i.indisvalid AND i.indisready AND i.indislive
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE {} ORDER BY 1",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let bad = rows.iter().filter(|row| !row.get::<_, bool>(1)).map(|row| row.get::<_, String>(0));
    let (lost, were): (Vec<String>, Vec<String>) = bad.partition(|name| was_valid(name, manifest));
    let failures: Vec<String> = lost.iter().map(|name| format!("the index {name} is not valid")).collect();
    if failures.is_empty() && !were.is_empty() {
        let were = were.join(", ");
        return Ok(Check::unproven(
            VALID,
            format!("not valid, as they were not when they were copied: {were}"),
        ));
    }
    Ok(Check::of(VALID, format!("{} looked up in the catalogue", grouped(rows.len() as u64)), failures))
}

/// Whether the backup has a valid index of that name, which stayed as it was meanwhile; where nobody wrote that down, it is
/// taken to have one.
fn was_valid(name: &str, manifest: Option<&Manifest>) -> bool {
    let Some(manifest) = manifest else { return true };
    let is_it = |definition: &Definition| definition.kind == INDEX && definition.name == name;
    let changed = format!("{INDEX} {name}");
    manifest.contents.definitions.iter().any(is_it) && !manifest.redefined.contains(&changed)
}

/// Whether every btree is in order, and has an entry for every row of its table.
pub(super) async fn btrees(client: &Client, amcheck: Result<&str, &String>) -> Result<Check, Error> {
    let schema = match amcheck {
        Ok(schema) => schema,
        Err(why) => return Ok(Check::unproven(BTREES, why.clone())),
    };
    let sql = format!(
        "SELECT i.indexrelid, i.indexrelid::regclass::text, i.indrelid::regclass::text
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
         JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE m.amname = 'btree' AND x.relkind = 'i' AND i.indisvalid AND {} ORDER BY 2",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let mut failures = Vec::new();
    for row in &rows {
        let (oid, index, table): (u32, String, String) = (row.get(0), row.get(1), row.get(2));
        if let Err(error) = look_into(client, schema, oid).await {
            failures.push(format!("the index {index} of {table} is damaged: {}", describe(&error)));
        }
    }
    let evidence =
        format!("amcheck: order, links, and an entry for every row of {}", counted(rows.len(), "btree"));
    Ok(Check::of(BTREES, evidence, failures))
}

/// Has amcheck look into a btree. Each row is searched for from the root, too, unless a version before 12 made the index.
async fn look_into(client: &Client, schema: &str, oid: u32) -> Result<(), Error> {
    let look = |from_root: bool| {
        format!("SELECT {schema}.bt_index_parent_check($1::oid::regclass, true, {from_root})")
    };
    match client.query(&look(true), &[&oid]).await {
        Err(error) if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) => {
            client.query(&look(false), &[&oid]).await.map(drop)
        }
        looked => looked.map(drop),
    }
}

/// Indexes of kinds that nothing looks into.
pub(super) async fn others(client: &Client) -> Option<Check> {
    let sql = format!(
        "SELECT format('%s (%s)', i.indexrelid::regclass, m.amname)
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
         JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE m.amname NOT IN ('btree', 'gin') AND x.relkind = 'i' AND {} ORDER BY 1",
        contents::OF_USERS
    );
    match client.query(&sql, &[]).await {
        Err(error) => Some(Check::failed(OTHERS, describe(&error))),
        Ok(rows) if rows.is_empty() => None,
        Ok(rows) => {
            let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            Some(Check::unproven(OTHERS, format!("valid, and nothing looks into them: {}", names.join(", "))))
        }
    }
}
