//! The transaction that an audit reads in: it cannot write, ends by itself, and is rolled back.

use super::Part;
use crate::{observe::ObserveError, target::describe};
use serde::de::DeserializeOwned;
use tokio_postgres::{Client, types::Json};

/// Begins the transaction. Every query sees the same moment.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// No object of somebody's own stands in for one of the system catalogs, and nobody waits for an audit.
const CONFINE: [&str; 3] = [
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL statement_timeout = '30s'",
    "SET LOCAL lock_timeout = '2s'",
];

/// A transaction that only reads.
pub(super) struct Reader<'a> {
    client: &'a Client,
}

impl<'a> Reader<'a> {
    pub(super) async fn begin(client: &'a Client) -> Result<Self, ObserveError> {
        let reader = Self { client };
        reader.command(BEGIN).await?;
        Ok(reader)
    }

    /// From here on, names are the system catalogs' and no query takes long.
    pub(super) async fn confine(&self) -> Result<(), ObserveError> {
        for command in CONFINE {
            self.command(command).await?;
        }
        Ok(())
    }

    pub(super) async fn end(self) -> Result<(), ObserveError> {
        self.command("ROLLBACK").await
    }

    /// The rows of a query, each as its columns are called. A query that is refused does not end the transaction.
    pub(super) async fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Part<Vec<T>>, ObserveError> {
        self.command("SAVEPOINT part").await?;
        match self.read(sql).await {
            Ok(rows) => Ok(Part::Read(rows)),
            Err(error) if error.as_db_error().is_some() => {
                self.command("ROLLBACK TO SAVEPOINT part").await?;
                Ok(Part::Unread(describe(&error)))
            }
            Err(error) => Err(ObserveError::of("system catalogs")(error)),
        }
    }

    /// The one row of a query without which there is no audit.
    pub(super) async fn row<T: DeserializeOwned>(
        &self,
        what: &'static str,
        sql: &str,
    ) -> Result<T, ObserveError> {
        let rows = self.read(sql).await.map_err(ObserveError::of(what))?;
        rows.into_iter().next().ok_or_else(|| ObserveError { what, reason: "it is empty".to_owned() })
    }

    async fn read<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, tokio_postgres::Error> {
        let whole = format!("SELECT coalesce(json_agg(x), '[]') FROM ({sql}) x");
        let row = self.client.query_one(&whole, &[]).await?;
        let Json(rows) = row.try_get(0)?;
        Ok(rows)
    }

    async fn command(&self, sql: &str) -> Result<(), ObserveError> {
        self.client.batch_execute(sql).await.map_err(ObserveError::of("system catalogs"))
    }
}
