//! Why no session could be opened.

use rustls::CertificateError;
use std::{error::Error as _, fmt::Write, io};
use tokio_postgres::{Error, error::SqlState};

/// No host gave a session.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct OpenError {
    reason: String,
    cause: Option<Error>,
}

impl OpenError {
    /// What the server said, or what became of the connection: of the last try.
    #[must_use]
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }

    /// The server's SQLSTATE, if it said something.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        self.cause().and_then(Error::code)
    }
}

/// One try that failed.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) cause: Option<Error>,
    /// Whether it may be different with other encryption, or with none.
    pub(super) by_encryption: bool,
    /// Whether another host may do.
    pub(super) elsewhere: bool,
}

impl Refusal {
    /// A connection that did not come about; `tls_failed` says whether the two sides did not come to terms about TLS.
    pub(super) fn of(error: Error, tls_failed: bool) -> Self {
        let class = error.code().map(|code| code.code().get(..2).unwrap_or_default().to_owned());
        // Who may come in, and how, is what pg_hba.conf says for each kind of connection.
        let not_let_in = class.as_deref() == Some("28");
        let not_yet = error.code() == Some(&SqlState::CANNOT_CONNECT_NOW);
        Self {
            reason: about_tls(&error).unwrap_or_else(|| told(&error)),
            by_encryption: tls_failed || not_let_in,
            elsewhere: not_yet || (class.is_none() && !tls_failed),
            cause: Some(error),
        }
    }

    /// Something that the server has no part in.
    pub(super) fn because(reason: String) -> Self {
        Self { reason, cause: None, by_encryption: false, elsewhere: true }
    }

    /// This one and the one before it, with the ways that they were met on.
    pub(super) fn after(self, before: &Self, [first, second]: [&str; 2]) -> Self {
        if self.reason == before.reason {
            return self;
        }
        Self { reason: format!("{first}: {}; {second}: {}", before.reason, self.reason), ..self }
    }
}

/// What several hosts said.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<(String, Refusal)>);

impl Refusals {
    pub(super) fn push(&mut self, host: &impl ToString, refusal: Refusal) {
        self.0.push((host.to_string(), refusal));
    }

    /// All of it in one error.
    pub(super) fn into_error(mut self) -> OpenError {
        let one = self.0.iter().all(|(host, _)| *host == self.0[0].0);
        let mut reason = String::new();
        for (host, refusal) in &self.0 {
            if reason.ends_with(&refusal.reason) {
                continue;
            }
            let separator = if reason.is_empty() { "" } else { "; " };
            let host = if one { String::new() } else { format!("{host}: ") };
            let _ = write!(reason, "{separator}{host}{}", refusal.reason);
        }
        OpenError { reason, cause: self.0.pop().and_then(|(_, refusal)| refusal.cause) }
    }
}

/// What is wrong, and what to do where that can be said.
fn told(error: &Error) -> String {
    let described = crate::target::describe(error);
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let is_refused = io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused);
    let remedy = match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD => {
            "give the password by --password-file, or set PGPASSWORD or DB_PASSWORD"
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "create it, or name another",
        None if is_refused => "see that a server is up there and listens at this address",
        _ => return described,
    };
    format!("{described}: {remedy}")
}

/// What is wrong with TLS, and what to do; `None` where it is something else.
fn about_tls(error: &Error) -> Option<String> {
    let cause = error.source()?;
    if cause.to_string() == "server does not support TLS" {
        return Some("the server does not speak TLS: switch ssl on there, or use sslmode=prefer".to_owned());
    }
    let cause = cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(why) = cause else {
        return matches!(cause, rustls::Error::AlertReceived(_))
            .then(|| format!("the server ended TLS: {cause}; the certificate that sslcert shows may not be one of those that it takes"));
    };
    Some(match why {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not signed by an authority of sslrootcert".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the time of the server's certificate is over".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the time of the server's certificate has not begun".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "{why}: connect by a name that it has, or, where it has none (a Cloud SQL instance with an authority of its own), use sslmode=verify-ca"
        ),
        _ => format!("the server's certificate cannot be accepted: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hosts_are_told_apart_and_nothing_twice() {
        let mut refusals = Refusals::default();
        for (host, reason) in [("a:1", "no"), ("b:1", "never"), ("b:1", "never")] {
            refusals.push(&host, Refusal::because(reason.to_owned()));
        }
        assert_eq!(refusals.into_error().to_string(), "a:1: no; b:1: never");
        let refusal = |reason: &str| Refusal::because(reason.to_owned());
        let ways = ["with TLS", "without TLS"];
        assert_eq!(refusal("no").after(&refusal("no"), ways).reason, "no");
        let mut refusals = Refusals::default();
        refusals.push(&"a:1", refusal("nor this").after(&refusal("not this"), ways));
        let error = refusals.into_error();
        assert_eq!(error.to_string(), "with TLS: not this; without TLS: nor this");
        assert!(error.code().is_none() && error.cause().is_none());
    }
}
