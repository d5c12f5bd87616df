//! Whether the rows meet the constraints: each is asked again, whatever its index says.

use super::{counted, told};
use crate::drill::{contents, result::Check};
use crate::target::describe;
use tokio_postgres::{Client, Error, Row};

const CHECKS: &str = "CHECK constraints";
const KEYS: &str = "unique keys";
const FOREIGN: &str = "foreign keys";
const NOT_NULL: &str = "NOT NULL columns";
const NOT_ASKED: &str = "other constraints";
/// An index that has lost a row must not answer for the table.
const WITHOUT_INDEXES: &str =
    "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off";
const WITH_INDEXES: &str = "RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan";

/// Every constraint by its kind.
pub(super) async fn all(client: &Client) -> Vec<Check> {
    if let Err(error) = client.batch_execute(WITHOUT_INDEXES).await {
        return vec![Check::failed(CHECKS, describe(&error))];
    }
    let mut checks = vec![
        told(CHECKS, by_questions(client, CHECKS, &check_sql())).await,
        told(KEYS, by_questions(client, KEYS, &key_sql())).await,
        told(FOREIGN, by_questions(client, FOREIGN, &foreign_sql())).await,
        told(NOT_NULL, by_questions(client, NOT_NULL, &not_null_sql())).await,
    ];
    match not_asked(client).await {
        Ok(None) => {}
        Ok(Some(check)) => checks.push(check),
        Err(error) => checks.push(Check::failed(NOT_ASKED, describe(&error))),
    }
    // The session has no other use for them.
    let _ = client.batch_execute(WITH_INDEXES).await;
    checks
}

/// `questions` gives the name of each constraint, and the SQL that counts what violates it.
async fn by_questions(client: &Client, name: &str, questions: &str) -> Result<Check, Error> {
    let (mut failures, mut asked) = (Vec::new(), 0);
    for row in client.query(questions, &[]).await? {
        let (constraint, sql): (String, String) = (row.get(0), row.get(1));
        asked += 1;
        match client.query_one(&sql, &[]).await {
            Err(error) => failures.push(format!("{constraint} cannot be asked: {}", describe(&error))),
            Ok(found) => failures.extend(violated(&constraint, &found)),
        }
    }
    let evidence = match asked {
        0 => "there are none".to_owned(),
        asked => format!("{} asked again of every row", counted(asked, "constraint")),
    };
    Ok(Check::of(name, evidence, failures))
}

fn violated(constraint: &str, found: &Row) -> Option<String> {
    let rows: i64 = found.get(0);
    (rows > 0).then(|| format!("{constraint} is violated by {}", counted(rows.cast_unsigned(), "row")))
}

fn check_sql() -> String {
    format!(
        "SELECT format('%I on %s', k.conname, k.conrelid::regclass),
                format('SELECT count(*) FROM %s WHERE NOT coalesce((%s), true)', k.conrelid::regclass,
                       pg_get_expr(k.conbin, k.conrelid))
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE k.contype = 'c' AND k.convalidated AND c.relkind IN ('r', 'p') AND {}",
        contents::OF_USERS
    )
}

/// Every unique index, be it of a constraint or not. Rows without a value are as many as they like, but where the index says
/// otherwise (from PostgreSQL 15 on).
fn key_sql() -> String {
    format!(
        "SELECT format('%s on %s', i.indexrelid::regclass, i.indrelid::regclass),
                format('SELECT count(*) FROM (SELECT FROM %s WHERE (%s) AND (%s) GROUP BY %s HAVING count(*) > 1) AS twice',
                       i.indrelid::regclass, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
                       CASE WHEN coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false) THEN 'true'
                            ELSE keys.there END,
                       keys.list)
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL (
             SELECT string_agg(pg_get_indexdef(i.indexrelid, number, false), ', ') AS list,
                    string_agg(format('(%s) IS NOT NULL', pg_get_indexdef(i.indexrelid, number, false)), ' AND ') AS there
             FROM generate_series(1, i.indnkeyatts::int) AS number) AS keys
         WHERE i.indisunique AND i.indisvalid AND c.relkind IN ('r', 'p') AND {}",
        contents::OF_USERS
    )
}

/// A row whose reference is whole and leads nowhere.
fn foreign_sql() -> String {
    format!(
        "SELECT format('%I on %s', k.conname, k.conrelid::regclass),
                format('SELECT count(*) FROM %s AS here WHERE %s AND NOT EXISTS (SELECT FROM %s AS there WHERE %s)',
                       k.conrelid::regclass, pairs.whole, k.confrelid::regclass, pairs.equal)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL (
             SELECT string_agg(format('here.%I IS NOT NULL', a.attname), ' AND ') AS whole,
                    string_agg(format('there.%I = here.%I', b.attname, a.attname), ' AND ') AS equal
             FROM unnest(k.conkey, k.confkey) AS key (own, other)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.own
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = key.other) AS pairs
         WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 AND {}",
        contents::OF_USERS
    )
}

fn not_null_sql() -> String {
    format!(
        "SELECT c.oid::regclass::text,
                format('SELECT count(*) FROM ONLY %s WHERE %s', c.oid::regclass,
                       string_agg(format('%I IS NULL', a.attname), ' OR '))
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND {}
         GROUP BY c.oid",
        contents::OF_USERS
    )
}

/// What is not asked: exclusion constraints, and those that the source itself never validated.
async fn not_asked(client: &Client) -> Result<Option<Check>, Error> {
    let sql = format!(
        "SELECT format('%I on %s (%s)', k.conname, k.conrelid::regclass,
                       CASE WHEN k.contype = 'x' THEN 'an exclusion constraint' ELSE 'not validated' END)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE (k.contype = 'x' OR (k.contype IN ('c', 'f') AND NOT k.convalidated)) AND {} ORDER BY 1",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let why = || format!("there and not asked again: {}", names.join(", "));
    Ok((!names.is_empty()).then(|| Check::unproven(NOT_ASKED, why())))
}
