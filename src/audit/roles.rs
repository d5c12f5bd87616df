//! What the application's role may do, and who is a superuser.

use super::{
    authentication::is_of_cloud_sql,
    case::Case,
    check::{Check, Judged, Seen, cloud_sql, manual},
    finding::Severity,
};
use crate::observe::security::Role;
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "application-superuser",
        severity: Severity::Critical,
        title: "the application's role is a superuser",
        why: "one statement that somebody slips into the application reads files and runs programs on the server's machine",
        reference: concat!(manual!("role-attributes.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: application_superuser,
    },
    Check {
        id: "application-becomes-superuser",
        severity: Severity::Critical,
        title: "the application's role is a member of a superuser",
        why: "SET ROLE makes it that superuser",
        reference: concat!(manual!("role-membership.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: becomes_superuser,
    },
    Check {
        id: "superuser-login",
        severity: Severity::Medium,
        title: "there is a second superuser that can log in",
        why: "each is one more password that opens everything, and nobody knows who shares it",
        reference: concat!(manual!("role-attributes.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: superuser_login,
    },
    Check {
        id: "application-createrole",
        severity: Severity::High,
        title: "the application's role may make roles",
        why: "it gives itself and others rights that it does not have; before PostgreSQL 16 nearly all of them",
        reference: concat!(manual!("role-attributes.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: createrole,
    },
    Check {
        id: "application-createdb",
        severity: Severity::Medium,
        title: "the application's role may make databases",
        why: "an application works in its database; others fill the disk and are watched by nobody",
        reference: concat!(manual!("role-attributes.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: createdb,
    },
    Check {
        id: "application-bypassrls",
        severity: Severity::High,
        title: "row-level security does not hold for the application's role",
        why: "policies that keep customers apart are passed over, silently",
        reference: concat!(manual!("ddl-rowsecurity.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: bypassrls,
    },
    Check {
        id: "application-replication",
        severity: Severity::High,
        title: "the application's role may replicate",
        why: "it reads the whole cluster, past all rights, and slots of its own fill the disk",
        reference: concat!(manual!("role-attributes.html"), "; CIS PostgreSQL Benchmark, chapter 7"),
        judge: replication,
    },
    Check {
        id: "application-cloudsqlsuperuser",
        severity: Severity::High,
        title: "the application's role is a member of cloudsqlsuperuser",
        why: "it makes roles, databases and extensions; users that the console makes are members until that is revoked",
        reference: cloud_sql!("users"),
        judge: cloudsqlsuperuser,
    },
    Check {
        id: "application-server-files",
        severity: Severity::Critical,
        title: "the application's role reaches the server's machine",
        why: "it reads or writes the server's files, or runs programs there: that is as much as being a superuser",
        reference: concat!(manual!("predefined-roles.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: server_files,
    },
    Check {
        id: "application-all-data",
        severity: Severity::Medium,
        title: "the application's role may read or write every table",
        why: "rights on single tables no longer mean anything, those of tables to come included",
        reference: concat!(manual!("predefined-roles.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: all_data,
    },
    Check {
        id: "role-without-connection-limit",
        severity: Severity::Low,
        title: "the application's role may open any number of connections",
        why: "one instance that leaks connections, or a stolen password, shuts all others out",
        reference: concat!(manual!("sql-createrole.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: connection_limit,
    },
];

fn application_superuser(case: &Case) -> Judged {
    let role = case.application()?;
    if !role.superuser {
        return Ok(Vec::new());
    }
    let seen = Seen::new(&role.name, format!("{} is a superuser", role.name));
    // Taking it from the only one would leave nobody.
    let is_last =
        !case.roles()?.iter().any(|other| other.superuser && other.login && other.name != role.name);
    Ok(vec![if role.is_bootstrap || is_last {
        seen.by_hand("make a role of the application's own, LOGIN NOSUPERUSER, grant it what it needs, and audit it by --role NAME")
    } else {
        seen.sql(format!("ALTER ROLE {} NOSUPERUSER;", sql::name(&role.name)))
    }])
}

fn becomes_superuser(case: &Case) -> Judged {
    let application = case.application()?;
    let memberships = case.memberships(&application.name)?;
    let roles =
        case.roles()?.iter().filter(|role| role.superuser && memberships.contains(&role.name.as_str()));
    Ok(roles.map(|role| member(application, &role.name)).collect())
}

/// That the application's role is a member of `of`, which helps it no more when that is revoked.
fn member(application: &Role, of: &str) -> Seen {
    Seen::new(of, format!("{} is a member of {of}, itself or by a role between", application.name))
        .sql(format!("REVOKE {} FROM {};", sql::name(of), sql::name(&application.name)))
        .by_hand(
            "where a role stands between them, revoke it from that one or that one from the application's",
        )
}

fn members_of(case: &Case, of: &[&str]) -> Judged {
    let application = case.application()?;
    let memberships = case.memberships(&application.name)?;
    let found = of.iter().filter(|role| memberships.contains(role));
    Ok(found.map(|role| member(application, role)).collect())
}

fn superuser_login(case: &Case) -> Judged {
    let is_meant = |role: &&Role| {
        role.superuser && role.login && !role.is_bootstrap && !is_of_cloud_sql(case, &role.name)
            // That one has a finding of its own.
            && role.name != case.evidence.role
    };
    let seen = |role: &Role| {
        Seen::new(&role.name, format!("{} is a superuser and can log in", role.name))
            .sql(format!("ALTER ROLE {} NOSUPERUSER;", sql::name(&role.name)))
    };
    Ok(case.roles()?.iter().filter(is_meant).map(seen).collect())
}

/// An attribute of the application's role. A superuser has them all, and a finding of its own.
fn attribute(case: &Case, has: fn(&Role) -> bool, name: &str) -> Judged {
    let role = case.application()?;
    if role.superuser || !has(role) {
        return Ok(Vec::new());
    }
    let seen = Seen::new(&role.name, format!("{} has the attribute {name}", role.name));
    Ok(vec![seen.sql(format!("ALTER ROLE {} NO{name};", sql::name(&role.name)))])
}

fn createrole(case: &Case) -> Judged {
    attribute(case, |role| role.create_role, "CREATEROLE")
}

fn createdb(case: &Case) -> Judged {
    attribute(case, |role| role.create_database, "CREATEDB")
}

fn bypassrls(case: &Case) -> Judged {
    attribute(case, |role| role.bypass_rls, "BYPASSRLS")
}

fn replication(case: &Case) -> Judged {
    attribute(case, |role| role.replication, "REPLICATION")
}

fn cloudsqlsuperuser(case: &Case) -> Judged {
    members_of(case, &["cloudsqlsuperuser"])
}

fn server_files(case: &Case) -> Judged {
    members_of(case, &["pg_read_server_files", "pg_write_server_files", "pg_execute_server_program"])
}

fn all_data(case: &Case) -> Judged {
    members_of(case, &["pg_read_all_data", "pg_write_all_data"])
}

fn connection_limit(case: &Case) -> Judged {
    let role = case.application()?;
    // A superuser's is not enforced.
    if role.superuser || role.connection_limit >= 0 {
        return Ok(Vec::new());
    }
    let seen = Seen::new(&role.name, format!("{} has no CONNECTION LIMIT", role.name));
    let name = sql::name(&role.name);
    Ok(vec![match &case.wanted.budget {
        Some(budget) => seen.sql(format!("ALTER ROLE {name} CONNECTION LIMIT {};", budget.connections())),
        None => seen.by_hand(format!(
            "give it as many as all instances' pools may open: ALTER ROLE {name} CONNECTION LIMIT n; with --instances and --pool-max the number is computed"
        )),
    }])
}
