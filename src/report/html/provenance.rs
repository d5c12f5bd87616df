//! Where the numbers come from: versions, machine, workload, times; and the record itself, to take along.

use super::parts::{self, rendered};
use crate::text::{bytes, grouped, three_digits};
use crate::{
    record::{Record, TargetMachine},
    report::{
        grid::{Cell, Column, Grid, Row},
        headline, session, shards,
        source::Source,
    },
};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

#[derive(Template)]
#[template(path = "report/provenance.html")]
struct Provenance<'a> {
    source: &'a Source,
    subject: String,
    facts: Vec<(&'static str, String)>,
    steps: String,
    digest: String,
    size: String,
    /// The record, gzip in base64.
    embedded: String,
}

/// A part for each record.
pub(super) fn part(sources: &[Source]) -> String {
    sources.iter().map(one).collect()
}

fn one(source: &Source) -> String {
    rendered(&Provenance {
        source,
        subject: headline::subject(&source.record),
        facts: facts(&source.record),
        steps: parts::grid(&steps(&source.record), "How long each step took"),
        digest: source.digest(),
        size: bytes(source.text.len() as u64),
        embedded: STANDARD.encode(packed(&source.text)),
    })
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(text.as_bytes()).and_then(|()| packer.finish());
    packed.expect("writing to memory does not fail")
}

fn facts(record: &Record) -> Vec<(&'static str, String)> {
    let (run, host, server, catalog) = (&record.run, &record.host, &record.server, &record.catalog);
    let time = |at: &chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let limits = [
        host.memory_limit_bytes.map(|limit| format!("limited to {} of memory", bytes(limit))),
        host.cpu_limit.map(|limit| format!("limited to {} processors", three_digits(limit))),
    ];
    let limits: String = limits.into_iter().flatten().map(|limit| format!(", {limit}")).collect();
    let mut facts = vec![
        ("loist-bench", format!("{}, record version {}", record.tool_version, record.version)),
        ("Run", format!("{} to {}", time(&run.started_at), time(&run.finished_at))),
        (
            "Window",
            format!("from {}, {} s", time(&record.window.started_at), three_digits(record.window.seconds)),
        ),
        ("Seed", run.seed.to_string()),
        (
            "Client machine",
            format!("{}, {} processors, {}{limits}", host.cpu_model, host.cpus, bytes(host.memory_bytes)),
        ),
        ("System", format!("{}, kernel {}, {}", host.os, host.kernel, host.architecture)),
        ("Server", format!("PostgreSQL {}, {}", server.version, server.address)),
        ("Build", server.build.clone()),
        ("Collation", server.collation.clone()),
        ("Catalog", format!("{} tracks, {}", grouped(catalog.tracks), catalog.state)),
        (
            "Workload",
            format!(
                "{} ({}), {} protocol",
                record.workload.name, record.workload.origin, record.workload.protocol
            ),
        ),
        ("Workload's SHA-256", record.workload.sha256.clone()),
    ];
    let mut also = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    also("Rows' SHA-256", catalog.checksum.clone());
    also("Generator", catalog.generator_version.map(|version| format!("version {version}")));
    also("Connection", session::words(record));
    also("Load machines", shards::words(record));
    also("File system", server.data_file_system.clone());
    also("Flags", server.flags.clone());
    also("Left out", (!record.workload.left_out.is_empty()).then(|| record.workload.left_out.join(", ")));
    also("Machine stood for", server.machine.as_ref().map(stood_for));
    facts
}

/// The machine that the server was confined to be like, and how far it was.
fn stood_for(machine: &TargetMachine) -> String {
    let confined = [
        machine.confined_cpus.map(|cpus| format!("confined to {cpus} processors")),
        machine.confined_memory_bytes.map(|memory| format!("confined to {}", bytes(memory))),
    ];
    let said: Vec<String> = confined.into_iter().flatten().chain(machine.not_done.iter().cloned()).collect();
    format!(
        "{} ({} processors, {}): {}",
        machine.name,
        machine.vcpus,
        bytes(machine.memory_bytes),
        said.join("; ")
    )
}

fn steps(record: &Record) -> Grid {
    let mut grid = Grid::new(vec![Column::words("step"), Column::numbers("seconds")]);
    for step in &record.steps {
        grid.push(Row::new(vec![Cell::text(&step.name), Cell::amount(step.seconds)]));
    }
    grid
}

/// The last line of a page.
pub(super) fn foot(record: &Record) -> String {
    format!(
        "Made by loist-bench {} from records alone. Times are UTC. Percentiles come from HdrHistograms with three significant digits. Written by version {}.",
        env!("CARGO_PKG_VERSION"),
        crate::report::xml::escaped(&record.tool_version)
    )
}
