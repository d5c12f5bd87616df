//! Evidence from the server and the machine: around and during the measured window; for an audit (`security`, `tracked`);
//! the server's clock, by which shards begin (`clock`); and totals, for whoever watches all the time.
//!
//! Each view of the server is read by a query of its own, and what cannot be read costs nothing else. Nothing is changed:
//! what is tried is rolled back, and extensions are made on an embedded server alone (`instruments`). Added is what else is
//! to be known about the server or the machine.

mod activity;
mod blockers;
mod cgroup;
mod clock;
mod counters;
mod disk;
mod facts;
mod git;
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
pub use git::git;
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
