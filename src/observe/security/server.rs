//! The server, the database, and the session that looked.

use super::reader::Reader;
use crate::observe::ObserveError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The server and the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// Hosts with ports, database and user; never the password.
    #[serde(default)]
    pub address: String,
    /// As in `15.18`.
    pub version: String,
    /// As in 150018.
    pub version_number: u32,
    /// The database.
    pub database: String,
    /// Its owner.
    pub owner: String,
    /// Whether it is an instance of Cloud SQL.
    pub is_cloud_sql: bool,
}

/// The session that looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Its role.
    pub role: String,
    /// How it reached the server.
    pub way: Way,
    /// Whether it is encrypted by TLS.
    pub tls: bool,
    /// Version of TLS.
    pub protocol: Option<String>,
    /// Cipher of TLS.
    pub cipher: Option<String>,
}

/// How a session reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a socket of the server's machine.
    Socket,
    /// By TCP within the server's machine.
    Loopback,
    /// Over a network.
    Network,
}

const SERVER: &str = "SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
    current_setting('server_version_num')::int AS version_number, d.datname AS database,
    pg_get_userbyid(d.datdba) AS owner,
    EXISTS (SELECT FROM pg_roles WHERE rolname = 'cloudsqladmin') AS is_cloud_sql
    FROM pg_database d WHERE d.datname = current_database()";

const SESSION: &str = "SELECT session_user AS role,
    CASE WHEN inet_client_addr() IS NULL THEN 'socket'
         WHEN inet_client_addr() <<= inet '127.0.0.0/8' OR inet_client_addr() = inet '::1'
              OR inet_client_addr() = inet_server_addr() THEN 'loopback'
         ELSE 'network' END AS way,
    coalesce(s.ssl, false) AS tls, s.version AS protocol, s.cipher AS cipher
    FROM (SELECT) one LEFT JOIN pg_stat_ssl s ON s.pid = pg_backend_pid()";

pub(super) async fn server(reader: &Reader<'_>, address: &str) -> Result<Server, ObserveError> {
    let server: Server = reader.row("version", SERVER).await?;
    Ok(Server { address: address.to_owned(), ..server })
}

pub(super) async fn session(reader: &Reader<'_>) -> Result<Session, ObserveError> {
    reader.row("own session", SESSION).await
}
