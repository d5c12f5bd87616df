//! What stands around the server: the role that the load uses, and the extensions.

use super::{counters::unsigned, facts};
use crate::record::{Extension, HorizonHolder, Role};
use crate::target::describe;
use tokio_postgres::Client;

/// Extensions that would help to explain a run, where they are not installed.
const HELPFUL: [&str; 5] = ["pg_stat_statements", "pgstattuple", "hypopg", "pg_buffercache", "pg_prewarm"];

/// The session's role; values of its settings that may hold a secret are hidden.
///
/// # Errors
/// When the connection fails or the catalogs cannot be read.
pub(super) async fn role(client: &Client) -> Result<Role, String> {
    let row = client
        .query_one(
            "SELECT current_user::text, rolsuper, pg_has_role('pg_read_all_stats', 'USAGE'),
                    pg_has_role('pg_read_all_settings', 'USAGE'), current_database()::text
             FROM pg_roles WHERE rolname = current_user",
            &[],
        )
        .await
        .map_err(|error| describe(&error))?;
    // The most special one wins: role in database, role, database, all.
    let rows = client
        .query(
            "SELECT DISTINCT ON (own.name) own.name, own.value, coalesce(s.vartype, 'string')
             FROM pg_db_role_setting d
             CROSS JOIN LATERAL unnest(d.setconfig) AS config
             CROSS JOIN LATERAL (SELECT split_part(config, '=', 1) AS name,
                                        substr(config, strpos(config, '=') + 1) AS value) own
             LEFT JOIN pg_settings s ON lower(s.name) = lower(own.name)
             WHERE d.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
               AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
             ORDER BY own.name, d.setrole = 0, d.setdatabase = 0",
            &[],
        )
        .await
        .map_err(|error| describe(&error))?;
    let setting = |name: &str, value: String, kind: &str| {
        format!("{name}={}", facts::shown(&name.to_ascii_lowercase(), kind, value))
    };
    Ok(Role {
        name: row.get(0),
        database: row.get(4),
        is_superuser: row.get(1),
        reads_all_statistics: row.get(2),
        reads_all_settings: row.get(3),
        settings: rows.iter().map(|row| setting(row.get(0), row.get(1), row.get(2))).collect(),
    })
}

/// The session, prepared transaction or replication slot that holds the horizon of dead rows back furthest; `None` where
/// nothing does.
///
/// # Errors
/// When the connection fails or the views cannot be read.
pub(super) async fn horizon(client: &Client) -> Result<Option<HorizonHolder>, String> {
    // Sessions of one's own that are idle hold nothing; those of other databases hold this one's rows not.
    let row = client
        .query_opt(
            "SELECT kind, name, state, transaction_ms, transactions_since FROM (
                 SELECT 'session' AS kind, coalesce(application_name, '') AS name, state,
                        extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000 AS transaction_ms,
                        age(coalesce(backend_xmin, backend_xid))::bigint AS transactions_since
                 FROM pg_stat_activity
                 WHERE coalesce(backend_xmin, backend_xid) IS NOT NULL AND pid <> pg_backend_pid()
                   AND datname = current_database() AND backend_type = 'client backend'
                 UNION ALL
                 SELECT 'prepared transaction', gid, NULL,
                        extract(epoch FROM clock_timestamp() - prepared)::float8 * 1000, age(transaction)::bigint
                 FROM pg_prepared_xacts WHERE database = current_database()
                 UNION ALL
                 SELECT 'replication slot', slot_name::text, NULL, NULL, age(xmin)::bigint
                 FROM pg_replication_slots WHERE xmin IS NOT NULL
             ) holders ORDER BY transactions_since DESC, transaction_ms DESC NULLS LAST LIMIT 1",
            &[],
        )
        .await
        .map_err(|error| describe(&error))?;
    Ok(row.map(|row| HorizonHolder {
        kind: row.get(0),
        name: row.get(1),
        state: row.get(2),
        transaction_ms: row.get(3),
        transactions_since: unsigned(row.get(4)),
    }))
}

/// Those that are installed in this database, and the helpful ones that could be.
///
/// # Errors
/// When the connection fails or the catalogs cannot be read.
pub(super) async fn extensions(client: &Client) -> Result<Vec<Extension>, String> {
    let rows = client
        .query(
            "SELECT extname::text, extversion FROM pg_extension
             UNION ALL
             SELECT name::text, NULL FROM pg_available_extensions
             WHERE installed_version IS NULL AND name = ANY ($1)
             ORDER BY 1",
            &[&HELPFUL.as_slice()],
        )
        .await
        .map_err(|error| describe(&error))?;
    Ok(rows.iter().map(|row| Extension { name: row.get(0), installed: row.get(1) }).collect())
}
