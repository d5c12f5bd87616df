//! Service files: connection parameters under a name, as in `service=production`.

use super::{parameters::Parameters, surroundings::Surroundings};
use std::path::{Path, PathBuf};

/// Name of the user's own file, and of the machine's.
const OWN: &str = ".pg_service.conf";
const SHARED: &str = "pg_service.conf";
/// Where packagers put the machine's.
const SHARED_PLACES: [&str; 3] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql", "/usr/local/pgsql/etc"];

/// Fills in what the named service says of what is still missing.
///
/// # Errors
/// When no file has the service, or it cannot be read.
pub(super) fn fill(parameters: &mut Parameters, around: &Surroundings<'_>) -> Result<(), String> {
    let named = parameters.get("service").map(str::to_owned);
    let Some(service) = named.map_or_else(|| around.set("PGSERVICE"), |named| Ok(Some(named)))? else {
        return Ok(());
    };
    for file in files(parameters, around)? {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("the service file {} cannot be read: {error}", file.display()))?;
        if let Some(found) = section(&text, &service, &file)? {
            return found.into_iter().try_for_each(|(name, value)| parameters.fill(name, value));
        }
    }
    Err("no service file defines the service that is named: write it into ~/.pg_service.conf, or name the file by PGSERVICEFILE".to_owned())
}

/// The user's file, whatever names it, then the machine's.
fn files(parameters: &Parameters, around: &Surroundings<'_>) -> Result<Vec<PathBuf>, String> {
    let named = match parameters.get("servicefile") {
        Some(path) => Some(path.to_owned()),
        None => around.set("PGSERVICEFILE")?,
    };
    let own = named.map(PathBuf::from).or_else(|| around.own_file(OWN));
    let places = match around.set("PGSYSCONFDIR")? {
        Some(place) => vec![place],
        None => SHARED_PLACES.map(str::to_owned).to_vec(),
    };
    let shared = places.into_iter().map(|place| Path::new(&place).join(SHARED)).filter(|path| path.exists());
    Ok(own.into_iter().chain(shared).collect())
}

/// What a service file with this text says under a service's name.
///
/// # Errors
/// With the line that cannot be read.
pub(in crate::target) fn parameters<'a>(
    text: &'a str,
    service: &str,
) -> Result<Option<Vec<(&'a str, &'a str)>>, String> {
    section(text, service, Path::new("pg_service.conf"))
}

/// What stands under `[SERVICE]`; of several lines for a keyword the first counts.
fn section<'a>(text: &'a str, service: &str, file: &Path) -> Result<Option<Vec<(&'a str, &'a str)>>, String> {
    let mut found = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix('[') {
            match found {
                Some(found) => return Ok(Some(found)),
                None if title.strip_suffix(']') == Some(service) => found = Some(Vec::new()),
                None => {}
            }
        } else if let Some(pairs) = &mut found {
            let refused = |why: &str| Err(format!("{}:{number}: {why}", file.display()));
            match line.split_once('=') {
                _ if line.starts_with("ldap") => return refused("directories of LDAP are not asked here"),
                Some(("service", _)) => return refused("a service cannot name another one"),
                Some(pair) => pairs.push(pair),
                None => return refused("the line has no ="),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// What comes of `text` with these variables, in a home of its own.
    fn filled(text: &str, own: Option<&str>, variables: &[(&str, &str)]) -> Result<Parameters, String> {
        let home = tempfile::tempdir().unwrap();
        if let Some(own) = own {
            fs::write(home.path().join(OWN), own).unwrap();
        }
        let lookup = |name: &str| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let around = Surroundings { variable: &lookup, home: &|| Some(home.path().to_owned()) };
        let mut parameters = Parameters::parse(text).unwrap();
        fill(&mut parameters, &around).map(|()| parameters)
    }

    const FILE: &str = "# all of them\n[other]\nhost=wrong\nnonsense\n\n[music]\nhost=h\n  port=7  \nport=8\nuser=u\n[music]\nuser=v\n";

    #[test]
    fn a_service_fills_in_what_is_missing() {
        let found = filled("service=music user=me", Some(FILE), &[]).unwrap();
        let values = ["host", "port", "user"].map(|name| found.get(name).unwrap());
        assert_eq!(values, ["h", "7", "me"]);
        let by_variable = filled("user=me", Some(FILE), &[("PGSERVICE", "music")]).unwrap();
        assert_eq!(by_variable.get("host"), Some("h"));
        assert_eq!(filled("user=me", Some(FILE), &[]).unwrap().get("host"), None);
    }

    #[test]
    fn the_machine_s_file_comes_after_the_user_s() {
        let shared = tempfile::tempdir().unwrap();
        fs::write(shared.path().join(SHARED), "[music]\nhost=shared\n").unwrap();
        let shared = ("PGSYSCONFDIR", shared.path().to_str().unwrap());
        let host = |own| filled("service=music", own, &[shared]).unwrap().get("host").map(str::to_owned);
        assert_eq!(host(Some(FILE)), Some("h".to_owned()));
        assert_eq!(host(Some("[other]\n")), Some("shared".to_owned()));
        assert_eq!(host(None), Some("shared".to_owned()));
    }

    #[test]
    fn mistakes_name_file_and_line() {
        let nowhere = [("PGSYSCONFDIR", "/nonexistent")];
        for (file, told) in [
            ("[music]\nsecret", ".pg_service.conf:2: the line has no ="),
            ("[music]\n\nservice=other", ":3: a service cannot name"),
            ("[music]\nldap://x", ":2: directories of LDAP"),
            ("[music]\nnonsense=1", "does not know"),
            ("[musical]\n", "no service file defines"),
        ] {
            let reason = filled("service=music", Some(file), &nowhere).unwrap_err();
            assert!(reason.contains(told) && !reason.contains("secret"), "{reason}");
        }
        let missing = filled("service=music servicefile=/nonexistent", None, &nowhere).unwrap_err();
        assert!(missing.contains("the service file /nonexistent cannot be read"), "{missing}");
    }
}
