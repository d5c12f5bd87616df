//! How old the newest backup is: by what gcloud lists, or by the files of a directory.

use super::{
    metric::Readings,
    metrics::{BACKUP_TIME, BACKUPS},
};
use crate::text::told;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where backups are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupSource {
    /// A file with what `gcloud sql backups list --format=json` prints.
    List(PathBuf),
    /// A directory of backups.
    Directory(PathBuf),
}

impl BackupSource {
    /// Looks anew: whoever makes backups renews the file, or adds to the directory. That there is none is known as well.
    pub(super) fn look(&self) -> Result<Readings, String> {
        let (path, times) = match self {
            Self::List(path) => (
                path,
                fs::read_to_string(path).map_err(|error| error.to_string()).and_then(|text| listed(&text)),
            ),
            Self::Directory(path) => (path, kept(path).map_err(|error| error.to_string())),
        };
        let times = times.map_err(|reason| told(path, &reason))?;
        let mut readings = Readings::default();
        let newest = times.iter().max().map(|newest| newest.timestamp_millis() as f64 / 1e3);
        readings.put_known(&BACKUP_TIME, newest);
        readings.put(&BACKUPS, times.len() as f64);
        Ok(readings)
    }
}

/// The part of gcloud's answer that matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    status: String,
    end_time: Option<DateTime<Utc>>,
}

/// When each backup that succeeded had ended.
fn listed(text: &str) -> Result<Vec<DateTime<Utc>>, String> {
    let listed: Vec<Listed> = serde_json::from_str(text).map_err(|error| {
        format!(
            "line {}: this is not what `gcloud sql backups list --format=json` prints: {error}",
            error.line().max(1)
        )
    })?;
    let good = listed.into_iter().filter(|backup| backup.status == "SUCCESSFUL");
    Ok(good.filter_map(|backup| backup.end_time).collect())
}

/// When each file was written last, or for a directory, when something was added to it. What is empty, hidden, or still being
/// written by its name is no backup.
fn kept(directory: &Path) -> std::io::Result<Vec<DateTime<Utc>>> {
    let mut times = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // It may have been removed since.
        let Ok(found) = fs::metadata(entry.path()) else { continue };
        let is_whole =
            !name.starts_with('.') && ![".tmp", ".part", ".partial"].iter().any(|end| name.ends_with(end));
        if is_whole && (found.is_dir() || found.len() > 0) {
            times.push(found.modified().map(DateTime::<Utc>::from)?);
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{page::Page, server::Exposed};
    use std::time::{Duration, SystemTime};

    #[test]
    fn only_backups_that_succeeded_count() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("backups.json");
        let source = BackupSource::List(file.clone());
        assert!(source.look().unwrap_err().contains("backups.json: No such file"));
        fs::write(
            &file,
            r#"[{"status": "FAILED", "endTime": "2026-01-09T03:10:00Z", "id": "3"},
                {"status": "RUNNING"},
                {"status": "SUCCESSFUL", "endTime": "2026-01-08T03:05:00.500Z", "type": "AUTOMATED"},
                {"status": "SUCCESSFUL", "endTime": "2026-01-07T03:05:00Z"}]"#,
        )
        .unwrap();
        let text = Page(source.look().unwrap()).exposition();
        assert!(text.contains("loist_pg_backup_last_timestamp_seconds 1767841500.5\n"), "{text}");
        assert!(text.contains("loist_pg_backups 2.0\n"), "{text}");
        for (content, part) in [("{}", "line 1: this is not what"), ("[{", "line 1: ")] {
            fs::write(&file, content).unwrap();
            let error = source.look().unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn that_there_is_none_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(".backups.json");
        fs::write(&file, r#"[{"status": "FAILED", "endTime": "2026-01-09T03:10:00Z"}]"#).unwrap();
        for source in [BackupSource::List(file), BackupSource::Directory(directory.path().to_owned())] {
            let text = Page(source.look().unwrap()).exposition();
            assert!(text.contains("loist_pg_backups 0.0\n") && !text.contains("backup_last"), "{text}");
        }
    }

    #[test]
    fn the_newest_whole_file_of_a_directory_counts() {
        let directory = tempfile::tempdir().unwrap();
        let source = BackupSource::Directory(directory.path().to_owned());
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (name, content, later) in [
            ("monday.dump", "x", 0),
            ("tuesday.dump", "x", 86_400),
            ("wednesday.dump.part", "x", 172_800),
            ("empty", "", 172_800),
        ] {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(old + Duration::from_secs(later)).unwrap();
        }
        let text = Page(source.look().unwrap()).exposition();
        assert!(text.contains("loist_pg_backup_last_timestamp_seconds 1700086400.0\n"), "{text}");
        assert!(text.contains("loist_pg_backups 2.0\n"), "{text}");
        let nowhere = BackupSource::Directory(directory.path().join("none"));
        assert!(nowhere.look().unwrap_err().contains("none: No such file"));
    }
}
