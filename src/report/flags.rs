//! Flags on the terminal: findings, profiles, and what is known of a flag. And what a record asks to be set.

use super::table;
use crate::text::counted;
use crate::{
    flags::{
        Document, Form, Machine, Profile, Setting,
        catalog::{self, Flag, Known, Limits},
        check::{Finding, Severity},
        cloud::{self, list_command},
        render::{Options, render},
        secret::shown,
    },
    record::{Change, Recommendation, Record},
};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// A setting's value in readable units; a secret is not shown.
#[must_use]
pub fn readable(setting: &Setting) -> String {
    shown(&setting.name, &setting.display())
}

/// The settings that a record recommends to change. Some of its changes are of indexes or tables.
pub fn recommended(record: &Record) -> impl Iterator<Item = &Change> {
    let changes = record.advice.iter().flat_map(Recommendation::changes);
    changes.filter(|change| catalog::find(&change.setting).is_some())
}

/// Changes of the server's settings in a form to copy, with what must be known in comments; `None` where nothing of them
/// can be written in it.
#[must_use]
pub fn in_form(record: &Record, changes: &[&Change], form: Form) -> Option<String> {
    let (servers, others): (Vec<&Change>, Vec<&Change>) =
        changes.iter().copied().partition(|change| change.apply.starts_with("ALTER SYSTEM"));
    let notes: Vec<String> = others.into_iter().map(left_out).collect();
    let machine: Option<Machine> =
        record.server.machine.as_ref().and_then(|machine| machine.name.parse().ok());
    let options = Options {
        instance: None,
        current: None,
        machine: machine.as_ref(),
        version: record.server.version_number / 10_000,
        notes: &notes,
    };
    Some(render(&changed(Vec::new(), servers), form, &options).ok()?.text)
}

/// A change that is a role's or a database's own stands in no list of the server's settings.
#[must_use]
pub fn left_out(change: &Change) -> String {
    let how = change.apply.lines().next().unwrap_or_default();
    format!("left out: {}: it is not for the whole server: {how}", change.setting)
}

/// `set` with the changes in it.
#[must_use]
pub fn changed<'a>(
    mut set: Vec<(String, String)>,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Vec<(String, String)> {
    for change in changes {
        match set.iter_mut().find(|(name, _)| *name == change.setting) {
            Some((_, value)) => value.clone_from(&change.to),
            None => set.push((change.setting.clone(), change.to.clone())),
        }
    }
    set
}

/// What was checked, the findings, and how many of each kind.
#[must_use]
pub fn findings(
    origin: &str,
    document: &Document,
    machine: Option<&Machine>,
    version: u32,
    all: &[Finding],
) -> String {
    let mut out = String::new();
    let settings = counted(document.settings.len(), "setting");
    let on = machine.map_or_else(String::new, |machine| format!(", {}", one_line(machine)));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{origin}: {settings}, read as {}; PostgreSQL {version}{on}", document.form);
    for finding in all {
        let (word, style) = match finding.severity {
            Severity::Error => ("error", Style::new().bold().fg_color(Some(AnsiColor::Red.into()))),
            Severity::Warning => ("warning", Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()))),
            Severity::Note => ("note", Style::new().bold()),
        };
        let line = finding.line.map_or_else(String::new, |line| format!("line {line}: "));
        let _ = writeln!(out, "\n{style}{word:<7}{style:#} {line}{}  [{}]", finding.found, finding.rule);
        let _ = writeln!(out, "        {}", finding.why);
        if let Some(instead) = &finding.instead {
            let _ = writeln!(out, "        instead: {instead}");
        }
    }
    let count = |severity: Severity, word: &str| {
        let number = all.iter().filter(|finding| finding.severity == severity).count();
        counted(number, word)
    };
    let _ = writeln!(
        out,
        "\n{}, {}, {}",
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note")
    );
    out
}

fn one_line(machine: &Machine) -> String {
    let memory = format!("{} MB", machine.memory_bytes >> 20);
    format!("{} ({} vCPU, {memory})", machine.name, machine.vcpus)
}

/// The shipped profiles side by side.
#[must_use]
pub fn profiles(profiles: &[Profile]) -> String {
    let header =
        std::iter::once("setting".to_owned()).chain(profiles.iter().map(|profile| profile.name.clone()));
    let mut table = table::new(header.collect());
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in profiles.iter().flat_map(|profile| &profile.settings) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let value = |profile: &Profile| {
            let found = profile.settings.iter().find(|(known, _)| known == name);
            found.map_or_else(|| "-".to_owned(), |(_, value)| value.clone())
        };
        table.add_row(std::iter::once(name.clone()).chain(profiles.iter().map(value)));
    }
    table::align(&mut table, 1..profiles.len() + 1);
    let mut out = format!("{}\n", table.trim_fmt());
    for profile in profiles {
        let _ = writeln!(out, "{}: {} ({})", profile.name, profile.description, profile.source);
    }
    out
}

/// One profile: each value as PostgreSQL writes it and as Cloud SQL takes it.
#[must_use]
pub fn profile(profile: &Profile, machine: Option<&Machine>) -> String {
    let header = ["setting", "PostgreSQL", "Cloud SQL", "of memory", "restart"].map(str::to_owned);
    let mut table = table::new(header.to_vec());
    for (name, text) in &profile.settings {
        let flag = catalog::find(name);
        let value = flag.and_then(|flag| flag.parse(text).ok());
        let bare = value.as_ref().map_or_else(|| text.clone(), crate::flags::value::Value::bare);
        let bytes = flag.zip(value.as_ref()).and_then(|(flag, value)| flag.bytes(value));
        let share = bytes.zip(machine).map_or_else(
            || "-".to_owned(),
            |(bytes, machine)| format!("{:.1} %", bytes as f64 / machine.memory_bytes as f64 * 100.0),
        );
        let restart = if flag.is_some_and(Flag::needs_restart) { "yes" } else { "no" };
        table.add_row([name.clone(), text.clone(), bare, share, restart.to_owned()]);
    }
    table::align(&mut table, 1..4);
    let on = machine.map_or_else(String::new, |machine| format!("of memory: of {}\n", one_line(machine)));
    format!("{}: {} ({})\n{}\n{on}", profile.name, profile.description, profile.source, table.trim_fmt())
}

/// What is known of one flag.
#[must_use]
pub fn flag(flag: &Flag, machine: Option<&Machine>, version: u32) -> String {
    let show = |amount: Option<f64>| amount.map_or_else(|| "-".to_owned(), |amount| flag.show_amount(amount));
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<14}{value}");
    };
    row("flag", flag.name.to_owned());
    let unit = flag.unit.map_or_else(String::new, |unit| format!(", bare numbers in {unit}"));
    row(
        "type",
        format!("{:?}{unit}", flag.kind).to_lowercase().replace("in kb", "in kB").replace("in 8kb", "in 8kB"),
    );
    if !flag.values.is_empty() {
        row("values", flag.values.join(", "));
    }
    if flag.min.is_some() || flag.max.is_some() {
        row("range", format!("{} .. {}", show(flag.min), show(flag.max)));
    }
    let default =
        flag.default.map(|text| flag.parse(text).map_or_else(|_| text.to_owned(), |v| flag.display(&v)));
    row("default", default.unwrap_or_else(|| "by build or cluster".to_owned()));
    row("takes effect", effect(flag).to_owned());
    let until = flag.until.map_or_else(|| "and later".to_owned(), |until| format!("to {until}"));
    row("versions", format!("{} {until} (as PostgreSQL {version} has it)", flag.since));
    let cloud_sql = match flag.cloud_sql {
        Known::Yes => "offered".to_owned(),
        Known::No => "not offered".to_owned(),
        Known::Unknown => format!("not known; to see: {}", list_command(version)),
    };
    row("Cloud SQL", cloud_sql);
    if let Some(limits) = &flag.cloud_sql_limits {
        row("  takes", limits_of(flag, limits, machine));
    }
    if flag.cloud_sql != Known::No {
        let restart = match flag.cloud_sql_restart {
            Known::Yes => "restarts the instance",
            Known::No => "no restart",
            Known::Unknown => "not known whether it restarts the instance",
        };
        row("  change", restart.to_owned());
    }
    row("source", flag.source.to_owned());
    out
}

fn effect(flag: &Flag) -> &'static str {
    match flag.context {
        "postmaster" => "after a restart",
        "sighup" => "after a reload; for the whole server",
        "backend" | "superuser-backend" => "in new sessions",
        "superuser" => "at once; superusers can set it in a session",
        "user" => "at once; every session can set it for itself",
        "internal" => "never: it tells how the server was made",
        _ => "as Cloud SQL does it",
    }
}

fn limits_of(flag: &Flag, limits: &Limits, machine: Option<&Machine>) -> String {
    match limits {
        Limits::Words(words) => words.join(" or "),
        Limits::Range { min, max } => cloud::range(flag, *min, *max),
        Limits::MemoryShare { min, max } => {
            let shares = format!("{:.0} to {:.0} % of the memory", min * 100.0, max * 100.0);
            let own = flag.unit().zip(machine).map(|(unit, machine)| {
                let memory = machine.memory_bytes as f64 / unit.factor;
                let range = cloud::pages(flag, (memory * min).floor(), (memory * max).floor());
                format!(": {range} on {}", machine.name)
            });
            shares + &own.unwrap_or_default()
        }
    }
}
