//! How large the database and its largest tables are, read now and then.

use super::{counters::unsigned, relations::LOCKED};
use tokio_postgres::{Client, Error};

/// A size is the sum of files' sizes: too dear for every tick.
const TICKS_PER_READ: u64 = 10;
/// More tables than this are not followed.
const MOST_TABLES: i64 = 5;

/// The largest `most` of the user's tables with their sizes in bytes, indexes included, the largest first. Tables that
/// somebody holds locked are left out.
///
/// # Errors
/// When the connection fails.
pub async fn largest_tables(client: &Client, most: u32) -> Result<Vec<(String, u64)>, Error> {
    let rows = client.query(&largest(), &[&i64::from(most)]).await?;
    Ok(rows.iter().map(|row| (row.get(1), unsigned(row.get(2)))).collect())
}

/// Sizes as read last.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// The whole database.
    database: Option<u64>,
    /// The tables that are followed.
    tables: Vec<Table>,
    /// Ticks so far, by which the sizes are asked for.
    ticks: u64,
    /// They are not asked for again once that has taken too long.
    too_dear: bool,
}

#[derive(Debug)]
struct Table {
    number: u32,
    bytes: u64,
}

impl Sizes {
    /// Follows the largest of the user's tables from now on, and returns their schemas and names, the largest first.
    /// A partition is a table of its own. Tables that somebody holds locked are left out.
    ///
    /// # Errors
    /// When the connection fails.
    pub(super) async fn follow_largest(&mut self, client: &Client) -> Result<Vec<String>, Error> {
        let rows = client.query(&largest(), &[&MOST_TABLES]).await?;
        let table = |row: &tokio_postgres::Row| Table { number: row.get(0), bytes: unsigned(row.get(2)) };
        self.tables = rows.iter().map(table).collect();
        Ok(rows.iter().map(|row| row.get(1)).collect())
    }

    /// Whether this tick is one of those that read the sizes; to be asked once a tick.
    pub(super) fn are_due(&mut self) -> bool {
        let due = self.ticks.is_multiple_of(TICKS_PER_READ) && !self.too_dear;
        self.ticks += 1;
        due
    }

    /// Reads them all, by one query.
    ///
    /// # Errors
    /// When the connection fails or the session may not know.
    pub(super) async fn read(&mut self, client: &Client) -> Result<(), Error> {
        let numbers: Vec<u32> = self.tables.iter().map(|table| table.number).collect();
        let row = client.query_one(&all(), &[&numbers]).await?;
        self.database = Some(unsigned(row.get(0)));
        let read: Vec<Option<i64>> = row.get(1);
        for (table, bytes) in self.tables.iter_mut().zip(read) {
            table.bytes = bytes.map_or(table.bytes, unsigned);
        }
        Ok(())
    }

    /// Reads them no more, and forgets them: they would be taken for new.
    pub(super) fn give_up(&mut self) {
        *self = Self { too_dear: true, ..Self::default() };
    }

    /// Size of the database in bytes.
    pub(super) fn database(&self) -> Option<u64> {
        self.database
    }

    /// Sizes of the tables in bytes, in the order of their names.
    pub(super) fn tables(&self) -> Vec<u64> {
        self.tables.iter().map(|table| table.bytes).collect()
    }
}

/// Tables that somebody holds for himself alone, or an index of which: whoever asks for their size waits.
fn held() -> String {
    format!(
        "SELECT coalesce(i.indrelid, l.relation) FROM ({LOCKED}) l LEFT JOIN pg_index i ON i.indexrelid = l.relation"
    )
}

fn largest() -> String {
    // Sizes are asked for only where it is known that nobody has to wait. A table may be dropped before it comes to that.
    format!(
        "WITH free AS MATERIALIZED (
             SELECT s.relid, format('%I.%I', s.schemaname, s.relname) AS name
             FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
             WHERE c.relpersistence <> 't' AND c.relkind <> 'p' AND s.relid NOT IN ({held}))
         SELECT relid, name, coalesce(pg_total_relation_size(relid), 0) AS bytes FROM free
         ORDER BY bytes DESC, name LIMIT $1",
        held = held()
    )
}

fn all() -> String {
    // A table that was dropped holds nothing; of one that is held nothing new is known.
    format!(
        "SELECT pg_database_size(current_database()),
                ARRAY(SELECT CASE WHEN t.number NOT IN ({held})
                             THEN coalesce(pg_total_relation_size(t.number), 0) END
                      FROM unnest($1::oid[]) WITH ORDINALITY t (number, place) ORDER BY t.place)",
        held = held()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_asked_for_seldom() {
        let mut sizes = Sizes::default();
        let due: Vec<usize> = (0..25).filter(|_| sizes.are_due()).collect();
        assert_eq!(due, [0, 10, 20]);
    }

    #[test]
    fn what_is_given_up_is_forgotten() {
        let tables = vec![Table { number: 1, bytes: 2 }];
        let mut sizes = Sizes { database: Some(3), tables, ..Sizes::default() };
        assert_eq!((sizes.database(), sizes.tables()), (Some(3), vec![2]));
        sizes.give_up();
        assert_eq!((sizes.database(), sizes.tables()), (None, vec![]));
        assert!((0..25).all(|_| !sizes.are_due()));
    }
}
