//! Settings whose value is a list of names (`search_path`): in SQL each name is quoted for itself.

use crate::text::sql;

/// The settings that PostgreSQL marks so (GUC_LIST_QUOTE).
const LISTS: [&str; 6] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// Whether the setting's value is a list of names.
pub(super) fn is_list(name: &str) -> bool {
    LISTS.contains(&name.to_ascii_lowercase().as_str())
}

/// The names in a value: `"$user", public`.
pub(super) fn names(value: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let (mut quoted, mut was_quoted) = (false, false);
    for character in value.chars() {
        match character {
            '"' => {
                // A doubled quote stands for one.
                if !quoted && was_quoted {
                    name.push('"');
                }
                quoted = !quoted;
                was_quoted = !quoted;
                continue;
            }
            ',' if !quoted => names.push(std::mem::take(&mut name)),
            blank if blank.is_whitespace() && !quoted => {}
            other => name.push(other),
        }
        was_quoted = false;
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// The value that holds these names.
pub(super) fn join(names: &[String]) -> String {
    names.iter().map(|name| sql::readable_name(name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_apart_and_together() {
        for value in ["\"$user\", public", "a", "a, b", "\"with \"\"quotes\"\"\"", "\"a,b\", c"] {
            assert_eq!(join(&names(value)), value);
        }
        assert_eq!(names("a,b , \"C d\""), ["a", "b", "C d"]);
        assert!(names("").is_empty());
    }
}
