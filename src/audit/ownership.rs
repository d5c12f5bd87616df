//! Whose the tables are, and row-level security.

use super::{
    case::Case,
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};
use crate::observe::security::Table;
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "application-owns-database",
        severity: Severity::Medium,
        title: "the application's role owns the database",
        why: "an owner drops it, and grants rights on it to whom it likes; no right can be taken from it for good",
        reference: concat!(manual!("ddl-priv.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: owns_database,
    },
    Check {
        id: "application-owns-tables",
        severity: Severity::Medium,
        title: "the application's role owns a table that it works with",
        why: "one statement that somebody slips into the application drops it, or switches its triggers and row-level security off",
        reference: concat!(manual!("ddl-priv.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: owns_tables,
    },
    Check {
        id: "data-in-public-schema",
        severity: Severity::Info,
        title: "a table stands in the schema public",
        why: "everybody has USAGE there, and before PostgreSQL 15 CREATE; a schema of its own has neither",
        reference: manual!("ddl-schemas.html#DDL-SCHEMAS-PATTERNS"),
        judge: in_public,
    },
    Check {
        id: "rls-missing",
        severity: Severity::High,
        title: "a table that is to have row-level security has none",
        why: "every role that may read the table reads everybody's rows",
        reference: concat!(manual!("ddl-rowsecurity.html"), "; CIS PostgreSQL Benchmark, chapter 4"),
        judge: rls_missing,
    },
    Check {
        id: "rls-without-policies",
        severity: Severity::Low,
        title: "row-level security is on and has no policy",
        why: "nobody but the owner sees a row: either policies were forgotten, or rights were meant",
        reference: manual!("ddl-rowsecurity.html"),
        judge: rls_without_policies,
    },
    Check {
        id: "rls-owner-bypass",
        severity: Severity::High,
        title: "row-level security does not hold for the application's role, which owns the table",
        why: "policies do not hold for a table's owner unless they are forced",
        reference: manual!("ddl-rowsecurity.html"),
        judge: rls_owner_bypass,
    },
    Check {
        id: "table-unlogged",
        severity: Severity::Medium,
        title: "a table is not in the log",
        why: "after a crash or a failover it is empty, and no backup to a point in time has it",
        reference: manual!("sql-createtable.html#SQL-CREATETABLE-UNLOGGED"),
        judge: unlogged,
    },
];

fn tables<'a>(case: &Case<'a>) -> Result<&'a [Table], String> {
    case.evidence.tables.get().map(Vec::as_slice)
}

fn owns_database(case: &Case) -> Judged {
    let (server, role) = (&case.evidence.server, &case.evidence.role);
    if server.owner != *role || case.application()?.superuser {
        return Ok(Vec::new());
    }
    let database = sql::name(&server.database);
    let seen = Seen::new(&server.database, format!("{role} owns the database {}", server.database));
    Ok(vec![seen.by_hand(format!(
        "give it to a role that migrates and does not serve: ALTER DATABASE {database} OWNER TO ...; GRANT CONNECT ON DATABASE {database} TO {};",
        sql::name(role)
    ))])
}

fn owns_tables(case: &Case) -> Judged {
    let (server, role) = (&case.evidence.server, &case.evidence.role);
    // A superuser needs no ownership.
    if case.application()?.superuser {
        return Ok(Vec::new());
    }
    let memberships = case.memberships(role)?;
    let is_owned = |table: &&Table| table.owner == *role || memberships.contains(&table.owner.as_str());
    let seen = |table: &Table| {
        if table.owner != *role {
            let words = format!("{role} is a member of {}, which owns {}", table.owner, table.name);
            return Seen::new(&table.name, words).by_hand(format!(
                "take the membership away, and grant what is needed: REVOKE {} FROM {};",
                sql::name(&table.owner),
                sql::name(role)
            ));
        }
        let seen = Seen::new(&table.name, format!("{role} owns {}", table.name));
        let granted =
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {};", table.name, sql::name(role));
        if server.owner == *role {
            return seen.by_hand(format!(
                "give it to a role that migrates and does not serve: ALTER TABLE {} OWNER TO ...; {granted}",
                table.name
            ));
        }
        seen.sql(format!("ALTER TABLE {} OWNER TO {};", table.name, sql::name(&server.owner)))
            .sql(granted)
            .by_hand("migrations then run as the new owner")
    };
    Ok(tables(case)?.iter().filter(is_owned).map(seen).collect())
}

fn in_public(case: &Case) -> Judged {
    let seen = |table: &Table| {
        let words = format!("{} stands in public", table.name);
        Seen::new(&table.name, words).by_hand(format!(
            "make a schema of the application's own, and: ALTER TABLE {} SET SCHEMA ...; then set its role's search_path",
            table.name
        ))
    };
    Ok(tables(case)?.iter().filter(|table| table.schema == "public").map(seen).collect())
}

fn rls_missing(case: &Case) -> Judged {
    let all = tables(case)?;
    let mut found = Vec::new();
    for wanted in &case.wanted.row_security {
        let is_meant = |table: &&Table| {
            [&table.name, &table.bare].contains(&wanted)
                || *wanted == format!("{}.{}", table.schema, table.bare)
        };
        let meant: Vec<&Table> = all.iter().filter(is_meant).collect();
        if meant.is_empty() {
            let seen =
                Seen::new(wanted, format!("there is no table {wanted} that the session's role is shown"));
            found.push(seen.by_hand("name a table of this database, with its schema"));
        }
        found.extend(meant.into_iter().filter(|table| !table.row_security).map(without_rls));
    }
    Ok(found)
}

fn without_rls(table: &Table) -> Seen {
    Seen::new(&table.name, format!("row-level security of {} is off", table.name)).by_hand(format!(
        "write its policies first (CREATE POLICY), then: ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; ALTER TABLE {0} FORCE ROW LEVEL SECURITY;",
        table.name
    ))
}

fn rls_without_policies(case: &Case) -> Judged {
    let seen = |table: &Table| {
        Seen::new(
            &table.name,
            format!("row-level security of {} is on, and there are no policies", table.name),
        )
        .by_hand("write policies (CREATE POLICY), or revoke rights instead")
    };
    Ok(tables(case)?.iter().filter(|table| table.row_security && table.policies == 0).map(seen).collect())
}

fn rls_owner_bypass(case: &Case) -> Judged {
    let role = &case.evidence.role;
    let memberships = case.memberships(role)?;
    let is_owner = |table: &Table| table.owner == *role || memberships.contains(&table.owner.as_str());
    let is_meant = |table: &&Table| table.row_security && !table.forced && is_owner(table);
    let seen = |table: &Table| {
        let words =
            format!("{} belongs to {}, and its row-level security is not forced", table.name, table.owner);
        Seen::new(&table.name, words).sql(format!("ALTER TABLE {} FORCE ROW LEVEL SECURITY;", table.name))
    };
    Ok(tables(case)?.iter().filter(is_meant).map(seen).collect())
}

fn unlogged(case: &Case) -> Judged {
    let seen = |table: &Table| {
        Seen::new(&table.name, format!("{} is UNLOGGED", table.name))
            .sql(format!("ALTER TABLE {} SET LOGGED;", table.name))
            .by_hand("the table is written anew and locked meanwhile")
    };
    Ok(tables(case)?.iter().filter(|table| table.unlogged).map(seen).collect())
}
