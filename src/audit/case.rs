//! The evidence as the checks see it: what they ask again and again.

use super::{Wanted, finding::Remedy};
use crate::{
    flags::{
        Setting,
        catalog::{self, Known},
        instance::CloudInstance,
    },
    observe::security::{Role, RoleSetting, SecurityEvidence},
    text::sql,
};

/// The evidence, and what is asked.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a SecurityEvidence,
    pub(super) wanted: &'a Wanted,
}

/// Reads the configuration files anew.
pub(super) const RELOAD: &str = "SELECT pg_reload_conf();";

/// Why a value is not known.
fn hidden(name: &str, whose: &str) -> String {
    format!("the session has a {name} of its own ({whose}), which hides what others get: audit without it")
}

impl<'a> Case<'a> {
    /// # Errors
    /// When the session's role may not see it.
    pub(super) fn setting(&self, name: &str) -> Result<&'a Setting, String> {
        let found = self.evidence.settings.iter().find(|setting| setting.name == name);
        let found = found
            .ok_or_else(|| format!("the session's role may not see the setting {name}, or there is none"))?;
        // What hides the server's own value is the session's alone, and that value is not known then.
        if ["client", "session"].contains(&found.source.as_str()) {
            return Err(hidden(name, "PGOPTIONS, or options in the connection string"));
        }
        Ok(found)
    }

    pub(super) fn value(&self, name: &str) -> Result<&'a str, String> {
        Ok(self.setting(name)?.value.as_str())
    }

    /// A setting that is a whole number.
    pub(super) fn number(&self, name: &str) -> Result<u64, String> {
        let value = self.value(name)?;
        value.parse().map_err(|_| format!("{name} is {value}, which is no count"))
    }

    pub(super) fn is_cloud_sql(&self) -> bool {
        self.evidence.server.is_cloud_sql
    }

    pub(super) fn instance(&self) -> Result<&'a CloudInstance, String> {
        self.evidence.instance.get()
    }

    /// The instance's name, for commands.
    pub(super) fn instance_name(&self) -> &'a str {
        let known = self.instance().ok().map(|instance| instance.name.as_str());
        known.filter(|name| !name.is_empty()).unwrap_or("INSTANCE")
    }

    /// Whether anybody can come by TCP. Cloud SQL does not show where it listens.
    pub(super) fn takes_tcp(&self) -> Result<bool, String> {
        Ok(self.is_cloud_sql() || !self.value("listen_addresses")?.trim().is_empty())
    }

    pub(super) fn roles(&self) -> Result<&'a [Role], String> {
        self.evidence.roles.get().map(Vec::as_slice)
    }

    /// The application's role.
    pub(super) fn application(&self) -> Result<&'a Role, String> {
        let name = &self.evidence.role;
        self.roles()?.iter().find(|role| role.name == *name).ok_or_else(|| format!("there is no role {name}"))
    }

    /// What a role is a member of, by others, too.
    pub(super) fn memberships(&self, of: &str) -> Result<Vec<&'a str>, String> {
        let all = self.evidence.memberships.get()?;
        let mut found: Vec<&str> = Vec::new();
        let mut waiting = vec![of];
        while let Some(member) = waiting.pop() {
            for one in all.iter().filter(|one| one.member == member) {
                if !found.contains(&one.role.as_str()) {
                    found.push(&one.role);
                    waiting.push(&one.role);
                }
            }
        }
        Ok(found)
    }

    /// A setting that a session of the application's role begins with: its own in this database, its own, the database's,
    /// everybody's, or the server's.
    pub(super) fn at_role(&self, name: &str) -> Result<&'a str, String> {
        if let Some(own) = self.own_settings(name)?.first() {
            return Ok(&own.value);
        }
        let setting = self.setting(name)?;
        let is_of_role = ["user", "database user"].contains(&setting.source.as_str());
        if is_of_role && self.evidence.session.role != self.evidence.role {
            return Err(hidden(name, "its role's"));
        }
        Ok(&setting.value)
    }

    /// What stands for the application's role at roles and databases, what wins first.
    fn own_settings(&self, name: &str) -> Result<Vec<&'a RoleSetting>, String> {
        let is_meant = |one: &&RoleSetting| {
            one.name == name
                && one.role.as_ref().is_none_or(|role| *role == self.evidence.role)
                && one.database.as_ref().is_none_or(|database| *database == self.evidence.server.database)
        };
        let mut own: Vec<&RoleSetting> = self.evidence.role_settings.get()?.iter().filter(is_meant).collect();
        own.sort_by_key(|one| (one.role.is_none(), one.database.is_none()));
        Ok(own)
    }

    /// SQL that sets something for the application's role, where nothing wins over it.
    pub(super) fn set_at_role(&self, name: &str, value: &str) -> Result<String, String> {
        let is_in_database =
            self.own_settings(name)?.first().is_some_and(|one| one.role.is_some() && one.database.is_some());
        let role = sql::name(&self.evidence.role);
        let place = if is_in_database {
            format!("{role} IN DATABASE {}", sql::name(&self.evidence.server.database))
        } else {
            role
        };
        Ok(format!("ALTER ROLE {place} SET {name} = {};", sql::literal(value)))
    }

    /// What sets something for the whole server, where it stands.
    pub(super) fn set(&self, name: &str, value: &str) -> Remedy {
        if self.is_cloud_sql() {
            return cloud_flag(name, value);
        }
        let Ok(setting) = self.setting(name) else {
            return Remedy::by_hand(format!("set {name} to {value}"));
        };
        let (role, database) = (&self.evidence.session.role, &self.evidence.server.database);
        let owner = match setting.source.as_str() {
            "database" => format!("DATABASE {}", sql::name(database)),
            "user" => format!("ROLE {}", sql::name(role)),
            "database user" => format!("ROLE {} IN DATABASE {}", sql::name(role), sql::name(database)),
            "global" => "ROLE ALL".to_owned(),
            "command line" | "environment variable" => {
                return Remedy::by_hand(format!(
                    "set {name} to {value} on the server's command line, where it stands and SQL does not reach"
                ));
            }
            _ => "SYSTEM".to_owned(),
        };
        let needs_restart = setting.context == "postmaster";
        let mut sql = vec![format!("ALTER {owner} SET {name} = {};", sql::literal(value))];
        if owner == "SYSTEM" && !needs_restart {
            sql.push(RELOAD.to_owned());
        }
        let by_hand = if needs_restart { "then restart the server".to_owned() } else { String::new() };
        Remedy { sql, by_hand, ..Remedy::default() }
    }
}

fn cloud_flag(name: &str, value: &str) -> Remedy {
    match catalog::find(name).map(|flag| flag.cloud_sql) {
        Some(Known::No) => {
            Remedy::by_hand(format!("{name} should be {value}, and Cloud SQL does not offer the flag"))
        }
        _ => Remedy { flags: vec![format!("{name}={value}")], ..Remedy::default() },
    }
}

/// Whether a time is 0, which means none, in whatever unit.
pub(super) fn is_zero(value: &str) -> bool {
    let number = value.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    number.parse::<f64>().is_ok_and(|number| number == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_length_are_zero() {
        for (value, zero) in
            [("0", true), ("0ms", true), ("0 s", true), ("10s", false), ("", false), ("off", false)]
        {
            assert_eq!(is_zero(value), zero, "{value}");
        }
    }
}
