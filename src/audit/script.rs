//! The remedies as a script: SQL that can be run as it stands, one command a line, and comments for the rest. It is
//! written, and never run.

use super::{Audit, case::RELOAD, finding::Finding};
use crate::text::sql;
use std::fmt::Write;

/// How every script begins, by which it is known again.
pub const MARK: &str = "-- loist-bench audit: remedies\n";

/// The remedies of all findings that are not accepted, the worst first.
#[must_use]
pub fn fix_script(audit: &Audit) -> String {
    let server = &audit.evidence.server;
    let mut out = MARK.to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "-- Of {}, database {}, {}. Read it before you run it, as a role that may do all this:\n\
         --   psql --set ON_ERROR_STOP=1 --file THIS_FILE\n\
         -- Each command stands by itself: ALTER SYSTEM takes no transaction.",
        sql::comment(&server.address),
        sql::comment(&server.database),
        audit.at.format("%Y-%m-%d %H:%M UTC")
    );
    let (automatic, by_hand): (Vec<&Finding>, Vec<&Finding>) =
        audit.open().partition(|finding| !finding.remedy.sql.is_empty());
    for finding in &automatic {
        remedy(&mut out, finding);
    }
    if automatic.iter().any(|finding| finding.remedy.sql.iter().any(|command| command == RELOAD)) {
        let _ = writeln!(out, "\n-- Settings above are read anew.\n{RELOAD}");
    }
    cloud(&mut out, audit);
    remaining(&mut out, &by_hand);
    out
}

fn heading(out: &mut String, finding: &Finding) {
    let (id, severity) = (&finding.id, finding.severity);
    let _ = writeln!(out, "\n-- {id} ({severity}): {}", sql::comment(&finding.seen));
}

fn remedy(out: &mut String, finding: &Finding) {
    heading(out, finding);
    if !finding.remedy.by_hand.is_empty() {
        let _ = writeln!(out, "-- mind: {}", sql::comment(&finding.remedy.by_hand));
    }
    for command in finding.remedy.sql.iter().filter(|command| *command != RELOAD) {
        let _ = writeln!(out, "{command}");
    }
}

/// Commands of gcloud, for a shell. All flags of an instance are set by one of them, those that it has included.
fn cloud(out: &mut String, audit: &Audit) {
    let mut commands: Vec<String> = audit.open().flat_map(|finding| finding.remedy.gcloud.clone()).collect();
    let wanted: Vec<&String> = audit.open().flat_map(|finding| &finding.remedy.flags).collect();
    if !wanted.is_empty() {
        commands.push(flags(audit, &wanted));
    }
    if commands.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n-- For a shell:");
    for command in commands {
        let _ = writeln!(out, "--   {}", sql::comment(&command));
    }
}

fn flags(audit: &Audit, wanted: &[&String]) -> String {
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    let Ok(instance) = audit.evidence.instance.get() else {
        let list = wanted.iter().map(|flag| flag.as_str()).collect::<Vec<_>>().join("~");
        return format!(
            "gcloud sql instances patch INSTANCE --database-flags='^~^THE_FLAGS_IT_HAS~{list}'  # flags that are not named are lost; --instance puts them in"
        );
    };
    let is_kept = |flag: &String| !wanted.iter().any(|one| name(one) == name(flag));
    let kept = instance.flags.iter().map(|flag| format!("{}={}", flag.name, flag.value)).filter(is_kept);
    let all: Vec<String> = kept.chain(wanted.iter().map(|flag| (*flag).clone())).collect();
    format!("gcloud sql instances patch {} --database-flags='^~^{}'", instance.name, all.join("~"))
}

fn remaining(out: &mut String, findings: &[&Finding]) {
    let findings = findings.iter().filter(|finding| !finding.remedy.is_automatic());
    for (index, finding) in findings.enumerate() {
        if index == 0 {
            let _ = writeln!(out, "\n-- These remain: nobody but you can choose or do it.");
        }
        heading(out, finding);
        let _ = writeln!(out, "--   {}", sql::comment(&finding.remedy.by_hand));
    }
}
