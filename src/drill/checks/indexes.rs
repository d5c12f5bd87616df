//! Whether indexes can be used, and whether btrees hold every row in its place.

use super::counted;
use crate::drill::{contents, result::Check};
use crate::target::describe;
use tokio_postgres::{Client, Error};

/// What the checks are called.
pub(super) const VALID: &str = "usable indexes";
pub(super) const BTREES: &str = "btree indexes";
const OTHERS: &str = "other indexes";

/// Whether every index is valid and ready.
pub(super) async fn valid(client: &Client) -> Result<Check, Error> {
    let sql = format!(
        "SELECT i.indexrelid::regclass::text, i.indisvalid AND i.indisready AND i.indislive
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE {} ORDER BY 1",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let bad = rows.iter().filter(|row| !row.get::<_, bool>(1));
    let failures = bad.map(|row| format!("the index {} is not valid", row.get::<_, String>(0))).collect();
    Ok(Check::of(VALID, format!("{} looked up in the catalogue", rows.len()), failures))
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
    let look = format!("SELECT {schema}.bt_index_parent_check($1::oid::regclass, true, true)");
    let mut failures = Vec::new();
    for row in &rows {
        let (oid, index, table): (u32, String, String) = (row.get(0), row.get(1), row.get(2));
        if let Err(error) = client.query(&look, &[&oid]).await {
            failures.push(format!("the index {index} of {table} is damaged: {}", describe(&error)));
        }
    }
    let evidence = format!(
        "amcheck: order, links, and an entry for every row of {}",
        counted(rows.len() as u64, "btree")
    );
    Ok(Check::of(BTREES, evidence, failures))
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
