//! What a certificate says of its owner and its time.

use rustls::pki_types::ServerName;
use std::time::{Duration, SystemTime};
use x509_cert::{
    Certificate,
    der::{Decode, oid::db::rfc4519::COMMON_NAME},
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// Whether the certificate names the host by its common name, which counts where it has no alternative name of the host's
/// kind. One with `*.` in front stands for any one label there.
pub(super) fn common_name_is(certificate: &[u8], host: &ServerName<'_>) -> bool {
    let Ok(certificate) = Certificate::from_der(certificate) else { return false };
    let Ok(alternatives) = certificate.tbs_certificate.get::<SubjectAltName>() else { return false };
    let is_address = matches!(host, ServerName::IpAddress(_));
    let of_kind = |name: &GeneralName| match name {
        GeneralName::DnsName(_) => !is_address,
        GeneralName::IpAddress(_) => is_address,
        _ => false,
    };
    if alternatives.is_some_and(|(_, names)| names.0.iter().any(of_kind)) {
        return false;
    }
    let attributes = certificate.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter());
    let mut names = attributes.filter(|attribute| attribute.oid == COMMON_NAME);
    let name = names.next().and_then(|attribute| std::str::from_utf8(attribute.value.value()).ok());
    name.is_some_and(|name| stands_for(name, &host.to_str()))
}

/// Case does not matter.
fn stands_for(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_ascii_lowercase(), host.to_ascii_lowercase());
    let by_label = || {
        let (label, domain) = host.split_once('.')?;
        (!label.is_empty() && name.strip_prefix("*.")? == domain).then_some(())
    };
    name == host || by_label().is_some()
}

/// Whether the certificate's time is over.
pub(super) fn is_over(certificate: &[u8]) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Certificate::from_der(certificate)
        .is_ok_and(|found| found.tbs_certificate.validity.not_after.to_unix_duration() < now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};

    fn made(common: &str, alternatives: &[&str], until: i32) -> Vec<u8> {
        let alternatives: Vec<String> = alternatives.iter().map(|name| (*name).to_owned()).collect();
        let mut wanted = CertificateParams::new(alternatives).unwrap();
        wanted.distinguished_name = DistinguishedName::new();
        wanted.distinguished_name.push(DnType::CommonName, common);
        wanted.not_after = date_time_ymd(until, 1, 1);
        wanted.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_common_name_counts_without_alternatives_of_the_host_s_kind() {
        for (common, alternatives, host, is) in [
            ("db.example", &[][..], "DB.example", true),
            ("*.example", &[], "db.example", true),
            ("*.example", &[], "a.db.example", false),
            ("*.example", &[], "example", false),
            ("db.example", &["other.example"], "db.example", false),
            ("db.example", &["10.0.0.1"], "db.example", true),
            ("10.0.0.2", &["db.example"], "10.0.0.2", true),
            ("10.0.0.2", &["10.0.0.1"], "10.0.0.2", false),
        ] {
            let found = made(common, alternatives, 2100);
            let name = ServerName::try_from(host).unwrap();
            assert_eq!(common_name_is(&found, &name), is, "{common} {alternatives:?} for {host}");
        }
        assert!(!common_name_is(b"nonsense", &ServerName::try_from("db.example").unwrap()));
    }

    #[test]
    fn time_passes() {
        assert!(is_over(&made("x", &[], 2001)));
        assert!(!is_over(&made("x", &[], 2500)) && !is_over(b"nonsense"));
    }
}
