//! Connections as in production: TLS in every mode, certificates of every kind, several hosts; psql is the judge.

mod certificates;
mod embedded;
mod hosts;
mod matrix;
mod secrets;
mod special;
mod standby;

use crate::common::KeptServer;
use certificates::Identity;
use loist_bench::{
    record::Session,
    target::{self, Route},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tokio::runtime::Runtime;

/// A server whose certificate, and whose rules for who may come in, change while it runs.
struct Stage {
    server: KeptServer,
    psql: PathBuf,
    socket: String,
    port: String,
    password: String,
    runtime: Runtime,
    states: usize,
}

/// What a client came to: refused, or let in with TLS or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Refused,
    Plain,
    Encrypted,
}

impl Stage {
    fn set() -> Self {
        let server = KeptServer::start("--transport tcp");
        let one = |sql: &str| server.sql(sql).remove(0);
        let psql = Path::new(&one("SELECT setting FROM pg_config WHERE name = 'BINDIR'")).join("psql");
        assert!(psql.is_file(), "the judge is missing: install the client programs, {}", psql.display());
        let config: tokio_postgres::Config = server.url.parse().unwrap();
        Self {
            psql,
            socket: one("SHOW unix_socket_directories"),
            port: config.get_ports()[0].to_string(),
            password: String::from_utf8(config.get_password().unwrap().to_vec()).unwrap(),
            runtime: crate::common::runtime(),
            server,
            states: 0,
        }
    }

    /// The first values of what SQL answers, asked over the socket, which always lets in; each statement by itself.
    fn sql(&self, statements: &[&str]) -> Vec<String> {
        let (socket, port) = (&self.socket, &self.port);
        let route = Route::parse(&format!("host={socket} port={port} user=loist dbname=postgres")).unwrap();
        self.runtime.block_on(async {
            let client = target::connect(&route).await.unwrap();
            let mut values = Vec::new();
            for sql in statements {
                for message in client.simple_query(sql).await.unwrap() {
                    if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                        values.push(row.get(0).unwrap_or_default().to_owned());
                    }
                }
            }
            values
        })
    }

    /// A file that the server's user owns and nobody else reads.
    fn give(&self, name: &str, text: &str) -> String {
        let path = self.server.directory.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(self.server.directory.join("data")).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        path.display().to_string()
    }

    /// Has the server show a certificate, or speak no TLS at all, and let in by these rules.
    fn change(&mut self, identity: Option<&Identity>, authority: &str, rules: &str) {
        self.states += 1;
        let state = self.states;
        let mut settings = vec![format!("ssl_ca_file = '{}'", self.give("clients.crt", authority))];
        match identity {
            Some(identity) => settings.extend([
                format!("ssl_cert_file = '{}'", self.give(&format!("{state}.crt"), &identity.certificate)),
                format!("ssl_key_file = '{}'", self.give(&format!("{state}.key"), &identity.key)),
                "ssl = on".to_owned(),
            ]),
            None => settings.push("ssl = off".to_owned()),
        }
        settings.push(format!("log_line_prefix = 'state {state}: '"));
        let hba = self.server.directory.join("data/pg_hba.conf");
        fs::write(hba, format!("local all all trust\n{rules}\n")).unwrap();
        let settings: Vec<String> =
            settings.iter().map(|setting| format!("ALTER SYSTEM SET {setting}")).collect();
        let mut statements: Vec<&str> = settings.iter().map(String::as_str).collect();
        statements.push("SELECT pg_reload_conf()");
        self.sql(&statements);
        crate::common::wait_until("the new certificate", || {
            self.sql(&["SHOW log_line_prefix"]) == [format!("state {state}: ")]
        });
    }

    /// The server as both clients name it, with its password.
    fn address(&self) -> String {
        format!(
            "host=localhost hostaddr=127.0.0.1 port={} user=loist dbname=postgres password={} connect_timeout=20",
            self.port, self.password
        )
    }

    /// How we fare, and why.
    fn ours(&self, address: &str) -> (Outcome, Result<Session, String>) {
        let opened = Route::parse(address).map_err(|error| error.to_string()).and_then(|route| {
            let opened = self.runtime.block_on(async {
                let opened = target::open(&route).await?;
                // A session that answers.
                opened.client.simple_query("SELECT 1").await.unwrap();
                Ok::<_, target::TargetError>(opened.session)
            });
            opened.map_err(|error| error.to_string())
        });
        let outcome = match &opened {
            Ok(Session { encryption: Some(_), .. }) => Outcome::Encrypted,
            Ok(_) => Outcome::Plain,
            Err(reason) => {
                assert!(!reason.contains(&self.password), "{reason}");
                Outcome::Refused
            }
        };
        (outcome, opened)
    }

    /// What psql gets for an answer to SQL.
    fn psql(&self, address: &str, sql: &str) -> Output {
        let mut command = Command::new(&self.psql);
        command.args(["-XAtw", "-c", sql, address]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG")) {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// How psql fares, and what it says.
    fn psqls(&self, address: &str) -> (Outcome, String) {
        let output = self.psql(address, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        let outcome = match (output.status.success(), output.stdout.as_slice()) {
            (true, b"t\n") => Outcome::Encrypted,
            (true, b"f\n") => Outcome::Plain,
            _ => Outcome::Refused,
        };
        (outcome, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Expects that both fare alike, and gives how.
    fn agree(&self, what: &str, parameters: &str) -> Outcome {
        let address = format!("{} {parameters}", self.address());
        let (ours, why) = self.ours(&address);
        let (psqls, said) = self.psqls(&address);
        assert_eq!(ours, psqls, "{what}: {parameters}\nours: {why:?}\npsql: {said}");
        ours
    }
}
