//! How a session reached the server, and how it was protected on the way; never a secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the session that looks on reached the server; those of the load take the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Over what.
    pub transport: Transport,
    /// The host that was chosen, with its port.
    pub host: String,
    /// The TLS that the client spoke; absent where it spoke none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// What the server says of its own end (`pg_stat_ssl`); with a proxy between it is another connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_view: Option<ServerView>,
}

/// Over what a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A socket of the file system.
    Unix,
    /// The network, or the loopback interface.
    Tcp,
}

/// TLS as the client has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Encryption {
    /// As in `TLSv1.3`.
    pub protocol: String,
    /// As IANA calls it.
    pub cipher: String,
    /// How far the server's certificate was looked at.
    pub verification: Verification,
    /// Whether the client had a certificate to show.
    pub client_certificate: bool,
    /// Whether the login was bound to the server's certificate.
    pub channel_binding: ChannelBinding,
}

/// How far a server's certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Not at all: any will do.
    None,
    /// A known authority signed it.
    Ca,
    /// The same, and it names the host.
    Full,
}

/// Whether a login is bound to the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelBinding {
    /// It is not.
    None,
    /// It is where the server asks for a password by SCRAM and can do so; whether it did is not known.
    Offered,
    /// It is: there would be no session otherwise.
    Required,
}

/// A connection as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerView {
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// As the server calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// As the server calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// Length of the cipher's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<i32>,
    /// Whom the client's certificate names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
}
