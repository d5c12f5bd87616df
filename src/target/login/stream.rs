//! TLS between tokio-postgres and rustls. It is a connector of our own because the record tells what the two sides agreed on,
//! which other connectors keep to themselves.

use rustls::{ClientConfig, ProtocolVersion, pki_types::ServerName};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_cert::{
    Certificate,
    der::{Decode, oid::ObjectIdentifier, oid::db::rfc5912},
};

/// What client and server agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreed {
    /// As in `TLSv1.3`.
    pub(super) protocol: String,
    /// As IANA calls it.
    pub(super) cipher: String,
    /// Whether there is something to bind the login to.
    pub(super) can_bind: bool,
}

/// How far TLS came on one connection.
#[derive(Debug, Default)]
pub(super) struct Progress {
    began: AtomicBool,
    agreed: OnceLock<Agreed>,
}

impl Progress {
    /// What was agreed on, once it was.
    pub(super) fn agreed(&self) -> Option<&Agreed> {
        self.agreed.get()
    }

    /// Whether the server let it begin.
    pub(super) fn has_begun(&self) -> bool {
        self.began.load(Ordering::Relaxed)
    }

    /// Whether client and server did not come to terms.
    pub(super) fn failed(&self) -> bool {
        self.has_begun() && self.agreed.get().is_none()
    }
}

/// Makes TLS of one connection.
#[derive(Clone)]
pub(super) struct Connector {
    config: Arc<ClientConfig>,
    progress: Arc<Progress>,
}

impl Connector {
    /// TLS as `config` has it; how far it came is told to `progress`.
    pub(super) fn new(config: &Arc<ClientConfig>, progress: &Arc<Progress>) -> Self {
        Self { config: Arc::clone(config), progress: Arc::clone(progress) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Connector {
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Infallible> {
        // What is no name at all cannot be asked for, and no certificate has it.
        let nobody = ServerName::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let name = ServerName::try_from(host.to_owned()).unwrap_or(nobody);
        Ok(Handshake { connector: self.clone(), name })
    }
}

/// A handshake that is about to begin.
pub(super) struct Handshake {
    connector: Connector,
    name: ServerName<'static>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let Connector { config, progress } = self.connector;
        Box::pin(async move {
            progress.began.store(true, Ordering::Relaxed);
            let stream = Encrypted(TlsConnector::from(config).connect(self.name, stream).await?);
            let _ = progress.agreed.set(stream.agreed());
            Ok(stream)
        })
    }
}

/// An encrypted stream.
pub(super) struct Encrypted<S>(TlsStream<S>);

impl<S> Encrypted<S> {
    fn agreed(&self) -> Agreed {
        let (_, session) = self.0.get_ref();
        let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        Agreed {
            protocol: protocol(session.protocol_version()),
            // Only rustls marks the suites of version 1.3.
            cipher: cipher.unwrap_or("unknown").replacen("TLS13_", "TLS_", 1),
            can_bind: self.end_point().is_some(),
        }
    }

    /// The digest of the server's certificate that `tls-server-end-point` is (RFC 5929, 4.1).
    fn end_point(&self) -> Option<Vec<u8>> {
        let (_, session) = self.0.get_ref();
        let certificate = session.peer_certificates()?.first()?;
        let algorithm = Certificate::from_der(certificate).ok()?.signature_algorithm.oid;
        digest(algorithm, certificate)
    }
}

fn protocol(version: Option<ProtocolVersion>) -> String {
    match version {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "unknown",
    }
    .to_owned()
}

/// By the hash function of the signature, but for the broken ones, which SHA-256 stands for. A signature without one, such as
/// Ed25519, has no digest.
fn digest(algorithm: ObjectIdentifier, certificate: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        rfc5912::SHA_1_WITH_RSA_ENCRYPTION
        | rfc5912::SHA_256_WITH_RSA_ENCRYPTION
        | rfc5912::ECDSA_WITH_SHA_256 => Some(Sha256::digest(certificate).to_vec()),
        rfc5912::SHA_384_WITH_RSA_ENCRYPTION | rfc5912::ECDSA_WITH_SHA_384 => {
            Some(Sha384::digest(certificate).to_vec())
        }
        rfc5912::SHA_512_WITH_RSA_ENCRYPTION | rfc5912::ECDSA_WITH_SHA_512 => {
            Some(Sha512::digest(certificate).to_vec())
        }
        _ => None,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.end_point().map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_is_bound_by_the_signature_s_own_hash() {
        for (algorithm, length) in [
            (rfc5912::ECDSA_WITH_SHA_256, Some(32)),
            (rfc5912::SHA_1_WITH_RSA_ENCRYPTION, Some(32)),
            (rfc5912::ECDSA_WITH_SHA_384, Some(48)),
            (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Some(64)),
            // Ed25519 signs without a hash function of its own.
            (ObjectIdentifier::new_unwrap("1.3.101.112"), None),
        ] {
            assert_eq!(digest(algorithm, b"certificate").map(|digest| digest.len()), length, "{algorithm}");
        }
    }
}
