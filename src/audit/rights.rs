//! Rights that everybody has, and rights that can be handed on.

use super::{
    case::Case,
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};
use crate::observe::security::{DefaultPrivilege, Grant, ObjectKind};
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "schema-create-public",
        severity: Severity::High,
        title: "everybody may make objects in a schema",
        why: "a function or table of somebody's that stands before yours in a search_path is run with your rights (CVE-2018-1058)",
        reference: concat!(
            manual!("ddl-schemas.html#DDL-SCHEMAS-PATTERNS"),
            "; CIS PostgreSQL Benchmark, chapter 4"
        ),
        judge: schema_create,
    },
    Check {
        id: "table-granted-to-public",
        severity: Severity::Medium,
        title: "everybody has rights on a table",
        why: "every role that is ever made has them, too, whatever it was made for",
        reference: concat!(manual!("ddl-priv.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: tables,
    },
    Check {
        id: "database-connect-public",
        severity: Severity::Low,
        title: "everybody may connect to the database",
        why: "a role that was made for another database looks into this one's catalogue and uses its connections",
        reference: concat!(manual!("ddl-priv.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: connect,
    },
    Check {
        id: "database-temporary-public",
        severity: Severity::Low,
        title: "everybody may make temporary tables in the database",
        why: "temporary tables fill the disk, and stand before others in a search_path that does not say otherwise",
        reference: concat!(manual!("ddl-priv.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: temporary,
    },
    Check {
        id: "default-privileges-public",
        severity: Severity::Medium,
        title: "everybody gets rights on what is yet to be made",
        why: "each migration opens what it makes, and nobody sees it in the migration",
        reference: manual!("sql-alterdefaultprivileges.html"),
        judge: default_privileges,
    },
    Check {
        id: "grant-option",
        severity: Severity::Low,
        title: "a role may hand its rights on",
        why: "who has a right is then no longer decided by the owner",
        reference: concat!(manual!("sql-grant.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: grant_option,
    },
];

/// Rights of PUBLIC for which `is_meant`.
fn public<'a>(case: &Case<'a>, is_meant: fn(&Grant) -> bool) -> Result<Vec<&'a Grant>, String> {
    let all = case.evidence.grants.get()?.iter();
    Ok(all.filter(|grant| grant.grantee.is_none() && is_meant(grant)).collect())
}

fn revoked(grant: &Grant) -> String {
    format!("REVOKE {} ON {} {} FROM PUBLIC;", grant.privilege, grant.kind.sql(), grant.object)
}

fn schema_create(case: &Case) -> Judged {
    let is_meant = |grant: &Grant| grant.kind == ObjectKind::Schema && grant.privilege == "CREATE";
    let seen = |grant: &Grant| {
        Seen::new(&grant.object, format!("PUBLIC has CREATE on the schema {}", grant.object))
            .sql(revoked(grant))
    };
    Ok(public(case, is_meant)?.into_iter().map(seen).collect())
}

fn tables(case: &Case) -> Judged {
    let is_meant = |grant: &Grant| matches!(grant.kind, ObjectKind::Table | ObjectKind::Sequence);
    let grants = public(case, is_meant)?;
    let seen = |one: &[&Grant]| {
        let first = one.first()?;
        let privileges: Vec<&str> = one.iter().map(|grant| grant.privilege.as_str()).collect();
        let words = privileges.join(", ");
        let reads = ["SELECT", "REFERENCES", "USAGE"];
        // A right on a column has the column behind it.
        let is_read =
            |privilege: &&str| privilege.split(' ').next().is_some_and(|word| reads.contains(&word));
        let is_changed = !privileges.iter().all(is_read);
        let severity = if is_changed { Severity::High } else { Severity::Medium };
        let command = format!("REVOKE {words} ON {} {} FROM PUBLIC;", first.kind.sql(), first.object);
        let seen = Seen::new(&first.object, format!("PUBLIC has {words} on {}", first.object));
        Some(seen.severity(severity).sql(command))
    };
    Ok(grants.chunk_by(|a, b| a.object == b.object && a.kind == b.kind).filter_map(seen).collect())
}

fn connect(case: &Case) -> Judged {
    let is_meant = |grant: &Grant| grant.kind == ObjectKind::Database && grant.privilege == "CONNECT";
    let role = sql::name(&case.evidence.role);
    let seen = |grant: &Grant| {
        Seen::new(&grant.object, format!("PUBLIC has CONNECT on the database {}", grant.object))
            .sql(format!("GRANT CONNECT ON DATABASE {} TO {role};", grant.object))
            .sql(revoked(grant))
            .by_hand("every other role that is to connect needs GRANT CONNECT, too")
    };
    Ok(public(case, is_meant)?.into_iter().map(seen).collect())
}

fn temporary(case: &Case) -> Judged {
    let is_meant = |grant: &Grant| grant.kind == ObjectKind::Database && grant.privilege == "TEMPORARY";
    let seen = |grant: &Grant| {
        Seen::new(&grant.object, format!("PUBLIC has TEMPORARY on the database {}", grant.object))
            .sql(revoked(grant))
            .by_hand("a role that makes temporary tables needs GRANT TEMPORARY")
    };
    Ok(public(case, is_meant)?.into_iter().map(seen).collect())
}

fn default_privileges(case: &Case) -> Judged {
    let seen = |one: &DefaultPrivilege| {
        let DefaultPrivilege { role, schema, objects, privilege } = one;
        let place =
            |word: &str| schema.as_ref().map_or_else(String::new, |schema| format!(" {word} {schema}"));
        let object = format!("{privilege} on {objects} of {role}{}", place("in"));
        let words =
            format!("PUBLIC gets {privilege} on {objects} that {role} makes{}", place("in the schema"));
        Seen::new(object, words).sql(format!(
            "ALTER DEFAULT PRIVILEGES FOR ROLE {}{} REVOKE {privilege} ON {objects} FROM PUBLIC;",
            sql::name(role),
            place("IN SCHEMA")
        ))
    };
    Ok(case.evidence.default_privileges.get()?.iter().map(seen).collect())
}

fn grant_option(case: &Case) -> Judged {
    let all = case.evidence.grants.get()?.iter();
    let grants: Vec<&Grant> = all.filter(|grant| grant.grantable && grant.grantee.is_some()).collect();
    let seen = |one: &[&Grant]| {
        let first = one.first()?;
        let grantee = first.grantee.as_ref()?;
        let privileges: Vec<&str> = one.iter().map(|grant| grant.privilege.as_str()).collect();
        let (kind, object, words) = (first.kind.sql(), &first.object, privileges.join(", "));
        let seen =
            Seen::new(format!("{object} to {grantee}"), format!("{grantee} may hand on {words} on {object}"));
        Some(
            seen.sql(format!(
                "REVOKE GRANT OPTION FOR {words} ON {kind} {object} FROM {} CASCADE;",
                sql::name(grantee)
            ))
            .by_hand("what was handed on is taken back, too"),
        )
    };
    let is_one = |a: &&Grant, b: &&Grant| a.kind == b.kind && a.object == b.object && a.grantee == b.grantee;
    Ok(grants.chunk_by(is_one).filter_map(seen).collect())
}
