//! Tables, functions, and what else stands in a database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// Its name with its schema, as SQL takes it.
    pub name: String,
    /// Its schema.
    pub schema: String,
    /// Its own name.
    pub bare: String,
    /// Its owner.
    pub owner: String,
    /// Whether it is left out of the log, and empty after a crash.
    pub unlogged: bool,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// Whether that holds for the owner, too.
    pub forced: bool,
    /// Policies of row-level security.
    pub policies: u32,
}

/// A function or procedure that runs with its owner's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefinerFunction {
    /// Its name with schema and arguments, as SQL takes it.
    pub name: String,
    /// FUNCTION or PROCEDURE.
    pub kind: String,
    /// Its schema, as SQL takes its name.
    pub schema: String,
    /// Its owner.
    pub owner: String,
    /// Schemas that it looks for names in, where it says so itself.
    pub search_path: Option<String>,
    /// Whether everybody may call it.
    pub is_public: bool,
}

/// An extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Version that is installed.
    pub installed: String,
    /// Version that the server would install.
    pub available: Option<String>,
}

/// A language whose functions reach the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Language {
    /// Its name.
    pub name: String,
}

/// A foreign server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForeignServer {
    /// Its name.
    pub name: String,
    /// Its wrapper.
    pub wrapper: String,
    /// Its owner.
    pub owner: String,
    /// Whether everybody may use it.
    pub is_public: bool,
}

/// A role that a foreign server knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserMapping {
    /// The foreign server.
    pub server: String,
    /// The role; nobody's name for PUBLIC.
    pub role: Option<String>,
    /// Whether a password stands in it; none where that may not be seen.
    pub has_password: Option<bool>,
}

/// A trigger that fires by commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventTrigger {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub event: String,
    /// Its owner.
    pub owner: String,
}

/// A replication slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplicationSlot {
    /// Its name.
    pub name: String,
    /// physical or logical.
    pub kind: String,
    /// Whether somebody reads it.
    pub active: bool,
}

/// Of a namespace `n`: whether it is not PostgreSQL's own.
pub(super) const IS_OF_USERS: &str =
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";

/// Of an object of `catalogue`: whether no extension brought it.
pub(super) fn not_of_extension(catalogue: &str, alias: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalogue}'::regclass
             AND e.objid = {alias}.oid AND e.deptype = 'e')"
    )
}

pub(super) fn tables_sql() -> String {
    format!(
        "SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname AS schema, c.relname AS bare,
             pg_get_userbyid(c.relowner) AS owner, c.relpersistence = 'u' AS unlogged,
             c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
             (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND {IS_OF_USERS} AND {} ORDER BY 1",
        not_of_extension("pg_class", "c")
    )
}

pub(super) fn definer_functions_sql() -> String {
    format!(
        "SELECT p.oid::regprocedure::text AS name,
             CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind,
             quote_ident(n.nspname) AS schema, pg_get_userbyid(p.proowner) AS owner,
             (SELECT substr(c, 13) FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%') AS search_path,
             EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                     WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE') AS is_public
         FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE p.prosecdef AND {IS_OF_USERS} AND {} ORDER BY 1",
        not_of_extension("pg_proc", "p")
    )
}

pub(super) const EXTENSIONS: &str = "SELECT e.extname AS name, e.extversion AS installed,
    a.default_version AS available
    FROM pg_extension e LEFT JOIN pg_available_extensions a ON a.name = e.extname ORDER BY 1";

/// Functions in C and of the server itself only a superuser makes.
pub(super) const LANGUAGES: &str = "SELECT lanname AS name FROM pg_language
    WHERE NOT lanpltrusted AND lanname NOT IN ('internal', 'c') ORDER BY 1";

pub(super) const FOREIGN_SERVERS: &str = "SELECT s.srvname AS name, w.fdwname AS wrapper,
    pg_get_userbyid(s.srvowner) AS owner,
    EXISTS (SELECT FROM aclexplode(s.srvacl) a WHERE a.grantee = 0) AS is_public
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY 1";

/// Who may not see the options sees none; a mapping without options has none, either.
pub(super) const USER_MAPPINGS: &str = "SELECT srvname AS server,
    CASE WHEN umuser <> 0 THEN usename END AS role,
    CASE WHEN umoptions IS NOT NULL
         THEN EXISTS (SELECT FROM unnest(umoptions) o WHERE o LIKE 'password=%') END AS has_password
    FROM pg_user_mappings ORDER BY 1, 2";

pub(super) const EVENT_TRIGGERS: &str = "SELECT t.evtname AS name, t.evtevent AS event,
    pg_get_userbyid(t.evtowner) AS owner FROM pg_event_trigger t
    WHERE t.evtenabled <> 'D' AND NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')
    ORDER BY 1";

pub(super) const SLOTS: &str = "SELECT slot_name AS name, slot_type AS kind, active
    FROM pg_replication_slots WHERE NOT temporary ORDER BY 1";
