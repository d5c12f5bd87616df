//! Whether the rows meet the constraints: each is asked again, whatever its index says.

use super::{exclusions, told};
use crate::drill::{contents, result::Check};
use crate::target::describe;
use crate::text::counted;
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
    for (name, more) in
        [(exclusions::CHECK, exclusions::all(client).await), (NOT_ASKED, not_asked(client).await)]
    {
        checks.extend(more.unwrap_or_else(|error| Some(Check::failed(name, describe(&error)))));
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
            Ok(found) => failures.extend(violated(&constraint, &found, "row")),
        }
    }
    let evidence = match asked {
        0 => "there are none".to_owned(),
        asked => format!("{} asked again of every row", counted(asked, "constraint")),
    };
    Ok(Check::of(name, evidence, failures))
}

/// The sentence about a constraint by which so many things are found that violate it.
pub(super) fn violated(constraint: &str, found: &Row, of: &str) -> Option<String> {
    let number: i64 = found.get(0);
    (number > 0).then(|| format!("{constraint} is violated by {}", counted(number.cast_unsigned(), of)))
}

/// Of each table alone: those that inherit from it, partitions among them, have the constraint themselves, or need not meet it.
fn check_sql() -> String {
    format!(
        "SELECT format('%I on %s', k.conname, k.conrelid::regclass),
                format('SELECT count(*) FROM ONLY %s WHERE NOT coalesce((%s), true)', k.conrelid::regclass,
                       pg_get_expr(k.conbin, k.conrelid))
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE k.contype = 'c' AND k.convalidated AND c.relkind = 'r' AND {}",
        contents::OF_USERS
    )
}

/// `ONLY`, but of a partitioned table: what inherits from another is not of its keys, and what is a part of it is.
fn alone(table: &str) -> String {
    format!("CASE WHEN {table}.relkind = 'p' THEN '' ELSE 'ONLY ' END")
}

/// Every unique index, be it of a constraint or not. Rows without a value are as many as they like, but where the index says
/// otherwise (from PostgreSQL 15 on).
fn key_sql() -> String {
    format!(
        "SELECT format('%s on %s', i.indexrelid::regclass, i.indrelid::regclass),
                format('SELECT count(*) FROM (SELECT FROM %s%s WHERE (%s) AND (%s) GROUP BY %s HAVING count(*) > 1) AS twice',
                       {}, i.indrelid::regclass, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
                       CASE WHEN coalesce((to_jsonb(i)->>'indnullsnotdistinct')::boolean, false) THEN 'true'
                            ELSE keys.there END,
                       keys.list)
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         CROSS JOIN LATERAL (
             SELECT string_agg(pg_get_indexdef(i.indexrelid, number, false), ', ') AS list,
                    string_agg(format('(%s) IS NOT NULL', pg_get_indexdef(i.indexrelid, number, false)), ' AND ') AS there
             FROM generate_series(1, i.indnkeyatts::int) AS number) AS keys
         WHERE i.indisunique AND i.indisvalid AND c.relkind IN ('r', 'p') AND {}",
        alone("c"),
        contents::OF_USERS
    )
}

/// A row whose reference is whole, or need not be (MATCH FULL), and leads nowhere. What is equal the constraint itself says: a
/// type's own operator is in no schema that the session sees.
fn foreign_sql() -> String {
    format!(
        "SELECT format('%I on %s', k.conname, k.conrelid::regclass),
                format('SELECT count(*) FROM %s%s AS here WHERE (%s) AND NOT EXISTS (SELECT FROM %s%s AS there WHERE %s)',
                       {}, k.conrelid::regclass, pairs.whole, {}, k.confrelid::regclass, pairs.equal)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class f ON f.oid = k.confrelid
         CROSS JOIN LATERAL (
             SELECT string_agg(format('here.%I IS NOT NULL', a.attname),
                               CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END) AS whole,
                    string_agg(format('there.%I OPERATOR(%I.%s) here.%I%s', b.attname, s.nspname, o.oprname, a.attname,
                                      CASE WHEN a.attcollation <> b.attcollation AND a.attcollation <> 0 AND b.attcollation <> 0
                                           THEN ' COLLATE ' || b.attcollation::regcollation::text END),
                               ' AND ') AS equal
             FROM unnest(k.conkey, k.confkey, k.conpfeqop) AS key (own, other, equal)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.own
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = key.other
             JOIN pg_operator o ON o.oid = key.equal JOIN pg_namespace s ON s.oid = o.oprnamespace) AS pairs
         WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 AND NOT {OF_PERIODS} AND {}",
        alone("c"),
        alone("f"),
        contents::OF_USERS
    )
}

/// What PostgreSQL knows from version 18 on: a reference to what several rows hold together.
const OF_PERIODS: &str = "coalesce((to_jsonb(k)->>'conperiod')::boolean, false)";

/// From PostgreSQL 18 on, one need not be validated.
fn not_null_sql() -> String {
    format!(
        "SELECT c.oid::regclass::text,
                format('SELECT count(*) FROM ONLY %s WHERE %s', c.oid::regclass,
                       string_agg(format('%I IS NULL', a.attname), ' OR '))
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n'
                           AND NOT k.convalidated AND a.attnum = ANY (k.conkey)) AND {}
         GROUP BY c.oid",
        contents::OF_USERS
    )
}

/// What is not asked: references to periods, and those that the source itself never validated.
async fn not_asked(client: &Client) -> Result<Option<Check>, Error> {
    let sql = format!(
        "SELECT format('%I on %s (%s)', k.conname, k.conrelid::regclass,
                       CASE WHEN k.convalidated THEN 'of periods' ELSE 'not validated' END)
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE ((k.contype = 'f' AND {OF_PERIODS}) OR (k.contype IN ('c', 'f', 'n') AND NOT k.convalidated)) AND {}
         ORDER BY 1",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let why = || format!("there and not asked again: {}", names.join(", "));
    Ok((!names.is_empty()).then(|| Check::unproven(NOT_ASKED, why())))
}
