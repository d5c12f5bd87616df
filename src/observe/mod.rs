//! Evidence from the server and the host, around the measured window.

mod counters;
mod facts;
mod instruments;
mod join;
mod statements;

pub use counters::{Counters, evidence};
pub use facts::{ServerFacts, host, server_facts, settings};
pub use instruments::{install_instruments, limit_session};
pub use join::{StatementNames, statement_names};

/// The server could not be observed.
#[derive(Debug, thiserror::Error)]
#[error("the server's {what} could not be read: {reason}")]
pub struct ObserveError {
    /// What was asked for.
    pub what: &'static str,
    /// The cause, without secrets.
    pub reason: String,
}

impl ObserveError {
    fn of(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |error| Self { what, reason: crate::target::describe(&error) }
    }
}
