//! Every mode against every kind of certificate, with and without one of the client's, where one is asked for and where not.

use super::{
    Outcome, Stage,
    certificates::{Authority, Identity, Wish},
};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Who may come in: everybody with the password, or only over TLS with a certificate, too.
const RULES: [(&str, &str); 2] = [
    ("nothing asked", "host all all 127.0.0.1/32 scram-sha-256"),
    ("certificate asked", "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca"),
];

/// Writes an identity where a client finds it, and gives the parameters that name it.
fn shown(directory: &Path, name: &str, identity: &Identity) -> String {
    let path = |kind: &str| directory.join(format!("{name}.{kind}"));
    fs::write(path("crt"), &identity.certificate).unwrap();
    fs::write(path("key"), &identity.key).unwrap();
    fs::set_permissions(path("key"), fs::Permissions::from_mode(0o600)).unwrap();
    format!("sslcert={} sslkey={}", path("crt").display(), path("key").display())
}

#[test]
fn every_mode_fares_as_psql_does() {
    let mut stage = Stage::set();
    let authority = Authority::good("authority");
    let servers = [
        ("good", Some(authority.sign(&Wish::default()))),
        ("self-signed", Some(Wish::default().self_signed())),
        ("expired", Some(authority.sign(&Wish { until: 2001, ..Wish::default() }))),
        ("wrong host", Some(authority.sign(&Wish { alternatives: &["other.example"], ..Wish::default() }))),
        ("no TLS", None),
    ];
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root.crt");
    fs::write(&root, authority.certificate()).unwrap();
    let client = Wish { common_name: "loist", alternatives: &[], ..Wish::default() };
    let clients = [
        String::new(),
        shown(directory.path(), "client", &authority.sign(&client)),
        shown(directory.path(), "stranger", &Authority::good("another").sign(&client)),
    ];
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (kind, identity) in &servers {
        for (rule, lines) in RULES {
            stage.change(identity.as_ref(), &authority.certificate(), lines);
            for mode in MODES {
                for client in &clients {
                    for root in [format!("sslrootcert={}", root.display()), String::new()] {
                        let what = format!("{kind}, {rule}");
                        let outcome = stage.agree(&what, &format!("sslmode={mode} {root} {client}"));
                        *seen.entry(format!("{outcome:?}")).or_default() += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen.values().sum::<usize>(), 5 * 2 * 6 * 3 * 2);
    for outcome in [Outcome::Refused, Outcome::Plain, Outcome::Encrypted] {
        assert!(seen[&format!("{outcome:?}")] > 20, "each is there: {seen:?}");
    }
}
