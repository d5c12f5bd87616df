//! What the server's log says of failed logins, refused connections and errors, counted from now on. Nothing of a message is
//! kept but its kind. What else is to be told apart is added as a kind (`kind`), another format of the log in `records`.

mod by_sql;
mod file;
mod kind;
mod records;

use super::{
    metric::Readings,
    metrics::{CONNECTION_FAILURES, ERRORS, FAILED_LOGINS},
};
use by_sql::BySql;
use file::Follower;
use kind::{ERROR_KINDS, FAILURE_REASONS, Kind, kind};
use records::{Form, Records};
use std::{collections::BTreeMap, path::PathBuf};
use tokio_postgres::Client;

/// Where the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogSource {
    /// A file of this machine.
    File(PathBuf),
    /// The server is asked for it, by `pg_current_logfile` and `pg_read_binary_file`.
    Server,
}

/// The log, and what was counted in it.
#[derive(Debug)]
pub(super) struct Log {
    source: Source,
    records: Records,
    counts: BTreeMap<Kind, u64>,
}

#[derive(Debug)]
enum Source {
    File(Follower),
    Server(BySql),
}

impl Log {
    /// Counts from the log's present end on.
    pub(super) fn new(source: &LogSource) -> Self {
        let (source, form) = match source {
            LogSource::File(path) => (Source::File(Follower::new(path)), Form::of(path)),
            LogSource::Server => (Source::Server(BySql::default()), Form::Plain),
        };
        Self { source, records: Records::new(form), counts: BTreeMap::new() }
    }

    /// Whether the server must answer for it.
    pub(super) fn needs_server(&self) -> bool {
        matches!(self.source, Source::Server(_))
    }

    /// Reads what was added.
    pub(super) async fn look(&mut self, client: Option<&Client>) -> Result<Readings, String> {
        let added = match (&mut self.source, client) {
            (Source::File(follower), _) => follower.read()?,
            (Source::Server(server), Some(client)) => server.read(client, &mut self.records).await?,
            (Source::Server(_), None) => return Err("the server does not answer".to_owned()),
        };
        for record in self.records.add(&added) {
            if let Some(kind) = kind(&record) {
                *self.counts.entry(kind).or_default() += 1;
            }
        }
        Ok(self.readings())
    }

    /// All kinds, those that were not met with 0: of them it is known.
    fn readings(&self) -> Readings {
        let count = |kind: Kind| self.counts.get(&kind).copied().unwrap_or_default() as f64;
        let mut readings = Readings::default();
        readings.put(&FAILED_LOGINS, count(Kind::FailedLogin));
        for reason in FAILURE_REASONS {
            readings.put_for(&CONNECTION_FAILURES, [reason], count(Kind::ConnectionFailure(reason)));
        }
        for error in ERROR_KINDS {
            readings.put_for(&ERRORS, [error], count(Kind::Error(error)));
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{page::Page, server::Exposed};
    use std::io::Write;

    #[tokio::test]
    async fn what_is_added_is_counted_and_nothing_of_it_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.log");
        std::fs::write(&path, "[1] FATAL:  password authentication failed for user \"before\"\n").unwrap();
        let mut log = Log::new(&LogSource::File(path.clone()));
        let told = |readings: Readings| Page(readings).exposition();
        let text = told(log.look(None).await.unwrap());
        assert!(text.contains("loist_pg_failed_logins_total 0.0\n"), "{text}");
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        writeln!(file, "[2] FATAL:  password authentication failed for user \"mallory\"").unwrap();
        writeln!(file, "[3] ERROR:  deadlock detected\n[3] DETAIL:  ERROR:  no\n[4] FATAL:  sorry, too many clients already").unwrap();
        let text = told(log.look(None).await.unwrap());
        for line in [
            "loist_pg_failed_logins_total 1.0\n",
            "loist_pg_errors_total{kind=\"deadlock\"} 1.0\n",
            "loist_pg_errors_total{kind=\"other\"} 0.0\n",
            "loist_pg_connection_failures_total{reason=\"too_many\"} 1.0\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        assert!(!text.contains("mallory"), "{text}");
        let mut asked = Log::new(&LogSource::Server);
        assert!(asked.needs_server() && asked.look(None).await.is_err());
    }
}
