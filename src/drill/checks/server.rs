//! The ledger of migrations, and checksums of pages.

use crate::drill::{manifest::Manifest, result::Check};
use crate::target::{Schema, TargetError, describe, known_migrations};
use tokio_postgres::Client;

const LEDGER: &str = "ledger of migrations";
const CHECKSUMS: &str = "checksums of pages";

/// Both.
pub(super) async fn all(client: &Client, schema: &Schema, manifest: Option<&Manifest>) -> Vec<Check> {
    vec![ledger(known_migrations(client, schema).await), checksums(client, manifest).await]
}

fn ledger(found: Result<Option<usize>, TargetError>) -> Check {
    match found {
        Ok(None) => Check::unproven(LEDGER, "the database has no ledger of loist-bench's migrations"),
        Ok(Some(number)) => {
            let evidence =
                format!("{number} migrations, each with the checksum of the file that is known here");
            Check::of(LEDGER, evidence, Vec::new())
        }
        Err(error) => Check::failed(LEDGER, error.to_string()),
    }
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
            let failure = (failed > 0).then(|| format!("{failed} pages are not as they were written"));
            Check::of(CHECKSUMS, "on, and no page that was read had another", failure.into_iter().collect())
        }
        Ok(_) => Check::unproven(
            CHECKSUMS,
            "off: a page that changed on the disk before it was copied is found only where its structure is broken (pg_checksums --enable)",
        ),
    }
}
