//! What an audit looks at: settings, roles, rights and objects, read in one transaction that cannot write.
//!
//! Nothing is judged here (`src/audit` does), and no password, hash or key is kept. What else an audit is to know is added
//! as a part of [`SecurityEvidence`] that was read or says why not (`part`), with its query in the file of its subject.

mod access;
mod objects;
mod part;
mod reader;
mod rights;
mod roles;
mod server;

pub use access::{HbaLine, Password, StoredAs};
pub use objects::{
    DefinerFunction, EventTrigger, Extension, ForeignServer, Language, ReplicationSlot, Table, UserMapping,
};
pub use part::Part;
pub use rights::{DefaultPrivilege, Grant, ObjectKind};
pub use roles::{Membership, Role, RoleSetting};
pub use server::{Server, Session, Way};

use super::{ObserveError, facts, tracked::TrackedSecret};
use crate::flags::{Setting, instance::CloudInstance};
use reader::Reader;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

/// Everything that an audit rests on. It holds names and settings, and never a password, a hash or a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityEvidence {
    /// The server and the database.
    pub server: Server,
    /// The session that looked.
    pub session: Session,
    /// The application's role.
    pub role: String,
    /// Settings that are judged, as the session sees them; one that its role may not see is not there.
    pub settings: Vec<Setting>,
    /// Settings that stand at a role or a database.
    pub role_settings: Part<Vec<RoleSetting>>,
    /// Lines of pg_hba.conf.
    pub hba: Part<Vec<HbaLine>>,
    /// How passwords are stored.
    pub passwords: Part<Vec<Password>>,
    /// Roles.
    pub roles: Part<Vec<Role>>,
    /// Who is a member of what.
    pub memberships: Part<Vec<Membership>>,
    /// Rights that are not an owner's own.
    pub grants: Part<Vec<Grant>>,
    /// Rights that PUBLIC gets on what is yet to be made.
    pub default_privileges: Part<Vec<DefaultPrivilege>>,
    /// Tables.
    pub tables: Part<Vec<Table>>,
    /// Functions that run with their owner's rights.
    pub definer_functions: Part<Vec<DefinerFunction>>,
    /// Extensions.
    pub extensions: Part<Vec<Extension>>,
    /// Languages that are not trusted.
    pub languages: Part<Vec<Language>>,
    /// Foreign servers.
    pub foreign_servers: Part<Vec<ForeignServer>>,
    /// Whom foreign servers know.
    pub user_mappings: Part<Vec<UserMapping>>,
    /// Event triggers.
    pub event_triggers: Part<Vec<EventTrigger>>,
    /// Replication slots.
    pub slots: Part<Vec<ReplicationSlot>>,
    /// What gcloud says of the instance.
    pub instance: Part<CloudInstance>,
    /// Secrets in files that git tracks.
    pub tracked_secrets: Part<Vec<TrackedSecret>>,
}

/// Settings that are judged.
const JUDGED: [&str; 28] = [
    "data_checksums",
    "fsync",
    "full_page_writes",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "listen_addresses",
    "lock_timeout",
    "log_connections",
    "log_disconnections",
    "log_line_prefix",
    "log_min_duration_sample",
    "log_min_duration_statement",
    "log_parameter_max_length",
    "log_parameter_max_length_on_error",
    "log_statement",
    "max_connections",
    "password_encryption",
    "pgaudit.log",
    "reserved_connections",
    "row_security",
    "server_version",
    "server_version_num",
    "session_preload_libraries",
    "shared_preload_libraries",
    "ssl",
    "ssl_min_protocol_version",
    "statement_timeout",
    "superuser_reserved_connections",
];

/// Reads what the server says. `role` is the application's, the session's where none is named; what comes from elsewhere
/// is not yet there.
///
/// # Errors
/// When the connection fails. What the session's role may not read is a part that says so.
pub async fn security_evidence(
    client: &Client,
    address: &str,
    role: Option<&str>,
) -> Result<SecurityEvidence, ObserveError> {
    let reader = Reader::begin(client).await?;
    // Before the transaction has settings of its own.
    let settings = facts::settings(client).await?;
    reader.confine().await?;
    let server = server::server(&reader, address).await?;
    let session = server::session(&reader).await?;
    let may_read = access::may_read(&reader).await?;
    let role = role.unwrap_or(&session.role).to_owned();
    let evidence = SecurityEvidence {
        role,
        settings: settings.into_iter().filter(|one| JUDGED.contains(&one.name.as_str())).collect(),
        role_settings: reader.rows(&roles::settings_sql()).await?,
        hba: access::hba(&reader, &may_read).await?,
        passwords: access::passwords(&reader, &may_read).await?,
        roles: reader.rows(roles::ROLES).await?,
        memberships: reader.rows(roles::MEMBERSHIPS).await?,
        grants: reader.rows(&rights::grants_sql()).await?,
        default_privileges: reader.rows(rights::DEFAULT_PRIVILEGES).await?,
        tables: reader.rows(&objects::tables_sql()).await?,
        definer_functions: reader.rows(&objects::definer_functions_sql()).await?,
        extensions: reader.rows(objects::EXTENSIONS).await?,
        languages: reader.rows(objects::LANGUAGES).await?,
        foreign_servers: reader.rows(objects::FOREIGN_SERVERS).await?,
        user_mappings: reader.rows(objects::USER_MAPPINGS).await?,
        event_triggers: reader.rows(objects::EVENT_TRIGGERS).await?,
        slots: reader.rows(objects::SLOTS).await?,
        instance: not_given("no description of the instance was given (--instance)"),
        tracked_secrets: not_given("no directory was looked through (--source)"),
        server,
        session,
    };
    reader.end().await?;
    Ok(evidence)
}

fn not_given<T>(what: &str) -> Part<T> {
    Part::Unread(what.to_owned())
}
