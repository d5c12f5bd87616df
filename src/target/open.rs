//! The database of a run: found in the settings, or started for the occasion.

use super::{
    Machine, TargetError, TargetOptions,
    embedded::{Embedded, Spec, Transport},
    kept::KeptServer,
    login::Route,
    schema::Schema,
    seeded::Seeded,
    settings::{self, Connection},
};
use crate::{
    record::{TargetMachine, no_disk},
    text::sql,
};
use std::{path::Path, sync::Arc, time::Duration};

/// A database that can be connected to. Dropping it ends an embedded server that is not kept.
#[derive(Debug)]
pub struct Target {
    route: Route,
    origin: String,
    address: String,
    /// What of the profile's file the server was not started with, or of the user's files was not gone by.
    left_out: Vec<String>,
    embedded: Option<Embedded>,
    machine: Option<TargetMachine>,
    use_existing: bool,
    schema: Schema,
}

/// The schema that holds everything that loist-bench makes.
pub const OWN_SCHEMA: &str = "loist_bench";

impl Target {
    /// Finds the database in the options, the environment or `.env`, or starts one.
    ///
    /// # Errors
    /// When the settings contradict each other or cannot be read, or no server can be started.
    pub fn open(options: &TargetOptions) -> Result<Self, TargetError> {
        if !options.search_path.is_empty() && !options.use_existing {
            return Err(TargetError::Contradiction {
                option: "--search-path".to_owned(),
                reason: format!(
                    "is for tables that are there: add --use-existing, or leave it out: what loist-bench makes is in the schema {OWN_SCHEMA}"
                ),
            });
        }
        match settings::named(options)? {
            Some(connection) => Self::external(connection, options),
            None if options.use_existing => Err(TargetError::Contradiction {
                option: "--use-existing".to_owned(),
                reason: "needs a database with tracks in it: name one by --database-url or DATABASE_URL"
                    .to_owned(),
            }),
            None if options.password_file.is_some() && !options.embedded => Err(TargetError::Contradiction {
                option: "--password-file".to_owned(),
                reason: "is for a database of yours, but none is named: name it by --database-url or DATABASE_URL, or add --embedded"
                    .to_owned(),
            }),
            None => Self::start(options),
        }
    }

    fn external(connection: Connection, options: &TargetOptions) -> Result<Self, TargetError> {
        let embedded_only = [
            ("--set", !options.settings.is_empty()),
            ("--keep-server", options.keep_server),
            ("--transport", options.transport != Transport::Unix),
        ];
        if let Some((option, _)) = embedded_only.iter().find(|(_, given)| *given) {
            return Err(TargetError::Contradiction {
                option: (*option).to_owned(),
                reason: format!(
                    "is for the embedded server, but {} names a database: add --embedded, or leave {option} out",
                    connection.origin
                ),
            });
        }
        if let Some(profile) = &options.profile {
            return Err(TargetError::Contradiction {
                option: format!("--flags {}", profile.name),
                reason: format!(
                    "is what an embedded server is started with, but {} names a database: `loist-bench flags render` prints what sets it there",
                    connection.origin
                ),
            });
        }
        let mut route = match options.use_existing {
            // The server itself refuses what is not meant to happen.
            true => among(&options.search_path)
                .iter()
                .fold(connection.route.for_reading(), |route, more| route.with_options(more)),
            false => connection.route.with_options(&own_schema_first()),
        };
        for (name, value) in &options.session {
            route = route.with_options(&format!("-c {name}={}", escaped(value)));
        }
        Ok(Self {
            address: route.address(),
            left_out: route.notes().to_vec(),
            route,
            origin: connection.origin,
            embedded: None,
            machine: options.machine.as_ref().map(Machine::recorded_only),
            use_existing: options.use_existing,
            schema: options.schema.clone(),
        })
    }

    fn start(options: &TargetOptions) -> Result<Self, TargetError> {
        options.can_start()?;
        let guard = std::env::current_exe()
            .map_err(|error| TargetError::Start(format!("this program cannot find itself: {error}")))?;
        let spec = Spec {
            pg_bin: options.pg_bin.clone(),
            pg_version: options.pg_version,
            transport: options.transport,
            machine: options.machine.clone(),
            profile: options.profile.clone(),
            settings: options.settings.clone(),
            keep: options.keep_server,
            seeded: options.seeded.as_deref().map(Seeded::data),
            base_dir: super::base::chosen(),
            waits: false,
        };
        let embedded = Embedded::start(&guard, &spec)?;
        let route = embedded.route()?.with_options(&own_schema_first());
        let address = route.address();
        let origin = "embedded".to_owned();
        let machine = embedded.facts().server.machine.clone();
        let notes = options.profile.iter().flat_map(|profile| &profile.notes);
        let left_out = notes.map(|note| format!("--flags {note}")).collect();
        Ok(Self {
            route,
            origin,
            address,
            left_out,
            embedded: Some(embedded),
            machine,
            use_existing: false,
            schema: options.schema.clone(),
        })
    }

    /// Ends an embedded server in good order, and keeps its files for others to begin with.
    ///
    /// # Errors
    /// When it does not end so, or is not one that this program started.
    pub fn into_seeded(self) -> Result<Arc<Seeded>, TargetError> {
        let server = self.embedded.ok_or_else(|| TargetError::Seeded {
            reason: "only a server that loist-bench started can be copied".to_owned(),
        })?;
        Seeded::of(server).map(Arc::new)
    }

    /// How to connect.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Whether the server was started for this run.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Whether only what is already there is measured.
    #[must_use]
    pub fn use_existing(&self) -> bool {
        self.use_existing
    }

    /// The schema that the database gets.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Where the settings came from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host, port, database and user; never the password.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// File system that holds an embedded server's data.
    #[must_use]
    pub fn data_file_system(&self) -> Option<String> {
        self.embedded.as_ref().map(|embedded| embedded.facts().file_system.clone())
    }

    /// URL of an embedded server; it may hold a password.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.embedded.as_ref().map(|embedded| embedded.facts().server.url.as_str())
    }

    /// Directory that holds an embedded server's data.
    #[must_use]
    pub fn data_directory(&self) -> Option<&Path> {
        self.embedded.as_ref().map(|embedded| embedded.facts().server.directory.as_path())
    }

    /// How long each step of starting an embedded server took.
    #[must_use]
    pub fn timings(&self) -> &[(String, Duration)] {
        self.embedded.as_ref().map_or(&[], |embedded| &embedded.facts().timings)
    }

    /// What makes measurements on this server less than they seem.
    #[must_use]
    pub fn cautions(&self) -> Vec<String> {
        let in_memory = no_disk(self.data_file_system().as_deref());
        let not_done = self.machine.iter().flat_map(|machine| machine.not_done.iter().cloned());
        in_memory.into_iter().chain(not_done).chain(self.left_out.iter().cloned()).collect()
    }

    /// The machine that the server is for, if one was named, and how far it is confined to it.
    #[must_use]
    pub fn machine(&self) -> Option<&TargetMachine> {
        self.machine.as_ref()
    }

    /// Name of the profile of settings that an embedded server was started with.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.embedded.as_ref().and_then(|embedded| embedded.facts().server.flags.as_deref())
    }

    /// Whether the server runs on this machine, as far as its address tells: a socket, or the loopback interface.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        self.route.is_on_this_machine()
    }

    /// Whether an embedded server is known to have ended.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.embedded.as_ref().is_some_and(Embedded::is_gone)
    }

    /// Why an embedded server does not answer any more, as far as can be seen; to be asked when it does not.
    #[must_use]
    pub fn fate(&self) -> Option<String> {
        self.embedded.as_ref().map(Embedded::fate)
    }

    /// The embedded server, if it is one that stays.
    #[must_use]
    pub fn kept_server(&self) -> Option<&KeptServer> {
        self.embedded.as_ref().map(|embedded| &embedded.facts().server).filter(|server| server.kept)
    }

    /// How to reach and to end an embedded server that stays; never the password.
    #[must_use]
    pub fn note_for_kept_server(&self) -> Option<String> {
        let KeptServer { directory, url, .. } = self.kept_server()?;
        let directory = directory.display();
        let reach = if self.route.has_password() {
            "its URL, with its password, is printed by loist-bench server list".to_owned()
        } else {
            format!("DATABASE_URL='{url}'")
        };
        Some(format!("the server stays: {reach}\nto end it: loist-bench server stop {directory}"))
    }
}

/// Everything of ours lives in a schema of its own; extensions are found in `public`.
fn own_schema_first() -> String {
    format!("-c search_path={OWN_SCHEMA},public")
}

/// The option that has a session look for tables in these schemas first, and for extensions in `public`.
fn among(schemas: &[String]) -> Option<String> {
    let all = schemas.iter().map(String::as_str).chain(["public"]).map(sql::name);
    (!schemas.is_empty()).then(|| format!("-c search_path={}", escaped(&all.collect::<Vec<_>>().join(","))))
}

/// As the server takes a value apart: blanks and backslashes have a backslash before them.
fn escaped(value: &str) -> String {
    let special = |c: char| c == '\\' || c.is_ascii_whitespace();
    value.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
