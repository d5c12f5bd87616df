//! A throw-away authority, and the certificate of one server by it: for servers that are reached over TLS.

use super::{new_file::write, owner::Owner};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use std::path::{Path, PathBuf};

/// The only address of such a server.
const HOST: &str = "127.0.0.1";
/// Who may come in: over the network with TLS and a password alone.
const HBA: &str = "local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl replication all 127.0.0.1/32 scram-sha-256
";

/// The file of the authority's certificate, which clients hold the server's against.
pub(super) fn root(directory: &Path) -> PathBuf {
    directory.join("root.crt")
}

/// Makes an authority, whose key is thrown away, and a certificate of the server by it; gives the server's settings.
pub(super) fn settings(directory: &Path, owner: &Owner) -> Result<Vec<(String, String)>, String> {
    let unmade = |error: rcgen::Error| format!("no certificate could be made: {error}");
    let authority = authority().map_err(unmade)?;
    let key = KeyPair::generate().map_err(unmade)?;
    let certificate = certificate(&key, &authority).map_err(unmade)?;
    let [certificate_file, key_file, hba_file] =
        ["server.crt", "server.key", "pg_hba.conf"].map(|name| directory.join(name));
    write(&root(directory), &authority.pem(), 0o644)?;
    write(&certificate_file, &certificate, 0o644)?;
    write(&key_file, &key.serialize_pem(), 0o600)?;
    owner.give(&key_file)?;
    write(&hba_file, HBA, 0o644)?;
    let of = |name: &str, file: &Path| (name.to_owned(), file.display().to_string());
    Ok(vec![
        ("ssl".to_owned(), "on".to_owned()),
        of("ssl_cert_file", &certificate_file),
        of("ssl_key_file", &key_file),
        of("hba_file", &hba_file),
    ])
}

/// With keys on an elliptic curve: a login can be bound to what they sign.
fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut wanted = CertificateParams::default();
    wanted.distinguished_name.push(DnType::CommonName, "loist-bench throw-away authority");
    wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(wanted, KeyPair::generate()?)
}

/// Clients of PostgreSQL before 15 know addresses by the common name alone.
fn certificate(key: &KeyPair, authority: &CertifiedIssuer<'_, KeyPair>) -> Result<String, rcgen::Error> {
    let mut wanted = CertificateParams::new([HOST.to_owned()])?;
    wanted.distinguished_name.push(DnType::CommonName, HOST);
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    wanted.use_authority_key_identifier_extension = true;
    Ok(wanted.signed_by(key, authority)?.pem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn the_key_is_for_the_server_s_user_alone_and_new_each_time() {
        let directory = tempfile::tempdir().unwrap();
        let owner = Owner::choose().unwrap();
        let made = settings(directory.path(), &owner).unwrap();
        assert_eq!(made[0], ("ssl".to_owned(), "on".to_owned()));
        let key = directory.path().join("server.key");
        let mode = fs::metadata(&key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (first, first_root) = (fs::read(&key).unwrap(), fs::read(root(directory.path())).unwrap());
        settings(directory.path(), &owner).unwrap();
        assert_ne!(first, fs::read(&key).unwrap());
        assert_ne!(first_root, fs::read(root(directory.path())).unwrap());
    }
}
