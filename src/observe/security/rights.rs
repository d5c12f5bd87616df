//! Rights that are not an owner's own.

use super::objects::{IS_OF_USERS, not_of_extension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A right on something that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// What it is on.
    pub kind: ObjectKind,
    /// Its name, as SQL takes it.
    pub object: String,
    /// Who has the right; nobody's name for PUBLIC.
    pub grantee: Option<String>,
    /// As in `SELECT`.
    pub privilege: String,
    /// Whether it may be handed on.
    pub grantable: bool,
}

/// What a right is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// The database.
    Database,
    /// A schema.
    Schema,
    /// A table or a view.
    Table,
    /// A sequence.
    Sequence,
}

impl ObjectKind {
    /// As SQL calls it.
    #[must_use]
    pub fn sql(self) -> &'static str {
        match self {
            Self::Database => "DATABASE",
            Self::Schema => "SCHEMA",
            Self::Table => "TABLE",
            Self::Sequence => "SEQUENCE",
        }
    }
}

/// A right that PUBLIC gets on what is yet to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefaultPrivilege {
    /// The role that makes it.
    pub role: String,
    /// The schema that it is made in, as SQL takes its name; any where there is none.
    pub schema: Option<String>,
    /// As SQL calls what is made, as in `TABLES`.
    pub objects: String,
    /// As in `SELECT`.
    pub privilege: String,
}

/// What is not written down is as PostgreSQL's own default.
pub(super) fn grants_sql() -> String {
    format!(
        // Of a column, the right is written as GRANT and REVOKE have it: SELECT (email).
        "SELECT o.kind, o.object, r.rolname AS grantee, a.privilege_type || o.of_column AS privilege,
             a.is_grantable AS grantable
         FROM (
             SELECT 'database' AS kind, quote_ident(d.datname) AS object, d.datdba AS owner,
                 coalesce(d.datacl, acldefault('d', d.datdba)) AS acl, '' AS of_column
             FROM pg_database d WHERE d.datname = current_database()
             UNION ALL
             SELECT 'schema', quote_ident(n.nspname), n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)), ''
             FROM pg_namespace n WHERE {IS_OF_USERS}
             UNION ALL
             SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END,
                 format('%I.%I', n.nspname, c.relname), c.relowner, c.relacl, ''
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {IS_OF_USERS} AND {own}
             UNION ALL
             SELECT 'table', format('%I.%I', n.nspname, c.relname), c.relowner, t.attacl,
                 ' (' || quote_ident(t.attname) || ')'
             FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE t.attacl IS NOT NULL AND NOT t.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                 AND {IS_OF_USERS} AND {own}
         ) o CROSS JOIN aclexplode(o.acl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE a.grantee <> o.owner ORDER BY o.kind, o.object, r.rolname NULLS FIRST, privilege",
        own = not_of_extension("pg_class", "c")
    )
}

/// Without a schema, rights of PUBLIC on functions and types are PostgreSQL's own default, which is written down as soon
/// as any other is.
pub(super) const DEFAULT_PRIVILEGES: &str =
    "SELECT pg_get_userbyid(d.defaclrole) AS role, quote_ident(n.nspname) AS schema,
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
            WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects,
        a.privilege_type AS privilege
     FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
        CROSS JOIN aclexplode(d.defaclacl) a
     WHERE a.grantee = 0 AND NOT (d.defaclnamespace = 0 AND d.defaclobjtype IN ('f', 'T'))
     ORDER BY 1, 2, 3, 4";
