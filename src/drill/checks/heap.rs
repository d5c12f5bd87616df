//! Whether the pages of tables are sound.

use crate::drill::{contents, result::Check};
use crate::target::describe;
use crate::text::counted;
use tokio_postgres::{Client, Error};

/// What the check is called.
pub(super) const CHECK: &str = "pages of tables";
/// Faults that are told of one table.
const MOST: i64 = 3;

/// Looks at every page of every table, and at what is kept apart because it is large.
pub(super) async fn all(client: &Client, amcheck: Result<&str, &String>) -> Result<Check, Error> {
    let schema = match amcheck {
        Ok(schema) => schema,
        Err(why) => return Ok(Check::unproven(CHECK, why.clone())),
    };
    let sql = format!(
        "SELECT c.oid, c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_am m ON m.oid = c.relam
         WHERE c.relkind IN ('r', 'm') AND m.amname = 'heap' AND {} ORDER BY 2",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let look = format!(
        "SELECT format('page %s, row %s: %s', blkno, offnum, msg)
         FROM {schema}.verify_heapam($1::oid::regclass, check_toast => true) LIMIT {MOST}"
    );
    let mut failures = Vec::new();
    for row in &rows {
        let (oid, table): (u32, String) = (row.get(0), row.get(1));
        match client.query(&look, &[&oid]).await {
            Ok(found) => failures.extend(
                found.iter().map(|fault| format!("the table {table}: {}", fault.get::<_, String>(0))),
            ),
            Err(error) => failures.push(format!("the table {table} cannot be read: {}", describe(&error))),
        }
    }
    let evidence = format!("amcheck: every page of {}", counted(rows.len(), "table"));
    Ok(Check::of(CHECK, evidence, failures))
}
