//! The same way for PostgreSQL's own programs, such as pg_dump: variables of the environment, and a password file.

use super::{host::Place, keywords, parameters::Parameters, route::Route};
use std::fmt;

/// What such a program needs to take the same way.
#[derive(Clone)]
pub struct Libpq {
    /// Variables of its environment, without any secret.
    pub variables: Vec<(String, String)>,
    /// Text of its password file; empty where there is no password.
    pub password_file: String,
}

/// Without the password.
impl fmt::Debug for Libpq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Libpq").field("variables", &self.variables).finish_non_exhaustive()
    }
}

/// Keywords that are handed on as they were given.
const HANDED_ON: [&str; 9] = [
    "channel_binding",
    "sslnegotiation",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslsni",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
];

/// What of `parameters` is handed on, by the names of its variables.
pub(super) fn handed_on(parameters: &Parameters) -> Vec<(&'static str, String)> {
    let of = |(keyword, variable): (&keywords::Keyword, &'static str)| {
        let value = parameters.get(keyword.name).filter(|_| HANDED_ON.contains(&keyword.name))?;
        Some((variable, value.to_owned()))
    };
    keywords::with_variables().filter_map(of).collect()
}

impl Route {
    /// The same way to one of its hosts alone, as a session names it that was opened on this way.
    #[must_use]
    pub fn to_host(&self, host: &str) -> Self {
        let mut route = self.clone();
        route.hosts.retain(|one| one.to_string() == host);
        if route.hosts.is_empty() { self.clone() } else { route }
    }

    /// The same way for PostgreSQL's own programs; of several hosts the first.
    #[must_use]
    pub fn libpq(&self) -> Libpq {
        let mut variables: Vec<(&str, String)> = self.handed_on.clone();
        let user = self.config.get_user().unwrap_or_default();
        variables.extend([
            ("PGUSER", user.to_owned()),
            ("PGDATABASE", self.config.get_dbname().unwrap_or(user).to_owned()),
            ("PGAPPNAME", self.application_name().to_owned()),
            ("PGSSLMODE", self.mode.name().to_owned()),
            // This program speaks no GSSAPI either.
            ("PGGSSENCMODE", "disable".to_owned()),
        ]);
        variables.extend(self.config.get_options().map(|options| ("PGOPTIONS", options.to_owned())));
        variables.extend(self.timeout.map(|time| ("PGCONNECT_TIMEOUT", time.as_secs().to_string())));
        let mut password_file = String::new();
        if let Some(host) = self.hosts.first() {
            variables.push(("PGPORT", host.port.to_string()));
            match &host.place {
                Place::Unix(path) => variables.push(("PGHOST", path.display().to_string())),
                Place::Tcp { name, address } => {
                    variables.push(("PGHOST", name.clone()));
                    variables.extend(address.map(|address| ("PGHOSTADDR", address.to_string())));
                }
            }
            if let Some(password) = &host.password {
                let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
                password_file = format!("*:*:*:*:{escaped}\n");
            }
        }
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Libpq { variables, password_file }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Libpq {
        Route::own(text).unwrap().libpq()
    }

    fn value(given: &Libpq, name: &str) -> Option<String> {
        given.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn the_password_is_in_its_file_alone() {
        let given = of("postgres://u:s%3Aec\\ret@h:7/d?sslmode=require&channel_binding=require&sslsni=0");
        assert_eq!(given.password_file, "*:*:*:*:s\\:ec\\\\ret\n");
        assert!(
            !format!("{given:?}").contains("ec") && given.variables.iter().all(|(_, v)| !v.contains("ret"))
        );
        for (name, expected) in [
            ("PGHOST", "h"),
            ("PGPORT", "7"),
            ("PGDATABASE", "d"),
            ("PGUSER", "u"),
            ("PGSSLMODE", "require"),
            ("PGCHANNELBINDING", "require"),
            ("PGSSLSNI", "0"),
            ("PGCONNECT_TIMEOUT", "10"),
        ] {
            assert_eq!(value(&given, name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_host_is_the_one_that_a_session_has() {
        let route = Route::own("host=a,/run port=1,2 user=u").unwrap();
        assert_eq!(value(&route.to_host("/run:2").libpq(), "PGHOST").as_deref(), Some("/run"));
        assert_eq!(value(&route.to_host("nowhere:1").libpq(), "PGHOST").as_deref(), Some("a"));
        assert_eq!(route.libpq().password_file, "");
        let address = of("host=db hostaddr=10.0.0.1 user=u");
        assert_eq!(value(&address, "PGHOSTADDR").as_deref(), Some("10.0.0.1"));
    }
}
