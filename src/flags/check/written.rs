//! The text itself: names, versions, doubles, what a platform or a form does not take at all.

use super::{
    Finding,
    Severity::{Error, Note, Warning},
    sheet::{Sheet, of_written},
};
use crate::flags::{
    Form, Written,
    catalog::{self, Known},
    cloud::list_command,
    render::unknown,
    secret::shown,
};

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    for remark in &sheet.document.remarks {
        let (rule, severity) = if remark.is_error { ("syntax", Error) } else { ("not-read", Note) };
        findings.push(Finding::new(rule, severity, &remark.found, &remark.why).at(remark.line));
    }
    for (at, written) in sheet.document.settings.iter().enumerate() {
        findings.extend(name(sheet, written));
        let again = &sheet.document.settings[at + 1..];
        if let Some(last) = again.iter().rev().find(|later| later.name.eq_ignore_ascii_case(&written.name)) {
            let place = if last.line > 0 { format!(" in line {}", last.line) } else { String::new() };
            let why =
                format!("set again{place}: the last wins, {}={}", last.name, shown(&last.name, &last.value));
            findings.push(of_written(written, "duplicate", Warning, why).instead("leave one of them out"));
        }
    }
    let is_script = sheet.document.form == Form::AlterSystem && sheet.is_cloud_sql();
    if is_script {
        let why = "Cloud SQL refuses ALTER SYSTEM: its settings are database flags";
        let finding = Finding::new("form", Error, "ALTER SYSTEM", why);
        findings.push(finding.instead("flags render FILE --as gcloud, or --as terraform"));
    }
    in_doubt(sheet, findings);
}

/// What is wrong with the name.
fn name(sheet: &Sheet<'_>, written: &Written) -> Option<Finding> {
    let name = &written.name;
    let Some(known) = catalog::find(name) else {
        if let Some((extension, _)) = name.split_once('.') {
            let of_known = catalog::all().iter().any(|flag| flag.name.starts_with(&format!("{extension}.")));
            if !of_known {
                let why =
                    format!("a setting of the extension {extension}: not in the catalogue, not checked");
                return Some(of_written(written, "name/extension", Note, why));
            }
            if extension == "cloudsql" {
                let why = format!("not in the catalogue; to see: {}", list_command(sheet.version));
                return Some(of_written(written, "name/unknown", Warning, why));
            }
        }
        // A record comes from a server, which knows its settings.
        let severity = if sheet.document.form == Form::Record { Note } else { Error };
        return Some(of_written(written, "name/unknown", severity, unknown(name)));
    };
    if known.context == "internal" {
        return Some(of_written(
            written,
            "name/internal",
            Error,
            "it tells how the server was made; nobody sets it",
        ));
    }
    if sheet.flag(name).is_none() {
        let spans: Vec<String> = catalog::all()
            .iter()
            .filter(|flag| flag.name == known.name)
            .map(|flag| match flag.until {
                Some(until) => format!("{} to {until}", flag.since),
                None => format!("{} and later", flag.since),
            })
            .collect();
        let why = format!("PostgreSQL {} does not have it; {} do", sheet.version, spans.join(", "));
        return Some(of_written(written, "name/version", Error, why));
    }
    if known.context == "cloud" && !sheet.is_cloud_sql() {
        return Some(of_written(written, "name/platform", Error, "only Cloud SQL knows it"));
    }
    if known.cloud_sql == Known::No && sheet.is_cloud_sql() {
        let finding = of_written(written, "name/platform", Error, "Cloud SQL does not offer it");
        return Some(finding.instead("leave it out"));
    }
    let in_session = sheet.document.form == Form::Set && known.context != "cloud";
    if in_session && !known.is_session_settable() {
        let why = format!("no session can set it (context {}): it is the server's", known.context);
        return Some(of_written(written, "name/session", Error, why));
    }
    None
}

/// Flags of which it is not known whether Cloud SQL offers them.
fn in_doubt(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    if !sheet.is_cloud_sql() {
        return;
    }
    let names: Vec<&str> = sheet
        .all_chosen()
        .iter()
        .filter(|chosen| chosen.flag.cloud_sql == Known::Unknown)
        .map(|chosen| chosen.flag.name)
        .collect();
    if !names.is_empty() {
        let why = format!("not known whether Cloud SQL offers it; to see: {}", list_command(sheet.version));
        findings.push(Finding::new("platform/in-doubt", Note, names.join(", "), why));
    }
}
