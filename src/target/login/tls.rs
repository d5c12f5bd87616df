//! What the ssl parameters ask of TLS, and the files that they name.

use super::{
    certificate, parameters::Parameters, private_key, ssl_mode::SslMode, surroundings::Surroundings,
    verifier::Verifier,
};
use crate::record::Verification;
use rustls::{
    ClientConfig, SupportedProtocolVersion,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The user's own files.
const ROOT: &str = ".postgresql/root.crt";
const CERTIFICATE: &str = ".postgresql/postgresql.crt";
const KEY: &str = ".postgresql/postgresql.key";

/// How TLS is spoken.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) verification: Verification,
    /// Whether there is a certificate of our own to show.
    pub(super) shows_certificate: bool,
}

/// Without keys.
impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("verification", &self.verification).finish_non_exhaustive()
    }
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Tls {
    /// Reads the files, and settles what is asked.
    ///
    /// # Errors
    /// When a file is missing or cannot be used, or parameters contradict each other.
    pub(super) fn new(
        mode: SslMode,
        parameters: &Parameters,
        around: &Surroundings<'_>,
    ) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let (verifier, verification) = verifier(mode, parameters, around, &provider)?;
        let own = own_certificate(parameters, around)?;
        let shows_certificate = own.is_some();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(parameters)?)
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match own {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("sslcert and sslkey cannot be used together: {error}"))?,
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = parameters.switch("sslsni")?.unwrap_or(true);
        // PostgreSQL takes up no session again.
        config.resumption = Resumption::disabled();
        if parameters.get("sslnegotiation") == Some("direct") {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Self { config: Arc::new(config), verification, shows_certificate })
    }
}

/// From the lowest to the highest version that is allowed. What is older than 1.2 is not spoken.
fn versions(parameters: &Parameters) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let known = [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];
    let lowest = parameters.choice("ssl_min_protocol_version", &known)?.unwrap_or(2);
    let highest = parameters.choice("ssl_max_protocol_version", &known)?.unwrap_or(3);
    let spoken = [(2, &TLS12), (3, &TLS13)].into_iter();
    let versions: Vec<_> = spoken
        .filter(|(number, _)| (lowest..=highest).contains(number))
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        return Err(
            "ssl_min_protocol_version and ssl_max_protocol_version leave no version that is spoken here: TLSv1.2 and TLSv1.3 are"
                .to_owned(),
        );
    }
    Ok(versions)
}

/// As libpq has it: where authorities are known, every mode goes by them.
fn verifier(
    mode: SslMode,
    parameters: &Parameters,
    around: &Surroundings<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<(Verifier, Verification), String> {
    let names = mode == SslMode::VerifyFull;
    let authorities = match parameters.get("sslrootcert") {
        Some("system") => Some(of_the_system()?),
        Some(path) => Some(of_file("sslrootcert", Path::new(path))?),
        None => around.own_file(ROOT).map(|path| of_file("root.crt", &path)).transpose()?,
    };
    match authorities {
        Some(authorities) => {
            let verification = if names { Verification::Full } else { Verification::Ca };
            Ok((Verifier::of(authorities, names, provider)?, verification))
        }
        None if mode >= SslMode::VerifyCa => Err(format!(
            "sslmode={} needs the authority that signed the server's certificate: name its file by sslrootcert (of Cloud SQL: gcloud sql instances describe INSTANCE --format='value(serverCaCert.cert)'), put it into ~/{ROOT}, or use sslrootcert=system",
            mode.name()
        )),
        None => Ok((Verifier::of_anybody(provider), Verification::None)),
    }
}

fn of_the_system() -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = rustls_native_certs::load_native_certs().certs;
    found.retain(|one| !certificate::is_over(one));
    // Large collections hold a few that are not understood.
    found.retain(|one| rustls::RootCertStore::empty().add(one.clone()).is_ok());
    match found.is_empty() {
        true => {
            Err("sslrootcert=system: this machine has no collection of authorities: install ca-certificates"
                .to_owned())
        }
        false => Ok(found),
    }
}

/// The authorities of a file that are still in force: an authority whose time is over vouches for nobody.
fn of_file(keyword: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = certificates(keyword, path)?;
    found.retain(|one| !certificate::is_over(one));
    match found.is_empty() {
        true => Err(format!("{keyword} {}: the time of every certificate in it is over", path.display())),
        false => Ok(found),
    }
}

/// Every certificate of a file.
fn certificates(keyword: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refused = |why: String| format!("{keyword} {}: {why}", path.display());
    let text = std::fs::read(path).map_err(|error| refused(format!("it cannot be read: {error}")))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| refused(format!("it is no PEM file: {error}")))?;
    if found.is_empty() {
        return Err(refused("it holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// The certificate that we show, with its key. That of the user is shown where there is one.
fn own_certificate(parameters: &Parameters, around: &Surroundings<'_>) -> Result<Option<Own>, String> {
    if parameters.get("sslcertmode") == Some("disable") {
        return Ok(None);
    }
    let named = parameters.get("sslcert").map(PathBuf::from);
    let Some(path) = named.or_else(|| around.own_file(CERTIFICATE)) else { return Ok(None) };
    let chain = certificates("sslcert", &path)?;
    let named = parameters.get("sslkey").map(PathBuf::from);
    let key = named.or_else(|| around.own_file(KEY));
    let key = key.ok_or_else(|| {
        format!("there is a certificate, {}, but no key for it: name the key by sslkey", path.display())
    })?;
    Ok(Some((chain, private_key::read(&key)?)))
}
