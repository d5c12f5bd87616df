//! What a drill can be told.

use crate::{lab::CatalogOptions, target::TargetOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// Everything that a drill can be told.
#[derive(Debug, Clone)]
pub struct DrillOptions {
    /// The database that is backed up.
    pub target: TargetOptions,
    /// What an embedded server is filled with.
    pub catalog: CatalogOptions,
    /// How it is backed up, each on its own.
    pub methods: Vec<Method>,
    /// Processes that dump and restore side by side.
    pub jobs: u32,
    /// Tracks of a second, smaller library, by which growth is projected; an embedded server's alone.
    pub grow: Option<u64>,
    /// Directory in which the backup is kept.
    pub keep: Option<PathBuf>,
    /// A backup that is proved, instead of making one.
    pub from: Option<PathBuf>,
    /// How the files are encrypted.
    pub encryption: Option<Encryption>,
    /// File of age's identity that decrypts them.
    pub identity: Option<PathBuf>,
    /// What says up to where archived write-ahead log is replayed.
    pub until: Until,
    /// How long the workload runs on what was restored.
    pub workload: Duration,
}

/// How a backup is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// One file by `pg_dump -Fc`.
    Custom,
    /// A directory by `pg_dump -Fd`, several tables at a time.
    Directory,
    /// The server's own files by `pg_basebackup`.
    Base,
    /// The same with archived write-ahead log, replayed to a point in time.
    Pitr,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Custom, Self::Directory, Self::Base, Self::Pitr];

    /// As the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Directory => "directory",
            Self::Base => "base",
            Self::Pitr => "pitr",
        }
    }

    /// Whether it copies the server's files, and with them all of its databases.
    #[must_use]
    pub fn is_physical(self) -> bool {
        matches!(self, Self::Base | Self::Pitr)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.name() == text.trim());
        found.ok_or_else(|| "write custom, directory, base or pitr".to_owned())
    }
}

/// What says up to where archived write-ahead log is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// A time (`recovery_target_time`).
    Time,
    /// A place in the log (`recovery_target_lsn`).
    Lsn,
    /// A transaction (`recovery_target_xid`).
    Xid,
    /// A restore point with a name (`recovery_target_name`).
    Name,
}

impl Until {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Time, Self::Lsn, Self::Xid, Self::Name];

    /// As the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Lsn => "lsn",
            Self::Xid => "xid",
            Self::Name => "name",
        }
    }
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|until| until.name() == text.trim());
        found.ok_or_else(|| "write time, lsn, xid or name".to_owned())
    }
}

/// For whom files are encrypted, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// By age, for a recipient.
    AgeRecipient(String),
    /// By age, for the recipients that a file lists.
    AgeFile(PathBuf),
    /// By gpg, for a key of its keyring.
    Gpg(String),
}

impl Encryption {
    /// The program that encrypts.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        match self {
            Self::AgeRecipient(_) | Self::AgeFile(_) => Cipher::Age,
            Self::Gpg(_) => Cipher::Gpg,
        }
    }
}

impl FromStr for Encryption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "write age:RECIPIENT, age:FILE of recipients, or gpg:KEY";
        let (program, whom) = text.split_once(':').ok_or(wrong)?;
        match (program, whom.trim()) {
            (_, "") => Err(wrong.to_owned()),
            (_, whom) if whom.starts_with('-') => Err(format!("{wrong}; no recipient begins with a dash")),
            ("age", whom) if whom.starts_with("AGE-SECRET-KEY-") => {
                Err("that is a secret key: files are encrypted for its public one, which begins with age1"
                    .to_owned())
            }
            ("age", whom) if whom.starts_with("age1") || whom.starts_with("ssh-") => {
                Ok(Self::AgeRecipient(whom.to_owned()))
            }
            ("age", whom) => Ok(Self::AgeFile(PathBuf::from(whom))),
            ("gpg", whom) => Ok(Self::Gpg(whom.to_owned())),
            _ => Err(wrong.to_owned()),
        }
    }
}

/// A program that encrypts and decrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cipher {
    /// age.
    Age,
    /// GnuPG.
    Gpg,
}

impl Cipher {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Age, Self::Gpg];

    /// The program's name, and the ending of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Gpg => "gpg",
        }
    }

    /// What a file's ending says.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|cipher| cipher.name() == ending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for method in Method::ALL {
            assert_eq!(method.name().parse(), Ok(method));
        }
        for until in Until::ALL {
            assert_eq!(until.name().parse(), Ok(until));
        }
        assert!("tar".parse::<Method>().unwrap_err().contains("custom, directory, base or pitr"));
        assert!("now".parse::<Until>().unwrap_err().contains("time, lsn, xid or name"));
    }

    #[test]
    fn recipients_are_keys_or_files() {
        let of = |text: &str| text.parse::<Encryption>();
        assert_eq!(of("age:age1xyz"), Ok(Encryption::AgeRecipient("age1xyz".to_owned())));
        assert_eq!(of("age:keys.txt"), Ok(Encryption::AgeFile("keys.txt".into())));
        assert_eq!(of("gpg:me@example.org"), Ok(Encryption::Gpg("me@example.org".to_owned())));
        for wrong in ["age", "age:", "zip:x", "gpg:--yes", "age:AGE-SECRET-KEY-1ABC"] {
            let said = of(wrong).unwrap_err();
            assert!(!said.contains("1ABC"), "{said}");
        }
        assert_eq!(Cipher::of_file(Path::new("a/base.tar.age")), Some(Cipher::Age));
        assert_eq!(Cipher::of_file(Path::new("database.dump")), None);
    }
}
