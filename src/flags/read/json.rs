//! JSON: what gcloud says of an instance, and run records of loist-bench.

use super::{Document, Form, Lines, Place, Written, foreign, malformed, not_postgresql};
use crate::flags::{error::FlagsError, place::is_of_the_place, secret::HIDDEN, setting::Setting};
use serde::Deserialize;

/// The part of `gcloud sql instances describe --format=json` that matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    name: Option<String>,
    database_version: Option<String>,
    settings: Option<InstanceSettings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstanceSettings {
    tier: Option<String>,
    database_flags: Option<Vec<DatabaseFlag>>,
}

#[derive(Deserialize)]
struct DatabaseFlag {
    name: String,
    #[serde(default)]
    value: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Instance>),
    One(Box<Instance>),
}

/// Reads what gcloud says of an instance, or a list of one (`gcloud sql instances list`).
pub(super) fn describe(text: &str) -> Result<Document, FlagsError> {
    if !text.trim_start().starts_with(['{', '[']) && text.contains("databaseVersion:") {
        return Err(foreign(1, "this is YAML: add --format=json to gcloud sql instances describe"));
    }
    // An untagged enum alone would hide where the JSON is broken.
    let value: serde_json::Value = parse(text)?;
    let instance = match serde_json::from_value(value) {
        Ok(OneOrMany::One(instance)) => *instance,
        Ok(OneOrMany::Many(mut instances)) if instances.len() == 1 => instances.remove(0),
        Ok(OneOrMany::Many(instances)) => {
            let reason = format!("{} instances: describe one of them", instances.len());
            return Err(foreign(1, reason));
        }
        Err(_) => return Err(malformed(1, NOT_AN_INSTANCE)),
    };
    let Some(settings) = instance.settings else { return Err(malformed(1, NOT_AN_INSTANCE)) };
    let mut document = Document::new(Form::Describe);
    let lines = Lines::of(text);
    let mut at = 0;
    for flag in settings.database_flags.unwrap_or_default() {
        at = lines.find(&format!("\"{}\"", flag.name), at);
        let value = match flag.value {
            serde_json::Value::String(value) => value,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        document.set(flag.name, value, lines.at(at));
    }
    document.machine =
        settings.tier.map(|what| Place { line: lines.at(lines.find(&format!("\"{what}\""), 0)), what });
    document.set_version(&instance.database_version.unwrap_or_default()).map_err(|engine| {
        let name = instance.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        foreign(lines.at(lines.find(&format!("\"{engine}\""), 0)), not_postgresql(&name, &engine))
    })?;
    document.instance = instance.name;
    Ok(document)
}

const NOT_AN_INSTANCE: &str =
    "this is not what `gcloud sql instances describe INSTANCE --format=json` prints, and no run record";

/// The part of a run record that matters here; the whole stands above this floor.
#[derive(Deserialize)]
struct Record {
    host: Host,
    server: Server,
    evidence: Evidence,
}

#[derive(Deserialize)]
struct Host {
    cpus: u64,
    memory_bytes: u64,
}

#[derive(Deserialize)]
struct Server {
    kind: String,
    version_number: u32,
    machine: Option<NamedMachine>,
}

/// The machine that the run was for.
#[derive(Deserialize)]
struct NamedMachine {
    name: String,
}

#[derive(Deserialize)]
struct Evidence {
    settings: Vec<Setting>,
}

/// Sources of values that somebody chose.
const CHOSEN: [&str; 6] =
    ["configuration file", "database", "user", "database user", "global", "environment variable"];

/// What loist-bench's own server is started with, unless the user says otherwise.
const OF_LOIST_BENCH: [(&str, &str); 3] =
    [("max_connections", "300"), ("pg_stat_statements.max", "10000"), ("compute_query_id", "on")];

/// Whether somebody chose the value for its own sake. initdb writes some defaults into the configuration file, too.
fn is_chosen(setting: &Setting, is_embedded: bool) -> bool {
    let is_own = is_embedded && OF_LOIST_BENCH.contains(&(setting.name.as_str(), setting.value.as_str()));
    if is_own || setting.default.as_ref() == Some(&setting.value) {
        return setting.pending_restart;
    }
    setting.pending_restart || (CHOSEN.contains(&setting.source.as_str()) && !is_of_the_place(&setting.name))
}

/// Reads the settings of a run record: those that somebody chose are what is set, the rest is in force.
pub(super) fn record(text: &str) -> Result<Document, FlagsError> {
    let value = parse(text)?;
    let record: Record = serde_json::from_value(value)
        .map_err(|error| malformed(1, format!("this is not a loist-bench record: {error}")))?;
    let mut document = Document::new(Form::Record);
    document.version = Some(record.server.version_number / 10_000);
    // The host is the server's machine only where loist-bench started the server itself.
    let is_embedded = record.server.kind == "embedded";
    if let Some(machine) = record.server.machine {
        document.machine = Some(Place { what: machine.name, line: 0 });
    } else if is_embedded {
        let what = format!("{}cpu-{}B", record.host.cpus, record.host.memory_bytes);
        document.machine = Some(Place { what, line: 0 });
    }
    for setting in record.evidence.settings {
        let is_hidden = setting.value == HIDDEN;
        if is_hidden && is_chosen(&setting, is_embedded) {
            document.remark(0, setting.name, "the record hides its value, which may hold a secret", false);
        } else if is_chosen(&setting, is_embedded) {
            let (name, value) = (setting.name.clone(), setting.value.clone());
            document.settings.push(Written { name, value, line: 0, observed: Some(setting), scope: None });
        } else if !is_hidden {
            document.in_force.insert(setting.name, setting.value);
        }
    }
    Ok(document)
}

fn parse(text: &str) -> Result<serde_json::Value, FlagsError> {
    serde_json::from_str(text)
        .map_err(|error| malformed(error.line().max(1), format!("this is not JSON: {error}")))
}
