//! How a session reached the server, in one line.

use crate::record::{ChannelBinding, Encryption, Record, ServerView, Session, Transport, Verification};

/// In words, if the record knows.
pub(super) fn words(record: &Record) -> Option<String> {
    record.server.session.as_ref().map(of)
}

/// The same, where it is worth a line of its own: a socket of this machine is not.
pub(super) fn worth_a_line(record: &Record) -> Option<String> {
    record.server.session.as_ref().filter(|session| session.transport == Transport::Tcp).map(of)
}

fn of(session: &Session) -> String {
    let place = match session.transport {
        Transport::Unix => format!("socket {}", session.host),
        Transport::Tcp => format!("TCP to {}", session.host),
    };
    let protection = match (&session.encryption, session.transport) {
        (Some(encryption), _) => format!(", {}", encrypted(encryption)),
        (None, Transport::Tcp) => ", not encrypted".to_owned(),
        (None, Transport::Unix) => String::new(),
    };
    let beyond = session.server_view.as_ref().and_then(|view| beyond(session, view)).unwrap_or_default();
    format!("{place}{protection}{beyond}")
}

fn encrypted(encryption: &Encryption) -> String {
    let verified = match encryption.verification {
        Verification::None => "the server's certificate not verified",
        Verification::Ca => "the server's authority verified",
        Verification::Full => "the server's authority and name verified",
    };
    let bound = match encryption.channel_binding {
        ChannelBinding::None => "",
        ChannelBinding::Offered => ", channel binding offered",
        ChannelBinding::Required => ", channel binding required",
    };
    let shown = if encryption.client_certificate { ", with a client certificate" } else { "" };
    format!("{} with {}, {verified}{bound}{shown}", encryption.protocol, encryption.cipher)
}

/// What the server's end is that the client's is not: something stands between them.
fn beyond(session: &Session, view: &ServerView) -> Option<String> {
    match (session.encryption.is_some(), view.encrypted) {
        (false, true) => {
            let protocol = view.protocol.as_deref().unwrap_or("TLS");
            Some(format!("; a proxy speaks {protocol} to the server"))
        }
        (true, false) => Some("; a proxy ends the encryption before the server".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(transport: Transport, encryption: Option<Encryption>, encrypted: bool) -> Session {
        let view = ServerView {
            encrypted,
            protocol: encrypted.then(|| "TLSv1.3".to_owned()),
            cipher: None,
            bits: None,
            client_certificate: None,
        };
        Session { transport, host: "db:5432".to_owned(), encryption, server_view: Some(view) }
    }

    #[test]
    fn one_line_says_how_it_was_protected() {
        let encryption = Encryption {
            protocol: "TLSv1.3".to_owned(),
            cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            verification: Verification::Full,
            client_certificate: true,
            channel_binding: ChannelBinding::Required,
        };
        for (session, expected) in [
            (
                session(Transport::Tcp, Some(encryption.clone()), true),
                "TCP to db:5432, TLSv1.3 with TLS_AES_256_GCM_SHA384, the server's authority and name verified, channel binding required, with a client certificate",
            ),
            (session(Transport::Tcp, None, false), "TCP to db:5432, not encrypted"),
            (session(Transport::Unix, None, true), "socket db:5432; a proxy speaks TLSv1.3 to the server"),
        ] {
            assert_eq!(of(&session), expected);
        }
        let ended = of(&session(Transport::Tcp, Some(encryption), false));
        assert!(ended.ends_with("; a proxy ends the encryption before the server"), "{ended}");
    }
}
