//! A query whose one row is read again and again.

use super::metric::Readings;
use crate::target::describe;
use tokio_postgres::{Client, Row, Statement};

/// What is asked, and what its row means.
pub(super) struct Question {
    pub(super) sql: &'static str,
    pub(super) readings: fn(&Row) -> Readings,
}

/// The same, prepared in a session.
#[derive(Debug)]
pub(super) struct Prepared {
    statement: Statement,
    readings: fn(&Row) -> Readings,
}

impl Question {
    /// Prepares it once, since planning the server's views costs more than reading them.
    pub(super) async fn prepare(&self, client: &Client) -> Result<Prepared, String> {
        let statement = client.prepare(self.sql).await.map_err(|error| describe(&error))?;
        Ok(Prepared { statement, readings: self.readings })
    }
}

impl Prepared {
    /// Asks once more.
    pub(super) async fn look(&self, client: &Client) -> Result<Readings, String> {
        let row = client.query_one(&self.statement, &[]).await.map_err(|error| describe(&error))?;
        Ok((self.readings)(&row))
    }
}
