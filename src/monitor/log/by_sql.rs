//! The log of a server that lets it be read by SQL: `pg_monitor` to know its name, and EXECUTE on `pg_stat_file` and
//! `pg_read_binary_file` to read it.

use super::records::{Form, Records};
use crate::target::describe;
use std::path::Path;
use tokio_postgres::Client;

/// No more is read at once: the rest waits for the next look.
const MOST: i64 = 4 << 20;

/// How far the log was read.
#[derive(Debug, Default)]
pub(super) struct BySql {
    /// Name of the file, and how far; none before the first look.
    at: Option<(String, i64)>,
}

impl BySql {
    /// What was added since the last look; the first finds the end. After a rotation the new file is read from its beginning,
    /// and what was left of the old one is passed over.
    pub(super) async fn read(&mut self, client: &Client, records: &mut Records) -> Result<Vec<u8>, String> {
        let told = |error: tokio_postgres::Error| describe(&error);
        let sql = "SELECT f.name, s.size FROM pg_current_logfile() f (name) CROSS JOIN LATERAL pg_stat_file(f.name) s
                   WHERE f.name IS NOT NULL";
        let row = client.query_opt(sql, &[]).await.map_err(told)?.ok_or(
            "the server has no log that can be asked for: switch logging_collector on, or follow a file by --log",
        )?;
        let (name, size): (String, i64) = (row.get(0), row.get(1));
        let from = match self.at.take() {
            Some((known, at)) if known == name && at <= size => at,
            Some(_) => {
                records.begin(Form::of(Path::new(&name)));
                0
            }
            None => {
                records.begin(Form::of(Path::new(&name)));
                self.at = Some((name, size));
                return Ok(Vec::new());
            }
        };
        let bytes = client.query_one("SELECT pg_read_binary_file($1, $2, $3)", &[&name, &from, &MOST]).await;
        let bytes: Vec<u8> = bytes.map_err(told)?.get(0);
        self.at = Some((name, from + i64::try_from(bytes.len()).unwrap_or_default()));
        Ok(bytes)
    }
}
