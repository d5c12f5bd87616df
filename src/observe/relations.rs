//! The user's tables and indexes: what they are, and what the window did with them.

use super::counters::unsigned;
use crate::record::{Column, Index, Relation, RelationWindow};
use crate::target::describe;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::{Client, Error, Row};

/// More tables than this are not kept.
const MOST_TABLES: i64 = 100;

/// A table that somebody holds for himself alone: whoever asks for its size waits.
pub(super) const LOCKED: &str = "SELECT l.relation FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Counters of every user table and index at one moment, by their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct RelationCounters {
    tables: BTreeMap<u32, RelationWindow>,
    indexes: BTreeMap<u32, IndexCounters>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct IndexCounters {
    scans: u64,
    blocks_hit: u64,
    blocks_read: u64,
}

/// Tables and indexes after the window, with what it did with them.
#[derive(Debug, Default)]
pub(super) struct Relations {
    pub(super) tables: Vec<Relation>,
    pub(super) indexes: Vec<Index>,
    /// What could not be had, and why.
    pub(super) missing: Vec<String>,
}

/// What a trigger before each update assigns to the new row, by the text of its function. One that comes for some columns
/// alone is left out.
const SET_BY_TRIGGERS: &str = r"SELECT DISTINCT lower(found[1]) FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    CROSS JOIN LATERAL regexp_matches(p.prosrc, '(?:;|\mbegin|\mthen|\melse)\s*new\.(\w+)\s*:?=', 'gi') AS found
    WHERE t.tgrelid = s.relid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 18 = 18
      AND t.tgattr::text = '' ORDER BY 1";
/// Columns of an index, by its keys and by what its expressions and its condition depend on.
const COLUMNS: &str = "SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum > 0 AND (a.attnum = ANY (i.indkey::int2[]) OR EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
    ORDER BY a.attnum";

const TABLE_COUNTERS: &str =
    "SELECT s.relid, s.seq_scan, s.seq_tup_read, s.idx_scan, s.idx_tup_fetch, s.n_tup_ins, s.n_tup_upd,
    s.n_tup_hot_upd, s.n_tup_del, pg_stat_get_blocks_hit(s.relid),
    pg_stat_get_blocks_fetched(s.relid) - pg_stat_get_blocks_hit(s.relid) FROM pg_stat_user_tables s";
const INDEX_COUNTERS: &str = "SELECT s.indexrelid, s.idx_scan, pg_stat_get_blocks_hit(s.indexrelid),
    pg_stat_get_blocks_fetched(s.indexrelid) - pg_stat_get_blocks_hit(s.indexrelid) FROM pg_stat_user_indexes s";

/// Reads the counters alone, which waits for no lock.
pub(super) async fn read(client: &Client) -> Result<RelationCounters, String> {
    let both = async {
        let tables = client.query(TABLE_COUNTERS, &[]).await?;
        let indexes = client.query(INDEX_COUNTERS, &[]).await?;
        Ok::<_, Error>(RelationCounters {
            tables: tables.iter().map(|row| (row.get(0), table_counters(row))).collect(),
            indexes: indexes.iter().map(|row| (row.get(0), index_counters(row))).collect(),
        })
    };
    both.await.map_err(|error| describe(&error))
}

fn table_counters(row: &Row) -> RelationWindow {
    // A table without indexes has no scans of them.
    let count = |index: usize| row.get::<_, Option<i64>>(1 + index).map_or(0, unsigned);
    RelationWindow {
        sequential_scans: count(0),
        sequential_rows: count(1),
        index_scans: count(2),
        index_rows: count(3),
        inserted: count(4),
        updated: count(5),
        hot_updated: count(6),
        deleted: count(7),
        heap_hit: count(8),
        heap_read: count(9),
    }
}

fn index_counters(row: &Row) -> IndexCounters {
    let count = |index: usize| row.get::<_, Option<i64>>(1 + index).map_or(0, unsigned);
    IndexCounters { scans: count(0), blocks_hit: count(1), blocks_read: count(2) }
}

/// `None` where a counter ran backwards: it began anew.
fn less(before: &RelationWindow, after: &RelationWindow) -> Option<RelationWindow> {
    let count = |pick: fn(&RelationWindow) -> u64| pick(after).checked_sub(pick(before));
    Some(RelationWindow {
        sequential_scans: count(|c| c.sequential_scans)?,
        sequential_rows: count(|c| c.sequential_rows)?,
        index_scans: count(|c| c.index_scans)?,
        index_rows: count(|c| c.index_rows)?,
        inserted: count(|c| c.inserted)?,
        updated: count(|c| c.updated)?,
        hot_updated: count(|c| c.hot_updated)?,
        deleted: count(|c| c.deleted)?,
        heap_hit: count(|c| c.heap_hit)?,
        heap_read: count(|c| c.heap_read)?,
    })
}

fn less_index(before: IndexCounters, after: IndexCounters) -> Option<IndexCounters> {
    Some(IndexCounters {
        scans: after.scans.checked_sub(before.scans)?,
        blocks_hit: after.blocks_hit.checked_sub(before.blocks_hit)?,
        blocks_read: after.blocks_read.checked_sub(before.blocks_read)?,
    })
}

/// Tables and indexes as they are, with what the window did with them where `before` is known.
///
/// # Errors
/// When the connection fails or the statistics views cannot be read.
pub(super) async fn after(
    client: &Client,
    before: Option<&RelationCounters>,
    now: &RelationCounters,
) -> Result<Relations, String> {
    let mut found = Relations::default();
    let locked = client
        .query(
            &format!(
                "SELECT format('%I.%I', s.schemaname, s.relname) FROM pg_stat_user_tables s
                 WHERE s.relid IN ({LOCKED}) ORDER BY 1"
            ),
            &[],
        )
        .await
        .map_err(|error| describe(&error))?;
    let rows = client.query(&tables_sql(), &[&MOST_TABLES]).await.map_err(|error| describe(&error))?;
    let numbers: Vec<u32> = rows.iter().map(|row| row.get(0)).collect();
    found.tables = rows.iter().map(|row| table(row, before, now)).collect();
    let rows = client.query(&indexes_sql(), &[&numbers]).await.map_err(|error| describe(&error))?;
    found.indexes = rows.iter().map(|row| index(row, before, now)).collect();
    let names: BTreeSet<String> = locked.iter().map(|row| row.get(0)).collect();
    if !names.is_empty() {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        found.missing.push(format!("tables that somebody held locked after the window: {names}"));
    }
    let unknown = found.tables.iter().any(|table| table.window.is_none())
        || found.indexes.iter().any(|index| index.scans.is_none());
    if before.is_some() && unknown {
        found.missing.push("counters of some tables and indexes: they began anew in the window".to_owned());
    }
    Ok(found)
}

fn tables_sql() -> String {
    // Sizes are asked for only where it is known that nobody has to wait.
    // Whoever may not read a table is not shown its columns' statistics.
    format!(
        "WITH free AS MATERIALIZED (
             SELECT * FROM pg_stat_user_tables s
             WHERE NOT EXISTS (SELECT FROM ({LOCKED}) l WHERE l.relation = s.relid))
         SELECT s.relid, format('%I.%I', s.schemaname, s.relname), z.heap, z.indexes, s.n_live_tup, s.n_dead_tup,
                s.last_analyze IS NOT NULL OR s.last_autoanalyze IS NOT NULL
                OR EXISTS (SELECT FROM pg_stats p WHERE p.schemaname = s.schemaname AND p.tablename = s.relname)
                OR c.reltuples > 0 AND NOT has_any_column_privilege(s.relid, 'SELECT'),
                s.n_mod_since_analyze, s.vacuum_count + s.autovacuum_count, s.autovacuum_count,
                coalesce(c.reloptions, '{{}}'), ARRAY({SET_BY_TRIGGERS}),
                of_it.names, of_it.kinds, of_it.targets, of_it.collations
         FROM free s
         JOIN pg_class c ON c.oid = s.relid
         CROSS JOIN LATERAL (SELECT pg_table_size(s.relid) AS heap, pg_indexes_size(s.relid) AS indexes) z
         CROSS JOIN LATERAL (
             SELECT array_agg(a.attname::text ORDER BY a.attnum) AS names,
                    array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS kinds,
                    array_agg(nullif(a.attstattarget::int, -1) ORDER BY a.attnum) AS targets,
                    array_agg((SELECT o.collname::text FROM pg_collation o
                               WHERE o.oid = a.attcollation AND o.collname <> 'default') ORDER BY a.attnum) AS collations
             FROM pg_attribute a WHERE a.attrelid = s.relid AND a.attnum > 0 AND NOT a.attisdropped) of_it
         WHERE c.relpersistence <> 't' AND c.relkind <> 'p'
         ORDER BY z.heap + z.indexes DESC, 2
         LIMIT $1"
    )
}

fn table(row: &Row, before: Option<&RelationCounters>, now: &RelationCounters) -> Relation {
    // The table may have been dropped since.
    let count = |index: usize| row.get::<_, Option<i64>>(index).map_or(0, unsigned);
    let number: u32 = row.get(0);
    let then = before.map(|before| before.tables.get(&number).copied().unwrap_or_default());
    let window = then.zip(now.tables.get(&number)).and_then(|(then, now)| less(&then, now));
    Relation {
        name: row.get(1),
        heap_bytes: count(2),
        index_bytes: count(3),
        live_rows: count(4),
        dead_rows: count(5),
        analyzed: row.get(6),
        rows_changed_since_analyze: count(7),
        vacuums: count(8),
        autovacuums: count(9),
        options: row.get(10),
        set_by_triggers: row.get(11),
        columns: columns(row),
        window,
    }
}

fn columns(row: &Row) -> Vec<Column> {
    // A table may have none.
    let list = |index: usize| row.get::<_, Option<Vec<String>>>(index).unwrap_or_default();
    let targets: Vec<Option<i32>> = row.get::<_, Option<_>>(14).unwrap_or_default();
    let collations: Vec<Option<String>> = row.get::<_, Option<_>>(15).unwrap_or_default();
    let own = targets.into_iter().zip(collations);
    let named = list(12).into_iter().zip(list(13)).zip(own);
    let column =
        |((name, kind), (statistics_target, collation))| Column { name, kind, statistics_target, collation };
    named.map(column).collect()
}

fn indexes_sql() -> String {
    format!(
        "SELECT i.indexrelid, format('%I.%I', s.schemaname, s.indexrelname),
                format('%I.%I', s.schemaname, s.relname), a.amname::text,
                ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false)
                      FROM generate_series(1, i.indnkeyatts::int) k ORDER BY k),
                ARRAY(SELECT (SELECT o.opcname::text FROM pg_opclass o WHERE o.oid = i.indclass[k - 1])
                      FROM generate_series(1, i.indnkeyatts::int) k ORDER BY k),
                pg_get_expr(i.indpred, i.indrelid), pg_get_indexdef(i.indexrelid),
                i.indisunique OR i.indisprimary OR i.indisexclusion, i.indisvalid,
                pg_relation_size(i.indexrelid), coalesce(c.reloptions, '{{}}'),
                ARRAY(SELECT concat_ws(' ', CASE WHEN i.indoption[k - 1] & 1 = 1 THEN 'DESC' ELSE 'ASC' END,
                             CASE WHEN i.indoption[k - 1] & 2 = 2 THEN 'NULLS FIRST' ELSE 'NULLS LAST' END,
                             (SELECT 'COLLATE ' || quote_ident(o.collname::text) FROM pg_collation o
                              WHERE o.oid = i.indcollation[k - 1]))
                      FROM generate_series(1, i.indnkeyatts::int) k ORDER BY k),
                ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false)
                      FROM generate_series(i.indnkeyatts + 1, i.indnatts::int) k ORDER BY k),
                ARRAY({COLUMNS}), c.relispartition
         FROM pg_stat_user_indexes s
         JOIN pg_index i ON i.indexrelid = s.indexrelid
         JOIN pg_class c ON c.oid = i.indexrelid
         JOIN pg_am a ON a.oid = c.relam
         WHERE i.indrelid = ANY ($1) AND NOT EXISTS (SELECT FROM ({LOCKED}) l WHERE l.relation = i.indexrelid)
         ORDER BY 3, 2"
    )
}

fn index(row: &Row, before: Option<&RelationCounters>, now: &RelationCounters) -> Index {
    let number: u32 = row.get(0);
    let now = now.indexes.get(&number).copied().unwrap_or_default();
    let then = before.map(|before| before.indexes.get(&number).copied().unwrap_or_default());
    let window = then.and_then(|then| less_index(then, now));
    // An operator class may have been dropped since.
    let classes: Vec<Option<String>> = row.get(5);
    let keys: Vec<Option<String>> = row.get(4);
    let included: Vec<Option<String>> = row.get(13);
    Index {
        name: row.get(1),
        table: row.get(2),
        method: row.get(3),
        keys: keys.into_iter().flatten().collect(),
        operator_classes: classes.into_iter().flatten().collect(),
        orderings: row.get(12),
        included: included.into_iter().flatten().collect(),
        columns: row.get(14),
        options: row.get(11),
        predicate: row.get(6),
        definition: row.get::<_, Option<String>>(7).unwrap_or_default(),
        is_constraint: row.get(8),
        is_of_partition: row.get(15),
        is_valid: row.get(9),
        bytes: row.get::<_, Option<i64>>(10).map_or(0, unsigned),
        scans: window.map(|window| window.scans),
        scans_ever: now.scans,
        blocks_hit: window.unwrap_or_default().blocks_hit,
        blocks_read: window.unwrap_or_default().blocks_read,
    }
}

/// Pages in the pending list of each GIN index, by `pgstatginindex` of the extension pgstattuple.
pub(super) async fn gin_pending(client: &Client) -> Result<BTreeMap<String, u64>, String> {
    super::instruments::look_for(client, "pgstattuple").await?;
    let rows = client
        .query(
            &format!(
                "SELECT name, (pgstatginindex(indexrelid)).pending_pages
                 FROM (SELECT i.indexrelid, format('%I.%I', s.schemaname, s.indexrelname) AS name
                       FROM pg_stat_user_indexes s
                       JOIN pg_index i ON i.indexrelid = s.indexrelid
                       JOIN pg_class c ON c.oid = i.indexrelid
                       JOIN pg_am a ON a.oid = c.relam
                       WHERE a.amname = 'gin' AND i.indisvalid AND c.relpersistence <> 't' AND c.relkind = 'i'
                         AND NOT EXISTS (SELECT FROM ({LOCKED}) l WHERE l.relation IN (i.indexrelid, i.indrelid))
                       ORDER BY c.relpages DESC, 2 LIMIT $1) gin"
            ),
            &[&MOST_TABLES],
        )
        .await
        .map_err(|error| describe(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i32>(1)).unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_ran_backwards_began_anew() {
        let scans =
            |index_scans, inserted| RelationWindow { index_scans, inserted, ..RelationWindow::default() };
        assert_eq!(less(&scans(5, 1), &scans(9, 1)), Some(scans(4, 0)));
        assert_eq!(less(&scans(5, 9), &scans(9, 1)), None);
        let index = |scans| IndexCounters { scans, ..IndexCounters::default() };
        assert_eq!(less_index(index(5), index(7)), Some(index(2)));
        assert_eq!(less_index(index(5), index(4)), None);
    }
}
