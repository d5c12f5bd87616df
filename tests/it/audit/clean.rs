//! A hardened server with a hardened database, and what is planted in it.

use super::faults::Fault;
use crate::common::{Answer, Bench, KeptServer, wait_until};
use loist_bench::audit::Audit;
use std::{fs, path::PathBuf};

/// Of the superuser.
pub(super) const ADMIN_PASSWORD: &str = "s3cret-admin";

/// Settings of a hardened server that differ from PostgreSQL's defaults.
const SETTINGS: &str = "--set log_connections=on --set log_disconnections=on --set log_statement=ddl \
    --set log_line_prefix=%m|%u@%d|%a| --set password_encryption=scram-sha-256 \
    --set autovacuum=off";

/// Who is let in: whoever knows a password.
const HBA: &str = "local all all scram-sha-256\n";

/// Roles of a hardened server: one that owns and does not log in, one that serves and does not own.
const ROLES: &[&str] = &[
    "ALTER ROLE loist PASSWORD 's3cret-admin' VALID UNTIL '2099-01-01'",
    "CREATE ROLE music_owner NOLOGIN",
    "CREATE ROLE app LOGIN PASSWORD 's3cret-app' CONNECTION LIMIT 10",
    "ALTER ROLE app SET statement_timeout = '10s'",
    "ALTER ROLE app SET idle_in_transaction_session_timeout = '10s'",
    "ALTER ROLE app SET lock_timeout = '5s'",
    "ALTER ROLE app SET idle_session_timeout = '1h'",
];

/// What stands in a hardened database: a schema of its own, and rights of whom they are for.
const DATABASE: &[&str] = &[
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "CREATE SCHEMA music AUTHORIZATION music_owner",
    "CREATE TABLE music.audio_tracks (id int PRIMARY KEY, title text NOT NULL)",
    "ALTER TABLE music.audio_tracks OWNER TO music_owner",
    "GRANT USAGE ON SCHEMA music TO app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON music.audio_tracks TO app",
];

/// A policy that accepts what nobody can choose here: how the machine's PostgreSQL was made, and how old it is.
pub(super) fn policy() -> String {
    ["checksums-off", "version-outdated", "version-unsupported", "version-ends-soon"]
        .map(|id| format!("[[accept]]\nid = '{id}'\nreason = 'of the machine'\nexpires = 2099-12-31\n"))
        .concat()
}

/// A hardened server.
pub(super) struct Hardened {
    server: KeptServer,
    /// As the superuser, without the database.
    base: String,
    hba: PathBuf,
}

impl Hardened {
    /// Starts one, with the database `clean`.
    pub(super) fn start() -> Self {
        let server = KeptServer::start(SETTINGS);
        ROLES.iter().for_each(|command| drop(server.sql(command)));
        let hba = PathBuf::from(&server.sql("SHOW hba_file")[0]);
        let base = server.url.rsplit_once('/').unwrap().0.to_owned();
        let hardened = Self { server, base, hba };
        hardened.write_hba("");
        hardened.database("clean");
        hardened
    }

    /// How to reach a database as a role.
    pub(super) fn url(&self, database: &str, role: &str, password: &str) -> String {
        format!("{}/{database}", self.base.replacen("loist@", &format!("{role}:{password}@"), 1))
    }

    fn write_hba(&self, more: &str) {
        fs::write(&self.hba, format!("{HBA}{more}\n")).unwrap();
        self.command("postgres", "SELECT pg_reload_conf()");
    }

    /// Adds a line to pg_hba.conf, after that which is there.
    pub(super) fn add_to_hba(&self, line: &str) {
        self.write_hba(line);
    }

    /// Makes a hardened database of that name, anew.
    pub(super) fn database(&self, name: &str) {
        self.command("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        self.command("postgres", &format!("CREATE DATABASE {name} OWNER music_owner"));
        self.command("postgres", &format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"));
        self.command("postgres", &format!("GRANT CONNECT ON DATABASE {name} TO app"));
        self.commands(name, DATABASE);
    }

    /// Plants a fault, and gives the name of the database that has it.
    pub(super) fn plant(&self, fault: &Fault) -> String {
        let is_of_database = fault.undo.is_empty() && fault.hba.is_none();
        let database = if is_of_database { "fault" } else { "clean" };
        if is_of_database {
            self.database(database);
        }
        if let Some(line) = fault.hba {
            self.add_to_hba(line);
        }
        self.commands(database, fault.plant);
        self.settle();
        database.to_owned()
    }

    /// Takes a fault back that is not the database's alone.
    pub(super) fn undo(&self, fault: &Fault) {
        self.commands("clean", fault.undo);
        if fault.hba.is_some() {
            self.write_hba("");
        }
        self.settle();
    }

    /// Waits until settings that were changed are in force.
    pub(super) fn settle(&self) {
        let loaded = || self.first("postgres", "SELECT pg_conf_load_time()::text");
        let before = loaded();
        self.command("postgres", "SELECT pg_reload_conf()");
        wait_until("the settings", || loaded() != before);
    }

    /// Runs commands as the superuser, in one session, each in a transaction of its own.
    pub(super) fn commands(&self, database: &str, commands: &[&str]) {
        if commands.is_empty() {
            return;
        }
        let url = self.url(database, "loist", ADMIN_PASSWORD);
        run(&url, commands);
    }

    fn command(&self, database: &str, command: &str) {
        self.commands(database, &[command]);
    }

    /// The first column of the first row.
    pub(super) fn first(&self, database: &str, sql: &str) -> String {
        run(&self.url(database, "loist", ADMIN_PASSWORD), &[sql]).remove(0)
    }

    /// The audit of a database by the superuser, of the role `app`.
    pub(super) fn audit(&self, bench: &Bench, database: &str, arguments: &str) -> Audit {
        bench.write("machine.toml", &policy());
        let budget = if arguments.contains("--pool-max") { "" } else { "--instances 2 --pool-max 5" };
        let mut command = bench.command(&format!(
            "audit --role app --policy machine.toml --format json --fail-on info {budget} {arguments}"
        ));
        let output =
            command.env("DATABASE_URL", self.url(database, "loist", ADMIN_PASSWORD)).output().unwrap();
        let code = output.status.code();
        let answer = Answer {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        let audit: Audit =
            serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr));
        assert_eq!(code, Some(i32::from(audit.open().next().is_some())), "{}", answer.stderr);
        assert!(!answer.stdout.contains("s3cret"), "no password is told");
        audit
    }

    pub(super) fn log(&self) -> String {
        self.server.log()
    }

    /// What a role's sessions of that program asked, statement by statement, from the log.
    pub(super) fn asked_by(&self, role: &str, program: &str) -> Vec<String> {
        let mark = format!("|{role}@clean|{program}|");
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(&mark));
        let statement = |line: &str| {
            let said = line.split_once("LOG:  ")?.1;
            let simple = said.strip_prefix("statement: ");
            let prepared = || said.strip_prefix("execute ")?.split_once(": ").map(|(_, sql)| sql);
            simple.or_else(prepared).map(str::to_owned)
        };
        lines.filter_map(statement).collect()
    }
}

/// Runs commands in one session; the first columns of all their rows.
fn run(url: &str, commands: &[&str]) -> Vec<String> {
    let runtime = crate::common::runtime();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut rows = Vec::new();
        for command in commands {
            let messages =
                client.simple_query(command).await.unwrap_or_else(|error| panic!("{command}: {error:?}"));
            rows.extend(messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => {
                    Some(row.get(0).unwrap_or_default().to_owned())
                }
                _ => None,
            }));
        }
        drop(client);
        connection.await.unwrap().unwrap();
        rows
    })
}
