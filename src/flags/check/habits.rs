//! What is taken as it is meant and does harm all the same: costly logging, lost durability, switched-off parts; and
//! what waits for a restart.

use super::{
    Finding,
    Severity::{Note, Warning},
    sheet::{Chosen, Sheet},
};
use crate::flags::{Form, value::Value};

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    let chosen = sheet.all_chosen();
    for one in chosen {
        findings.extend(logging(sheet, one));
        findings.extend(durability(sheet, one));
        findings.extend(switched_off(sheet, one));
        findings.extend(pending(one));
    }
    findings.extend(parallel(sheet));
    findings.extend(restarts(sheet, chosen));
}

/// The value as one word.
fn word(one: &Chosen<'_>) -> String {
    one.value.bare().to_ascii_lowercase()
}

fn with(sheet: &Sheet<'_>, one: &Chosen<'_>, finding: Finding, better: &str) -> Finding {
    match one.flag.parse(better) {
        Ok(value) => finding.instead(sheet.as_written(one.flag, &value)),
        Err(_) => finding,
    }
}

fn logging(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    let (why, better) = match (one.flag.name, word(one).as_str()) {
        ("log_statement", "all") => (
            "every statement is written to the log, a line each before it runs: in production log what is slow, by \
             log_min_duration_statement",
            "ddl",
        ),
        ("log_connections" | "log_disconnections", value) if !["off", "", "false", "0"].contains(&value) => (
            "a line for each connection: with pools that open and close them, one for nearly each call",
            "off",
        ),
        ("log_min_duration_statement", "0") => {
            ("every statement is logged with its duration: log what is slow", "200ms")
        }
        ("log_duration", "on") => ("a line for each statement, without its text", "off"),
        ("log_parser_stats" | "log_planner_stats" | "log_executor_stats" | "log_statement_stats", "on") => {
            ("several lines for each statement: for looking into one session only", "off")
        }
        ("auto_explain.log_min_duration", "0") => ("every plan is logged", "200ms"),
        ("log_min_messages", level) if level.starts_with("debug") => {
            ("the server tells of its own work, many lines for each statement", "warning")
        }
        _ => return None,
    };
    Some(with(sheet, one, one.finding("logging/costly", Warning, why), better))
}

fn durability(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    let why = match (one.flag.name, word(one).as_str()) {
        ("fsync", "off") => "after a crash of the machine the whole database may be lost",
        ("full_page_writes", "off") => "after a crash of the machine pages may be torn, beyond repair",
        ("synchronous_commit", "off") => {
            "after a crash the last commits may be gone, though they were confirmed"
        }
        _ => return None,
    };
    Some(with(sheet, one, one.finding("durability", Warning, why), "on"))
}

fn switched_off(sheet: &Sheet<'_>, one: &Chosen<'_>) -> Option<Finding> {
    if word(one) != "off" || one.flag.default != Some("on") {
        return None;
    }
    let why = match one.flag.name {
        "autovacuum" => "dead rows and old statistics are nobody's care",
        "track_counts" => "autovacuum does not see what changes, and does nothing",
        name if name.starts_with("enable_") => {
            "one way to run a statement is ruled out for all of them: meant for looking into plans"
        }
        _ => return None,
    };
    Some(with(sheet, one, one.finding("off", Warning, why), "on"))
}

/// Workers need processors.
fn parallel(sheet: &Sheet<'_>) -> Option<Finding> {
    let machine = sheet.machine.as_ref().filter(|machine| machine.vcpus == 1)?;
    let name = "max_parallel_workers_per_gather";
    let workers = sheet.number(name).filter(|workers| *workers > 0.0)?;
    let why = format!("{} has 1 vCPU: parallel workers only wait for each other", machine.name);
    let finding = match sheet.chosen(name) {
        Some(chosen) => chosen.finding("parallel/one-processor", Warning, &why),
        None => {
            let found = format!("{name}={workers}{}", sheet.whose_default(name));
            Finding::new("parallel/one-processor", Note, found, &why).of(name)
        }
    };
    Some(finding.instead(sheet.as_written(sheet.flag(name)?, &Value::Integer(0))))
}

/// A record shows what was changed and is not in force yet.
fn pending(one: &Chosen<'_>) -> Option<Finding> {
    let observed = one.written.observed.as_ref().filter(|observed| observed.pending_restart)?;
    let why = format!(
        "a change waits for a restart: {} is still in force, whatever the configuration file says",
        observed.display()
    );
    Some(one.finding("restart/pending", Warning, why).instead("restart the server, then measure again"))
}

/// Which of them need a restart; in a record they have had it.
fn restarts(sheet: &Sheet<'_>, chosen: &[Chosen<'_>]) -> Option<Finding> {
    let needs: Vec<&str> =
        chosen.iter().filter(|one| one.flag.needs_restart()).map(|one| one.flag.name).collect();
    if needs.is_empty() || sheet.document.form == Form::Record {
        return None;
    }
    let what = match (sheet.is_cloud_sql(), needs.len()) {
        (true, 1) => "Cloud SQL restarts the instance for it",
        (true, _) => "Cloud SQL restarts the instance for them",
        (false, 1) => "it needs a restart",
        (false, _) => "they need a restart",
    };
    Some(Finding::new("restart/needed", Note, needs.join(", "), what))
}
