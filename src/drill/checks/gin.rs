//! Whether GIN indexes find what is there: by PostgreSQL's own check where it has one, else by searches that are answered with
//! the index and without it.

use crate::target::describe;
use crate::{
    drill::{contents, result::Check},
    text::{counted, grouped, sql::literal},
};
use tokio_postgres::{Client, Error};

/// What the check is called.
pub(super) const CHECK: &str = "GIN indexes";
/// Searches for each index.
const SEARCHES: usize = 5;
/// Rows that words are taken from.
const SAMPLE: usize = 500;
/// The index has to answer, or the table.
const BY_INDEX: &str = "SET enable_seqscan = off; SET enable_bitmapscan = on";
const BY_TABLE: &str = "SET enable_seqscan = on; SET enable_bitmapscan = off;
    SET enable_indexscan = off; SET enable_indexonlyscan = off";
const AS_BEFORE: &str =
    "RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_indexscan; RESET enable_indexonlyscan";

/// A GIN index.
struct Gin {
    oid: u32,
    /// Its name with its schema, and without.
    name: String,
    own_name: String,
    table: String,
    /// The column that it is of, if it is of one alone.
    column: Option<String>,
    class: String,
    is_partial: bool,
}

/// Looks at every GIN index.
pub(super) async fn all(client: &Client, amcheck: Result<&str, &String>) -> Result<Check, Error> {
    let indexes = list(client).await?;
    if indexes.is_empty() {
        return Ok(Check::of(CHECK, "there are none", Vec::new()));
    }
    if let Ok(schema) = amcheck {
        let own = format!("{schema}.gin_index_check(regclass)");
        let known = client.query_one("SELECT to_regprocedure($1) IS NOT NULL", &[&own]).await?;
        if known.get(0) {
            return by_amcheck(client, schema, &indexes).await;
        }
    }
    by_searches(client, &indexes).await
}

async fn list(client: &Client) -> Result<Vec<Gin>, Error> {
    let sql = format!(
        "SELECT i.indexrelid, i.indexrelid::regclass::text, x.relname::text, i.indrelid::regclass::text,
                CASE WHEN i.indnatts = 1 THEN format('%I', a.attname) END, o.opcname::text, i.indpred IS NOT NULL
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
         JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_opclass o ON o.oid = i.indclass[0]
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
         WHERE m.amname = 'gin' AND x.relkind = 'i' AND i.indisvalid AND {} ORDER BY 2",
        contents::OF_USERS
    );
    let rows = client.query(&sql, &[]).await?;
    let gin = |row: &tokio_postgres::Row| Gin {
        oid: row.get(0),
        name: row.get(1),
        own_name: row.get(2),
        table: row.get(3),
        column: row.get(4),
        class: row.get(5),
        is_partial: row.get(6),
    };
    Ok(rows.iter().map(gin).collect())
}

async fn by_amcheck(client: &Client, schema: &str, indexes: &[Gin]) -> Result<Check, Error> {
    let look = format!("SELECT {schema}.gin_index_check($1::oid::regclass)");
    let mut failures = Vec::new();
    for index in indexes {
        if let Err(error) = client.query(&look, &[&index.oid]).await {
            failures.push(format!(
                "the index {} of {} is damaged: {}",
                index.name,
                index.table,
                describe(&error)
            ));
        }
    }
    Ok(Check::of(CHECK, format!("amcheck looked at {} of them", indexes.len()), failures))
}

async fn by_searches(client: &Client, indexes: &[Gin]) -> Result<Check, Error> {
    let (mut failures, mut left_out, mut searches, mut asked) = (Vec::new(), Vec::new(), 0_u64, 0_u64);
    for index in indexes {
        let mut answered = 0;
        for condition in conditions(client, index).await? {
            let sql = format!("SELECT count(*) FROM {} WHERE {condition}", index.table);
            client.batch_execute(BY_INDEX).await?;
            if !uses(client, &sql, index).await? {
                continue;
            }
            let by_index: i64 = client.query_one(&sql, &[]).await?.get(0);
            client.batch_execute(BY_TABLE).await?;
            let by_table: i64 = client.query_one(&sql, &[]).await?.get(0);
            answered += 1;
            if by_index != by_table {
                failures.push(format!(
                    "the index {} finds {} rows of {} where {condition}, and there are {}",
                    index.name,
                    grouped(by_index.unsigned_abs()),
                    index.table,
                    grouped(by_table.unsigned_abs())
                ));
            }
        }
        match answered {
            0 => left_out.push(index.name.as_str()),
            some => (searches, asked) = (searches + some, asked + 1),
        }
    }
    client.batch_execute(AS_BEFORE).await?;
    let rest = match left_out.is_empty() {
        true => String::new(),
        false => format!("; not asked: {}", left_out.join(", ")),
    };
    if asked == 0 {
        return Ok(Check::unproven(CHECK, format!("amcheck knows them from PostgreSQL 18 on{rest}")));
    }
    let evidence = format!(
        "amcheck knows them from PostgreSQL 18 on; {} by {} compared with reading the table{rest}",
        counted(searches, "answer"),
        if asked == 1 { "1 index".to_owned() } else { format!("{asked} indexes") }
    );
    Ok(match failures.is_empty() && !left_out.is_empty() {
        true => Check::unproven(CHECK, evidence),
        false => Check::of(CHECK, evidence, failures),
    })
}

/// Searches that the index can answer, for words that are in the table.
async fn conditions(client: &Client, index: &Gin) -> Result<Vec<String>, Error> {
    let Some(column) = index.column.as_deref().filter(|_| !index.is_partial) else { return Ok(Vec::new()) };
    let (word, condition) = match index.class.as_str() {
        "tsvector_ops" => (
            format!("(tsvector_to_array({column}))[1]"),
            format!("format('%s @@ %L::tsquery', {}, quote_literal(word))", literal(column)),
        ),
        "gin_trgm_ops" => (
            format!("substr({column}, 1, 6)"),
            format!("format('%s LIKE %L', {}, '%' || word || '%')", literal(column)),
        ),
        _ => return Ok(Vec::new()),
    };
    // Other characters would have to be escaped for one or the other.
    let sql = format!(
        "SELECT {condition} FROM (
             SELECT DISTINCT word FROM (SELECT {word} AS word FROM {} LIMIT {SAMPLE}) AS sample
             WHERE length(word) >= 4 AND word ~ '^[[:alnum:] ]+$' LIMIT {SEARCHES}) AS words",
        index.table
    );
    Ok(client.query(&sql, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// Whether the plan of a search uses the index.
async fn uses(client: &Client, sql: &str, index: &Gin) -> Result<bool, Error> {
    let plan = client.query(&format!("EXPLAIN (COSTS OFF) {sql}"), &[]).await?;
    let is_it = |line: &str| line.split_whitespace().any(|word| word.trim_matches('"') == index.own_name);
    Ok(plan.iter().any(|row| is_it(row.get(0))))
}
