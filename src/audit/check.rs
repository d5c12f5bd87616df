//! A check: what it is called, how bad what it finds is, why, and who judges; and the list of them all.

use super::{
    authentication,
    case::Case,
    cloud, code, durability,
    finding::{FilePlace, Remedy, Severity},
    limits, ownership, releases, repository, rights, roles, tracing, transport,
};

/// Looks at the evidence for one fault.
pub(super) struct Check {
    /// As in `tls-not-enforced`; it never changes.
    pub(super) id: &'static str,
    /// How bad it is, unless what was seen makes it better or worse.
    pub(super) severity: Severity,
    /// What is wrong.
    pub(super) title: &'static str,
    /// Why that matters.
    pub(super) why: &'static str,
    /// An address, and behind a semicolon what else there is.
    pub(super) reference: &'static str,
    pub(super) judge: fn(&Case) -> Judged,
}

/// What a check saw, or why it could not look.
pub(super) type Judged = Result<Vec<Seen>, String>;

/// One thing that is wrong.
pub(super) struct Seen {
    pub(super) object: String,
    pub(super) seen: String,
    pub(super) severity: Option<Severity>,
    pub(super) remedy: Remedy,
    pub(super) place: Option<FilePlace>,
}

impl Seen {
    pub(super) fn new(object: impl Into<String>, seen: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            seen: seen.into(),
            severity: None,
            remedy: Remedy::default(),
            place: None,
        }
    }

    /// The same, as bad as this.
    pub(super) fn severity(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }

    /// The same, with a remedy.
    pub(super) fn remedy(self, remedy: Remedy) -> Self {
        Self { remedy, ..self }
    }

    /// The same, with one more command that helps.
    pub(super) fn sql(mut self, command: impl Into<String>) -> Self {
        self.remedy.sql.push(command.into());
        self
    }

    /// The same, with a command of gcloud that helps.
    pub(super) fn gcloud(mut self, command: impl Into<String>) -> Self {
        self.remedy.gcloud.push(command.into());
        self
    }

    /// The same, with what has to be done or known.
    pub(super) fn by_hand(mut self, text: impl Into<String>) -> Self {
        self.remedy.by_hand = text.into();
        self
    }

    /// The same, in a line of a file.
    pub(super) fn at(self, file: &str, line: u32) -> Self {
        Self { place: Some(FilePlace { file: file.to_owned(), line }), ..self }
    }
}

/// Every check, subject by subject.
pub(super) fn all() -> impl Iterator<Item = &'static Check> {
    let subjects: [&'static [Check]; 12] = [
        transport::CHECKS,
        authentication::CHECKS,
        roles::CHECKS,
        rights::CHECKS,
        ownership::CHECKS,
        code::CHECKS,
        tracing::CHECKS,
        limits::CHECKS,
        durability::CHECKS,
        releases::CHECKS,
        cloud::CHECKS,
        repository::CHECKS,
    ];
    subjects.into_iter().flatten()
}

/// A page of PostgreSQL's manual.
macro_rules! manual {
    ($page:literal) => {
        concat!("https://www.postgresql.org/docs/current/", $page)
    };
}

/// A page of Cloud SQL's manual.
macro_rules! cloud_sql {
    ($page:literal) => {
        concat!("https://cloud.google.com/sql/docs/postgres/", $page)
    };
}

pub(super) use {cloud_sql, manual};
