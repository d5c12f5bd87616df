//! Certificates of every kind, made anew for each test.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm, date_time_ymd,
};

/// A certificate with its key, in PEM form.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// Somebody who signs certificates.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a certificate shall say.
pub(super) struct Wish {
    pub(super) common_name: &'static str,
    /// Names and addresses.
    pub(super) alternatives: &'static [&'static str],
    /// The first day of this year ends it.
    pub(super) until: i32,
    pub(super) algorithm: &'static SignatureAlgorithm,
    pub(super) is_authority: bool,
}

impl Default for Wish {
    /// What a good server has.
    fn default() -> Self {
        Self {
            common_name: "server",
            alternatives: &["localhost", "127.0.0.1"],
            until: 2100,
            algorithm: &PKCS_ECDSA_P256_SHA256,
            is_authority: false,
        }
    }
}

impl Wish {
    fn parameters(&self) -> CertificateParams {
        let alternatives: Vec<String> = self.alternatives.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(alternatives).unwrap();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, self.common_name);
        parameters.not_after = date_time_ymd(self.until, 1, 1);
        if self.is_authority {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        }
        parameters
    }

    fn key(&self) -> KeyPair {
        KeyPair::generate_for(self.algorithm).unwrap()
    }

    /// A certificate that nobody else signed.
    pub(super) fn self_signed(&self) -> Identity {
        let key = self.key();
        let certificate = self.parameters().self_signed(&key).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

impl Authority {
    pub(super) fn new(name: &'static str, until: i32, algorithm: &'static SignatureAlgorithm) -> Self {
        let wish = Wish { common_name: name, alternatives: &[], until, algorithm, is_authority: true };
        Self(CertifiedIssuer::self_signed(wish.parameters(), wish.key()).unwrap())
    }

    /// One whose signatures everybody understands, and whose time is not over.
    pub(super) fn good(name: &'static str) -> Self {
        Self::new(name, 2100, &PKCS_ECDSA_P256_SHA256)
    }

    /// One that signs in a way that no login can be bound to.
    pub(super) fn unbinding() -> Self {
        Self::new("unbinding", 2100, &PKCS_ED25519)
    }

    pub(super) fn certificate(&self) -> String {
        self.0.pem()
    }

    pub(super) fn sign(&self, wish: &Wish) -> Identity {
        let key = wish.key();
        let certificate = wish.parameters().signed_by(&key, &self.0).unwrap().pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}
