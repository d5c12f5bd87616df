//! An audit as Markdown, for a job summary or a comment.

use super::{
    fit::{cautions, facts, fitted, folded, folded_list},
    sign,
    table::table,
    text::{escaped, fenced},
};
use crate::{
    audit::{Audit, Finding},
    report::{
        audit::words::{self, Group},
        headline::capital,
        mark,
    },
};
use std::fmt::Write;

/// The audit: what it comes to, every finding in a table, and each with its remedy folded below.
#[must_use]
pub fn audit(audit: &Audit) -> String {
    let (tone, word) = words::outcome(audit);
    let head = format!("{}## {} {word}: {}\n", mark::MARKDOWN, sign(tone), escaped(&words::sentence(audit)));
    let grid = words::table(audit);
    let findings = if grid.rows.is_empty() { String::new() } else { table(&grid) };
    let mut parts = vec![
        ("remarks", cautions(&audit.remarks)),
        ("facts", facts(&words::facts(audit))),
        ("table of findings", findings),
    ];
    let groups = words::groups(audit);
    parts.extend(groups.iter().map(|group| ("findings", findings_of(group))));
    parts.push(("list of what is accepted", folded_list("Accepted by the policy", &words::accepted(audit))));
    parts.push((
        "list of what could not be checked",
        folded_list("Could not be checked", &words::unchecked(audit)),
    ));
    let foot =
        format!("<sub>loist-bench {}, audit version {}</sub>\n", escaped(&audit.tool_version), audit.version);
    fitted(head, parts, &foot)
}

fn findings_of(group: &Group<'_>) -> String {
    let inside: String = group.findings.iter().map(|finding| one(finding)).collect();
    folded(&format!("{}: {}, with remedies", group.severity, group.findings.len()), &inside)
}

fn one(finding: &Finding) -> String {
    let mut out = format!("#### {}: {}\n\n", escaped(&finding.id), escaped(&finding.title));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}. {}.\n", escaped(&capital(&finding.seen)), escaped(&capital(&finding.why)));
    let remedy = &finding.remedy;
    if !remedy.sql.is_empty() {
        let _ = writeln!(out, "{}", fenced(&remedy.sql.join("\n"), "sql"));
    }
    let shell: Vec<String> = remedy.flags.iter().map(|flag| format!("# database flag {flag}")).collect();
    let shell: Vec<String> = shell.into_iter().chain(remedy.gcloud.iter().cloned()).collect();
    if !shell.is_empty() {
        let _ = writeln!(out, "{}", fenced(&shell.join("\n"), "sh"));
    }
    if !remedy.by_hand.is_empty() {
        let _ = writeln!(out, "{}\n", escaped(&remedy.by_hand));
    }
    out
}
