//! Whether the values that are drawn are of types that the statements take, found out before any load is put on.

use super::bind::{Bound, EngineError, refused};
use crate::workload::{Operation, Statement, Value};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use tokio_postgres::Client;

/// Of so many calls the one with the fewest NULLs is looked at: NULL is of every type.
const DRAWS: usize = 16;

/// SQLSTATEs of values that do not fit: no operator or function takes their type (class 42), or the type does not take them.
const MISFIT: [&str; 2] = ["42", "22P02"];

impl Bound {
    /// Has the server parse each statement with drawn values, as they will travel. Nothing is executed.
    ///
    /// # Errors
    /// With file and line, when a value does not fit where it stands and the workload does not call that normal.
    pub(super) async fn check_values(&self, client: &Client) -> Result<(), EngineError> {
        for (index, operation) in self.workload.operations.iter().enumerate() {
            let mut rng = Pcg64::seed_from_u64(0);
            let draws = (0..DRAWS).map(|_| self.draw_anew(index, &mut rng));
            let Some(values) =
                draws.min_by_key(|values| values.iter().filter(|value| value.is_null()).count())
            else {
                continue;
            };
            for statement in operation.statements() {
                self.check_statement(index, operation, statement, &values, client).await?;
            }
        }
        Ok(())
    }

    async fn check_statement(
        &self,
        index: usize,
        operation: &Operation,
        statement: &Statement,
        values: &[Value],
        client: &Client,
    ) -> Result<(), EngineError> {
        let (sql, beside) = self.as_sent(index, statement, values);
        let texts = match &beside[..] {
            [] => vec![sql],
            // Beside the text a value has the type that the server inferred, and only its form can be wrong.
            beside => beside
                .iter()
                .map(|value| format!("SELECT {}::{}", value.literal(), value.sql_type()))
                .collect(),
        };
        for text in texts {
            let Err(error) = client.prepare(&text).await else { continue };
            let normal = error.code().is_some_and(|code| {
                let is_expected = operation.expected_errors.iter().any(|expected| expected == code.code());
                is_expected || !MISFIT.iter().any(|misfit| code.code().starts_with(misfit))
            });
            if !normal {
                return Err(refused(&error, |_, why| {
                    self.workload.refused(
                        statement,
                        values,
                        None,
                        &format!("with values as they are drawn, {why}"),
                    )
                }));
            }
        }
        Ok(())
    }
}
