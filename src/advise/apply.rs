//! SQL that changes a setting where it stands, and takes it back. One command a line: ALTER SYSTEM, VACUUM and
//! CONCURRENTLY stand in no transaction, and several commands of one line would.

use super::case::Case;
use crate::{
    flags::{Setting, value::parse_bool},
    record::Change,
    text::sql::literal,
};

/// Where the value of a setting stands, and with it how it is changed.
enum Place {
    /// The configuration files: ALTER SYSTEM.
    System,
    /// A database's, a role's, or both's: `ALTER ROLE loist IN DATABASE music`.
    Own(String),
    /// Where SQL does not reach, in words.
    Outside(&'static str),
}

impl Place {
    fn of(case: &Case, setting: &Setting) -> Self {
        match setting.source.as_str() {
            "database" => Self::Own(format!("ALTER DATABASE {}", case.database())),
            "user" => Self::Own(format!("ALTER ROLE {}", case.role())),
            "database user" => {
                Self::Own(format!("ALTER ROLE {} IN DATABASE {}", case.role(), case.database()))
            }
            "global" => Self::Own("ALTER ROLE ALL".to_owned()),
            "command line" => Self::Outside("on the server's command line"),
            "environment variable" => Self::Outside("in the server's environment"),
            "client" => Self::Outside("in the client's connection options"),
            _ => Self::System,
        }
    }
}

/// A change of one setting, undone by what stood there before.
///
/// `to` is as PostgreSQL writes it. `None` where the record does not hold the setting.
pub(super) fn set(case: &Case, name: &str, to: &str) -> Option<Change> {
    let setting = case.setting(name)?;
    let from = setting.display();
    let (apply, undo) = match Place::of(case, setting) {
        Place::System => {
            (system(setting, Some(to)), system(setting, (!setting.comes_back_by_reset()).then_some(&from)))
        }
        Place::Own(own) => (
            format!("{own} SET {name} = {};\n-- for sessions that begin after it", literal(to)),
            format!("{own} SET {name} = {};\n-- for sessions that begin after it", literal(&from)),
        ),
        Place::Outside(place) => (
            format!("-- {name} is set {place}, where SQL does not reach: set it there to {to}"),
            format!("-- {name}: set it there to {from} again"),
        ),
    };
    Some(Change {
        setting: name.to_owned(),
        apply,
        undo,
        from,
        to: to.to_owned(),
        // What stands outside is read when the server starts.
        restart: setting.context == "postmaster"
            || ["command line", "environment variable"].contains(&setting.source.as_str()),
    })
}

/// The same for several settings: the first, and those that go with it. `None` where one is not there.
pub(super) fn set_all<'a>(
    case: &Case,
    changes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<(Change, Vec<Change>)> {
    let mut all = changes.into_iter().map(|(name, to)| set(case, name, to)).collect::<Option<Vec<_>>>()?;
    (!all.is_empty()).then(|| (all.remove(0), all))
}

/// Changes of settings for the role of the load alone, for what would hurt a server's own maintenance. What stands in a
/// place that goes before the role's own is changed there.
pub(super) fn set_for_role<'a>(
    case: &Case,
    changes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<(Change, Vec<Change>)> {
    let own = format!("ALTER ROLE {}", case.role());
    let one = |(name, to): (&str, &str)| {
        let setting = case.setting(name)?;
        if !["default", "configuration file", "database", "global"].contains(&setting.source.as_str()) {
            return set(case, name, to);
        }
        Some(Change {
            setting: name.to_owned(),
            apply: format!("{own} SET {name} = {};\n-- for sessions that begin after it", literal(to)),
            undo: format!("{own} RESET {name};"),
            from: setting.display(),
            to: to.to_owned(),
            restart: false,
        })
    };
    let mut all = changes.into_iter().map(one).collect::<Option<Vec<_>>>()?;
    (!all.is_empty()).then(|| (all.remove(0), all))
}

fn system(setting: &Setting, to: Option<&str>) -> String {
    let name = &setting.name;
    let set = match to {
        Some(to) => format!("ALTER SYSTEM SET {name} = {};", literal(to)),
        None => format!("ALTER SYSTEM RESET {name};"),
    };
    let then = match setting.context.as_str() {
        "postmaster" => "-- then restart the server",
        _ => "SELECT pg_reload_conf();",
    };
    format!("{set}\n{then}")
}

/// The storage parameter of a table or an index, as in `fillfactor=90`.
pub(super) fn option<'a>(options: &'a [String], name: &str) -> Option<&'a str> {
    options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

/// Whether a storage parameter is off; PostgreSQL keeps it as it was written.
pub(super) fn is_off(options: &[String], name: &str) -> bool {
    option(options, name).and_then(parse_bool) == Some(false)
}

/// `SET (name = value)` or, without a value, `RESET (name)`: for a storage parameter.
pub(super) fn storage(name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("SET ({name} = {value})"),
        None => format!("RESET ({name})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_parameters_are_found_by_their_whole_name() {
        let options = ["fillfactor=90".to_owned(), "fastupdate=off".to_owned()];
        assert_eq!(option(&options, "fillfactor"), Some("90"));
        assert_eq!(option(&options, "fill"), None);
        assert!(is_off(&options, "fastupdate") && is_off(&["x=False".to_owned()], "x"));
        assert!(!is_off(&options, "fillfactor") && !is_off(&[], "fastupdate"));
        assert_eq!(storage("fastupdate", None), "RESET (fastupdate)");
        assert_eq!(storage("fastupdate", Some("on")), "SET (fastupdate = on)");
    }
}
