//! Finds the programs of a PostgreSQL server on this machine.

use super::TargetError;
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Oldest major version of PostgreSQL that is started.
pub const OLDEST_MAJOR: u32 = 14;

/// Extensions that come with contrib and are needed.
const CONTRIB: [&str; 4] =
    ["uuid-ossp.control", "pg_trgm.control", "pg_stat_statements.control", "pgstattuple.control"];

/// A usable installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Directory of `postgres` and `initdb`.
    pub directory: PathBuf,
    /// As in `15.18`.
    pub version: String,
    /// As in 15.
    pub major: u32,
}

/// Finds server programs: in `chosen` alone if given, else where `pg_config` and `PATH` point, then the
/// newest in the usual places. `major` accepts that major version alone.
///
/// # Errors
/// When there is none that is usable, with the reason of each that was looked at.
pub fn locate(chosen: Option<&Path>, major: Option<u32>) -> Result<Programs, TargetError> {
    if let Some(directory) = chosen {
        return examine(directory, major)
            .map_err(|why| TargetError::Programs(format!("{} is not usable: {why}", directory.display())));
    }
    let mut refused = Vec::new();
    for directory in places() {
        match examine(&directory, major) {
            Ok(programs) => return Ok(programs),
            Err(why) => refused.push(format!("{} ({why})", directory.display())),
        }
    }
    let wanted = major.map_or_else(|| format!("{OLDEST_MAJOR} or newer"), |major| major.to_string());
    let looked =
        if refused.is_empty() { String::new() } else { format!("; looked at {}", refused.join(", ")) };
    Err(TargetError::Programs(format!(
        "no PostgreSQL server {wanted} with contrib was found: run scripts/setup.sh, install the package `postgresql`, or name its programs by --pg-bin{looked}"
    )))
}

/// Directories that may hold the programs, the most deliberate ones first, each once.
fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    let mut add = |directory: PathBuf| {
        if directory.join("postgres").is_file() && !places.contains(&directory) {
            places.push(directory);
        }
    };
    if let Some(directory) = said_by(Path::new("pg_config"), "--bindir") {
        add(directory.into());
    }
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).for_each(&mut add);
    let cache = super::base::usual();
    for (parent, prefix) in [
        (Path::new("/usr/lib/postgresql"), ""),
        (Path::new("/usr"), "pgsql-"),
        (Path::new("/opt/homebrew/opt"), "postgresql@"),
        (Path::new("/usr/local/opt"), "postgresql@"),
        (Path::new("/Applications/Postgres.app/Contents/Versions"), ""),
        (cache.as_path(), "pg-"),
        (Path::new("/var/cache/loist-bench"), "pg-"),
    ] {
        newest_first(parent, prefix).into_iter().for_each(&mut add);
    }
    places
}

/// `PARENT/PREFIX*/bin`, the highest version first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            let numbers = version.split('.').map_while(|part| part.parse().ok()).collect();
            Some((numbers, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

fn examine(directory: &Path, wanted: Option<u32>) -> Result<Programs, String> {
    for program in ["postgres", "initdb"] {
        if !directory.join(program).is_file() {
            return Err(format!("there is no {program} in it"));
        }
    }
    let version = said_by(&directory.join("postgres"), "--version").ok_or("its postgres does not run")?;
    // `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
    let version = version
        .split(')')
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or_default()
        .to_owned();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    let major: u32 = digits.parse().map_err(|_| "its version cannot be read")?;
    match wanted {
        Some(wanted) if wanted != major => return Err(format!("it is version {version}, not {wanted}")),
        None if major < OLDEST_MAJOR => {
            return Err(format!("version {version} is older than {OLDEST_MAJOR}"));
        }
        Some(wanted) if wanted < OLDEST_MAJOR => {
            return Err(format!("version {version} is older than {OLDEST_MAJOR}"));
        }
        _ => {}
    }
    let directory = directory.canonicalize().map_err(|error| error.to_string())?;
    if let Some(missing) = missing_contrib(&directory, major) {
        return Err(format!("it lacks contrib: {missing} is missing"));
    }
    Ok(Programs { directory, version, major })
}

/// The first file of contrib that is in none of the places where packagers put extensions.
fn missing_contrib(directory: &Path, major: u32) -> Option<&'static str> {
    let share = directory.parent()?.join("share");
    let mut places = vec![
        share.join("extension"),
        share.join("postgresql/extension"),
        PathBuf::from(format!("/usr/share/postgresql/{major}/extension")),
        PathBuf::from(format!("/usr/share/postgresql{major}/extension")),
    ];
    places.extend(newest_first(&share, "postgresql@").into_iter().map(|bin| bin.with_file_name("extension")));
    let asked = said_by(&directory.join("pg_config"), "--sharedir");
    places.extend(asked.map(|share| PathBuf::from(share).join("extension")));
    CONTRIB.into_iter().find(|file| !places.iter().any(|place| place.join(file).is_file()))
}

/// The first line that a program prints.
fn said_by(program: &Path, argument: &str) -> Option<String> {
    let output =
        Command::new(program).arg(argument).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fake(directory: &Path, version: &str) {
        for program in ["postgres", "initdb"] {
            let path = directory.join(program);
            std::fs::write(&path, format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    fn refusal(directory: &Path, major: Option<u32>) -> String {
        locate(Some(directory), major).unwrap_err().to_string()
    }

    #[test]
    fn a_real_server_is_found() {
        let programs = locate(None, None).unwrap();
        assert!(programs.major >= OLDEST_MAJOR && programs.version.starts_with(&programs.major.to_string()));
        assert_eq!(locate(Some(&programs.directory), Some(programs.major)).unwrap(), programs);
    }

    #[test]
    fn what_is_unusable_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert!(refusal(directory.path(), None).contains("there is no postgres in it"));
        fake(directory.path(), "13.4");
        assert!(refusal(directory.path(), None).contains("older than 14"));
        fake(directory.path(), "98.1 (Elsewhere 98.1-1)");
        assert!(refusal(directory.path(), Some(15)).contains("it is version 98.1, not 15"));
        assert!(refusal(directory.path(), None).contains("lacks contrib"));
        std::fs::remove_file(directory.path().join("initdb")).unwrap();
        assert!(refusal(directory.path(), None).contains("there is no initdb in it"));
    }
}
