//! The only door to PostgreSQL: where it is, how to connect, the embedded server, migrations.

mod affinity;
mod base;
mod cgroup;
mod cluster;
mod confine;
mod dotenv;
mod embedded;
mod error;
mod file_system;
mod guard;
mod in_force;
mod kept;
mod locate;
mod machine;
mod migrations;
mod open;
mod owner;
mod schema;
mod seeded;
mod settings;
mod template;

pub use embedded::{Transport, list_kept};
pub use error::{TargetError, describe};
pub use guard::main as guard_main;
pub use kept::{KeptServer, stop as stop_kept};
pub use machine::{Machine, Profile};
pub use migrations::migrate;
pub use open::{OWN_SCHEMA, Target, TargetOptions};
pub use schema::Schema;
pub use seeded::Seeded;
pub use settings::{address_named, address_of};

use tokio_postgres::{Client, Config, NoTls};

/// Opens a connection, and carries its traffic on the current runtime.
///
/// # Errors
/// When the database does not answer or refuses; the message never holds the password.
pub async fn connect(config: &Config) -> Result<Client, TargetError> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| TargetError::Connect {
        address: settings::address(config),
        reason: describe(&error),
    })?;
    tokio::spawn(async move {
        // An error of the connection shows itself in the next statement.
        let _ = connection.await;
    });
    Ok(client)
}
