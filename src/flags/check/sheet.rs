//! The settings on one sheet: what is set, what is in force without being set, on which machine.

use super::{Context, Finding, Severity};
use crate::flags::{
    Document, Form, Machine, Written,
    catalog::{self, DEFAULT_VERSION, Flag, VERSIONS},
    secret::shown,
    value::Value,
};
use std::collections::HashSet;

/// Everything that rules look at.
pub(super) struct Sheet<'a> {
    pub(super) document: &'a Document,
    pub(super) context: &'a Context<'a>,
    /// The machine that was given, or that the text names.
    pub(super) machine: Option<Machine>,
    /// PostgreSQL's major version.
    pub(super) version: u32,
    chosen: Vec<Chosen<'a>>,
}

/// A setting that is set, with its value.
#[derive(Clone)]
pub(super) struct Chosen<'a> {
    pub(super) written: &'a Written,
    pub(super) flag: &'static Flag,
    pub(super) value: Value,
}

impl Chosen<'_> {
    /// A finding about it.
    pub(super) fn finding(&self, rule: &'static str, severity: Severity, why: impl Into<String>) -> Finding {
        of_written(self.written, rule, severity, why)
    }
}

/// A finding about what was written.
pub(super) fn of_written(
    written: &Written,
    rule: &'static str,
    severity: Severity,
    why: impl Into<String>,
) -> Finding {
    // A record's bare numbers are the server's; nobody wrote them so.
    let value =
        written.observed.as_ref().map_or_else(|| written.value.clone(), crate::flags::Setting::display);
    let value = shown(&written.name, &value);
    Finding::new(rule, severity, format!("{}={value}", written.name), why).at(written.line).of(&written.name)
}

/// The last setting of each name and scope, in their order.
fn lasts(document: &Document) -> Vec<&Written> {
    let mut seen = HashSet::new();
    let mut last: Vec<&Written> =
        document.settings.iter().rev().filter(|written| seen.insert(key(written))).collect();
    last.reverse();
    last
}

/// What can be set once only: a name, for a scope.
pub(super) fn key(written: &Written) -> (String, Option<&str>) {
    (written.name.to_ascii_lowercase(), written.scope.as_deref())
}

impl<'a> Sheet<'a> {
    /// Lays it out; a machine that nobody offers is a finding.
    pub(super) fn new(document: &'a Document, context: &'a Context<'a>, findings: &mut Vec<Finding>) -> Self {
        let mut machine = None;
        if let Some(place) = &document.machine {
            match place.what.parse::<Machine>() {
                Ok(named) => machine = Some(named),
                Err(error) => {
                    let finding = Finding::new("machine", Severity::Error, &place.what, error.to_string());
                    findings.push(finding.at(place.line));
                }
            }
        }
        let version = context.version.or(document.version).unwrap_or(DEFAULT_VERSION);
        if !VERSIONS.contains(&version) {
            let why = format!(
                "only PostgreSQL {} to {} are in the catalogue: judged as the nearest",
                VERSIONS.start(),
                VERSIONS.end()
            );
            findings.push(Finding::new("version", Severity::Note, format!("PostgreSQL {version}"), why));
        }
        let chosen = lasts(document)
            .into_iter()
            .filter_map(|written| {
                let flag = catalog::find_in(&written.name, version)?;
                Some(Chosen { written, flag, value: flag.parse(&written.value).ok()? })
            })
            .collect();
        Self { document, context, machine: context.machine.cloned().or(machine), version, chosen }
    }

    /// Whether the settings are for Cloud SQL.
    pub(super) fn is_cloud_sql(&self) -> bool {
        self.document.form.is_cloud_sql()
            || self.machine.as_ref().is_some_and(|machine| machine.platform.is_cloud_sql())
    }

    /// The setting as this version has it.
    pub(super) fn flag(&self, name: &str) -> Option<&'static Flag> {
        catalog::find_in(name, self.version)
    }

    /// Every setting that is set to a value of its type, the last of each name and scope.
    pub(super) fn all_chosen(&self) -> &[Chosen<'a>] {
        &self.chosen
    }

    /// The setting of that name, if it is set.
    pub(super) fn chosen(&self, name: &str) -> Option<&Chosen<'a>> {
        self.chosen.iter().rfind(|chosen| chosen.flag.name == name)
    }

    /// The value in force: as set, as the record says, as the platform has it by default, or PostgreSQL's default.
    pub(super) fn in_force(&self, name: &str) -> Option<Value> {
        if let Some(chosen) = self.chosen(name) {
            return Some(chosen.value.clone());
        }
        let flag = self.flag(name)?;
        let seen = self.document.in_force.get(name).and_then(|text| flag.parse(text).ok());
        seen.or_else(|| self.platform_default(flag)).or_else(|| flag.parse(flag.default?).ok())
    }

    /// Whose the value in force is, where nobody set it and no record tells it, to be put behind it; else nothing.
    pub(super) fn whose_default(&self, name: &str) -> String {
        if self.chosen(name).is_some() || self.document.in_force.contains_key(name) {
            return String::new();
        }
        let is_platforms = self.flag(name).and_then(|flag| self.platform_default(flag)).is_some();
        match self.machine.as_ref().filter(|_| is_platforms) {
            Some(machine) => format!(" (the default of {})", machine.name),
            None => " (the default)".to_owned(),
        }
    }

    /// Cloud SQL's own defaults (source: its pages on flags and on memory): a third of the memory for shared_buffers,
    /// 40 % for effective_cache_size, connections by the memory.
    fn platform_default(&self, flag: &Flag) -> Option<Value> {
        let machine = self.machine.as_ref().filter(|machine| machine.platform.is_cloud_sql())?;
        let share = |percent: u64| {
            let bytes = machine.memory_bytes / 100 * percent;
            Some(Value::Integer((bytes as f64 / flag.unit()?.factor) as i64))
        };
        match flag.name {
            "shared_buffers" => share(33),
            "effective_cache_size" => share(40),
            "max_connections" => machine.max_connections.map(|most| Value::Integer(i64::from(most))),
            _ => None,
        }
    }

    /// Bytes of a setting of memory that is in force; `None` for special values such as -1.
    pub(super) fn bytes(&self, name: &str) -> Option<u64> {
        self.flag(name)?.bytes(&self.in_force(name)?)
    }

    /// A number that is in force.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.in_force(name)?.number()
    }

    /// Memory that the server may use, and in words whose it is.
    pub(super) fn memory(&self) -> Option<(u64, String)> {
        let machine = self.machine.as_ref().map(|machine| (machine.memory_bytes, machine.name.clone()));
        let limit = self.context.memory_limit_bytes.map(|limit| (limit, "the memory limit".to_owned()));
        machine.into_iter().chain(limit).min_by_key(|(bytes, _)| *bytes)
    }

    /// The value as this text writes it: bare for Cloud SQL, as PostgreSQL shows it elsewhere.
    pub(super) fn as_written(&self, flag: &Flag, value: &Value) -> String {
        let text = if self.document.form.is_cloud_sql() { value.bare() } else { flag.display(value) };
        match self.document.form {
            Form::AlterSystem | Form::Set | Form::Conf if text.parse::<f64>().is_err() => {
                format!("{} = '{text}'", flag.name)
            }
            Form::AlterSystem | Form::Set | Form::Conf => format!("{} = {text}", flag.name),
            _ => format!("{}={text}", flag.name),
        }
    }

    /// The value as this text writes it, where it is one that PostgreSQL takes.
    pub(super) fn remedy(&self, flag: &Flag, value: &Value) -> Option<String> {
        let is_legal = flag.parse(&value.bare()).is_ok() && flag.range_error(value).is_none();
        is_legal.then(|| self.as_written(flag, value))
    }

    /// So many bytes of this setting, as this text writes it, where PostgreSQL takes them.
    pub(super) fn bytes_as_written(&self, name: &str, bytes: u64) -> Option<String> {
        let flag = self.flag(name)?;
        let amount = (bytes as f64 / flag.unit()?.factor) as i64;
        self.remedy(flag, &Value::Integer(amount)).filter(|_| amount > 0)
    }
}
