//! What a message of the log is about: by its SQLSTATE where the log has it, else by its English text.

use super::records::Record;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Somebody was not let in.
    FailedLogin,
    /// A connection was refused for another reason.
    ConnectionFailure(&'static str),
    /// A statement failed.
    Error(&'static str),
}

/// Why connections are refused.
pub(super) const FAILURE_REASONS: [&str; 3] = ["too_many", "unavailable", "no_database"];
/// How statements fail.
pub(super) const ERROR_KINDS: [&str; 5] = ["tsquery", "deadlock", "canceled", "panic", "other"];

/// SQLSTATE, and how the message begins where there is none, of what ends a connection before it has begun.
const FATAL: [(&[&str], &[&str], Kind); 4] = [
    (
        &["28P01", "28000"],
        &[
            "password authentication failed",
            "no pg_hba.conf entry",
            "pg_hba.conf rejects",
            "role \"",
            "Peer authentication failed",
            "Ident authentication failed",
            "certificate authentication failed",
            "authentication failed",
            "LDAP authentication failed",
            "GSSAPI authentication failed",
            "SSPI authentication failed",
            "PAM authentication failed",
            "BSD authentication failed",
            "RADIUS authentication failed",
            "OAuth bearer authentication failed",
        ],
        Kind::FailedLogin,
    ),
    (
        &["53300"],
        &["sorry, too many clients", "remaining connection slots", "too many connections for"],
        Kind::ConnectionFailure("too_many"),
    ),
    (&["57P03"], &["the database system is"], Kind::ConnectionFailure("unavailable")),
    (&["3D000"], &["database \""], Kind::ConnectionFailure("no_database")),
];

/// The same of what ends a statement; anything else is `other`.
const ERROR: [(&[&str], &[&str], &str); 3] = [
    (&[], &["syntax error in tsquery", "no operand in tsquery"], "tsquery"),
    (&["40P01"], &["deadlock detected"], "deadlock"),
    (&["57014", "55P03"], &["canceling statement due to"], "canceled"),
];

/// What a record counts as; most count as nothing.
pub(super) fn kind(record: &Record) -> Option<Kind> {
    let is = |states: &[&str], beginnings: &[&str]| match &record.state {
        // A text search's syntax has no SQLSTATE of its own.
        Some(state) if !states.is_empty() => states.contains(&state.as_str()),
        _ => beginnings.iter().any(|beginning| record.message.starts_with(beginning)),
    };
    match record.severity.as_str() {
        "FATAL" => FATAL.iter().find(|(states, texts, _)| is(states, texts)).map(|(_, _, kind)| *kind),
        "ERROR" => {
            let known = ERROR.iter().find(|(states, texts, _)| is(states, texts));
            Some(Kind::Error(known.map_or("other", |(_, _, kind)| *kind)))
        }
        "PANIC" => Some(Kind::Error("panic")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(severity: &str, state: Option<&str>, message: &str) -> Option<Kind> {
        kind(&Record {
            severity: severity.to_owned(),
            state: state.map(str::to_owned),
            message: message.to_owned(),
        })
    }

    #[test]
    fn the_state_counts_before_the_text() {
        assert_eq!(
            of("FATAL", Some("28P01"), "Passwort-Authentifizierung fehlgeschlagen"),
            Some(Kind::FailedLogin)
        );
        assert_eq!(of("FATAL", Some("57P01"), "terminating connection due to administrator command"), None);
        assert_eq!(of("ERROR", Some("40P01"), "Verklemmung entdeckt"), Some(Kind::Error("deadlock")));
        assert_eq!(
            of("ERROR", Some("42601"), "syntax error in tsquery: \"a b\""),
            Some(Kind::Error("tsquery"))
        );
        assert_eq!(of("ERROR", Some("42601"), "syntax error at or near \"x\""), Some(Kind::Error("other")));
        assert_eq!(of("LOG", Some("28P01"), "connection received"), None);
    }

    #[test]
    fn english_texts_are_known() {
        for (message, kind) in [
            ("password authentication failed for user \"u\"", Some(Kind::FailedLogin)),
            ("role \"u\" does not exist", Some(Kind::FailedLogin)),
            ("GSSAPI authentication failed for user \"u\"", Some(Kind::FailedLogin)),
            ("no pg_hba.conf entry for host \"1.2.3.4\"", Some(Kind::FailedLogin)),
            ("sorry, too many clients already", Some(Kind::ConnectionFailure("too_many"))),
            ("the database system is starting up", Some(Kind::ConnectionFailure("unavailable"))),
            ("database \"d\" does not exist", Some(Kind::ConnectionFailure("no_database"))),
            ("terminating connection due to administrator command", None),
        ] {
            assert_eq!(of("FATAL", None, message), kind, "{message}");
        }
        assert_eq!(of("PANIC", None, "could not write"), Some(Kind::Error("panic")));
    }
}
