//! Files of a server that were restored from a backup: what of them is the old server's own goes, so that they serve as
//! this program's.

use super::new_file::{take_away, write};
use crate::text::told;
use serde::{Deserialize, Serialize};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// What is to be started in a directory that was held for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// Settings of the server.
    pub(super) settings: Vec<(String, String)>,
    /// What was put into the data directory; absent where it is empty, and a new server is to be made.
    pub(super) restored: Option<Restored>,
}

/// What was put into the data directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Restored {
    /// A superuser that the server has.
    pub(super) role: String,
    /// A database that it has.
    pub(super) database: String,
    /// Whether it first replays archived write-ahead log.
    pub(super) replays: bool,
}

/// Who comes in: whoever may enter the directory of the socket.
const HBA: &str = "local all all trust\n";

/// What the old server was told, by files of its own: this program tells it otherwise.
const TOLD: [(&str, &str); 4] =
    [("postgresql.conf", ""), ("postgresql.auto.conf", ""), ("pg_hba.conf", HBA), ("pg_ident.conf", "")];
/// Mode of such files: PostgreSQL's own.
const MODE: u32 = 0o600;
/// What the old server was about to do.
const UNDER_WAY: [&str; 4] = ["recovery.signal", "standby.signal", "postmaster.pid", "postmaster.opts"];
/// What asks a server to replay archived write-ahead log.
const REPLAY: &str = "recovery.signal";
/// Where links to tablespaces are, and the file by which a server makes such links itself when it comes up.
const TABLESPACES: &str = "pg_tblspc";
const TABLESPACE_MAP: &str = "tablespace_map";

/// Whether the files have tablespaces: links to other places, or the list of them by which the server would make such links
/// when it comes up, and write there.
pub(super) fn has_tablespaces(data: &Path) -> bool {
    let is_linked = fs::read_dir(data.join(TABLESPACES)).is_ok_and(|mut spaces| spaces.next().is_some());
    is_linked || fs::metadata(data.join(TABLESPACE_MAP)).is_ok_and(|found| found.len() > 0)
}

/// Makes the files ready to be served.
///
/// # Errors
/// When they are no server's, or lead out of the data directory: the server would write there.
pub(super) fn settle(data: &Path, replays: bool) -> Result<(), String> {
    if !data.join("PG_VERSION").is_file() {
        return Err("the backup holds no file PG_VERSION, which every server's files have".to_owned());
    }
    for name in ["pg_wal", "base", "global"] {
        if !data.join(name).symlink_metadata().is_ok_and(|found| found.is_dir()) {
            return Err(format!("the backup holds no directory {name}"));
        }
    }
    if has_tablespaces(data) {
        return Err("the backup has tablespaces, whose places on this machine may be somebody's".to_owned());
    }
    for (name, text) in TOLD {
        write(&data.join(name), text, MODE)?;
    }
    for name in UNDER_WAY {
        take_away(&data.join(name))?;
    }
    if replays {
        write(&data.join(REPLAY), "", MODE)?;
    }
    stay_inside(data)?;
    fs::set_permissions(data, fs::Permissions::from_mode(0o700)).map_err(|error| told(data, &error))
}

/// Refuses links: whatever they lead to would be written to.
fn stay_inside(data: &Path) -> Result<(), String> {
    let mut waiting = vec![data.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).map_err(|error| told(&directory, &error))? {
            let entry = entry.map_err(|error| told(&directory, &error))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|error| told(&directory, &error))?);
            if kind.is_symlink() {
                let inner = path.strip_prefix(data).unwrap_or(&path).display();
                return Err(format!("the backup has a link {inner}, and what it leads to may be somebody's"));
            }
            if kind.is_dir() {
                waiting.push(path);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn files() -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        for name in ["pg_wal", "base", "global", "pg_tblspc"] {
            fs::create_dir(data.path().join(name)).unwrap();
        }
        fs::write(data.path().join("PG_VERSION"), "15\n").unwrap();
        data
    }

    #[test]
    fn what_the_old_server_was_told_goes_and_no_link_is_followed() {
        let (data, elsewhere) = (files(), tempfile::tempdir().unwrap());
        let mine = elsewhere.path().join("mine");
        fs::write(&mine, "gold").unwrap();
        symlink(&mine, data.path().join("pg_hba.conf")).unwrap();
        fs::write(data.path().join("postgresql.auto.conf"), "archive_command = 'rm -r /'").unwrap();
        fs::write(data.path().join("standby.signal"), "").unwrap();
        settle(data.path(), true).unwrap();
        let text = |name: &str| fs::read_to_string(data.path().join(name)).unwrap();
        assert_eq!((text("pg_hba.conf").as_str(), text("postgresql.auto.conf").as_str()), (HBA, ""));
        assert!(!data.path().join("standby.signal").exists() && data.path().join(REPLAY).exists());
        assert_eq!(fs::read_to_string(mine).unwrap(), "gold");
        settle(data.path(), false).unwrap();
        assert!(!data.path().join(REPLAY).exists());
    }

    #[test]
    fn what_is_no_server_s_or_reaches_elsewhere_is_refused() {
        let data = files();
        fs::create_dir(data.path().join("pg_tblspc/16400")).unwrap();
        assert!(settle(data.path(), false).unwrap_err().contains("tablespaces"));
        let data = files();
        fs::write(data.path().join("tablespace_map"), "").unwrap();
        settle(data.path(), false).unwrap();
        fs::write(data.path().join("tablespace_map"), "16400 /srv/somebody\n").unwrap();
        assert!(settle(data.path(), false).unwrap_err().contains("tablespaces"));
        let data = files();
        symlink("/tmp", data.path().join("base/16384")).unwrap();
        assert!(settle(data.path(), false).unwrap_err().contains("a link base/16384"));
        let data = files();
        fs::remove_dir(data.path().join("pg_wal")).unwrap();
        symlink("/tmp", data.path().join("pg_wal")).unwrap();
        assert!(settle(data.path(), false).unwrap_err().contains("no directory pg_wal"));
        let nothing = tempfile::tempdir().unwrap();
        assert!(settle(nothing.path(), false).unwrap_err().contains("PG_VERSION"));
    }
}
