//! Password files: one line `HOST:PORT:DATABASE:USER:PASSWORD` for each server, as libpq reads `~/.pgpass`.

use super::{host::Place, surroundings::Surroundings};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Name of the user's own file.
const OWN: &str = ".pgpass";
/// Where PostgreSQL puts its socket by itself; a password file calls a server there `localhost`.
const USUAL_SOCKETS: [&str; 3] = ["/tmp", "/var/run/postgresql", "/run/postgresql"];

/// The lines of a password file.
#[derive(Clone, Default)]
pub(super) struct PasswordFile {
    text: String,
}

impl PasswordFile {
    /// Reads the file that is named, or the user's own. One that is not there has no lines; neither has one that others
    /// may read, and a note says so.
    pub(super) fn read(named: Option<&str>, around: &Surroundings<'_>, notes: &mut Vec<String>) -> Self {
        let Some(path) = named.map(PathBuf::from).or_else(|| around.own_file(OWN)) else {
            return Self::default();
        };
        match usable(&path) {
            Ok(text) => Self { text },
            Err(note) => {
                notes.extend(note.map(|note| format!("the password file {} {note}", path.display())));
                Self::default()
            }
        }
    }

    /// The password of a user for a database on a server.
    pub(super) fn find(&self, place: &Place, port: u16, database: &str, user: &str) -> Option<String> {
        let host = match place {
            Place::Tcp { name, .. } => name.clone(),
            Place::Unix(path) if USUAL_SOCKETS.iter().any(|usual| Path::new(usual) == path) => {
                "localhost".to_owned()
            }
            Place::Unix(path) => path.display().to_string(),
        };
        let wanted = [host.as_str(), &port.to_string(), database, user];
        self.text
            .lines()
            .find_map(|line| wanted.iter().try_fold(line, |rest, value| behind(rest, value)))
            .map(unescaped)
    }
}

/// The password that a file with this text has for a user of a database on a server, which is named as the file does.
pub(in crate::target) fn password(
    text: &str,
    host: &str,
    port: u16,
    database: &str,
    user: &str,
) -> Option<String> {
    let place = Place::Tcp { name: host.to_owned(), address: None };
    PasswordFile { text: text.to_owned() }.find(&place, port, database, user)
}

/// The text of a file that nobody else may read; otherwise what is wrong, if anything is.
fn usable(path: &Path) -> Result<String, Option<String>> {
    let Ok(found) = fs::metadata(path) else { return Err(None) };
    if !found.is_file() {
        return Err(Some("is no plain file, and is left out".to_owned()));
    }
    if found.permissions().mode() & 0o077 != 0 {
        return Err(Some("may be read by others, and is left out: chmod 0600 it".to_owned()));
    }
    fs::read_to_string(path).map_err(|error| Some(format!("cannot be read, and is left out: {error}")))
}

/// What stands behind a first field that means `value`: it is `*`, or the same with backslashes before some characters.
fn behind<'a>(line: &'a str, value: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let mut wanted = value.chars();
    let mut rest = line.chars();
    loop {
        match (rest.next()?, wanted.next()) {
            (':', None) => return Some(rest.as_str()),
            ('\\', Some(character)) if rest.next() == Some(character) => {}
            (character, Some(wanted)) if character == wanted && character != '\\' => {}
            _ => return None,
        }
    }
}

/// The last field, up to a colon, without its backslashes.
fn unescaped(field: &str) -> String {
    let mut out = String::new();
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => break,
            '\\' => out.push(characters.next().unwrap_or('\\')),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tcp(name: &str) -> Place {
        Place::Tcp { name: name.to_owned(), address: None }
    }

    fn found(text: &str, place: &Place) -> Option<String> {
        PasswordFile { text: text.to_owned() }.find(place, 5432, "d", "u")
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        for (text, expected) in [
            ("h:5432:d:u:one\nh:5432:d:u:two", Some("one")),
            ("# h:5432:d:u:no\n\n*:*:*:*:any\n", Some("any")),
            ("h:5432:d:v:no\nH:5432:d:u:no\nhh:5432:d:u:no\nh:54:d:u:no", None),
            ("\\h:5432:\\d:u:a\\:b\\\\c:rest", Some("a:b\\c")),
            ("h:5432:d:u:", Some("")),
            ("h:5432:d:u", None),
            ("h:5432:*:u:x\r\n", Some("x")),
        ] {
            assert_eq!(found(text, &tcp("h")).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn sockets_have_names() {
        let usual = Place::Unix("/var/run/postgresql".into());
        assert_eq!(found("localhost:*:*:*:p", &usual).as_deref(), Some("p"));
        let own = Place::Unix("/cloudsql/p:r:i".into());
        assert_eq!(found("localhost:*:*:*:p", &own), None);
        assert_eq!(found("/cloudsql/p\\:r\\:i:*:*:*:p", &own).as_deref(), Some("p"));
    }

    #[test]
    fn a_file_that_others_may_read_is_left_out_and_named() {
        let home = tempfile::tempdir().unwrap();
        let around = Surroundings { variable: &|_| Ok(None), home: &|| Some(home.path().to_owned()) };
        let read = |mode: u32| {
            let path = home.path().join(OWN);
            fs::write(&path, "*:*:*:*:secret").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let mut notes = Vec::new();
            let file = PasswordFile::read(None, &around, &mut notes);
            (file.find(&tcp("h"), 1, "d", "u"), notes)
        };
        assert_eq!(read(0o600), (Some("secret".to_owned()), vec![]));
        let (password, notes) = read(0o640);
        assert_eq!(password, None);
        assert!(notes[0].contains("chmod 0600") && !notes[0].contains("secret"), "{notes:?}");
        let mut notes = Vec::new();
        let missing = PasswordFile::read(Some("/nonexistent"), &around, &mut notes);
        assert!(missing.text.is_empty() && notes.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_found(host in "[a-z:\\\\é*]{1,10}", password in "[^\\r\\n]{0,12}") {
            let escaped = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
            let line = format!("{}:*:*:*:{}", escaped(&host), escaped(&password));
            prop_assert_eq!(found(&line, &tcp(&host)), Some(password));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[h:*\\\\\\n5432du]{0,40}") {
            let _ = found(&text, &tcp("h"));
        }
    }
}
