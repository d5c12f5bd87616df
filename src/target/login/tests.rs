//! Which of several sources counts, and what they come to.

use super::{
    parameters::Parameters,
    route::{Route, Wishes},
    surroundings::Surroundings,
};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tempfile::TempDir;

/// A user's own directory, with files of theirs.
fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".postgresql")).unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    home
}

fn resolve(text: &str, variables: &[(&str, &str)], home: &Path, wishes: Wishes<'_>) -> Result<Route, String> {
    let lookup = |name: &str| {
        Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    };
    let around = Surroundings { variable: &lookup, home: &|| Some(home.to_owned()) };
    Route::resolve(Parameters::parse(text).unwrap(), wishes, &around)
}

/// In an empty home, with no variables.
fn alone(text: &str) -> Result<Route, String> {
    resolve(text, &[], home(&[]).path(), Wishes::default())
}

#[test]
fn passwords_in_order() {
    let home = home(&[
        (".pgpass", "h:*:*:*:of-passfile\n"),
        (".pg_service.conf", "[with]\npassword=of-service\n[without]\nport=5432\n"),
    ]);
    let passwords = |text: &str, variables: &[(&str, &str)], wishes: Wishes<'_>| {
        let route = resolve(text, variables, home.path(), wishes).unwrap();
        route.hosts.iter().map(|host| host.password.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let spare = Wishes { spare_password: Some("of-spare"), ..Wishes::default() };
    let file = Wishes { password: Some("of-file"), ..spare };
    let variable = [("PGPASSWORD", "of-variable")];
    for (text, variables, wishes, expected) in [
        ("host=h user=u password=own service=with", &variable[..], file, "of-file"),
        ("host=h user=u password=own service=with", &variable, spare, "own"),
        ("host=h user=u service=with", &variable, spare, "of-service"),
        ("host=h user=u service=without", &variable, spare, "of-variable"),
        ("host=h user=u", &[], spare, "of-spare"),
        ("host=h user=u", &[], Wishes::default(), "of-passfile"),
        ("host=other user=u", &[], Wishes::default(), ""),
        ("host=h user=u passfile=/nonexistent", &[], Wishes::default(), ""),
    ] {
        assert_eq!(passwords(text, variables, wishes), [expected], "{text}");
    }
    assert_eq!(passwords("host=other,h user=u", &[], Wishes::default()), ["", "of-passfile"]);
}

#[test]
fn nothing_secret_is_shown() {
    let route = alone("host=h user=u password=hunter2 options='-c a=b'").unwrap();
    assert!(!format!("{route:?}{:?}", route.hosts).contains("hunter2"));
    assert!(route.has_password());
    assert_eq!(route.address(), "h:5432, database u, user u");
}

#[test]
fn the_connection_string_wins_over_the_service_and_that_over_the_environment() {
    let home = home(&[(".pg_service.conf", "[s]\nhost=of-service\nport=7\napplication_name=mine\n")]);
    let variables = [("PGHOST", "of-variable"), ("PGPORT", "8"), ("PGUSER", "v"), ("PGSERVICE", "s")];
    let found = |text: &str| resolve(text, &variables, home.path(), Wishes::default()).unwrap();
    assert_eq!(found("host=own").address(), "own:7, database v, user v");
    assert_eq!(found("user=u").address(), "of-service:7, database u, user u");
    assert_eq!(found("user=u").application_name(), "mine");
    assert_eq!(alone("host=h user=u fallback_application_name=x").unwrap().application_name(), "x");
    assert_eq!(alone("host=h user=u").unwrap().application_name(), "loist-bench");
}

#[test]
fn times_are_those_of_libpq() {
    let timeout = |text: &str| alone(&format!("host=h user=u {text}")).unwrap().timeout;
    assert_eq!(timeout(""), Some(Duration::from_secs(10)));
    assert_eq!(timeout("connect_timeout=3"), Some(Duration::from_secs(3)));
    assert_eq!(timeout("connect_timeout=0"), None);
    let kept = alone("host=h user=u keepalives_idle=5 keepalives_count=3 tcp_user_timeout=1500").unwrap();
    assert_eq!(kept.config.get_keepalives_idle(), Duration::from_secs(5));
    assert_eq!(kept.config.get_keepalives_retries(), Some(3));
    assert_eq!(kept.config.get_tcp_user_timeout(), Some(&Duration::from_millis(1500)));
    assert!(!alone("host=h user=u keepalives=0").unwrap().config.get_keepalives());
}

#[test]
fn options_are_added_and_names_changed() {
    let route = alone("host=h user=u options='-c a=b'").unwrap().with_options("-c c=d");
    assert_eq!(route.config.get_options(), Some("-c a=b -c c=d"));
    assert_eq!(route.with_application_name("x").application_name(), "x");
}

#[test]
fn what_verification_needs_is_asked_for() {
    let refused = alone("host=h user=u sslmode=verify-ca").map(drop).unwrap_err();
    assert!(refused.contains("sslrootcert") && refused.contains("gcloud"), "{refused}");
    let certificate = rcgen::generate_simple_self_signed(["h".to_owned()]).unwrap().cert.pem();
    let home = home(&[(".postgresql/root.crt", &certificate)]);
    let found = |text: &str| resolve(text, &[], home.path(), Wishes::default());
    let tls = found("host=h user=u sslmode=verify-full").unwrap().tls.unwrap();
    assert_eq!(tls.verification, crate::record::Verification::Full);
    // As libpq has it: where an authority is known, every mode goes by it.
    let tls = found("host=h user=u sslmode=require").unwrap().tls.unwrap();
    assert_eq!(tls.verification, crate::record::Verification::Ca);
    assert!(found("hostaddr=127.0.0.1 user=u sslmode=verify-full").map(drop).unwrap_err().contains("name"));
    assert!(found("host=/run user=u sslmode=verify-full").unwrap().tls.is_none(), "sockets have no TLS");
}

#[test]
fn files_that_are_named_must_be_there_and_be_usable() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let made = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
    let (certificate, own_key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let home = home(&[("other.key", &key), ("client.crt", &certificate), ("client.key", &own_key)]);
    let path = |name: &str| home.path().join(name).display().to_string();
    let with = |text: &str| {
        resolve(&format!("host=h user=u sslmode=require {text}"), &[], home.path(), Wishes::default())
    };
    let (certificate, key) = (path("client.crt"), path("client.key"));
    assert!(with(&format!("sslcert={certificate} sslkey={key}")).unwrap().tls.unwrap().shows_certificate);
    let disabled = with(&format!("sslcert={certificate} sslkey={key} sslcertmode=disable")).unwrap();
    assert!(!disabled.tls.unwrap().shows_certificate);
    for (text, told) in [
        ("sslrootcert=/nonexistent".to_owned(), "sslrootcert /nonexistent: it cannot be read"),
        (format!("sslrootcert={key}"), "it holds no certificate"),
        ("sslcert=/nonexistent".to_owned(), "sslcert /nonexistent: it cannot be read"),
        (format!("sslcert={certificate}"), "no key for it: name the key by sslkey"),
        (format!("sslcert={certificate} sslkey={}", path("other.key")), "cannot be used together"),
        ("ssl_max_protocol_version=TLSv1.1".to_owned(), "leave no version"),
        ("sslpassword=x".to_owned(), "passphrase"),
    ] {
        let refused = match Parameters::parse(&text) {
            Ok(_) => with(&text).map(drop).unwrap_err(),
            Err(refused) => refused,
        };
        assert!(refused.contains(told), "{text}: {refused}");
    }
}
