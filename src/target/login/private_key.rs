//! A private key in a file that nobody else can read.

use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use std::{fs, os::unix::fs::MetadataExt, path::Path};

/// Reads a key.
///
/// # Errors
/// When others may read the file, or it holds no key that can be used. No error holds anything of it.
pub(super) fn read(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let refused = |why: &str| format!("sslkey {}: {why}", path.display());
    let unreadable = |error: std::io::Error| refused(&format!("it cannot be read: {error}"));
    let found = fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(refused("it is no plain file"));
    }
    if is_open(found.uid(), found.mode()) {
        return Err(refused(
            "others may read it: chmod 0600 it (a file of root's may be 0640, for its group to read)",
        ));
    }
    let text = fs::read(path).map_err(unreadable)?;
    if let Ok(key) = PrivateKeyDer::from_pem_slice(&text) {
        return Ok(key);
    }
    let is_encrypted = String::from_utf8_lossy(&text).contains("ENCRYPTED");
    Err(refused(if is_encrypted {
        "it has a passphrase: write the key without one to a file of mode 0600 (openssl pkey -in KEY -out PLAIN)"
    } else {
        "it holds no private key in PEM form"
    }))
}

/// Whether others than its owner may use a file; the group of a file of root's may read it.
fn is_open(owner: u32, mode: u32) -> bool {
    mode & if owner == 0 { 0o037 } else { 0o077 } != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_may_read_it_or_the_group_of_root() {
        for (owner, mode, open) in [
            (0, 0o100_600, false),
            (0, 0o100_640, false),
            (0, 0o100_660, true),
            (0, 0o100_604, true),
            (1000, 0o100_600, false),
            (1000, 0o100_400, false),
            (1000, 0o100_640, true),
        ] {
            assert_eq!(is_open(owner, mode), open, "{owner} {mode:o}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_its_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let refusal = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read(&path).map(drop).unwrap_err()
        };
        let encrypted =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for (text, mode, told) in [
            ("c2VjcmV0", 0o600, "no private key in PEM"),
            (encrypted, 0o600, "it has a passphrase"),
            ("c2VjcmV0", 0o604, "chmod 0600"),
        ] {
            let refused = refusal(text, mode);
            assert!(refused.contains(told) && !refused.contains("c2Vj"), "{refused}");
        }
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        fs::write(&path, key).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path).is_ok());
        assert!(read(directory.path()).map(drop).unwrap_err().contains("no plain file"));
        assert!(read(&directory.path().join("missing")).map(drop).unwrap_err().contains("cannot be read"));
    }
}
