//! What lies beside a backup that is kept: what is in it, so that it can be proved later without the database.

use super::{
    contents::Contents,
    error::DrillError,
    options::{Cipher, Method, Until},
    result::Part,
};
use crate::{
    record::{Existing, write_whole},
    text::told,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// What `format` says in every manifest.
const FORMAT: &str = "loist-bench/backup";
/// Version of the format that this program writes.
const VERSION: u32 = 1;
/// Its name.
pub(super) const NAME: &str = "manifest.json";
/// What is longer is no manifest.
const LONGEST: u64 = 1 << 30;

/// A backup that was made by a drill. It holds names, counts and digests of what was backed up, and no row of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench backup")]
pub struct Manifest {
    /// Always `loist-bench/backup`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub tool_version: String,
    /// How it was made.
    pub method: Method,
    /// What encrypted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<Cipher>,
    /// The state that is in the backup: when it was read, or the point that is restored, UTC.
    pub as_of: DateTime<Utc>,
    /// When the last file was written, UTC.
    pub finished_at: DateTime<Utc>,
    /// The database that was backed up.
    pub source: SourceFacts,
    /// Programs that made it, with their versions.
    pub tools: Vec<String>,
    /// What has to be in the database that is restored.
    pub contents: Contents,
    /// Tables that were written to while the server's files were copied: what they hold is not known row for row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Changed>,
    /// Definitions that were made, changed or dropped while the server's files were copied, by kind and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redefined: Vec<String>,
    /// The point in time that is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointInTime>,
    /// How long making it took, part by part.
    pub made: Vec<Part>,
    /// Every file but this one.
    pub files: Vec<BackupFile>,
}

/// The database that was backed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SourceFacts {
    /// Host, port, database and user; never the password.
    pub address: String,
    /// As in `15.18`.
    pub version: String,
    /// As in 150018.
    pub version_number: u32,
    /// Its name.
    pub database: String,
    /// Its size.
    pub database_bytes: u64,
    /// Size of all databases of the server that this role may see.
    pub server_bytes: u64,
    /// Its encoding.
    pub encoding: String,
    /// How text is ordered in it.
    pub collate: String,
    /// How characters are told apart in it.
    pub ctype: String,
    /// What orders text where that is not the operating system: `icu` or `builtin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The locale as that calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether pages have checksums.
    pub checksums: bool,
    /// A superuser of the server that may log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superuser: Option<String>,
    /// Roles of the server, PostgreSQL's own not.
    pub roles: Vec<String>,
}

impl SourceFacts {
    /// As in 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.version_number / 10_000
    }

    /// Of a database of which nothing else is known; for tests.
    #[cfg(test)]
    pub(super) fn of_version(version: &str) -> Self {
        let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default();
        Self {
            address: String::new(),
            version: version.to_owned(),
            version_number: major * 10_000,
            database: String::new(),
            database_bytes: 0,
            server_bytes: 0,
            encoding: String::new(),
            collate: String::new(),
            ctype: String::new(),
            provider: None,
            locale: None,
            checksums: false,
            superuser: None,
            roles: Vec::new(),
        }
    }
}

/// A table that was written to while the server's files were copied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// Its name, with its schema.
    pub table: String,
    /// Its rows before.
    pub before: u64,
    /// Its rows afterwards.
    pub after: u64,
}

/// A point in time, and how it is recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PointInTime {
    /// What says where it is.
    pub until: Until,
    /// The value of the setting `recovery_target_...`.
    pub value: String,
    /// Table of the marks.
    pub table: String,
    /// A mark that was committed before it.
    pub before: String,
    /// A mark that was committed after it.
    pub after: String,
    /// Seconds from the newest moment that was archived until the last commit, at the end.
    pub exposure_seconds: f64,
    /// Seconds that the archiver took for the last file.
    pub archiver_seconds: f64,
    /// The longest that a file of the log is left open (`archive_timeout`); 0 leaves it open until it is full.
    pub archive_timeout_seconds: f64,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupFile {
    /// Its path in the directory of the backup.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// What is known of a backup when it was just made.
pub(super) struct Made {
    pub(super) as_of: DateTime<Utc>,
    /// When the last file was written.
    pub(super) finished_at: DateTime<Utc>,
    pub(super) tools: Vec<String>,
    pub(super) contents: Contents,
    pub(super) changed: Vec<Changed>,
    pub(super) redefined: Vec<String>,
    pub(super) point: Option<PointInTime>,
    pub(super) parts: Vec<Part>,
}

impl Manifest {
    /// That of a backup that was just made.
    pub(super) fn of(
        method: Method,
        cipher: Option<Cipher>,
        source: SourceFacts,
        made: Made,
        files: Vec<BackupFile>,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            method,
            cipher,
            as_of: made.as_of,
            finished_at: made.finished_at,
            source,
            tools: made.tools,
            contents: made.contents,
            changed: made.changed,
            redefined: made.redefined,
            point: made.point,
            made: made.parts,
            files,
        }
    }

    /// That of a backup of which nothing else is known; for tests.
    #[cfg(test)]
    pub(super) fn of_contents(method: Method, contents: Contents) -> Self {
        let (changed, redefined) = (Vec::new(), Vec::new());
        let (tools, parts, now) = (Vec::new(), Vec::new(), Utc::now());
        let made =
            Made { as_of: now, finished_at: now, tools, contents, changed, redefined, point: None, parts };
        Self::of(method, None, SourceFacts::of_version("16.1"), made, Vec::new())
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The manifest in a directory; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, is none, or is newer than this program.
    pub(super) fn load(directory: &Path) -> Result<Option<Self>, DrillError> {
        let path = directory.join(NAME);
        let wrong = |why: String| DrillError::Usage(told(&path, &why));
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| wrong(format!("cannot be read: {error}")))?,
        };
        let mut text = String::new();
        file.take(LONGEST)
            .read_to_string(&mut text)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let header: Header = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("this is no manifest of a backup: {error}")))?;
        if header.format != FORMAT {
            return Err(wrong(format!("its format is `{}`, not `{FORMAT}`", header.format)));
        }
        if header.version > VERSION {
            return Err(wrong(format!(
                "it has version {}, this loist-bench reads up to {VERSION}: use a newer loist-bench",
                header.version
            )));
        }
        let manifest: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut paths = manifest.files.iter().map(|file| Path::new(&file.path));
        if let Some(path) = paths.find(|path| !is_below(path)) {
            return Err(wrong(format!(
                "it names the file {}, which is not in its directory",
                path.display()
            )));
        }
        Ok(Some(manifest))
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(super) fn write(&self, directory: &Path) -> Result<PathBuf, DrillError> {
        let path = directory.join(NAME);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| DrillError::Environment(told(&path, &error)))?;
        write_whole(&path, text.as_bytes(), Existing::Keep)
            .map_err(|error| DrillError::Environment(error.to_string()))?;
        Ok(path)
    }
}

/// The part of a manifest that every version has.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// Whether a path leads nowhere but down.
fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// The JSON Schema of a manifest (draft 2020-12).
#[must_use]
pub fn manifest_schema() -> serde_json::Value {
    schemars::schema_for!(Manifest).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(NAME), text).unwrap();
        Manifest::load(directory.path()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        assert!(Manifest::load(Path::new("/no/such")).unwrap().is_none());
        assert!(refused("gold").contains("manifest.json: this is no manifest of a backup"));
        assert!(refused(r#"{"format": "other", "version": 1}"#).contains("its format is `other`"));
        assert!(refused(r#"{"format": "loist-bench/backup", "version": 9}"#).contains("use a newer"));
    }

    #[test]
    fn files_lie_in_the_directory() {
        assert!(is_below(Path::new("base/global/1262")));
        assert!(!is_below(Path::new("/etc/passwd")) && !is_below(Path::new("base/../../x")));
    }
}
