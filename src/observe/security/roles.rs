//! Roles, who is a member of what, and settings that stand at a role or a database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether it is the one that the cluster was made with.
    pub is_bootstrap: bool,
    /// Whether no right is asked of it.
    pub superuser: bool,
    /// Whether it may make roles.
    pub create_role: bool,
    /// Whether it may make databases.
    pub create_database: bool,
    /// Whether it may log in.
    pub login: bool,
    /// Whether it may replicate.
    pub replication: bool,
    /// Whether row-level security does not hold for it.
    pub bypass_rls: bool,
    /// Most of its sessions at a time; -1 for no limit.
    pub connection_limit: i32,
    /// Whether its password expires.
    pub expires: bool,
}

/// A role that is a member of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// The member.
    pub member: String,
    /// What it is a member of.
    pub role: String,
}

/// A setting that stands at a role, a database, or both; at neither, it is for all roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleSetting {
    /// The role, where it is one's.
    pub role: Option<String>,
    /// The database, where it is one's.
    pub database: Option<String>,
    /// Name of the setting.
    pub name: String,
    /// Its value, as it was written.
    pub value: String,
}

pub(super) const ROLES: &str = "SELECT rolname AS name, oid = 10 AS is_bootstrap, rolsuper AS superuser,
    rolcreaterole AS create_role, rolcreatedb AS create_database, rolcanlogin AS login,
    rolreplication AS replication, rolbypassrls AS bypass_rls, rolconnlimit AS connection_limit,
    rolvaliduntil IS NOT NULL AND isfinite(rolvaliduntil) AS expires
    FROM pg_roles ORDER BY rolname";

pub(super) const MEMBERSHIPS: &str = "SELECT m.rolname AS member, r.rolname AS role
    FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    GROUP BY m.rolname, r.rolname ORDER BY m.rolname, r.rolname";

/// Settings of the kind that are read. Of others nothing is wanted, and they may hold secrets.
pub(super) fn settings_sql() -> String {
    let names: Vec<String> = super::JUDGED.iter().map(|name| format!("'{name}'")).collect();
    format!(
        "SELECT r.rolname AS role, d.datname AS database, split_part(c, '=', 1) AS name,
             substr(c, strpos(c, '=') + 1) AS value
         FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
             LEFT JOIN pg_database d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) c
         WHERE split_part(c, '=', 1) IN ({})",
        names.join(", ")
    )
}
