//! What was judged: a comparison, a gate's verdict, an A/A measurement, an audit, an answer on capacity, each a file of
//! its own format.

use crate::{
    audit::{self, Audit},
    capacity::{self, Capacity},
    cli::failure::Failure,
    compare::{self, Effects},
    gate::{FalseAlarms, Verdict, false_alarms, verdict},
    report::{
        audit as audit_report, capacity as capacity_report, effects, false_alarms as false_alarms_report,
        gate, grid::Tone, html, markdown, study as study_report,
    },
    text::json_mistake,
    tune::{Study, study},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::path::Path;

/// What a file holds that is no record.
#[derive(Debug)]
pub(in crate::cli) enum Document {
    Comparison(Box<Effects>),
    Gate(Box<Verdict>),
    Aa(Box<FalseAlarms>),
    Study(Box<Study>),
    Audit(Box<Audit>),
    Capacity(Box<Capacity>),
}

/// What every format begins with.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Document {
    /// What the file holds; `None` where it may be a record.
    ///
    /// # Errors
    /// When it is of one of these formats, and of a later version or not whole.
    pub(in crate::cli) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.is_file() {
            return Ok(None);
        }
        // What cannot be read, or is no text, is told as a record that is none.
        let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
        let Ok(header) = serde_json::from_str::<Header>(&text) else { return Ok(None) };
        let document = match header.format.as_str() {
            compare::FORMAT => Self::Comparison(parsed(&text, path, header.version, compare::VERSION)?),
            verdict::FORMAT => Self::Gate(parsed(&text, path, header.version, verdict::VERSION)?),
            study::FORMAT => Self::Study(parsed(&text, path, header.version, study::VERSION)?),
            audit::FORMAT => Self::Audit(parsed(&text, path, header.version, audit::VERSION)?),
            capacity::FORMAT => Self::Capacity(parsed(&text, path, header.version, capacity::VERSION)?),
            false_alarms::FORMAT => Self::Aa(parsed(&text, path, header.version, false_alarms::VERSION)?),
            _ => return Ok(None),
        };
        Ok(Some(document))
    }

    /// What it is, how it is to be taken, and what it came to.
    pub(in crate::cli) fn brief(&self) -> (&'static str, (Tone, &'static str), String) {
        match self {
            Self::Comparison(found) => {
                ("comparison", effects::words::outcome(found), effects::words::sentence(found))
            }
            Self::Gate(verdict) => ("gate", gate::words::outcome(verdict.outcome), verdict.sentence.clone()),
            Self::Study(found) => {
                ("tuning", study_report::words::outcome(found), study_report::words::sentence(found))
            }
            Self::Audit(found) => {
                ("audit", audit_report::words::outcome(found), audit_report::words::sentence(found))
            }
            Self::Capacity(found) => (
                "capacity",
                capacity_report::words::outcome(found.outcome),
                capacity_report::words::sentence(found),
            ),
            Self::Aa(found) => (
                "A/A",
                false_alarms_report::words::outcome(found),
                false_alarms_report::words::sentence(found),
            ),
        }
    }

    /// The page.
    pub(super) fn html(&self) -> String {
        match self {
            Self::Comparison(effects) => html::effects(effects),
            Self::Gate(verdict) => html::gate(verdict),
            Self::Aa(alarms) => html::false_alarms(alarms),
            Self::Study(study) => html::study(study),
            Self::Audit(audit) => html::audit(audit),
            Self::Capacity(capacity) => html::capacity(capacity),
        }
    }

    /// The summary.
    pub(super) fn markdown(&self) -> String {
        match self {
            Self::Comparison(effects) => markdown::effects(effects),
            Self::Gate(verdict) => markdown::gate(verdict),
            Self::Aa(alarms) => markdown::false_alarms(alarms),
            Self::Study(study) => markdown::study(study),
            Self::Audit(audit) => markdown::audit(audit),
            Self::Capacity(capacity) => markdown::capacity(capacity),
        }
    }
}

fn parsed<T: DeserializeOwned>(text: &str, path: &Path, found: u32, known: u32) -> Result<Box<T>, Failure> {
    let shown = path.display();
    if found > known {
        return Err(Failure::bad_input(format!(
            "{shown}: it has version {found}, this loist-bench reads up to {known}: use a newer loist-bench"
        )));
    }
    serde_json::from_str(text).map(Box::new).map_err(|error| {
        Failure::bad_input(format!("{shown}:{}: it is not whole: {}", error.line(), json_mistake(&error)))
    })
}
