//! How large everything is. Sizes are sums of files' sizes: they are asked for seldom.

use super::{
    metric::Readings,
    metrics::{DATABASE_SIZE, RELATION_SIZE, ROWS, STORAGE_USED},
};
use crate::{observe::largest_tables, target::describe};
use tokio_postgres::{Client, Error};

/// More tables than this are not told: each is a series.
const MOST_TABLES: u32 = 10;

const DATABASES: &str = "
SELECT pg_database_size(current_database())::float8,
       (SELECT sum(pg_database_size(oid))::float8 FROM pg_database
        WHERE has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')),
       has_function_privilege('pg_ls_waldir()', 'EXECUTE')";

const ROW_COUNTS: &str = "SELECT sum(n_live_tup)::float8, sum(n_dead_tup)::float8 FROM pg_stat_user_tables";

/// Reads all sizes.
pub(super) async fn look(client: &Client) -> Result<Readings, String> {
    read(client).await.map_err(|error| describe(&error))
}

async fn read(client: &Client) -> Result<Readings, Error> {
    let mut readings = Readings::default();
    let row = client.query_one(DATABASES, &[]).await?;
    readings.put(&DATABASE_SIZE, row.get(0));
    if let Some(bytes) = row.get::<_, Option<f64>>(1) {
        readings.put_for(&STORAGE_USED, ["databases"], bytes);
    }
    if row.get(2) {
        let log = client.query_one("SELECT coalesce(sum(size), 0)::float8 FROM pg_ls_waldir()", &[]).await?;
        readings.put_for(&STORAGE_USED, ["log"], log.get(0));
    }
    for (name, bytes) in largest_tables(client, MOST_TABLES).await? {
        readings.put_for(&RELATION_SIZE, [name.as_str()], bytes as f64);
    }
    let rows = client.query_one(ROW_COUNTS, &[]).await?;
    for (index, state) in ["live", "dead"].into_iter().enumerate() {
        // A database without tables has neither.
        if let Some(count) = rows.get::<_, Option<f64>>(index) {
            readings.put_for(&ROWS, [state], count);
        }
    }
    Ok(readings)
}
