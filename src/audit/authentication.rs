//! How clients show who they are.

use super::{
    case::{Case, RELOAD},
    check::{Check, Judged, Seen, manual},
    finding::Severity,
    transport::{is_within, words},
};
use crate::observe::security::{HbaLine, Role, StoredAs};
use crate::text::sql;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "hba-trust",
        severity: Severity::Critical,
        title: "clients are let in without showing who they are",
        why: "with the method trust, whoever reaches the server is whichever role they say, the superuser included",
        reference: concat!(manual!("auth-trust.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: hba_trust,
    },
    Check {
        id: "hba-cleartext-password",
        severity: Severity::High,
        title: "passwords travel as they are",
        why: "with the method password, the server and whoever is on the way learn the password itself",
        reference: concat!(manual!("auth-password.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: hba_password,
    },
    Check {
        id: "hba-ident",
        severity: Severity::Medium,
        title: "the client's machine is believed who its user is",
        why: "the method ident asks a program on the client's machine, which whoever rules that machine can replace",
        reference: concat!(manual!("auth-ident.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: hba_ident,
    },
    Check {
        id: "hba-any-address",
        severity: Severity::Medium,
        title: "clients from any address are let in to try",
        why: "passwords can be guessed from everywhere that the network lets through",
        reference: concat!(manual!("auth-pg-hba-conf.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: hba_any_address,
    },
    Check {
        id: "password-encryption-md5",
        severity: Severity::High,
        title: "new passwords are stored by MD5",
        why: "the hash is all that an attacker needs to log in, and MD5 is guessed fast; PostgreSQL will drop it",
        reference: concat!(
            manual!("runtime-config-connection.html#GUC-PASSWORD-ENCRYPTION"),
            "; CIS PostgreSQL Benchmark, chapter 6"
        ),
        judge: password_encryption,
    },
    Check {
        id: "password-hash-md5",
        severity: Severity::High,
        title: "a password is stored by MD5",
        why: "whoever gets hold of the hash, as from a backup, logs in with it, without ever knowing the password",
        reference: manual!("auth-password.html"),
        judge: md5_hashes,
    },
    Check {
        id: "superuser-password-never-expires",
        severity: Severity::Low,
        title: "a superuser's password never expires",
        why: "a password that leaked years ago still opens everything",
        reference: concat!(manual!("sql-createrole.html"), "; CIS PostgreSQL Benchmark, chapter 5"),
        judge: superuser_expiry,
    },
];

/// Lines that `is_meant`, with what is wrong with them, and how bad that is there.
fn lines(
    case: &Case,
    is_meant: impl Fn(&HbaLine) -> bool,
    instead: &str,
    severity: impl Fn(&HbaLine) -> Severity,
) -> Judged {
    let takes_tcp = case.takes_tcp()?;
    let is_alive = |line: &&HbaLine| takes_tcp || line.kind == "local";
    let seen = |line: &HbaLine| {
        Seen::new(words(line), format!("line {} of pg_hba.conf has the method {}", line.line, line.method))
            .severity(severity(line))
            .by_hand(format!("in line {} write {instead}, then: {RELOAD}", line.line))
    };
    let meant = case.evidence.hba.get()?.iter().filter(is_alive).filter(|line| is_meant(line));
    Ok(meant.map(seen).collect())
}

fn hba_trust(case: &Case) -> Judged {
    let severity = |line: &HbaLine| if is_within(line) { Severity::High } else { Severity::Critical };
    lines(
        case,
        |line| line.method == "trust",
        "scram-sha-256 instead of trust (or peer, in lines that begin with local)",
        severity,
    )
}

fn hba_password(case: &Case) -> Judged {
    // Within TLS, only the server itself learns it.
    let severity = |line: &HbaLine| {
        let is_hidden = line.kind == "hostssl" || is_within(line);
        if is_hidden { Severity::Medium } else { Severity::High }
    };
    lines(case, |line| line.method == "password", "scram-sha-256 instead of password", severity)
}

fn hba_ident(case: &Case) -> Judged {
    let is_meant = |line: &HbaLine| line.method == "ident" && line.kind != "local";
    lines(case, is_meant, "scram-sha-256 instead of ident", |_| Severity::Medium)
}

fn hba_any_address(case: &Case) -> Judged {
    let is_any = |line: &HbaLine| match line.address.as_deref() {
        Some("all") => true,
        Some("0.0.0.0") => line.netmask.as_deref() == Some("0.0.0.0"),
        Some("::") => line.netmask.as_deref() == Some("::"),
        _ => false,
    };
    let is_meant = |line: &HbaLine| is_any(line) && line.method != "reject" && line.kind.starts_with("host");
    lines(case, is_meant, "the networks that clients come from instead of every address", |_| {
        Severity::Medium
    })
}

fn password_encryption(case: &Case) -> Judged {
    let value = case.value("password_encryption")?;
    if value == "scram-sha-256" {
        return Ok(Vec::new());
    }
    let seen = Seen::new("password_encryption", format!("password_encryption is {value}"));
    Ok(vec![seen.remedy(case.set("password_encryption", "scram-sha-256"))])
}

fn md5_hashes(case: &Case) -> Judged {
    let md5 = case.evidence.passwords.get()?.iter().filter(|password| password.stored_as == StoredAs::Md5);
    let seen = |role: &str| {
        Seen::new(role, format!("the password of {role} is stored by MD5")).by_hand(format!(
            "once password_encryption is scram-sha-256, give it a password anew: \\password {} in psql, which sends no password in the clear",
            sql::name(role)
        ))
    };
    Ok(md5.map(|password| seen(&password.role)).collect())
}

fn superuser_expiry(case: &Case) -> Judged {
    let passwords = case.evidence.passwords.get().ok();
    // Without a password nothing can leak. Where that is not known, it may have one.
    let has_password =
        |name: &str| passwords.is_none_or(|all| all.iter().any(|password| password.role == name));
    let is_meant = |role: &&Role| {
        role.superuser
            && role.login
            && !role.expires
            && !is_of_cloud_sql(case, &role.name)
            && has_password(&role.name)
    };
    let seen = |role: &Role| {
        Seen::new(
            &role.name,
            format!("the superuser {} has no date after which its password is refused", role.name),
        )
        .by_hand(format!(
            "give it a date, and a new password before that: ALTER ROLE {} VALID UNTIL '...';",
            sql::name(&role.name)
        ))
    };
    Ok(case.roles()?.iter().filter(is_meant).map(seen).collect())
}

/// Whether it is a role that Cloud SQL keeps for itself.
pub(super) fn is_of_cloud_sql(case: &Case, role: &str) -> bool {
    case.is_cloud_sql() && role.starts_with("cloudsql")
}
