//! Checking a list of settings: what a server or Cloud SQL would refuse, what it would take otherwise than it was meant,
//! and what it should not be asked for.
//!
//! No server is asked: all that is known is the list, the rows of `src/flags/data` and what the caller adds ([`Context`]). A
//! rule is added in the file of its subject.

mod connections;
mod habits;
mod memory;
mod sheet;
mod values;
mod written;

use super::{Document, Machine};
use serde::Serialize;
use sheet::Sheet;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is refused, or does not do what it says.
    Error,
    /// It is taken, and does harm or may.
    Warning,
    /// To be known; nothing is wrong.
    Note,
}

/// Something about a list of settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that speaks, as in `unit/cloud-sql`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Line of the text, from 1, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The setting, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// What was found, as it was written.
    pub found: String,
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// What is known beside the text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The machine; it goes before the one that the text names.
    pub machine: Option<&'a Machine>,
    /// Memory that the server may use, where that is less than the machine's.
    pub memory_limit_bytes: Option<u64>,
    /// Connections that all clients may open together.
    pub connections: Option<u32>,
    /// PostgreSQL's major version; it goes before the one that the text names.
    pub version: Option<u32>,
}

/// Everything that is to be said of `document`, the worst first, then by line.
#[must_use]
pub fn check(document: &Document, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sheet = Sheet::new(document, context, &mut findings);
    written::check(&sheet, &mut findings);
    values::check(&sheet, &mut findings);
    memory::check(&sheet, &mut findings);
    connections::check(&sheet, &mut findings);
    habits::check(&sheet, &mut findings);
    // How to write a value that should not be there is nobody's question.
    let unwise: Vec<String> = findings
        .iter()
        .filter(|finding| ["logging/costly", "durability", "off"].contains(&finding.rule))
        .filter_map(|finding| finding.flag.clone())
        .collect();
    findings.retain(|finding| {
        finding.rule != "value/boolean" || !finding.flag.as_ref().is_some_and(|flag| unwise.contains(flag))
    });
    findings.sort_by_key(|finding| (finding.severity, finding.line.unwrap_or(usize::MAX)));
    findings
}

impl Finding {
    fn new(rule: &'static str, severity: Severity, found: impl Into<String>, why: impl Into<String>) -> Self {
        Self { rule, severity, line: None, flag: None, found: found.into(), why: why.into(), instead: None }
    }

    fn at(mut self, line: usize) -> Self {
        self.line = (line > 0).then_some(line);
        self
    }

    fn of(mut self, flag: &str) -> Self {
        self.flag = Some(flag.to_owned());
        self
    }

    fn instead(mut self, instead: impl Into<String>) -> Self {
        self.instead = Some(instead.into());
        self
    }
}

#[cfg(test)]
mod tests;
