//! Where the database is: the command line, the environment, or a `.env` file.

use super::{TargetError, dotenv};
use std::{collections::BTreeMap, fmt::Write, time::Duration};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// A database that somebody named.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// How to connect.
    pub config: Config,
    /// Who named it, as in `DATABASE_URL in .env`.
    pub origin: String,
}

/// A connection attempt gives up after this, unless the settings say otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Looks for a database in `url`, then in the environment, then in `.env` in the current directory.
///
/// # Errors
/// When what is found cannot be read.
pub(super) fn find(url: Option<&str>) -> Result<Option<Connection>, TargetError> {
    resolve(url, &environment, &dotenv_file)
}

fn environment(name: &str) -> Result<Option<String>, TargetError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(unreadable(name, "it is not UTF-8 text".to_owned())),
    }
}

fn dotenv_file() -> Result<Option<String>, TargetError> {
    match std::fs::read_to_string(".env") {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(".env", format!("cannot be read: {error}"))),
    }
}

/// The variables that name a database, those of its server's own configuration included.
const VARIABLES: [&str; 7] =
    ["DATABASE_URL", "DB_CONNECTION_NAME", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"];

type Variables = BTreeMap<&'static str, String>;

/// [`find`] without its surroundings. The environment wins over the file, name by name.
fn resolve(
    url: Option<&str>,
    environment: &dyn Fn(&str) -> Result<Option<String>, TargetError>,
    dotenv: &dyn Fn() -> Result<Option<String>, TargetError>,
) -> Result<Option<Connection>, TargetError> {
    if let Some(url) = url {
        return from_url(url, "--database-url").map(Some);
    }
    let mut set = Variables::new();
    for name in VARIABLES {
        if let Some(value) = environment(name)?.filter(|value| !value.trim().is_empty()) {
            set.insert(name, value);
        }
    }
    if let Some(url) = set.get("DATABASE_URL") {
        return from_url(url, "DATABASE_URL").map(Some);
    }
    let file = match dotenv()? {
        Some(text) => dotenv::parse(&text, &VARIABLES)
            .map_err(|bad| unreadable(&format!(".env:{}", bad.line), format!("the line {}", bad.reason)))?,
        None => Variables::new(),
    };
    let named_here = ["DB_CONNECTION_NAME", "DB_HOST"].iter().any(|name| set.contains_key(name));
    let place = if named_here { "" } else { " in .env" };
    if !named_here && let Some(url) = file.get("DATABASE_URL") {
        return from_url(url, &format!("DATABASE_URL{place}")).map(Some);
    }
    for (name, value) in file {
        set.entry(name).or_insert(value);
    }
    from_variables(&set, place)
}

fn from_variables(set: &Variables, place: &str) -> Result<Option<Connection>, TargetError> {
    let get = |name: &str| set.get(name).cloned();
    let (named_by, host) = match (get("DB_CONNECTION_NAME"), get("DB_HOST")) {
        (Some(name), _) => ("DB_CONNECTION_NAME", format!("/cloudsql/{name}")),
        (None, Some(host)) => ("DB_HOST", host),
        (None, None) => return Ok(None),
    };
    let origin = format!("{named_by}{place}");
    let needed = |name: &str| {
        get(name)
            .ok_or_else(|| unreadable(&origin, format!("{named_by} is set, but {name} is not: set it too")))
    };
    let mut config = Config::new();
    if host.starts_with('/') {
        config.host_path(host)
    } else {
        config.host(host)
    };
    let port = get("DB_PORT").unwrap_or_else(|| "5432".to_owned());
    let port =
        port.trim().parse().map_err(|_| unreadable(&origin, "DB_PORT is not a port number".to_owned()))?;
    config.port(port).dbname(needed("DB_NAME")?).user(needed("DB_USER")?);
    if let Some(password) = get("DB_PASSWORD") {
        config.password(password);
    }
    Ok(Some(Connection { config: with_defaults(config), origin }))
}

/// Reads a URL or key-value pairs.
fn from_url(text: &str, origin: &str) -> Result<Connection, TargetError> {
    let refuse = |reason: &str| Err(unreadable(origin, reason.to_owned()));
    if text.trim().is_empty() {
        return refuse("it is empty: name a database, or leave it out");
    }
    let mut config: Config = match text.trim().parse::<Config>() {
        Ok(config) => config,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            if cause.contains("option `sslmode`") {
                return refuse(NO_TLS);
            }
            // The parser names options and positions; anything else might be a piece of the password.
            let cause = if cause.contains("option `") { format!(" ({cause})") } else { String::new() };
            return refuse(&format!("this is no PostgreSQL URL and no list of key=value pairs{cause}"));
        }
    };
    if config.get_ssl_mode() == SslMode::Require {
        return refuse(NO_TLS);
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return refuse("it names no host: write postgres://USER@HOST/NAME");
    }
    let hosts_hold_at =
        config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@')));
    if hosts_hold_at {
        return refuse("its host holds an @: write an @ of the password as %40");
    }
    config.ssl_mode(SslMode::Disable);
    Ok(Connection { config: with_defaults(config), origin: origin.to_owned() })
}

/// tokio-postgres itself knows the modes `disable`, `prefer` and `require` alone.
const NO_TLS: &str = "its sslmode asks for TLS, which loist-bench does not speak: connect through the Cloud SQL Auth Proxy or its /cloudsql socket, or use sslmode=disable on a network that you trust";

fn with_defaults(mut config: Config) -> Config {
    if config.get_application_name().is_none() {
        config.application_name("loist-bench");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    config
}

fn unreadable(origin: &str, reason: String) -> TargetError {
    TargetError::Settings { origin: origin.to_owned(), reason }
}

/// Where the database is that `options` lead to, if it is there already: theirs, or one that the environment names; without
/// the password.
///
/// # Errors
/// When what names it cannot be read.
pub fn address_named(options: &super::TargetOptions) -> Result<Option<String>, TargetError> {
    let found = if options.embedded { None } else { find(options.database_url.as_deref())? };
    Ok(found.map(|connection| address(&connection.config)))
}

/// Hosts with ports, database and user of a URL or of key-value pairs; never the password.
///
/// # Errors
/// When it is neither.
pub fn address_of(text: &str) -> Result<String, TargetError> {
    from_url(text, "the database's address").map(|connection| address(&connection.config))
}

/// Hosts with ports, database and user; never the password.
#[must_use]
pub(super) fn address(config: &Config) -> String {
    let mut out = String::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let port = config.get_ports().get(index).or(config.get_ports().first()).copied().unwrap_or(5432);
        let _ = match host {
            Host::Tcp(name) => write!(out, "{}{name}:{port}", if index > 0 { "," } else { "" }),
            Host::Unix(path) => write!(out, "{}{}:{port}", if index > 0 { "," } else { "" }, path.display()),
        };
    }
    let user = config.get_user().unwrap_or("(no user)");
    let database = config.get_dbname().unwrap_or(user);
    format!("{out}, database {database}, user {user}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(variables: &[(&str, &str)], dotenv: Option<&str>) -> Result<Option<Connection>, String> {
        let lookup = |name: &str| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        resolve(None, &lookup, &|| Ok(dotenv.map(str::to_owned))).map_err(|error| error.to_string())
    }

    /// Of a URL alone; nothing else is looked at.
    fn of(url: &str) -> Result<Connection, TargetError> {
        resolve(Some(url), &|_| unreachable!(), &|| unreachable!()).map(Option::unwrap)
    }

    fn where_is(variables: &[(&str, &str)], dotenv: Option<&str>) -> (String, String) {
        let found = with(variables, dotenv).unwrap().unwrap();
        (address(&found.config), found.origin)
    }

    #[test]
    fn nothing_names_no_database() {
        assert!(with(&[], None).unwrap().is_none());
        assert!(with(&[("DATABASE_URL", ""), ("DB_HOST", " ")], Some("# nothing\n")).unwrap().is_none());
        assert!(with(&[("DB_USER", "u")], None).unwrap().is_none());
    }

    #[test]
    fn the_nearest_setting_wins() {
        let url = ("DATABASE_URL", "postgres://u:p@h1:1/d");
        let host = [("DB_HOST", "h2"), ("DB_NAME", "d"), ("DB_USER", "u")];
        let file = Some("DATABASE_URL=postgres://u@h3/d");
        assert_eq!(where_is(&[url, host[0], host[1], host[2]], file).0, "h1:1, database d, user u");
        assert_eq!(where_is(&host, file), ("h2:5432, database d, user u".into(), "DB_HOST".into()));
        assert_eq!(
            where_is(&[], file),
            ("h3:5432, database d, user u".into(), "DATABASE_URL in .env".into())
        );
        assert_eq!(address(&of("host=h4 user=u").unwrap().config), "h4:5432, database u, user u");
        assert!(of(" ").unwrap_err().to_string().contains("it is empty"));
    }

    #[test]
    fn environment_and_file_are_joined_name_by_name() {
        let file =
            Some("\u{feff}DB_HOST=h\nDB_NAME=d\nDB_USER=u\nSECRET_KEY=\"-----BEGIN\nabc\n\"\nmy-var=1\n");
        let found = with(&[("DB_PASSWORD", "p"), ("DB_PORT", "7")], file).unwrap().unwrap();
        assert_eq!(
            (address(&found.config), found.origin.as_str()),
            ("h:7, database d, user u".into(), "DB_HOST in .env")
        );
        assert_eq!(found.config.get_password(), Some("p".as_bytes()));
        assert_eq!(where_is(&[("DB_HOST", "near")], file).0, "near:5432, database d, user u");
    }

    #[test]
    fn a_connection_name_is_a_socket() {
        let variables = [
            ("DB_CONNECTION_NAME", "p:r:i"),
            ("DB_HOST", "h"),
            ("DB_NAME", "d"),
            ("DB_USER", "u"),
            ("DB_PASSWORD", "x"),
        ];
        assert_eq!(where_is(&variables, None).0, "/cloudsql/p:r:i:5432, database d, user u");
        assert!(with(&variables[..1], None).unwrap_err().contains("DB_NAME is not: set it too"));
    }

    #[test]
    fn tls_is_refused_with_the_way_round_it() {
        for mode in ["require", "verify-ca", "verify-full", "allow", "maybe"] {
            for url in [
                format!("postgres://u@h/d?sslmode={mode}"),
                format!("postgres://u@h/d?ssl%6dode={mode}"),
                format!("host=h user=u sslmode={mode}"),
                format!("host=h\tsslmode = {mode} user=u"),
            ] {
                let error = of(&url).unwrap_err();
                assert!(error.is_bad_input() && error.to_string().contains("Auth Proxy"), "{url}: {error}");
            }
        }
        for mode in ["disable", "prefer"] {
            let found = of(&format!("postgres://u@h/d?connect_timeout=3&sslmode={mode}")).unwrap();
            assert_eq!(found.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        }
    }

    proptest! {
        /// Whatever is wrong, the password is not in the message.
        #[test]
        fn errors_never_tell_the_password(password in "[A-Za-z0-9%@:/?#&='\\\\ ]{6,20}", shape in 0usize..6) {
            let text = match shape {
                0 => format!("postgres://u:{password}@h:port/d"),
                1 => format!("postgres://u:{password}@h/d?nonsense=1"),
                2 => format!("postgres://u:{password}"),
                3 => format!("password={password} host"),
                4 => format!("host=h password='{password} port=1"),
                _ => format!("postgres://u:{password}@[::1/d?sslmode=verify-full"),
            };
            if let Err(error) = of(&text) {
                prop_assert!(!error.to_string().contains(password.trim()), "{error}");
            }
            if let Err(error) = with(&[], Some(&format!("DB_PASSWORD='{password}\nDB_HOST=h"))) {
                prop_assert!(!error.contains(password.trim()), "{error}");
            }
        }
    }
}
