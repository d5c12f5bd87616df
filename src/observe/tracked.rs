//! Secrets in `.env` files that git tracks: whoever has the repository has them. Names and lines are told, never values.

use super::{git::git, security::Part};
use crate::{flags::secret::without_passwords, text::told};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A secret in a file that git tracks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackedSecret {
    /// The file, from the directory that was looked through.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The name of the variable.
    pub name: String,
}

/// Parts of the names of variables that hold secrets.
const SECRET: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "CREDENTIAL",
    "_PWD",
];
/// How the names end of variables that say where a secret is.
const PLACE: [&str; 6] = ["_FILE", "_PATH", "_DIR", "_NAME", "_ID", "_URI"];
/// Parts of the names of files that show how others are to look.
const EXAMPLE: [&str; 4] = ["example", "sample", "template", "dist"];
/// What stands for a value in such a file.
const STAND_IN: [&str; 7] = ["your", "change", "replace", "example", "placeholder", "todo", "password"];

/// Looks through the `.env` files below `directory` that git tracks, as they are in its index.
#[must_use]
pub fn tracked_secrets(directory: &Path) -> Part<Vec<TrackedSecret>> {
    match look_through(directory) {
        Ok(found) => Part::Read(found),
        Err(reason) => Part::Unread(told(directory, &reason)),
    }
}

fn look_through(directory: &Path) -> Result<Vec<TrackedSecret>, String> {
    let listed = answer(directory, &["ls-files", "-z"])?;
    let mut all = Vec::new();
    for file in listed.split('\0').filter(|file| is_env_file(file)) {
        let text = answer(directory, &["cat-file", "blob", &format!(":./{file}")])?;
        all.extend(secrets(file, &text));
    }
    Ok(all)
}

/// What git says, or in one line why it does not.
fn answer(directory: &Path, arguments: &[&str]) -> Result<String, String> {
    git(directory, arguments).map_err(|said| {
        let line = said.lines().next().unwrap_or("git failed");
        line.trim_start_matches("fatal: ").to_owned()
    })
}

/// `.env`, `.env.production`, `staging.env`.
fn is_env_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}

fn secrets(file: &str, text: &str) -> Vec<TrackedSecret> {
    let is_example = EXAMPLE.iter().any(|part| file.to_ascii_lowercase().contains(part));
    let secret = |(index, line): (usize, &str)| {
        let line = line.trim();
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
        let (name, value) = (name.trim(), value.trim().trim_matches(['"', '\'']));
        let is_there = holds_secret(name, value) && !is_stand_in(value, is_example);
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        is_there.then(|| TrackedSecret { file: file.to_owned(), line, name: name.to_owned() })
    };
    text.lines().enumerate().filter_map(secret).collect()
}

/// Whether the name says so, or the value is an address with a password in it.
fn holds_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_named =
        SECRET.iter().any(|part| name.contains(part)) && !PLACE.iter().any(|end| name.ends_with(end));
    is_named || without_passwords(value) != value
}

/// Whether a value is none: empty, a reference to another variable, or what an example has in its place.
fn is_stand_in(value: &str, is_example: bool) -> bool {
    let value = value.to_ascii_lowercase();
    let is_masked = value.chars().all(|c| matches!(c, '*' | 'x' | '.' | '-'));
    let is_in_example = || value.starts_with('<') || STAND_IN.iter().any(|part| value.contains(part));
    is_masked || value.starts_with('$') || value.contains("${") || (is_example && is_in_example())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<(u32, String)> {
        secrets(file, text).into_iter().map(|secret| (secret.line, secret.name)).collect()
    }

    #[test]
    fn secrets_are_found_by_name_and_by_address() {
        let text = "# DB_PASSWORD=no\nDB_HOST=h\nDB_PASSWORD='s3cret'\nexport API_KEY=\"abc\"\n\
                    DATABASE_URL=postgres://me:pw@h/d\nPLAIN_URL=postgres://me@h/d\nDB_PASSWORD_FILE=/run/pw\n\
                    TOKEN=\nSECRET=${OTHER}\nURL=postgres://me:${PW}@h/d\n";
        let expected = [(3, "DB_PASSWORD"), (4, "API_KEY"), (5, "DATABASE_URL")];
        assert_eq!(found(".env", text), expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn examples_may_have_stand_ins() {
        let text = "DB_PASSWORD=your-password\nAPI_KEY=<key>\nTOKEN=xxxx\nSECRET=4f9a01\n";
        assert_eq!(found("deploy/.env.example", text), [(4, "SECRET".to_owned())]);
        assert_eq!(found(".env", "DB_PASSWORD=password\n"), [(1, "DB_PASSWORD".to_owned())]);
    }

    #[test]
    fn only_env_files_are_looked_into() {
        for (path, is_one) in [
            (".env", true),
            ("a/b/.env.production", true),
            ("staging.env", true),
            ("src/env.rs", false),
            (".environment", false),
            ("", false),
        ] {
            assert_eq!(is_env_file(path), is_one, "{path}");
        }
    }

    #[test]
    fn a_directory_without_git_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let reason = tracked_secrets(directory.path()).get().unwrap_err();
        assert!(reason.contains("git"), "{reason}");
    }
}
