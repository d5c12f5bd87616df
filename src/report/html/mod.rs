//! Pages, each one file: of a run, of several, of a directory of runs, and of what was judged: comparisons, verdicts, A/A
//! measurements, studies, audits, answers on capacity.
//!
//! A page asks for nothing from anywhere, tells all it has to tell without scripts, and whatever a record holds stays text
//! in it. A page or a section is added as a file, with a template in `templates/report` where those that are there do not
//! serve.

mod advice;
mod answer;
mod audit;
mod capacity;
mod compare;
mod effects;
mod false_alarms;
mod frame;
mod gate;
mod index;
mod operations;
mod parts;
mod plan;
mod provenance;
mod relations;
mod run;
mod settings;
mod statements;
mod study;
mod switches;
#[cfg(test)]
mod tests;
mod verdict;

use super::{index::Runs, source::Source};
use crate::{
    audit::Audit,
    capacity::Capacity,
    compare::Effects,
    gate::{FalseAlarms, Verdict},
    tune::Study,
};

/// The page that explains one run.
#[must_use]
pub fn run(source: &Source) -> String {
    run::page(source)
}

/// The page that puts several runs side by side; the first is the base. With one, the page that explains it; with none,
/// nothing.
#[must_use]
pub fn compare(sources: &[Source]) -> String {
    match sources {
        [] => String::new(),
        [one] => run(one),
        several => compare::page(several),
    }
}

/// The page that lists the runs of a directory.
#[must_use]
pub fn index(runs: &Runs) -> String {
    index::page(runs)
}

/// The page of a comparison: what differs between two sets of records, and how sure that is.
#[must_use]
pub fn effects(effects: &Effects) -> String {
    effects::page(effects)
}

/// The page of a gate's verdict.
#[must_use]
pub fn gate(verdict: &Verdict) -> String {
    gate::page(verdict)
}

/// The page of an audit: what was found, and what helps.
#[must_use]
pub fn audit(audit: &Audit) -> String {
    audit::page(audit)
}

/// The page of an answer on capacity: growth of latency and size, tiers, cost, connections.
#[must_use]
pub fn capacity(capacity: &Capacity) -> String {
    capacity::page(capacity)
}

/// The page of a tuning study: settings to change, what they are worth, and what was tried.
#[must_use]
pub fn study(study: &Study) -> String {
    study::page(study)
}

/// The page of an A/A measurement: how often the gate cries wolf, and what it can see.
#[must_use]
pub fn false_alarms(alarms: &FalseAlarms) -> String {
    false_alarms::page(alarms)
}
