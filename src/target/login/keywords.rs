//! The keywords of libpq's connection strings: what each is called in the environment, and what is not done here.

/// A keyword of a connection string.
#[derive(Debug)]
pub(super) struct Keyword {
    pub(super) name: &'static str,
    /// The variable of the environment that says the same.
    pub(super) variable: Option<&'static str>,
    support: Support,
}

/// Which values of a keyword are understood.
#[derive(Debug)]
enum Support {
    /// Those that libpq understands.
    Full,
    /// These alone; what to do instead of another.
    Only(&'static [&'static str], &'static str),
}

const fn full(name: &'static str, variable: &'static str) -> Keyword {
    Keyword { name, variable: Some(variable), support: Support::Full }
}

const fn only(
    name: &'static str,
    variable: &'static str,
    values: &'static [&'static str],
    instead: &'static str,
) -> Keyword {
    Keyword { name, variable: Some(variable), support: Support::Only(values, instead) }
}

const fn without_variable(name: &'static str, support: Support) -> Keyword {
    Keyword { name, variable: None, support }
}

const NO_KERBEROS: &str = "GSSAPI is not spoken here: log in by password or client certificate";
const NO_REVOCATION: &str =
    "revocation lists are not read here: name an authority by sslrootcert that signs no revoked certificate";
const NO_STORED_KEY: &str = "log in by password, from a file if need be (--password-file, passfile)";
const NO_OAUTH: &str = "OAuth is not spoken here: log in by password or client certificate";

/// Every keyword that libpq knows.
const ALL: &[Keyword] = &[
    full("host", "PGHOST"),
    full("hostaddr", "PGHOSTADDR"),
    full("port", "PGPORT"),
    full("dbname", "PGDATABASE"),
    full("user", "PGUSER"),
    full("password", "PGPASSWORD"),
    full("passfile", "PGPASSFILE"),
    full("service", "PGSERVICE"),
    full("servicefile", "PGSERVICEFILE"),
    full("options", "PGOPTIONS"),
    full("application_name", "PGAPPNAME"),
    without_variable("fallback_application_name", Support::Full),
    full("connect_timeout", "PGCONNECT_TIMEOUT"),
    without_variable("keepalives", Support::Full),
    without_variable("keepalives_idle", Support::Full),
    without_variable("keepalives_interval", Support::Full),
    without_variable("keepalives_count", Support::Full),
    without_variable("tcp_user_timeout", Support::Full),
    full("target_session_attrs", "PGTARGETSESSIONATTRS"),
    full("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    full("channel_binding", "PGCHANNELBINDING"),
    full("sslmode", "PGSSLMODE"),
    full("sslnegotiation", "PGSSLNEGOTIATION"),
    full("sslrootcert", "PGSSLROOTCERT"),
    full("sslcert", "PGSSLCERT"),
    full("sslkey", "PGSSLKEY"),
    full("sslsni", "PGSSLSNI"),
    full("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    full("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    only(
        "sslcertmode",
        "PGSSLCERTMODE",
        &["disable", "allow"],
        "whether the server asked for the certificate is not checked here: use allow, and have the server require it (cert or clientcert in pg_hba.conf)",
    ),
    only("sslcrl", "PGSSLCRL", &[], NO_REVOCATION),
    only("sslcrldir", "PGSSLCRLDIR", &[], NO_REVOCATION),
    only("sslcompression", "PGSSLCOMPRESSION", &["0"], "TLS is not compressed here: leave it out"),
    without_variable(
        "sslpassword",
        Support::Only(
            &[],
            "keys with a passphrase are not read here: write the key without one to a file of mode 0600 (openssl pkey -in KEY -out PLAIN)",
        ),
    ),
    without_variable("sslkeylogfile", Support::Only(&[], "session keys are not logged here: leave it out")),
    only("gssencmode", "PGGSSENCMODE", &["disable", "prefer"], NO_KERBEROS),
    only("gssdelegation", "PGGSSDELEGATION", &["0"], NO_KERBEROS),
    only("krbsrvname", "PGKRBSRVNAME", &[], NO_KERBEROS),
    only("gsslib", "PGGSSLIB", &[], NO_KERBEROS),
    only(
        "requirepeer",
        "PGREQUIREPEER",
        &[],
        "the user behind a socket is not checked here: use a directory that only that user may write to",
    ),
    only(
        "require_auth",
        "PGREQUIREAUTH",
        &[],
        "which ways to log in are allowed cannot be said here: use sslmode=verify-full with channel_binding=require",
    ),
    only(
        "client_encoding",
        "PGCLIENTENCODING",
        &["utf8", "utf-8", "unicode", "auto"],
        "everything is sent as UTF8: leave it out",
    ),
    only("min_protocol_version", "PGMINPROTOCOLVERSION", &["3.0"], "version 3.0 is spoken: leave it out"),
    only(
        "max_protocol_version",
        "PGMAXPROTOCOLVERSION",
        &["3.0", "3.2", "latest"],
        "version 3.0 is spoken: leave it out",
    ),
    without_variable("scram_client_key", Support::Only(&[], NO_STORED_KEY)),
    without_variable("scram_server_key", Support::Only(&[], NO_STORED_KEY)),
    without_variable(
        "replication",
        Support::Only(&["false", "off", "no", "0"], "a load needs an ordinary session: leave it out"),
    ),
    without_variable("oauth_issuer", Support::Only(&[], NO_OAUTH)),
    without_variable("oauth_client_id", Support::Only(&[], NO_OAUTH)),
    without_variable("oauth_client_secret", Support::Only(&[], NO_OAUTH)),
    without_variable("oauth_scope", Support::Only(&[], NO_OAUTH)),
];

impl Keyword {
    /// Whether the value can be gone by.
    ///
    /// # Errors
    /// What to do instead; the value is not told.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        match self.support {
            Support::Only(values, instead)
                if !value.is_empty() && !values.iter().any(|known| known.eq_ignore_ascii_case(value)) =>
            {
                let ways =
                    if values.is_empty() { String::new() } else { format!(" but {}", values.join(", ")) };
                Err(format!("`{}` takes no value{ways}: {instead}", self.name))
            }
            _ => Ok(()),
        }
    }
}

/// Every keyword that has a variable of the environment.
pub(super) fn with_variables() -> impl Iterator<Item = (&'static Keyword, &'static str)> {
    ALL.iter().filter_map(|keyword| Some((keyword, keyword.variable?)))
}

/// The keyword of this name. What is not one is not told: it may be a piece of a password.
///
/// # Errors
/// That there is none, and what may have been meant.
pub(super) fn find(name: &str) -> Result<&'static Keyword, String> {
    if let Some(keyword) = ALL.iter().find(|keyword| keyword.name == name) {
        return Ok(keyword);
    }
    // What is much longer is no slip, and would take long to compare.
    let letters = name.chars().count();
    let near =
        |known: &&str| known.len().abs_diff(letters) <= 2 && strsim::damerau_levenshtein(known, name) <= 2;
    let meant = ALL.iter().map(|keyword| keyword.name).find(near);
    let meant = meant.map_or_else(String::new, |meant| format!(" (is `{meant}` meant?)"));
    Err(format!("it has a keyword that libpq does not know{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_done_is_refused_by_name_with_the_way_round_it() {
        for (name, value, told) in [
            ("sslcrl", "/secret/path", "`sslcrl` takes no value: revocation lists"),
            ("gssencmode", "require", "`gssencmode` takes no value but disable, prefer: GSSAPI"),
            ("client_encoding", "LATIN1", "UTF8"),
        ] {
            let refused = find(name).unwrap().check(value).unwrap_err();
            assert!(refused.contains(told) && !refused.contains(value), "{refused}");
        }
        for (name, value) in
            [("gssencmode", "disable"), ("client_encoding", "UTF8"), ("sslcrl", ""), ("sslmode", "nonsense")]
        {
            assert_eq!(find(name).unwrap().check(value), Ok(()), "{name}");
        }
    }

    #[test]
    fn an_unknown_keyword_is_not_told_but_a_slip_is_recognised() {
        let refused = find("sslmod").unwrap_err();
        assert!(refused.contains("`sslmode` meant"), "{refused}");
        assert!(!find("hunter2").unwrap_err().contains("hunter2"));
    }

    #[test]
    fn each_is_there_once() {
        let mut names: Vec<&str> = ALL.iter().map(|keyword| keyword.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
