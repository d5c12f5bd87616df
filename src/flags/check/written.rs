//! The text itself: names, versions, doubles, what a platform or a form does not take at all.

use super::{
    Finding,
    Severity::{Error, Note, Warning},
    sheet::{Sheet, key, of_written},
};
use crate::flags::{
    Form, Written,
    catalog::{self, Known},
    cloud::list_command,
    render::{UNKNOWN, unknown},
    secret::shown,
};
use std::collections::HashMap;

/// Looking for a name that is like another takes its time, and nobody reads so many.
const MOST_SUGGESTIONS: usize = 100;

pub(super) fn check(sheet: &Sheet<'_>, findings: &mut Vec<Finding>) {
    for remark in &sheet.document.remarks {
        let (rule, severity) = if remark.is_error { ("syntax", Error) } else { ("not-read", Note) };
        findings.push(Finding::new(rule, severity, &remark.found, &remark.why).at(remark.line));
    }
    let lasts: HashMap<_, &Written> = sheet.document.settings.iter().map(|one| (key(one), one)).collect();
    let mut unknown_names = 0;
    for written in &sheet.document.settings {
        findings.extend(name(sheet, written, &mut unknown_names));
        if let Some(last) = lasts.get(&key(written)).filter(|last| !std::ptr::eq(**last, written)) {
            let place = if last.line > 0 { format!(" in line {}", last.line) } else { String::new() };
            let why =
                format!("set again{place}: the last wins, {}={}", last.name, shown(&last.name, &last.value));
            findings.push(of_written(written, "duplicate", Warning, why).instead("leave one of them out"));
        }
    }
    let is_sql = matches!(sheet.document.form, Form::AlterSystem | Form::Set);
    let is_script = is_sql && sheet.document.settings.iter().any(|one| one.scope.is_none());
    let is_script = is_script && sheet.is_cloud_sql();
    if is_script {
        let why = "Cloud SQL refuses ALTER SYSTEM: its settings are database flags";
        let finding = Finding::new("form", Error, "ALTER SYSTEM", why);
        findings.push(finding.instead("flags render FILE --as gcloud, or --as terraform"));
    }
    in_doubt(sheet, findings);
}

/// What is wrong with the name.
fn name(sheet: &Sheet<'_>, written: &Written, unknown_names: &mut usize) -> Option<Finding> {
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
        *unknown_names += 1;
        let why = if *unknown_names <= MOST_SUGGESTIONS { unknown(name) } else { UNKNOWN.to_owned() };
        return Some(of_written(written, "name/unknown", severity, why));
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
    let in_session = written.scope.is_some() && known.context != "cloud";
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
        let them = if names.len() == 1 { "it" } else { "them" };
        let why =
            format!("not known whether Cloud SQL offers {them}; to see: {}", list_command(sheet.version));
        findings.push(Finding::new("platform/in-doubt", Note, names.join(", "), why));
    }
}
