//! The ledger of migrations, checksums of pages, and databases that nobody looked into.

use crate::drill::{contents::Contents, manifest::Manifest, result::Check};
use crate::target::{Schema, TargetError, describe, known_migrations};
use crate::text::grouped;
use tokio_postgres::{Client, Error};

const LEDGER: &str = "ledger of migrations";
/// What the table is called in which applications write down their own.
const OF_OTHERS: &str = ".schema_migrations";
const CHECKSUMS: &str = "checksums of pages";
const DATABASES: &str = "other databases";

/// All of them.
pub(super) async fn all(
    client: &Client,
    schema: &Schema,
    manifest: Option<&Manifest>,
    found: Option<&Contents>,
) -> Vec<Check> {
    let ledger = ledger(known_migrations(client, schema).await, manifest, found);
    let mut checks = vec![ledger, checksums(client, manifest).await];
    let databases = databases(client).await;
    checks.extend(databases.unwrap_or_else(|error| Some(Check::failed(DATABASES, describe(&error)))));
    checks
}

fn ledger(
    known: Result<Option<usize>, TargetError>,
    manifest: Option<&Manifest>,
    found: Option<&Contents>,
) -> Check {
    match known {
        Ok(None) => of_others(manifest, found),
        Ok(Some(number)) => {
            let evidence =
                format!("{number} migrations, each with the checksum of the file that is known here");
            Check::of(LEDGER, evidence, Vec::new())
        }
        // What the reason goes on to advise is for a database that is in use.
        Err(TargetError::Ledger { place, reason }) => {
            let said = reason.split_once(": use ").map_or(reason.as_str(), |(said, _)| said);
            Check::failed(LEDGER, format!("{place}: {said}"))
        }
        Err(error) => Check::failed(LEDGER, error.to_string()),
    }
}

/// The ledger of somebody's own migrations says what it said when it was backed up.
fn of_others(manifest: Option<&Manifest>, found: Option<&Contents>) -> Check {
    let none = "the database has no ledger of loist-bench's migrations";
    let Some((manifest, found)) = manifest.zip(found) else { return Check::unproven(LEDGER, none) };
    let is_sure = |name: &str| manifest.changed.iter().all(|changed| changed.table != name);
    let mut ledgers = manifest.contents.tables.iter().filter(|table| table.name.ends_with(OF_OTHERS));
    let Some(ledger) = ledgers.find(|table| is_sure(&table.name)) else {
        return Check::unproven(LEDGER, none);
    };
    let is_same = found.tables.contains(ledger);
    let failure = (!is_same).then(|| format!("{} is not as it was backed up", ledger.name));
    let evidence = format!("{} holds the {} migrations that it held", ledger.name, ledger.rows);
    Check::of(LEDGER, evidence, failure.into_iter().collect())
}

/// A copy of files has all databases of its server, of which one is looked into.
async fn databases(client: &Client) -> Result<Option<Check>, Error> {
    let sql = "SELECT datname::text FROM pg_database
               WHERE datallowconn AND NOT datistemplate AND datname <> current_database() AND datname <> 'postgres'
               ORDER BY 1";
    let names: Vec<String> = client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    let why = || format!("there as files, and not looked into: {}", names.join(", "));
    Ok((!names.is_empty()).then(|| Check::unproven(DATABASES, why())))
}

/// Whoever read a page with a checksum read what was written; without one nobody can tell.
async fn checksums(client: &Client, manifest: Option<&Manifest>) -> Check {
    if let Some(manifest) = manifest.filter(|manifest| !manifest.method.is_physical()) {
        return match manifest.source.checksums {
            true => Check::of(
                CHECKSUMS,
                "the source has them, and pg_dump read every row through them",
                Vec::new(),
            ),
            false => Check::unproven(
                CHECKSUMS,
                "the source has none: a row that its disk changed is dumped as it is (pg_checksums --enable)",
            ),
        };
    }
    let sql = "SELECT current_setting('data_checksums') = 'on',
                      (SELECT coalesce(sum(checksum_failures), 0)::bigint FROM pg_stat_database)";
    match client.query_one(sql, &[]).await {
        Err(error) => Check::failed(CHECKSUMS, describe(&error)),
        Ok(row) if manifest.is_none() && !row.get::<_, bool>(0) => {
            Check::unproven(CHECKSUMS, "whether the source has them, nobody wrote down")
        }
        Ok(row) if row.get(0) => {
            let failed: i64 = row.get(1);
            let failure = (failed > 0)
                .then(|| format!("{} pages are not as they were written", grouped(failed.unsigned_abs())));
            Check::of(CHECKSUMS, "on, and no page that was read had another", failure.into_iter().collect())
        }
        Ok(_) => Check::unproven(
            CHECKSUMS,
            "off: a page that changed on the disk before it was copied is found only where its structure is broken (pg_checksums --enable)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::{contents::TableContents, options::Method, result::Outcome};

    fn contents(digest: &str) -> Contents {
        let (name, digest) = ("public.schema_migrations".to_owned(), digest.to_owned());
        Contents {
            tables: vec![TableContents { name, rows: 7, digest, unlogged: false }],
            ..Contents::default()
        }
    }

    #[test]
    fn the_ledger_of_others_is_held_against_the_source() {
        let own = Manifest::of_contents(Method::Custom, contents("1:1"));
        let of = |digest: &str| ledger(Ok(None), Some(&own), Some(&contents(digest)));
        assert_eq!(of("1:1").evidence, "public.schema_migrations holds the 7 migrations that it held");
        assert_eq!(of("1:2").failures, ["public.schema_migrations is not as it was backed up"]);
        assert_eq!(ledger(Ok(None), None, Some(&contents("1:1"))).outcome, Outcome::Unproven);
    }

    #[test]
    fn nobody_is_advised_to_drop_a_schema() {
        let reason = "the ledger holds it: use the loist-bench that made it, or drop the schema".to_owned();
        let check = ledger(Err(TargetError::Ledger { place: "migration 9".to_owned(), reason }), None, None);
        assert_eq!(check.failures, ["migration 9: the ledger holds it"]);
    }
}
