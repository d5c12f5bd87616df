//! What a database is made of beside its rows, each thing with a digest of its definition.

use super::contents::OF_USERS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio_postgres::{Client, Error};

/// Something that a database is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// As in `table`, `index`, `trigger`, `extension`.
    pub kind: String,
    /// Its name, with its schema, and that of the table that it is a part of.
    pub name: String,
    /// SHA-256 of its definition, without what PostgreSQL itself writes otherwise the second time: casts of text, blanks and
    /// parentheses. The body of a function counts as it is. Of an extension its version.
    pub digest: String,
}

/// A kind of which the version is told, and nothing else is compared.
pub(super) const EXTENSION: &str = "extension";

/// The kind of an index; those are told of that are valid.
pub(super) const INDEX: &str = "index";

/// Kind, name and definition of everything; each part stands for one catalogue. In a session that sees no schema every name
/// has its own.
const PARTS: &[&str] = &[
    "SELECT 'schema', format('%I', n.nspname), '' FROM pg_namespace n
     WHERE {of_users} AND {own:pg_namespace:n.oid}",
    "SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
            c.oid::regclass::text,
            concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions::text,
                      pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
                      (SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno)
                       FROM pg_inherits WHERE inhrelid = c.oid),
                      CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
                      (SELECT concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcycle)
                       FROM pg_sequence WHERE seqrelid = c.oid))
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {of_users} AND {own:pg_class:c.oid}",
    "SELECT 'column', format('%s.%I', c.oid::regclass, a.attname),
            concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                      a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid))
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {of_users} AND {own:pg_class:c.oid}",
    "SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indisvalid AND i.indisready AND {of_users} AND {own:pg_class:c.oid}",
    "SELECT 'constraint', format('%I on %s', k.conname, k.conrelid::regclass), pg_get_constraintdef(k.oid)
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND {of_users} AND {own:pg_class:c.oid}",
    "SELECT 'trigger', format('%I on %s', t.tgname, t.tgrelid::regclass),
            concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT t.tgisinternal AND {of_users} AND {own:pg_class:c.oid}",
    "SELECT 'function', p.oid::regprocedure::text,
            CASE WHEN p.prokind = 'a' THEN ''
                 ELSE concat_ws(' ', encode(sha256(convert_to(p.prosrc, getdatabaseencoding())), 'hex'),
                                pg_get_functiondef(p.oid)) END
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {of_users} AND {own:pg_proc:p.oid}",
    "SELECT 'type', t.oid::regtype::text,
            concat_ws(' ', t.typtype, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
                      (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
                      (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY conname COLLATE \"C\")
                       FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'))
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typtype IN ('e', 'd', 'r') AND {of_users} AND {own:pg_type:t.oid}",
    "SELECT 'policy', format('%I on %s', p.polname, p.polrelid::regclass),
            concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
                      pg_get_expr(p.polwithcheck, p.polrelid))
     FROM pg_policy p",
    "SELECT 'statistics', format('%I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid)
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
     WHERE {of_users} AND {own:pg_statistic_ext:s.oid}",
    "SELECT 'event trigger', format('%I', evtname), concat_ws(' ', evtevent, evtenabled, evtfoid::regprocedure)
     FROM pg_event_trigger e WHERE {own:pg_event_trigger:e.oid}",
];

/// Reads all of it.
pub(super) async fn read(client: &Client) -> Result<Vec<Definition>, Error> {
    let parts: Vec<String> = PARTS.iter().map(|part| filled(part)).collect();
    let sql = format!(
        "SELECT kind, name, encode(sha256(convert_to(
                    regexp_replace(coalesce(text, ''),
                                   '::(character varying|text|bpchar|varchar)(\\[\\])?|[()[:space:]]', '', 'g'),
                    getdatabaseencoding())), 'hex')
         FROM ({}) AS all_of_it (kind, name, text)
         UNION ALL SELECT '{EXTENSION}', extname::text, extversion FROM pg_extension
         ORDER BY 1, 2",
        parts.join(" UNION ALL ")
    );
    let rows = client.query(&sql, &[]).await?;
    let definition =
        |row: &tokio_postgres::Row| Definition { kind: row.get(0), name: row.get(1), digest: row.get(2) };
    Ok(rows.iter().map(definition).collect())
}

/// `{of_users}` leaves the system's schemas out, and `{own:CATALOGUE:OID}` what belongs to an extension.
fn filled(part: &str) -> String {
    let mut out = part.replace("{of_users}", OF_USERS);
    while let Some(start) = out.find("{own:") {
        let Some(end) = out[start..].find('}').map(|end| start + end) else { break };
        let (catalogue, oid) = out[start + 5..end].split_once(':').unwrap_or_default();
        let own = format!(
            "NOT EXISTS (SELECT FROM pg_depend owned WHERE owned.classid = '{catalogue}'::regclass AND owned.objid = {oid} AND owned.deptype = 'e')"
        );
        out.replace_range(start..=end, &own);
    }
    out
}

/// What differs between the source and what was restored, extensions and what is `unsure` apart. `texts` says whether
/// definitions can be compared: two major versions may write the same one otherwise.
pub(super) fn differences(
    source: &[Definition],
    restored: &[Definition],
    texts: bool,
    unsure: &[String],
) -> Vec<String> {
    let (source, restored) = (by_name(source), by_name(restored));
    let lost = source.iter().filter_map(|(name, digest)| match restored.get(name) {
        None => Some((name, "is missing")),
        Some(other) if texts && other != digest => Some((name, "is defined otherwise")),
        Some(_) => None,
    });
    // Every new database has it, and no dump takes it away.
    let more = restored.keys().filter(|name| !source.contains_key(*name) && *name != "schema public");
    lost.chain(more.map(|name| (name, "is not in the source")))
        .filter(|(name, _)| !unsure.contains(name))
        .map(|(name, what)| format!("{name} {what}"))
        .collect()
}

/// What was made, changed or dropped from one look to the next, extensions apart.
pub(super) fn redefined(before: &[Definition], after: &[Definition]) -> Vec<String> {
    let (before, after) = (by_name(before), by_name(after));
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let other = after.iter().filter(|(name, digest)| before.get(*name) != Some(*digest));
    gone.chain(other.map(|(name, _)| name)).cloned().collect()
}

/// Digests by kind and name, those of extensions not.
fn by_name(list: &[Definition]) -> BTreeMap<String, &str> {
    let own = list.iter().filter(|one| one.kind != EXTENSION);
    own.map(|one| (format!("{} {}", one.kind, one.name), one.digest.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: &str, name: &str, digest: &str) -> Definition {
        Definition { kind: kind.to_owned(), name: name.to_owned(), digest: digest.to_owned() }
    }

    #[test]
    fn what_is_lost_other_or_more_is_named() {
        let source = [one("table", "a.t", "1"), one("index", "a.i", "1"), one(EXTENSION, "x", "1.0")];
        let restored =
            [one("table", "a.t", "2"), one("trigger", "g on a.t", "1"), one(EXTENSION, "x", "1.1")];
        assert_eq!(
            differences(&source, &restored, true, &[]),
            [
                "index a.i is missing",
                "table a.t is defined otherwise",
                "trigger g on a.t is not in the source"
            ]
        );
        assert_eq!(differences(&source, &restored, false, &[]).len(), 2);
        assert!(differences(&source, &source, true, &[]).is_empty());
        let unsure = redefined(&source, &restored);
        assert_eq!(unsure, ["index a.i", "table a.t", "trigger g on a.t"]);
        assert!(differences(&source, &restored, true, &unsure).is_empty());
    }

    #[test]
    fn what_extensions_own_is_left_out() {
        for part in PARTS {
            let filled = filled(part);
            assert!(!filled.contains('{') && !filled.contains('}'), "{filled}");
        }
        assert!(
            filled(PARTS[0]).contains("owned.classid = 'pg_namespace'::regclass AND owned.objid = n.oid")
        );
    }
}
