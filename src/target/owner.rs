//! The user that a server runs as: PostgreSQL refuses root.

use crate::text::told;
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, lchown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

/// Who owns a cluster.
pub(super) struct Owner {
    /// `None`: whoever runs this program.
    other: Option<(String, Uid, Gid)>,
}

impl Owner {
    /// Root hands over to `postgres`, or else to `nobody` (initdb needs an entry in the password file);
    /// anybody else stays who they are.
    pub(super) fn choose() -> Result<Self, String> {
        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let user = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        let user =
            user.ok_or("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")?;
        Ok(Self { other: Some((user.name, user.uid, user.gid)) })
    }

    /// Whether it is somebody else than who runs this program.
    pub(super) fn is_other(&self) -> bool {
        self.other.is_some()
    }

    /// The user's name.
    pub(super) fn name(&self) -> &str {
        self.other.as_ref().map_or("yourself", |(name, _, _)| name)
    }

    /// Makes the user the owner of a path.
    pub(super) fn give(&self, path: &Path) -> Result<(), String> {
        match &self.other {
            Some((_, uid, gid)) => chown(path, Some(*uid), Some(*gid)).map_err(|error| told(path, &error)),
            None => Ok(()),
        }
    }

    /// Lets the user's group read a file that stays ours, and nobody else.
    pub(super) fn show(&self, path: &Path) -> Result<(), String> {
        let group = self.other.as_ref().map(|(_, _, group)| *group);
        chown(path, None, group).map_err(|error| told(path, &error))?;
        let mode = if self.is_other() { 0o640 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| told(path, &error))
    }

    /// Makes the user the owner of a directory and of all that is in it. No link is followed, and the directories come
    /// last, so that until then nobody else can put one there.
    pub(super) fn give_all(&self, directory: &Path) -> Result<(), String> {
        let Some((_, uid, gid)) = &self.other else { return Ok(()) };
        let mut found = vec![directory.to_owned()];
        let mut at = 0;
        while let Some(path) = found.get(at).cloned() {
            at += 1;
            if path.symlink_metadata().map_err(|error| told(&path, &error))?.is_dir() {
                for entry in fs::read_dir(&path).map_err(|error| told(&path, &error))? {
                    found.push(entry.map_err(|error| told(&path, &error))?.path());
                }
            }
        }
        for path in found.iter().rev() {
            lchown(path, Some(uid.as_raw()), Some(gid.as_raw())).map_err(|error| told(path, &error))?;
        }
        Ok(())
    }

    /// Makes a command run as the user.
    pub(super) fn apply(&self, command: &mut Command) {
        if let Some((_, uid, gid)) = &self.other {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
    }
}
