//! What is rare among certificates and parameters, and must go as it does with psql all the same.

use super::{
    Outcome, Stage,
    certificates::{Authority, Identity, Wish},
};
use rcgen::PKCS_ECDSA_P256_SHA256;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

const RULE: &str = "host all all 127.0.0.1/32 scram-sha-256";

/// A file of the client's.
fn file(directory: &Path, name: &str, text: &str, mode: u32) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

/// A certificate, the authorities that the client knows, the mode, and what must come of it.
type Case = (&'static str, Identity, String, &'static str, Outcome);

/// Certificates that say who they are in other ways.
fn named(authority: &Authority) -> Vec<Case> {
    let common = |common_name| Wish { common_name, alternatives: &[], ..Wish::default() };
    let both = Wish { common_name: "localhost", alternatives: &["other.example"], ..Wish::default() };
    let cases = [
        ("a common name", common("localhost"), "verify-full", Outcome::Encrypted),
        ("another common name", common("elsewhere"), "verify-full", Outcome::Refused),
        ("no name, as Cloud SQL has it", common("project:instance"), "verify-ca", Outcome::Encrypted),
        ("a common name beside another alternative", both, "verify-full", Outcome::Refused),
    ];
    let case = |(what, wish, mode, outcome): (_, Wish, _, _)| {
        (what, authority.sign(&wish), authority.certificate(), mode, outcome)
    };
    cases.map(case).into()
}

/// Certificates that somebody else vouches for.
fn vouched_for(authority: &Authority) -> Vec<Case> {
    let old = Authority::new("old", 2001, &PKCS_ECDSA_P256_SHA256);
    let several = format!("{}{}", Authority::good("first").certificate(), authority.certificate());
    let itself = |is_authority| Wish { is_authority, ..Wish::default() }.self_signed();
    let (own_authority, own) = (itself(true), itself(false));
    let good = Wish::default();
    vec![
        (
            "itself an authority",
            own_authority.clone(),
            own_authority.certificate,
            "verify-full",
            Outcome::Encrypted,
        ),
        ("itself the root", own.clone(), own.certificate, "verify-ca", Outcome::Encrypted),
        (
            "an authority whose time is over",
            old.sign(&good),
            old.certificate(),
            "verify-ca",
            Outcome::Refused,
        ),
        ("one of several authorities", authority.sign(&good), several, "verify-full", Outcome::Encrypted),
    ]
}

#[test]
fn certificates_of_rare_kinds_fare_as_with_psql() {
    let mut stage = Stage::set();
    let authority = Authority::good("authority");
    let directory = tempfile::tempdir().unwrap();
    for (what, identity, root, mode, expected) in named(&authority).into_iter().chain(vouched_for(&authority))
    {
        stage.change(Some(&identity), &authority.certificate(), RULE);
        let root = file(directory.path(), "root.crt", &root, 0o644);
        let outcome = stage.agree(what, &format!("sslmode={mode} sslrootcert={root}"));
        assert_eq!(outcome, expected, "{what}");
    }
    // No login can be bound to what Ed25519 signed; that it cannot be is no reason not to log in.
    let unbinding = Authority::unbinding();
    stage.change(Some(&unbinding.sign(&Wish::default())), &authority.certificate(), RULE);
    let root = file(directory.path(), "root.crt", &unbinding.certificate(), 0o644);
    let full = format!("sslmode=verify-full sslrootcert={root}");
    assert_eq!(stage.agree("Ed25519", &format!("{full} channel_binding=disable")), Outcome::Encrypted);
    assert_eq!(stage.agree("Ed25519", &format!("{full} channel_binding=require")), Outcome::Refused);
    assert_eq!(stage.ours(&format!("{} {full}", stage.address())).0, Outcome::Encrypted);
}

#[test]
fn parameters_fare_as_with_psql_and_the_session_tells() {
    let mut stage = Stage::set();
    let authority = Authority::good("authority");
    let directory = tempfile::tempdir().unwrap();
    let root = file(directory.path(), "root.crt", &authority.certificate(), 0o644);
    let client = authority.sign(&Wish { common_name: "loist", alternatives: &[], ..Wish::default() });
    let certificate = file(directory.path(), "client.crt", &client.certificate, 0o644);
    let (key, open) = (
        file(directory.path(), "client.key", &client.key, 0o600),
        file(directory.path(), "open.key", &client.key, 0o644),
    );
    stage.change(Some(&authority.sign(&Wish::default())), &authority.certificate(), RULE);
    let full = format!("sslmode=verify-full sslrootcert={root}");
    for (parameters, expected) in [
        (format!("{full} channel_binding=require"), Outcome::Encrypted),
        ("sslmode=disable channel_binding=require".to_owned(), Outcome::Refused),
        (format!("{full} channel_binding=disable"), Outcome::Encrypted),
        (format!("{full} ssl_max_protocol_version=TLSv1.2"), Outcome::Encrypted),
        (format!("{full} ssl_min_protocol_version=TLSv1.3"), Outcome::Encrypted),
        (
            format!("{full} ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2"),
            Outcome::Refused,
        ),
        (format!("{full} sslsni=0"), Outcome::Encrypted),
        (format!("{full} sslcert={certificate} sslkey={key}"), Outcome::Encrypted),
        (format!("{full} sslcert={certificate} sslkey={open}"), Outcome::Refused),
        (format!("{full} sslcert={certificate} sslkey=/nonexistent"), Outcome::Refused),
        ("sslmode=verify-full sslrootcert=/nonexistent".to_owned(), Outcome::Refused),
        // A collection of the machine's, which a private authority is not in.
        ("sslmode=verify-full sslrootcert=system".to_owned(), Outcome::Refused),
        ("sslmode=nonsense".to_owned(), Outcome::Refused),
        ("sslmode=require nonsense=1".to_owned(), Outcome::Refused),
    ] {
        assert_eq!(stage.agree("parameters", &parameters), expected, "{parameters}");
    }
    let told = |parameters: &str| {
        let (_, session) = stage.ours(&format!("{} {full} {parameters}", stage.address()));
        serde_json::to_value(session.unwrap()).unwrap()
    };
    let session = told(&format!("channel_binding=require sslcert={certificate} sslkey={key}"));
    assert_eq!(session["transport"], "tcp");
    let encryption = &session["encryption"];
    assert_eq!(encryption["protocol"], "TLSv1.3");
    assert!(encryption["cipher"].as_str().unwrap().starts_with("TLS_"), "{encryption}");
    assert_eq!(encryption["verification"], "full");
    assert_eq!(encryption["client_certificate"], true);
    assert_eq!(encryption["channel_binding"], "required");
    let direct = stage.ours(&format!("{} {full} sslnegotiation=direct", stage.address()));
    let knows_it = stage.sql(&["SELECT current_setting('server_version_num')::int >= 170000"]) == ["t"];
    assert_eq!(direct.0 == Outcome::Encrypted, knows_it, "{:?}", direct.1);
    let older = told("ssl_max_protocol_version=TLSv1.2 channel_binding=disable");
    assert_eq!(older["encryption"]["protocol"], "TLSv1.2");
    assert_eq!(older["encryption"]["channel_binding"], "none");
}
