//! Which database is wanted, and what an embedded server begins with.

use super::{Machine, Profile, TargetError, embedded::Transport, schema::Schema, seeded::Seeded};
use std::{fmt, path::PathBuf, sync::Arc};

/// Which database to use, as the user said it.
#[derive(Clone)]
pub struct TargetOptions {
    /// URL or key-value pairs; wins over the environment.
    pub database_url: Option<String>,
    /// File whose first line is the password of a database that is there already; wins over every other password.
    pub password_file: Option<PathBuf>,
    /// Open no session that is not encrypted, but for those over a socket of this machine.
    pub require_tls: bool,
    /// The URL is that of a server of this program's own, and whole: the environment and the files of libpq add nothing.
    pub is_own_server: bool,
    /// Start an embedded server even where the environment names a database.
    pub embedded: bool,
    /// Directory of the embedded server's programs.
    pub pg_bin: Option<PathBuf>,
    /// Major version of the embedded server.
    pub pg_version: Option<u32>,
    /// How to reach the embedded server.
    pub transport: Transport,
    /// The machine that the server is for; an embedded one is confined to it as far as this one can do that.
    pub machine: Option<Machine>,
    /// Settings of the embedded server, which win over this program's own.
    pub profile: Option<Profile>,
    /// Settings of the embedded server, which win over all others.
    pub settings: Vec<(String, String)>,
    /// Leave the embedded server running.
    pub keep_server: bool,
    /// Measure what is there, reading alone.
    pub use_existing: bool,
    /// Schemas in which the tables are looked for that are there; empty leaves it to the role.
    pub search_path: Vec<String>,
    /// The schema that the database gets.
    pub schema: Schema,
    /// Files that an embedded server begins with, instead of a new server's.
    pub seeded: Option<Arc<Seeded>>,
    /// Settings of each session, for a database that is there already.
    pub session: Vec<(String, String)>,
}

/// Without what may hold a password.
impl fmt::Debug for TargetOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("TargetOptions");
        shown.field("embedded", &self.embedded).field("transport", &self.transport);
        shown.field("use_existing", &self.use_existing).finish_non_exhaustive()
    }
}

impl TargetOptions {
    /// The database at `url`, to be filled and loaded as it is.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            database_url: Some(url.to_owned()),
            password_file: None,
            require_tls: false,
            is_own_server: false,
            embedded: false,
            pg_bin: None,
            pg_version: None,
            transport: Transport::Unix,
            machine: None,
            profile: None,
            settings: Vec::new(),
            keep_server: false,
            use_existing: false,
            search_path: Vec::new(),
            schema: Schema::default(),
            seeded: None,
            session: Vec::new(),
        }
    }

    /// For a server of this program's own, whatever the environment says of others.
    #[must_use]
    pub fn at_own(url: &str) -> Self {
        Self { is_own_server: true, ..Self::at(url) }
    }

    /// Whether a server can be started by them.
    ///
    /// # Errors
    /// When options contradict each other, or a setting would hide the server.
    pub fn can_start(&self) -> Result<(), TargetError> {
        let of_profile = self.profile.iter().flat_map(|profile| {
            profile.settings.iter().map(|(name, _)| (format!("--flags {}: {name}", profile.name), name))
        });
        let given = self.settings.iter().map(|(name, _)| (format!("--set {name}"), name));
        if let Some((option, _)) = of_profile.chain(given).find(|(_, name)| is_reserved(name, self.transport))
        {
            return Err(TargetError::Contradiction {
                option,
                reason: "would hide the embedded server from loist-bench: leave it out".to_owned(),
            });
        }
        if self.require_tls && self.transport == Transport::Tcp {
            return Err(TargetError::Contradiction {
                option: "--require-tls".to_owned(),
                reason: "does not go with --transport tcp, whose sessions are not encrypted: use --transport tls, or unix"
                    .to_owned(),
            });
        }
        Ok(())
    }
}

/// Settings by which loist-bench finds its server again, and those that read other files.
fn is_reserved(name: &str, transport: Transport) -> bool {
    let name = name.to_ascii_lowercase();
    let of_tls = ["ssl", "ssl_cert_file", "ssl_key_file"].contains(&name.as_str());
    (of_tls && transport == Transport::Tls)
        || name.starts_with("include")
        || [
            "listen_addresses",
            "unix_socket_directories",
            "unix_socket_permissions",
            "unix_socket_group",
            "port",
            "data_directory",
            "config_file",
            "hba_file",
            "ident_file",
            "external_pid_file",
        ]
        .contains(&name.as_str())
}
