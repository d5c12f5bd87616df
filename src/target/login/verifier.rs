//! Who a server's certificate has to be from, and whom it has to name: as libpq asks, which is less than the web does.

use super::certificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use std::sync::Arc;

/// Holds certificates against authorities, and against the host's name.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Absent where any certificate will do.
    authorities: Option<Authorities>,
    /// Whether the certificate has to name the host.
    names: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Those who may sign.
#[derive(Debug)]
struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    webpki: Arc<WebPkiServerVerifier>,
}

impl Verifier {
    /// Accepts any certificate whose owner answers.
    pub(super) fn of_anybody(provider: &CryptoProvider) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        Self { authorities: None, names: false, algorithms }
    }

    /// Accepts certificates that one of `certificates` signed; with `names` only those that name the host.
    ///
    /// # Errors
    /// When one of them cannot be an authority.
    pub(super) fn of(
        certificates: Vec<CertificateDer<'static>>,
        names: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| error.to_string())?;
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let webpki = builder.build().map_err(|error| error.to_string())?;
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self { authorities: Some(Authorities { certificates, webpki }), names, algorithms })
    }

    /// What is not as the web has it: a certificate without alternative names has a common name, and one that is itself among
    /// the authorities needs no other.
    fn forgive(
        &self,
        error: Error,
        certificate: &CertificateDer<'_>,
        host: &ServerName<'_>,
        authorities: &Authorities,
    ) -> Result<(), Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext, Other};
        match &error {
            Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
                if self.names && !certificate::common_name_is(certificate, host) {
                    Err(error)
                } else {
                    Ok(())
                }
            }
            // Looked at after its dates: it calls itself an authority, and serves all the same.
            Error::InvalidCertificate(Other(_)) if authorities.certificates.contains(certificate) => {
                let named = || verify_server_name(&ParsedCertificate::try_from(certificate)?, host);
                if !self.names || certificate::common_name_is(certificate, host) { Ok(()) } else { named() }
            }
            _ => Err(error),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else { return Ok(ServerCertVerified::assertion()) };
        let verified =
            authorities.webpki.verify_server_cert(certificate, intermediates, host, ocsp_response, now);
        if let Err(error) = verified {
            self.forgive(error, certificate, host, authorities)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
