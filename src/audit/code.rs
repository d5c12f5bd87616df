//! What runs in the server: functions with their owner's rights, extensions, languages, foreign servers.

use super::{
    case::Case,
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};
use crate::observe::security::{
    DefinerFunction, EventTrigger, Extension, ForeignServer, Grant, ObjectKind, UserMapping,
};
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "definer-search-path",
        severity: Severity::High,
        title: "a SECURITY DEFINER function takes names from where its caller says",
        why: "a caller puts a table or function of his own before the meant one, and it is used with the owner's rights",
        reference: concat!(
            manual!("sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY"),
            "; CIS PostgreSQL Benchmark, chapter 4"
        ),
        judge: definer_search_path,
    },
    Check {
        id: "definer-function-public",
        severity: Severity::Medium,
        title: "everybody may call a SECURITY DEFINER function",
        why: "what only its owner may do, every role does through it, those that nobody thought of included",
        reference: concat!(
            manual!("sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY"),
            "; CIS PostgreSQL Benchmark, chapter 4"
        ),
        judge: definer_public,
    },
    Check {
        id: "language-untrusted",
        severity: Severity::High,
        title: "an untrusted language is installed",
        why: "a function in it does on the server's machine whatever the server's user may do",
        reference: manual!("sql-createlanguage.html"),
        judge: languages,
    },
    Check {
        id: "extension-risky",
        severity: Severity::Medium,
        title: "an extension reaches out of the database",
        why: "it opens connections to other servers or files of this one, from within, past the firewall",
        reference: concat!(manual!("contrib.html"), "; CIS PostgreSQL Benchmark, chapter 8"),
        judge: risky_extensions,
    },
    Check {
        id: "extension-outdated",
        severity: Severity::Low,
        title: "an extension is older than the server's files",
        why: "what a later version mended stays as it was until the extension is updated in the database, too",
        reference: manual!("sql-alterextension.html"),
        judge: outdated_extensions,
    },
    Check {
        id: "foreign-server-public",
        severity: Severity::Medium,
        title: "everybody may use a foreign server",
        why: "every role reaches the other server from within this one, as whoever is mapped there",
        reference: manual!("sql-grant.html"),
        judge: foreign_servers,
    },
    Check {
        id: "user-mapping-password",
        severity: Severity::Medium,
        title: "a password for another server stands in the system catalogs",
        why: "it is kept as it is, in every dump and backup of the database",
        reference: manual!("sql-createusermapping.html"),
        judge: user_mappings,
    },
    Check {
        id: "event-trigger",
        severity: Severity::Low,
        title: "a trigger fires by commands",
        why: "it runs within other people's migrations, with their rights, a superuser's included",
        reference: manual!("event-triggers.html"),
        judge: event_triggers,
    },
];

/// Extensions that open connections or files.
const RISKY: [&str; 5] = ["adminpack", "dblink", "file_fdw", "http", "plsh"];

fn functions<'a>(case: &Case<'a>) -> Result<&'a [DefinerFunction], String> {
    case.evidence.definer_functions.get().map(Vec::as_slice)
}

/// What is wrong with where a function looks for names; nothing where somebody's temporary tables come last and nobody
/// else can put anything before.
fn fault_of_path(path: Option<&str>, open: &[&str]) -> Option<String> {
    let Some(path) = path else { return Some("has no search_path of its own".to_owned()) };
    let schemas: Vec<&str> =
        path.split(',').map(str::trim).filter(|name| !["", "\"\""].contains(name)).collect();
    if schemas.contains(&"\"$user\"") {
        return Some("looks for names in the caller's own schema (\"$user\")".to_owned());
    }
    if let Some(open) = schemas.iter().find(|schema| open.contains(schema)) {
        return Some(format!("looks for names in {open}, where everybody may make objects"));
    }
    let is_safe = schemas.last().is_none_or(|last| *last == "pg_temp");
    (!is_safe).then(|| {
        "looks for names in temporary tables first, as pg_temp is not last in its search_path".to_owned()
    })
}

fn definer_search_path(case: &Case) -> Judged {
    let grants = case.evidence.grants.get()?.iter();
    let is_open = |grant: &&Grant| {
        grant.kind == ObjectKind::Schema && grant.grantee.is_none() && grant.privilege == "CREATE"
    };
    let open: Vec<&str> = grants.filter(is_open).map(|grant| grant.object.as_str()).collect();
    let seen = |one: &DefinerFunction| {
        let fault = fault_of_path(one.search_path.as_deref(), &open)?;
        let words = format!("{}, which runs as {}, {fault}", one.name, one.owner);
        let command =
            format!("ALTER {} {} SET search_path = pg_catalog, {}, pg_temp;", one.kind, one.name, one.schema);
        Some(
            Seen::new(&one.name, words)
                .sql(command)
                .by_hand("name other schemas that it uses before pg_temp"),
        )
    };
    Ok(functions(case)?.iter().filter_map(seen).collect())
}

fn definer_public(case: &Case) -> Judged {
    let role = sql::name(&case.evidence.role);
    let seen = |one: &DefinerFunction| {
        Seen::new(&one.name, format!("PUBLIC has EXECUTE on {}, which runs as {}", one.name, one.owner))
            .sql(format!("GRANT EXECUTE ON {} {} TO {role};", one.kind, one.name))
            .sql(format!("REVOKE EXECUTE ON {} {} FROM PUBLIC;", one.kind, one.name))
            .by_hand("every other role that is to call it needs GRANT EXECUTE, too")
    };
    Ok(functions(case)?.iter().filter(|one| one.is_public).map(seen).collect())
}

fn languages(case: &Case) -> Judged {
    let seen = |name: &str| {
        Seen::new(name, format!("the language {name} is not trusted")).by_hand(format!(
            "where no function needs it: DROP EXTENSION {0}; or DROP LANGUAGE {0};",
            sql::name(name)
        ))
    };
    Ok(case.evidence.languages.get()?.iter().map(|language| seen(&language.name)).collect())
}

fn risky_extensions(case: &Case) -> Judged {
    let seen = |one: &Extension| {
        Seen::new(&one.name, format!("the extension {} {} is installed", one.name, one.installed))
            .by_hand(format!("where nothing uses it: DROP EXTENSION {};", sql::name(&one.name)))
    };
    Ok(case
        .evidence
        .extensions
        .get()?
        .iter()
        .filter(|one| RISKY.contains(&one.name.as_str()))
        .map(seen)
        .collect())
}

fn outdated_extensions(case: &Case) -> Judged {
    let seen = |one: &Extension| {
        let available = one.available.as_ref().filter(|available| **available != one.installed)?;
        let words = format!("{} is {}, and the server has {available}", one.name, one.installed);
        Some(Seen::new(&one.name, words).sql(format!("ALTER EXTENSION {} UPDATE;", sql::name(&one.name))))
    };
    Ok(case.evidence.extensions.get()?.iter().filter_map(seen).collect())
}

fn foreign_servers(case: &Case) -> Judged {
    let seen = |one: &ForeignServer| {
        let words = format!("PUBLIC has USAGE on the foreign server {} ({})", one.name, one.wrapper);
        Seen::new(&one.name, words)
            .sql(format!("REVOKE USAGE ON FOREIGN SERVER {} FROM PUBLIC;", sql::name(&one.name)))
    };
    Ok(case.evidence.foreign_servers.get()?.iter().filter(|one| one.is_public).map(seen).collect())
}

fn user_mappings(case: &Case) -> Judged {
    let all = case.evidence.user_mappings.get()?;
    let is_superuser =
        case.roles()?.iter().any(|role| role.superuser && role.name == case.evidence.session.role);
    if !is_superuser && all.iter().any(|one| one.has_password.is_none()) {
        return Err("the session's role may not see the options of every user mapping".to_owned());
    }
    let seen = |one: &UserMapping| {
        let role = one.role.as_deref().unwrap_or("PUBLIC");
        Seen::new(
            format!("{role} at {}", one.server),
            format!("the user mapping of {role} for the foreign server {} holds a password", one.server),
        )
        .by_hand("let the other server take a certificate (sslcert, sslkey) or keep the password in a file that only the server's user reads")
    };
    Ok(all.iter().filter(|one| one.has_password == Some(true)).map(seen).collect())
}

fn event_triggers(case: &Case) -> Judged {
    let seen = |one: &EventTrigger| {
        Seen::new(&one.name, format!("{} of {} fires at {}", one.name, one.owner, one.event)).by_hand(
            format!("read its function; where nobody needs it: DROP EVENT TRIGGER {};", sql::name(&one.name)),
        )
    };
    Ok(case.evidence.event_triggers.get()?.iter().map(seen).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_path_ends_with_pg_temp() {
        for (path, fault) in [
            (None, Some("has no search_path")),
            (Some("pg_catalog, music, pg_temp"), None),
            (Some(""), None),
            (Some("\"\""), None),
            (Some("pg_catalog"), Some("temporary tables first")),
            (Some("pg_temp, music"), Some("temporary tables first")),
            (Some("\"$user\", public"), Some("caller's own schema")),
            (Some("open, pg_temp"), Some("in open, where everybody")),
        ] {
            let found = fault_of_path(path, &["open"]);
            assert_eq!(found.is_some(), fault.is_some(), "{path:?}: {found:?}");
            assert!(found.unwrap_or_default().contains(fault.unwrap_or_default()), "{path:?}");
        }
    }
}
