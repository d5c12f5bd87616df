//! An embedded server with a library in it, and the pgbench that belongs to it.

use super::common::{
    Outcome,
    server::{self, answer},
};
use std::{
    ops::Deref,
    path::{Path, PathBuf},
    process::Command,
};

/// A server with a library.
pub(crate) struct Server {
    server: server::Server,
    /// As in `15.18`.
    pub(crate) version: String,
    /// Id of a track.
    pub(crate) track: String,
}

/// A pgbench that runs.
pub(crate) struct Pgbench {
    pub(crate) program: PathBuf,
    /// As it says it.
    pub(crate) version: String,
}

impl Server {
    /// Starts a server and makes a library of `tracks` in it.
    pub(crate) fn start(tracks: u64) -> Outcome<Self> {
        let server = server::Server::start(&[])?;
        server.seed(tracks)?;
        let mut server = Self { server, version: String::new(), track: String::new() };
        server.version = server.ask("SELECT split_part(current_setting('server_version'), ' ', 1)")?;
        // In the middle of the table, so that neither side profits from an end of the index.
        server.track = server.ask(
            "SELECT id::text FROM loist_bench.audio_tracks ORDER BY created_at OFFSET \
             (SELECT count(*) / 2 FROM loist_bench.audio_tracks) LIMIT 1",
        )?;
        Ok(server)
    }

    /// The pgbench of the server's own installation, else one in `PATH`.
    pub(crate) fn pgbench(&self) -> Outcome<Option<Pgbench>> {
        let own = self.ask("SELECT setting FROM pg_config WHERE name = 'BINDIR'")?;
        let candidates = [Path::new(&own).join("pgbench"), PathBuf::from("pgbench")];
        Ok(candidates.into_iter().find_map(|program| {
            let version = answer(Command::new(&program).arg("--version")).ok()?;
            Some(Pgbench { program, version: version.trim().to_owned() })
        }))
    }

    /// The first column of the first row.
    fn ask(&self, sql: &str) -> Outcome<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(self.url(), tokio_postgres::NoTls).await?;
            let connection = tokio::spawn(connection);
            let row = client.query_one(sql, &[]).await?;
            drop(client);
            connection.await??;
            Ok(row.try_get(0)?)
        })
    }
}

impl Deref for Server {
    type Target = server::Server;

    fn deref(&self) -> &server::Server {
        &self.server
    }
}
