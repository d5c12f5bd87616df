//! What can go wrong with a call, in classes that people act on.

use crate::{
    target::OpenError,
    workload::{Retry, RetryOn},
};
use std::{error::Error as _, io};
use tokio_postgres::Error;

/// Why a transaction could not be done.
#[derive(Debug)]
pub(super) enum Failure {
    /// The pool has lent all of its connections and lets nobody wait.
    PoolExhausted,
    /// No connection came free in time.
    PoolTimeout,
    /// A new connection could not be opened.
    Connect(OpenError),
    /// A round trip failed.
    Query(Error),
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The connection broke, or the server ended the session.
    ConnectionLost,
    /// Nobody listens there.
    ConnectionRefused,
    /// The server starts up, shuts down or recovers.
    ServerUnavailable,
    /// The server has no slot for another connection.
    TooManyConnections,
    /// No room on the server's disk.
    DiskFull,
    /// Chosen as the victim of a deadlock.
    Deadlock,
    /// Could not be serialised with others.
    SerializationFailure,
    /// Ended by a timeout, or by somebody.
    Canceled,
    /// The client's pool had lent everything.
    PoolExhausted,
    /// The client's pool had nothing in time.
    PoolTimeout,
    /// Any other error of the server.
    Server,
    /// Any other error of the client.
    Client,
}

impl FailureClass {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::ConnectionLost,
        Self::ConnectionRefused,
        Self::ServerUnavailable,
        Self::TooManyConnections,
        Self::DiskFull,
        Self::Deadlock,
        Self::SerializationFailure,
        Self::Canceled,
        Self::PoolExhausted,
        Self::PoolTimeout,
        Self::Server,
        Self::Client,
    ];

    /// As records write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnectionLost => "connection_lost",
            Self::ConnectionRefused => "connection_refused",
            Self::ServerUnavailable => "server_unavailable",
            Self::TooManyConnections => "too_many_connections",
            Self::DiskFull => "disk_full",
            Self::Deadlock => "deadlock",
            Self::SerializationFailure => "serialization_failure",
            Self::Canceled => "canceled",
            Self::PoolExhausted => "pool_exhausted",
            Self::PoolTimeout => "pool_timeout",
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    /// Whether there was no connection to speak of, through no fault of the pool.
    pub(super) fn is_connection(self) -> bool {
        matches!(
            self,
            Self::ConnectionLost
                | Self::ConnectionRefused
                | Self::ServerUnavailable
                | Self::TooManyConnections
        )
    }

    fn of_state(code: &str) -> Self {
        match code {
            "57P03" => Self::ServerUnavailable,
            "57014" | "55P03" => Self::Canceled,
            "53300" => Self::TooManyConnections,
            "53100" => Self::DiskFull,
            "40P01" => Self::Deadlock,
            "40001" => Self::SerializationFailure,
            // Class 57P: an operator or a crash ended the session; 25P03 and 25P04: a timeout did. Class 08: a connection
            // exception.
            "25P03" | "25P04" => Self::ConnectionLost,
            code if code.starts_with("57P") || code.starts_with("08") => Self::ConnectionLost,
            _ => Self::Server,
        }
    }
}

impl Failure {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Connect(error) => error.cause(),
            Self::Query(error) => Some(error),
            Self::PoolExhausted | Self::PoolTimeout => None,
        }
    }

    pub(super) fn class(&self) -> FailureClass {
        match self {
            Self::PoolExhausted => FailureClass::PoolExhausted,
            Self::PoolTimeout => FailureClass::PoolTimeout,
            Self::Connect(_) | Self::Query(_) => match self.error() {
                Some(error) => match error.code() {
                    Some(state) => FailureClass::of_state(state.code()),
                    None => of_io(error, matches!(self, Self::Connect(_))),
                },
                // In time there was no session.
                None => FailureClass::ConnectionLost,
            },
        }
    }

    /// SQLSTATE, or `client` for what the server did not say.
    pub(super) fn code(&self) -> &str {
        self.error().and_then(Error::code).map_or("client", tokio_postgres::error::SqlState::code)
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::PoolExhausted => "the pool has lent all of its connections".to_owned(),
            Self::PoolTimeout => "the pool had no connection in time".to_owned(),
            Self::Connect(error) => error.to_string(),
            Self::Query(error) => crate::target::describe(error),
        }
    }

    /// Whether the workload's policy has it tried again.
    pub(super) fn is_retried(&self, retry: &Retry) -> bool {
        let class = self.class();
        retry.on.iter().any(|on| match on {
            RetryOn::Connection => class.is_connection(),
            RetryOn::Pool => matches!(class, FailureClass::PoolExhausted | FailureClass::PoolTimeout),
            RetryOn::State(code) => code == self.code(),
        })
    }
}

/// What an error that the server did not send was about.
fn of_io(error: &Error, connecting: bool) -> FailureClass {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return match io.kind() {
                // A socket that is not there, in the file system.
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => FailureClass::ConnectionRefused,
                _ => FailureClass::ConnectionLost,
            };
        }
        cause = inner.source();
    }
    if error.is_closed() || connecting { FailureClass::ConnectionLost } else { FailureClass::Client }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_classes() {
        for (code, class) in [
            ("57P01", FailureClass::ConnectionLost),
            ("57P02", FailureClass::ConnectionLost),
            ("57P03", FailureClass::ServerUnavailable),
            ("57014", FailureClass::Canceled),
            ("08006", FailureClass::ConnectionLost),
            ("53300", FailureClass::TooManyConnections),
            ("53100", FailureClass::DiskFull),
            ("40P01", FailureClass::Deadlock),
            ("40001", FailureClass::SerializationFailure),
            ("23505", FailureClass::Server),
        ] {
            assert_eq!(FailureClass::of_state(code), class, "{code}");
        }
    }

    #[test]
    fn the_policy_decides_by_state_or_class() {
        let retry = |on| Retry { attempts: 3, on, ..Retry::default() };
        assert!(!Failure::PoolExhausted.is_retried(&retry(vec![RetryOn::Connection])));
        assert!(Failure::PoolExhausted.is_retried(&retry(vec![RetryOn::Pool])));
        assert!(!Failure::PoolTimeout.is_retried(&Retry::default()));
    }
}
