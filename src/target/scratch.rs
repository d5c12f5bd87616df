//! A server of this program's own that begins with what somebody puts into its directory first: the only place that a backup
//! is restored to.

use super::{
    Machine, Programs, Route, TargetError, base,
    cluster::{DATABASE, LOG, USER},
    embedded::{Embedded, Spec, Transport},
    in_force,
    owner::Owner,
    restored::{self, Order, Restored},
    server_log,
};
use crate::text::{percent_encoded, told};
use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// A directory that is held for a server, and the server once it was started. Everything in it goes with this value, or with
/// the program, however that ends.
#[derive(Debug)]
pub struct Scratch {
    held: Embedded,
    programs: Programs,
    role: String,
}

/// What a server begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing: a new one is made.
    New,
    /// The files in its data directory.
    Files {
        /// A superuser that they know.
        role: String,
        /// A database that they hold.
        database: String,
        /// Whether archived write-ahead log is replayed first.
        replays: bool,
    },
}

impl Scratch {
    /// Holds a directory for a server of these programs, which is confined to `machine` if there is one.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn make(programs: &Programs, machine: Option<&Machine>) -> Result<Self, TargetError> {
        let guard = std::env::current_exe()
            .map_err(|error| TargetError::Start(format!("this program cannot find itself: {error}")))?;
        let spec = Spec {
            pg_bin: Some(programs.directory.clone()),
            pg_version: None,
            transport: Transport::Unix,
            machine: machine.cloned(),
            profile: None,
            settings: Vec::new(),
            keep: false,
            seeded: None,
            base_dir: base::chosen(),
            waits: true,
        };
        let held = Embedded::start(&guard, &spec)?;
        Ok(Self { held, programs: programs.clone(), role: USER.to_owned() })
    }

    /// Where directories of servers are, which have to have room for what is restored.
    #[must_use]
    pub fn room() -> PathBuf {
        base::chosen()
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.held.facts().server.directory
    }

    /// The part of it that the server's files go into.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory().join(super::cluster::DATA)
    }

    /// The programs of the server.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// The group of processes that ends with the directory.
    #[must_use]
    pub fn group(&self) -> i32 {
        self.held.guard().cast_signed()
    }

    /// Makes a directory in it that is ours until it is given away, and private.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn new_directory(&self, name: &str) -> Result<PathBuf, TargetError> {
        let path = self.directory().join(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| TargetError::Start(told(&path, &error)))?;
        Ok(path)
    }

    /// Gives a directory in it, with all that it holds, to the server's user.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn give(&self, path: &Path) -> Result<(), TargetError> {
        Owner::choose().and_then(|owner| owner.give_all(path)).map_err(TargetError::Start)
    }

    /// Whether the files that were put into it have tablespaces, whose places may be somebody's: no server is started then.
    #[must_use]
    pub fn has_tablespaces(&self) -> bool {
        restored::has_tablespaces(&self.data())
    }

    /// Whether a server did not come up because of a setting that it was given, and not of its files.
    #[must_use]
    pub fn blames_a_setting(reason: &str) -> bool {
        [server_log::SETTING_REFUSED, in_force::NOT_IN_FORCE].iter().any(|words| reason.starts_with(words))
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Why it does not come up, in its own words; or that `give_up` said so.
    pub fn start(
        &mut self,
        beginning: &Beginning,
        settings: Vec<(String, String)>,
        give_up: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let restored = match beginning {
            Beginning::New => None,
            Beginning::Files { role, database, replays } => {
                self.role.clone_from(role);
                Some(Restored { role: role.clone(), database: database.clone(), replays: *replays })
            }
        };
        self.held.start_ordered(&Order { settings, restored }, give_up)
    }

    /// Has later sessions be those of another superuser.
    pub fn speak_as(&mut self, role: &str) {
        role.clone_into(&mut self.role);
    }

    /// The database that a new server has.
    #[must_use]
    pub fn own_database() -> &'static str {
        DATABASE
    }

    /// How to connect to one of its databases as its superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let socket = self.held.facts().server.socket_directory.to_string_lossy().into_owned();
        let [role, socket, database] = [&self.role, &socket, database].map(encoded);
        format!("postgres://{role}@{socket}/{database}")
    }

    /// The way to one of its databases as its superuser.
    ///
    /// # Errors
    /// When there is none.
    pub fn route(&self, database: &str) -> Result<Route, TargetError> {
        Route::own(&self.url(database)).map_err(TargetError::Start)
    }

    /// What the server wrote into its log.
    #[must_use]
    pub fn log(&self) -> String {
        server_log::read(&self.directory().join(LOG))
    }
}

/// As a part of a URL has it.
fn encoded(text: &str) -> String {
    percent_encoded(text.as_bytes(), b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_of_a_url() {
        assert_eq!(encoded("/tmp/a b@c"), "%2Ftmp%2Fa%20b%40c");
        let url = format!("postgres://{}@{}/{}", encoded("o'x"), encoded("/tmp/x-1"), encoded("my db?"));
        assert_eq!(Route::own(&url).unwrap().address(), "/tmp/x-1:5432, database my db?, user o'x");
    }
}
