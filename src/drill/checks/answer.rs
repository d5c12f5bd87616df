//! The first answer, and whether the right point in time was reached.

use crate::drill::{
    contents,
    manifest::{Manifest, PointInTime},
    result::Check,
};
use crate::text::{counted, grouped};
use tokio_postgres::{Client, Error};

/// What the check is called.
pub(in crate::drill) const FIRST: &str = "first answer";
pub(super) const POINT: &str = "point in time";

/// Counts the rows of the largest table whose number is known: the first question that can be answered right or wrong.
/// Without a manifest the largest table is read from, and nothing is right or wrong.
///
/// # Errors
/// When the database answers with an error.
pub(in crate::drill) async fn first(client: &Client, manifest: Option<&Manifest>) -> Result<Check, Error> {
    let known = manifest.and_then(|manifest| {
        let is_sure = |name: &str| manifest.changed.iter().all(|changed| changed.table != name);
        let tables = manifest.contents.tables.iter().filter(|table| !table.unlogged && is_sure(&table.name));
        tables.max_by_key(|table| table.rows)
    });
    if let Some(table) = known {
        let row = client.query_one(&format!("SELECT count(*) FROM ONLY {}", table.name), &[]).await?;
        let rows = row.get::<_, i64>(0).cast_unsigned();
        let failure = (rows != table.rows)
            .then(|| format!("{} has {} and had {}", table.name, counted(rows, "row"), grouped(table.rows)));
        let evidence = format!("{} has its {}", table.name, counted(rows, "row"));
        return Ok(Check::of(FIRST, evidence, failure.into_iter().collect()));
    }
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND {} ORDER BY c.relpages DESC, 1 LIMIT 1",
        contents::OF_USERS
    );
    let Some(row) = client.query_opt(&sql, &[]).await? else {
        return Ok(Check::unproven(FIRST, "the database has no table"));
    };
    let name: String = row.get(0);
    client.query(&format!("SELECT FROM {name} LIMIT 1"), &[]).await?;
    let why = match manifest {
        None => "nobody wrote down",
        Some(_) => "cannot be known: every table was written to meanwhile",
    };
    Ok(Check::unproven(FIRST, format!("{name} answers; whether rightly, {why}")))
}

/// Whether everything of before the point is there, and nothing of after it.
pub(super) async fn point(client: &Client, point: &PointInTime) -> Result<Check, Error> {
    let rows = client.query(&format!("SELECT mark FROM {} ORDER BY at", point.table), &[]).await?;
    let marks: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut failures = Vec::new();
    if !marks.contains(&point.before) {
        failures.push(format!("the row of {} that was {} is missing", point.table, point.before));
    }
    if marks.contains(&point.after) {
        failures.push(format!("the row of {} that was {} is there", point.table, point.after));
    }
    let in_recovery: bool = client.query_one("SELECT pg_is_in_recovery()", &[]).await?.get(0);
    if in_recovery {
        failures.push("the server still replays".to_owned());
    }
    let evidence = format!(
        "replayed to {} {}: the last row committed before it is there, and the first after it is not",
        point.until.name(),
        point.value
    );
    Ok(Check::of(POINT, evidence, failures))
}
