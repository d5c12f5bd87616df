//! What the log tells of who did what, and what it tells of others' secrets.

use super::{
    case::Case,
    check::{Check, Judged, Seen, manual},
    finding::Severity,
};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "log-connections-off",
        severity: Severity::Low,
        title: "connections are not logged",
        why: "nobody can tell afterwards who came from where; a line each is cheap as long as a pool keeps its connections",
        reference: concat!(
            manual!("runtime-config-logging.html#GUC-LOG-CONNECTIONS"),
            "; CIS PostgreSQL Benchmark, chapter 3"
        ),
        judge: log_connections,
    },
    Check {
        id: "log-disconnections-off",
        severity: Severity::Low,
        title: "the ends of sessions are not logged",
        why: "nobody can tell afterwards how long somebody was in; a line each is cheap as long as a pool keeps its connections",
        reference: concat!(
            manual!("runtime-config-logging.html#GUC-LOG-DISCONNECTIONS"),
            "; CIS PostgreSQL Benchmark, chapter 3"
        ),
        judge: log_disconnections,
    },
    Check {
        id: "ddl-not-logged",
        severity: Severity::Medium,
        title: "changes of tables and rights leave no trace",
        why: "nobody can tell afterwards who dropped a table or granted a right; they are rare, so logging them costs next to nothing",
        reference: concat!(
            manual!("runtime-config-logging.html#GUC-LOG-STATEMENT"),
            "; CIS PostgreSQL Benchmark, chapter 3; https://github.com/pgaudit/pgaudit"
        ),
        judge: ddl,
    },
    Check {
        id: "log-every-statement",
        severity: Severity::Medium,
        title: "every statement is logged, with what is in it",
        why: "names, addresses and passwords that stand in statements are then in the log, which more people read and which is kept longer; each line costs time, too",
        reference: concat!(
            manual!("runtime-config-logging.html#GUC-LOG-STATEMENT"),
            "; CIS PostgreSQL Benchmark, chapter 3"
        ),
        judge: every_statement,
    },
    Check {
        id: "log-parameters-on-error",
        severity: Severity::Low,
        title: "parameters of statements that fail are logged",
        why: "they hold the users' data, and an error is easily provoked",
        reference: manual!("runtime-config-logging.html#GUC-LOG-PARAMETER-MAX-LENGTH-ON-ERROR"),
        judge: parameters,
    },
    Check {
        id: "log-line-anonymous",
        severity: Severity::Low,
        title: "lines of the log do not say whose they are",
        why: "without time, role and database a line cannot be brought together with anybody",
        reference: concat!(
            manual!("runtime-config-logging.html#GUC-LOG-LINE-PREFIX"),
            "; CIS PostgreSQL Benchmark, chapter 3"
        ),
        judge: line_prefix,
    },
];

/// A setting that is not as it should be.
fn wrong(case: &Case, name: &str, is_wrong: impl Fn(&str) -> bool, to: &str) -> Judged {
    let setting = case.setting(name)?;
    if !is_wrong(&setting.value) {
        return Ok(Vec::new());
    }
    let seen = Seen::new(name, format!("{name} is {}", shown(&setting.display())));
    Ok(vec![seen.remedy(case.set(name, to))])
}

fn shown(value: &str) -> String {
    if value.trim().is_empty() { "empty".to_owned() } else { value.trim().to_owned() }
}

/// From PostgreSQL 18 on, it is a list of what is logged.
fn log_connections(case: &Case) -> Judged {
    wrong(case, "log_connections", |value| ["off", "", "none"].contains(&value), "on")
}

fn log_disconnections(case: &Case) -> Judged {
    wrong(case, "log_disconnections", |value| value == "off", "on")
}

fn ddl(case: &Case) -> Judged {
    // Where pgaudit is loaded, its setting is there.
    let audited = case.value("pgaudit.log").is_ok_and(|classes| !["", "none"].contains(&classes.trim()));
    if audited {
        return Ok(Vec::new());
    }
    wrong(case, "log_statement", |value| value == "none", "ddl")
}

fn every_statement(case: &Case) -> Judged {
    let mut found = wrong(case, "log_statement", |value| value == "all", "ddl")?;
    found.extend(wrong(case, "log_min_duration_statement", |value| value == "0", "-1")?);
    Ok(found)
}

fn parameters(case: &Case) -> Judged {
    wrong(case, "log_parameter_max_length_on_error", |value| value != "0", "0")
}

fn line_prefix(case: &Case) -> Judged {
    let is_wrong = |value: &str| {
        let has = |signs: &[&str]| signs.iter().any(|sign| value.contains(sign));
        !(has(&["%m", "%t", "%n"]) && has(&["%u"]) && has(&["%d"]))
    };
    wrong(case, "log_line_prefix", is_wrong, "%m [%p] %q%u@%d %h ")
}
