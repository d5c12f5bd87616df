//! The schema's numbered SQL files: those that come with the binary, or those of a directory.

use super::TargetError;
use std::{path::Path, sync::Arc};

/// One numbered SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Migration {
    pub(super) file: String,
    pub(super) sql: String,
}

impl Migration {
    /// The number in front of the file's name.
    pub(super) fn version(&self) -> &str {
        self.file.split('_').next().unwrap_or(&self.file)
    }
}

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../schema/", $file)))),*]
    };
}

/// In the order in which they are applied; a file that was released is never changed again.
const BUILT_IN: &[(&str, &str)] = built_in![
    "001_extensions.sql",
    "002_audio_tracks.sql",
    "003_triggers.sql",
    "004_indexes.sql",
    "005_catalog.sql"
];

/// The files of a schema, in the order in which they are applied. The default is the one that comes with the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema(Arc<[Migration]>);

impl Default for Schema {
    fn default() -> Self {
        let of = |(file, sql): &(&str, &str)| Migration { file: (*file).to_owned(), sql: (*sql).to_owned() };
        Self(BUILT_IN.iter().map(of).collect())
    }
}

impl Schema {
    /// The files of `files`, as name and text, in the order of their numbers. `origin` is where they are from, for
    /// messages. Other files than `NUMBER_NAME.sql` are not looked at.
    ///
    /// # Errors
    /// When there is none, or two have the same number.
    pub fn of(files: impl IntoIterator<Item = (String, String)>, origin: &str) -> Result<Self, TargetError> {
        let is_numbered = |file: &str| {
            file.ends_with(".sql")
                && file.split_once('_').is_some_and(|(number, _)| number.parse::<u32>().is_ok())
        };
        let mut all: Vec<Migration> = files
            .into_iter()
            .filter(|(file, _)| is_numbered(file))
            .map(|(file, sql)| Migration { file, sql })
            .collect();
        let number = |migration: &Migration| migration.version().parse::<u32>().unwrap_or(u32::MAX);
        all.sort_by_key(number);
        let twice = all.windows(2).find(|two| number(&two[0]) == number(&two[1]));
        let wrong = |reason: String| TargetError::Schema { origin: origin.to_owned(), reason };
        match twice {
            Some(two) => Err(wrong(format!(
                "{} and {} have the same number: give one of them another",
                two[0].file, two[1].file
            ))),
            None if all.is_empty() => Err(wrong(
                "there is no file like 001_tables.sql in it: name the directory of the schema".to_owned(),
            )),
            None => Ok(Self(all.into())),
        }
    }

    /// The files of a directory.
    ///
    /// # Errors
    /// When it cannot be read, and as [`Schema::of`].
    pub fn load(directory: &Path) -> Result<Self, TargetError> {
        let origin = directory.display().to_string();
        let unreadable = |error: std::io::Error| TargetError::Schema {
            origin: origin.clone(),
            reason: format!("the directory cannot be read: {error}"),
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_file() && name.ends_with(".sql") {
                files.push((name, std::fs::read_to_string(&path).map_err(unreadable)?));
            }
        }
        Self::of(files, &origin)
    }

    pub(super) fn migrations(&self) -> &[Migration] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_schema_comes_with_the_binary() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
        assert_eq!(Schema::load(&directory).unwrap(), Schema::default());
        for (index, migration) in Schema::default().migrations().iter().enumerate() {
            assert_eq!(migration.version(), format!("{:03}", index + 1));
        }
    }

    #[test]
    fn files_stand_in_the_order_of_their_numbers() {
        let file = |name: &str| (name.to_owned(), "SELECT 1".to_owned());
        let schema =
            Schema::of([file("10_b.sql"), file("2_a.sql"), file("notes.sql"), file("3_c.txt")], "x").unwrap();
        let names: Vec<&str> = schema.migrations().iter().map(|migration| migration.file.as_str()).collect();
        assert_eq!(names, ["2_a.sql", "10_b.sql"]);
        let none = Schema::of([file("notes.sql")], "a directory").unwrap_err();
        assert!(
            none.is_bad_input() && none.to_string().starts_with("a directory: there is no file"),
            "{none}"
        );
        let twice = Schema::of([file("1_b.sql"), file("001_a.sql")], "x").unwrap_err().to_string();
        assert!(twice.contains("1_b.sql and 001_a.sql have the same number"), "{twice}");
        assert!(Schema::load(Path::new("/no/such")).unwrap_err().to_string().contains("cannot be read"));
    }
}
