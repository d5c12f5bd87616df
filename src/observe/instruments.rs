//! The session that looks on, and the extensions that let the server be looked into. The extensions are made on an embedded server only: in a
//! database of somebody else's, what is missing stays missing and is said.

use super::ObserveError;
use tokio_postgres::Client;

/// Makes the extensions whose views the evidence is read from.
///
/// # Errors
/// When the server has them not, or the connection fails.
pub async fn install_instruments(client: &Client) -> Result<(), ObserveError> {
    crate::target::create_extensions(client, &["pg_stat_statements", "pgstattuple"])
        .await
        .map_err(ObserveError::of("extensions"))
}

/// Says so where an extension is not there whose functions are wanted.
pub(super) async fn look_for(client: &Client, extension: &str) -> Result<(), String> {
    let found = client.query_opt("SELECT 1 FROM pg_extension WHERE extname = $1", &[&extension]).await;
    match found.map_err(|error| crate::target::describe(&error))? {
        Some(_) => Ok(()),
        None => Err(format!(
            "the extension {extension} is not installed in this database (CREATE EXTENSION {extension})"
        )),
    }
}

/// Limits a session that looks on: somebody's lock must not hold it, and with it the run.
///
/// # Errors
/// When the connection fails.
pub async fn limit_session(client: &Client) -> Result<(), ObserveError> {
    client
        .batch_execute("SET lock_timeout = '2s'; SET statement_timeout = '20s'")
        .await
        .map_err(ObserveError::of("session"))?;
    stay_idle(client).await
}

/// Lets a session be idle for as long as the load goes on. PostgreSQL 13 has no such setting.
async fn stay_idle(client: &Client) -> Result<(), ObserveError> {
    client
        .query(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
            &[],
        )
        .await
        .map_err(ObserveError::of("session"))?;
    Ok(())
}
