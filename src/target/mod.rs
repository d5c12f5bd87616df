//! The only door to PostgreSQL: where a database is (`settings`), how to get in, over TLS or not (`login`), and migrations;
//! and throw-away servers: their guard, their templates, what was restored or seeded for them, and the limits of a machine.
//!
//! Other floors get their sessions and servers here. A throw-away server is started by its guard alone, a process of its own
//! that outlives the program and ends the server, unless it is to stay. Added are ways to connect, and versions.

mod affinity;
mod authority;
mod base;
mod cgroup;
mod cluster;
mod confine;
#[doc(hidden)]
pub mod doors;
mod dotenv;
mod embedded;
mod error;
mod file_system;
mod guard;
mod in_force;
mod kept;
mod locale;
mod locate;
mod login;
mod machine;
mod made;
mod migrations;
mod new_file;
mod open;
mod options;
mod owner;
mod restored;
mod runtime;
mod schema;
mod scratch;
mod seeded;
mod server_log;
mod settings;
mod template;

pub use embedded::{Transport, list_kept};
pub use error::{TargetError, describe};
pub use guard::main as guard_main;
pub use kept::{KeptServer, stop as stop_kept};
pub use locate::{OLDEST_MAJOR, Programs, locate};
pub use login::{Libpq, OpenError, Opened, Route};
pub use machine::{Machine, Profile};
pub use made::{LEDGER, Named, Note, Present, create_extensions, noted, present};
pub use migrations::{known_migrations, migrate};
pub use open::{OWN_SCHEMA, Target};
pub use options::TargetOptions;
pub use runtime::runtime;
pub use schema::Schema;
pub use scratch::{Beginning, Scratch};
pub use seeded::Seeded;
pub use settings::{address_named, address_of};

use tokio_postgres::Client;

/// Opens a session, and carries its traffic on the current runtime.
///
/// # Errors
/// When the database does not answer or refuses; the message never holds the password.
pub async fn connect(route: &Route) -> Result<Client, TargetError> {
    open(route).await.map(|opened| opened.client)
}

/// Opens a session, and tells how it came about.
///
/// # Errors
/// When the database does not answer or refuses; the message never holds the password.
pub async fn open(route: &Route) -> Result<Opened, TargetError> {
    route.open().await.map_err(|error| {
        // Without a password, one that was left out is what is missing.
        let notes = route.notes().iter().filter(|_| !route.has_password());
        let notes: String = notes.map(|note| format!("; {note}")).collect();
        TargetError::Connect { address: route.address(), reason: format!("{error}{notes}") }
    })
}
