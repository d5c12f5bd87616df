//! Evidence from the server and the host, around and during the measured window.

mod activity;
mod blockers;
mod cgroup;
mod clock;
mod counters;
mod disk;
mod facts;
mod host_times;
mod instruments;
mod join;
mod local_server;
mod neighbours;
mod plans;
mod postmaster;
mod proc;
mod relations;
mod sampler;
pub mod security;
mod server_counters;
mod server_views;
mod sizes;
mod statements;
mod storage;
mod surroundings;
mod tracked;

pub use clock::{ServerClock, server_identity};
pub use counters::{Counters, evidence};
pub use disk::disk_of;
pub use facts::{ServerFacts, backend_pid, connection_limits, host, server_facts, server_view, settings};
pub use instruments::{install_instruments, limit_session};
pub use join::{StatementNames, statement_names};
pub use local_server::LocalServer;
pub use neighbours::{Neighbourhood, Neighbours};
pub use plans::{Explained, Explaining, explain_statements, try_indexes};
pub use sampler::{Sampler, interval_for};
pub use server_counters::{Totals, totals};
pub use sizes::largest_tables;
pub use tracked::{TrackedSecret, tracked_secrets};

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
