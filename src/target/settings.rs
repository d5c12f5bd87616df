//! Where the database is: the command line, the environment, or a `.env` file.

use super::{
    TargetError, TargetOptions, dotenv,
    login::{Parameters, Route, Surroundings, Wishes},
};
use std::{collections::BTreeMap, path::Path};

/// A database that somebody named.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    /// How to connect.
    pub route: Route,
    /// Who named it, as in `DATABASE_URL in .env`.
    pub origin: String,
}

/// What the command line says of the database.
#[derive(Debug, Clone, Copy, Default)]
struct Asked<'a> {
    url: Option<&'a str>,
    password_file: Option<&'a Path>,
    require_tls: bool,
}

/// Looks for a database in the options, then in the environment, then in `.env` in the current directory.
///
/// # Errors
/// When what is found cannot be read.
pub(super) fn find(options: &TargetOptions) -> Result<Option<Connection>, TargetError> {
    let asked = Asked {
        url: options.database_url.as_deref(),
        password_file: options.password_file.as_deref(),
        require_tls: options.require_tls,
    };
    resolve(asked, &Surroundings::own(), &dotenv_file)
}

fn dotenv_file() -> Result<Option<String>, TargetError> {
    match std::fs::read_to_string(".env") {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(".env", format!("cannot be read: {error}"))),
    }
}

/// The variables that name a database, those of its server's own configuration included.
pub(super) const VARIABLES: [&str; 7] =
    ["DATABASE_URL", "DB_CONNECTION_NAME", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"];

/// Those of the server's own variables that say where the database is.
const PLACES: [&str; 2] = ["DB_CONNECTION_NAME", "DB_HOST"];

type Variables = BTreeMap<&'static str, String>;

/// The database that `options` lead to, if it is there already: theirs, or one that the environment names. To the URL of a server
/// of this program's own nothing of the environment is added.
///
/// # Errors
/// As [`find`].
pub(super) fn named(options: &TargetOptions) -> Result<Option<Connection>, TargetError> {
    match &options.database_url {
        _ if options.embedded => Ok(None),
        Some(url) if options.is_own_server => {
            let origin = "a server of loist-bench's own";
            let route = Route::own(url).map_err(|reason| unreadable(origin, reason))?;
            Ok(Some(Connection { route, origin: origin.to_owned() }))
        }
        _ => find(options),
    }
}

/// [`find`] without its surroundings. The environment wins over the file, name by name.
fn resolve(
    asked: Asked<'_>,
    around: &Surroundings<'_>,
    dotenv: &dyn Fn() -> Result<Option<String>, TargetError>,
) -> Result<Option<Connection>, TargetError> {
    let mut set = Variables::new();
    for name in VARIABLES {
        let value = (around.variable)(name).map_err(|why| unreadable(name, why))?;
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            set.insert(name, value);
        }
    }
    let from_url = |url: &str, origin: &str, set: &Variables| {
        let parameters = parameters(url).map_err(|reason| unreadable(origin, reason))?;
        connection(parameters, set.get("DB_PASSWORD"), asked, around, origin).map(Some)
    };
    if let Some(url) = asked.url {
        return from_url(url, "--database-url", &set);
    }
    if let Some(url) = set.get("DATABASE_URL") {
        return from_url(url, "DATABASE_URL", &set);
    }
    let file = match dotenv()? {
        Some(text) => dotenv::parse(&text, &VARIABLES)
            .map_err(|bad| unreadable(&format!(".env:{}", bad.line), format!("the line {}", bad.reason)))?,
        None => Variables::new(),
    };
    let named_here = PLACES.iter().any(|name| set.contains_key(name));
    let place = if named_here { "" } else { " in .env" };
    let url = file.get("DATABASE_URL").filter(|_| !named_here).cloned();
    for (name, value) in file {
        // A database that the environment names is not changed for the one of the file.
        if !(named_here && PLACES.contains(&name)) {
            set.entry(name).or_insert(value);
        }
    }
    if let Some(url) = url {
        return from_url(&url, &format!("DATABASE_URL{place}"), &set);
    }
    let Some((parameters, origin)) = from_variables(&set, place)? else { return Ok(None) };
    connection(parameters, None, asked, around, &origin).map(Some)
}

/// What the server's own variables say, if they name a database.
fn from_variables(set: &Variables, place: &str) -> Result<Option<(Parameters, String)>, TargetError> {
    let get = |name: &str| set.get(name).cloned();
    let (named_by, host) = match (get("DB_CONNECTION_NAME"), get("DB_HOST")) {
        (Some(name), _) => ("DB_CONNECTION_NAME", format!("/cloudsql/{name}")),
        (None, Some(host)) => ("DB_HOST", host),
        (None, None) => return Ok(None),
    };
    let origin = format!("{named_by}{place}");
    let refused = |reason: String| unreadable(&origin, reason);
    let needed = |name: &str| {
        get(name).ok_or_else(|| refused(format!("{named_by} is set, but {name} is not: set it too")))
    };
    let port = get("DB_PORT").unwrap_or_else(|| "5432".to_owned());
    if !port.trim().parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(refused("DB_PORT is not a port number".to_owned()));
    }
    let values =
        [("host", host), ("port", port), ("dbname", needed("DB_NAME")?), ("user", needed("DB_USER")?)];
    let mut parameters = Parameters::default();
    for (name, value) in values.into_iter().chain(get("DB_PASSWORD").map(|password| ("password", password))) {
        parameters.set(name, value).map_err(refused)?;
    }
    Ok(Some((parameters, origin)))
}

/// Reads a URL or key-value pairs.
fn parameters(text: &str) -> Result<Parameters, String> {
    if text.trim().is_empty() {
        return Err("it is empty: name a database, or leave it out".to_owned());
    }
    Parameters::parse(text)
}

/// The way that `parameters` say. `spare_password` is for when they and what libpq looks at have none.
fn connection(
    parameters: Parameters,
    spare_password: Option<&String>,
    asked: Asked<'_>,
    around: &Surroundings<'_>,
    origin: &str,
) -> Result<Connection, TargetError> {
    let password = asked.password_file.map(password_in).transpose()?;
    let wishes = Wishes {
        password: password.as_deref(),
        spare_password: spare_password.map(String::as_str),
        require_tls: asked.require_tls,
    };
    let route = Route::resolve(parameters, wishes, around).map_err(|reason| unreadable(origin, reason))?;
    Ok(Connection { route, origin: origin.to_owned() })
}

/// The first line of a file.
fn password_in(path: &Path) -> Result<String, TargetError> {
    let refused = |why: &str| unreadable("--password-file", format!("{} {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| refused("has no password in its first line"))
}

fn unreadable(origin: &str, reason: String) -> TargetError {
    TargetError::Settings { origin: origin.to_owned(), reason }
}

/// Where the database is that `options` lead to, if it is there already: theirs, or one that the environment names; without
/// the password.
///
/// # Errors
/// When what names it cannot be read.
pub fn address_named(options: &TargetOptions) -> Result<Option<String>, TargetError> {
    let found = named(options)?;
    Ok(found.map(|connection| connection.route.address()))
}

/// Hosts with ports, database and user of a URL or of key-value pairs; never the password.
///
/// # Errors
/// When it is neither.
pub fn address_of(text: &str) -> Result<String, TargetError> {
    let origin = "the database's address";
    let parameters = parameters(text).map_err(|reason| unreadable(origin, reason))?;
    connection(parameters, None, Asked::default(), &Surroundings::own(), origin)
        .map(|connection| connection.route.address())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With these variables and this file, in nobody's home.
    fn found(
        asked: Asked<'_>,
        variables: &[(&str, &str)],
        dotenv: Option<&str>,
    ) -> Result<Option<Connection>, TargetError> {
        let lookup = |name: &str| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let around = Surroundings { variable: &lookup, home: &|| None };
        resolve(asked, &around, &|| Ok(dotenv.map(str::to_owned)))
    }

    fn with(variables: &[(&str, &str)], dotenv: Option<&str>) -> Result<Option<Connection>, String> {
        found(Asked::default(), variables, dotenv).map_err(|error| error.to_string())
    }

    /// Of a URL alone; the file is not looked at.
    fn of(url: &str) -> Result<Connection, TargetError> {
        let asked = Asked { url: Some(url), ..Asked::default() };
        resolve(asked, &Surroundings::none(), &|| unreachable!()).map(Option::unwrap)
    }

    fn where_is(variables: &[(&str, &str)], dotenv: Option<&str>) -> (String, String) {
        let found = with(variables, dotenv).unwrap().unwrap();
        (found.route.address(), found.origin)
    }

    #[test]
    fn what_the_environment_names_is_not_changed_for_what_the_file_names() {
        let here = [("DB_HOST", "staging"), ("DB_NAME", "music"), ("DB_USER", "u")];
        let (address, origin) = where_is(&here, Some("DB_CONNECTION_NAME=p:r:production\nDB_PORT=6000\n"));
        assert_eq!(origin, "DB_HOST");
        assert!(address.contains("staging") && address.contains("6000"), "{address}");
        let here = [("DB_CONNECTION_NAME", "p:r:i"), ("DB_NAME", "music"), ("DB_USER", "u")];
        let (address, origin) = where_is(&here, Some("DB_HOST=production\n"));
        assert_eq!(origin, "DB_CONNECTION_NAME");
        assert!(address.contains("/cloudsql/p:r:i"), "{address}");
    }

    #[test]
    fn nothing_names_no_database() {
        assert!(with(&[], None).unwrap().is_none());
        assert!(with(&[("DATABASE_URL", ""), ("DB_HOST", " ")], Some("# nothing\n")).unwrap().is_none());
        assert!(with(&[("DB_USER", "u")], None).unwrap().is_none());
        let libpqs = [("PGHOST", "production"), ("PGDATABASE", "d"), ("PGSERVICE", "production")];
        assert!(with(&libpqs, None).unwrap().is_none(), "libpq's own variables only fill in");
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
        assert_eq!(of("host=h4 user=u").unwrap().route.address(), "h4:5432, database u, user u");
        assert!(of(" ").unwrap_err().to_string().contains("it is empty"));
    }

    #[test]
    fn environment_and_file_are_joined_name_by_name() {
        let file =
            Some("\u{feff}DB_HOST=h\nDB_NAME=d\nDB_USER=u\nSECRET_KEY=\"-----BEGIN\nabc\n\"\nmy-var=1\n");
        let found = with(&[("DB_PASSWORD", "p"), ("DB_PORT", "7")], file).unwrap().unwrap();
        assert_eq!(
            (found.route.address(), found.origin.as_str()),
            ("h:7, database d, user u".into(), "DB_HOST in .env")
        );
        assert!(found.route.has_password());
        assert_eq!(where_is(&[("DB_HOST", "near")], file).0, "near:5432, database d, user u");
        assert!(with(&[("DB_PORT", "x")], file).unwrap_err().contains("DB_PORT is not a port number"));
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
    fn libpq_s_variables_fill_in_what_a_named_database_leaves_out() {
        let url = ("DATABASE_URL", "postgres:///d");
        let (address, _) = where_is(&[url, ("PGHOST", "h"), ("PGUSER", "u"), ("PGDATABASE", "other")], None);
        assert_eq!(address, "h:5432, database d, user u");
        assert!(with(&[url], None).unwrap_err().contains("it names no host"));
        let refused = with(&[url, ("PGHOST", "h"), ("PGGSSENCMODE", "require")], None).unwrap_err();
        assert!(refused.contains("DATABASE_URL: the variable PGGSSENCMODE: "), "{refused}");
    }

    #[test]
    fn a_password_file_has_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let asked = Asked { url: Some("postgres://u@h/d"), password_file: Some(&path), ..Asked::default() };
        assert!(found(asked, &[], None).unwrap_err().to_string().contains("cannot be read"));
        std::fs::write(&path, "\nsecret").unwrap();
        let refused = found(asked, &[], None).unwrap_err().to_string();
        assert!(refused.starts_with("--password-file: ") && !refused.contains("secret"), "{refused}");
        std::fs::write(&path, "secret\n").unwrap();
        assert!(found(asked, &[], None).unwrap().unwrap().route.has_password());
    }

    #[test]
    fn tls_that_is_required_and_forbidden_is_refused() {
        let asked = |url| Asked { url: Some(url), require_tls: true, ..Asked::default() };
        let refused = found(asked("postgres://u@h/d?sslmode=disable"), &[], None).unwrap_err();
        assert!(refused.is_bad_input() && refused.to_string().contains("--require-tls"), "{refused}");
        assert!(found(asked("postgres://u@h/d"), &[], None).is_ok());
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
