//! Runs of one kind: those whose numbers can be put in a row.

use super::{Brief, Run};
use crate::{record::ServerKind, report::load, text::grouped};

/// Runs of one kind, the newest first.
#[derive(Debug)]
pub struct Kind<'a> {
    /// What they have in common, in words.
    pub name: String,
    /// The runs.
    pub runs: Vec<&'a Run>,
}

/// Which runs are of one kind: the same workload, number of tracks, state, load, protocol, version of the server and
/// machines. The kind with the newest run comes first. `runs` has the newest first.
#[must_use]
pub fn kinds(runs: &[Run]) -> Vec<Kind<'_>> {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for run in runs {
        let name = name(&run.brief);
        match kinds.iter_mut().find(|kind| kind.name == name) {
            Some(kind) => kind.runs.push(run),
            None => kinds.push(Kind { name, runs: vec![run] }),
        }
    }
    kinds
}

fn name(brief: &Brief) -> String {
    format!(
        "{} on {} tracks ({}), {}, {} protocol; {}; clients on {}",
        brief.workload.name,
        grouped(brief.catalog.tracks),
        brief.catalog.state,
        load::model(&brief.load),
        brief.workload.protocol,
        server(brief),
        machine(brief)
    )
}

/// The server in words. Where an embedded one listens is different each time, and does not matter.
pub(in crate::report) fn server(brief: &Brief) -> String {
    let server = &brief.server;
    let machine = server.machine.as_ref().map(|machine| format!(" for {}", machine.name)).unwrap_or_default();
    match server.kind {
        ServerKind::Embedded => format!("PostgreSQL {}, embedded{machine}", server.version),
        ServerKind::External => format!("PostgreSQL {} at {}{machine}", server.version, server.address),
    }
}

/// The clients' machine in words.
pub(in crate::report) fn machine(brief: &Brief) -> String {
    format!("{}, {} processors", brief.host.cpu_model, brief.host.cpus)
}
