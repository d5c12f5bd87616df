//! What the machine and the server are: facts that do not change during a run.

use super::{ObserveError, cgroup};
use crate::{
    flags::{
        Setting,
        secret::{HIDDEN, is_secret},
    },
    record::{Host, ServerView},
    stats::median,
};
use std::time::Instant;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use tokio_postgres::{Client, Error};

/// This machine.
#[must_use]
pub fn host() -> Host {
    let wanted = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(wanted).ok();
    let unknown = || "unknown".to_owned();
    let cpu_model = system
        .as_ref()
        .and_then(|system| system.cpus().first())
        .map(|cpu| cpu.brand().trim().to_owned())
        .filter(|brand| !brand.is_empty());
    let memory_bytes = system.map_or(0, |system| system.total_memory());
    let limits = cgroup::own();
    Host {
        os: System::long_os_version().unwrap_or_else(|_| unknown()),
        kernel: System::kernel_version().unwrap_or_else(|_| unknown()),
        architecture: std::env::consts::ARCH.to_owned(),
        cpu_model: cpu_model.unwrap_or_else(unknown),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes,
        memory_limit_bytes: limits.memory_bytes.filter(|limit| *limit < memory_bytes),
        cpu_limit: limits.cpus,
        clock_ns: Some(clock_ns()),
    }
}

/// One look at the clock, in nanoseconds, as pg_test_timing measures it: looking again and again. The median of ten batches
/// of a thousand, some 50 us each where the clock is cheap.
fn clock_ns() -> f64 {
    const LOOKS: u32 = 1000;
    let batch = |_| {
        let began = Instant::now();
        let last = (0..LOOKS).fold(began, |_, _| std::hint::black_box(Instant::now()));
        (last - began).as_secs_f64() * 1e9 / f64::from(LOOKS)
    };
    let batches: Vec<f64> = (0..10).map(batch).collect();
    median(&batches).unwrap_or_default()
}

/// Version, build and collation of a server.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// As in `15.18`.
    pub version: String,
    /// As in 150018.
    pub version_number: u32,
    /// What `version()` says.
    pub build: String,
    /// Collation of the current database.
    pub collation: String,
}

/// Reads what the server is.
///
/// # Errors
/// When the connection fails.
pub async fn server_facts(client: &Client) -> Result<ServerFacts, ObserveError> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int, version(),
                    (SELECT datcollate::text FROM pg_database WHERE datname = current_database())",
            &[],
        )
        .await
        .map_err(ObserveError::of("version"))?;
    let version: String = row.get(0);
    Ok(ServerFacts {
        version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        version_number: u32::try_from(row.get::<_, i32>(1)).unwrap_or_default(),
        build: row.get(2),
        collation: row.get(3),
    })
}

/// How the server sees this session's connection; `None` when it cannot be asked.
pub async fn server_view(client: &Client) -> Option<ServerView> {
    let sql = "SELECT ssl, version, cipher, bits, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let row = client.query_one(sql, &[]).await.ok()?;
    Some(ServerView {
        encrypted: row.get(0),
        protocol: row.get(1),
        cipher: row.get(2),
        bits: row.get(3),
        client_certificate: row.get(4),
    })
}

/// Connections that the server takes, and how many of them it keeps for superusers.
///
/// # Errors
/// When the connection fails.
pub async fn connection_limits(client: &Client) -> Result<(usize, usize), ObserveError> {
    let sql = "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int";
    let row = client.query_one(sql, &[]).await.map_err(ObserveError::of("max_connections"))?;
    let number = |column: usize| usize::try_from(row.get::<_, i32>(column)).unwrap_or_default();
    Ok((number(0), number(1)))
}

/// Every setting, as this session sees it; the value of one that may hold a secret is hidden.
///
/// # Errors
/// When the connection fails.
pub async fn settings(client: &Client) -> Result<Vec<Setting>, ObserveError> {
    let rows = client
        .query(
            "SELECT name, setting, unit, boot_val, source, context, pending_restart, vartype,
                    regexp_replace(sourcefile, '^.*[/\\\\]', '')
             FROM pg_settings ORDER BY name",
            &[],
        )
        .await
        .map_err(ObserveError::of("settings"))?;
    Ok(rows
        .iter()
        .map(|row| Setting {
            name: row.get(0),
            value: shown(row.get(0), row.get(7), row.get::<_, Option<String>>(1).unwrap_or_default()),
            unit: row.get(2),
            default: row.get(3),
            source: row.get(4),
            file: row.get(8),
            context: row.get(5),
            pending_restart: row.get(6),
        })
        .collect())
}

/// The value as a record may have it. Only free text holds secrets, and no text at all is worth knowing.
pub(super) fn shown(name: &str, kind: &str, value: String) -> String {
    let may_be_secret = kind == "string" && is_secret(name);
    if may_be_secret && !["", "(disabled)"].contains(&value.as_str()) { HIDDEN.to_owned() } else { value }
}

/// Version of the server, as in 150018.
///
/// # Errors
/// When the connection fails.
pub(super) async fn version_number(client: &Client) -> Result<i32, Error> {
    let row = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await?;
    Ok(row.get(0))
}

/// Number of the process that serves this session, on the server's machine; `None` when it cannot be asked.
pub async fn backend_pid(client: &Client) -> Option<i32> {
    client.query_one("SELECT pg_backend_pid()", &[]).await.ok().map(|row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hold_a_secret_is_hidden() {
        let shown = |name, kind, value: &str| shown(name, kind, value.to_owned());
        for name in [
            "primary_conninfo",
            "archive_command",
            "restore_command",
            "ssl_passphrase_command",
            "some_extension.password",
        ] {
            assert_eq!(shown(name, "string", "x"), HIDDEN, "{name}");
            assert_eq!(shown(name, "string", ""), "", "{name}");
        }
        for (name, kind, value) in [
            ("archive_command", "string", "(disabled)"),
            ("ssl_passphrase_command_supports_reload", "bool", "off"),
            ("password_encryption", "enum", "scram-sha-256"),
            ("search_path", "string", "public"),
        ] {
            assert_eq!(shown(name, kind, value), value, "{name}");
        }
    }
}
