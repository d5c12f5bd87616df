//! A table for spreadsheets and scripts (RFC 4180): one row a night, operation and block. It holds all of a night, and is
//! read back without loss.

use crate::{
    history::{ALL, Blocks, FORMAT, Kind, Night},
    record::ServerKind,
};
use chrono::{DateTime, Utc};
use csv::{Terminator, WriterBuilder};
use serde::{Deserialize, Serialize};

/// A row. What is not there is an empty field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::history) struct Row {
    pub(in crate::history) format: String,
    pub(in crate::history) version: u32,
    pub(in crate::history) id: String,
    pub(in crate::history) at: DateTime<Utc>,
    revision: Option<String>,
    tool_version: String,
    blocks: usize,
    set_aside: usize,
    disturbed: bool,
    client_machine: String,
    server: ServerKind,
    server_major: u32,
    server_machine: Option<String>,
    server_address: Option<String>,
    flags: Option<String>,
    workload: String,
    workload_sha256: String,
    /// Names, with semicolons between them.
    left_out: Option<String>,
    protocol: String,
    tracks: u64,
    state: String,
    load: String,
    /// An operation's name, or `(all)`.
    pub(in crate::history) operation: String,
    objective: String,
    /// Number of the block, from 1.
    pub(in crate::history) block: usize,
    p50_us: Option<f64>,
    p95_us: Option<f64>,
    p99_us: Option<f64>,
    mean_us: Option<f64>,
    calls_per_second: f64,
    calls: u64,
    misses: u64,
    errors: u64,
}

/// How the row of names begins.
const BEGINNING: &str = "format,version,id,at,";

/// Whether a file that begins so is such a table.
pub(in crate::history) fn is_ours(beginning: &str) -> bool {
    beginning.strip_prefix('\u{feff}').unwrap_or(beginning).starts_with(BEGINNING)
}

/// The table of nights.
#[must_use]
pub fn csv(nights: &[&Night]) -> String {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for night in nights {
        for (operation, blocks) in night.parts() {
            for block in 0..night.blocks {
                table
                    .serialize(Row::of(night, operation, blocks, block))
                    .expect("writing to memory does not fail, and every row has the same length");
            }
        }
    }
    let bytes = table.into_inner().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("made of text")
}

impl Row {
    fn of(night: &Night, operation: Option<&str>, of: &Blocks, block: usize) -> Self {
        let kind = night.kind.clone();
        Self {
            format: FORMAT.to_owned(),
            version: night.version,
            id: night.id.clone(),
            at: night.at,
            revision: night.revision.clone(),
            tool_version: night.tool_version.clone(),
            blocks: night.blocks,
            set_aside: night.set_aside,
            disturbed: night.disturbed,
            client_machine: kind.client_machine,
            server: kind.server,
            server_major: kind.server_major,
            server_machine: kind.server_machine,
            server_address: kind.server_address,
            flags: kind.flags,
            workload: kind.workload,
            workload_sha256: kind.workload_sha256,
            left_out: Some(kind.left_out.join(";")).filter(|names| !names.is_empty()),
            protocol: kind.protocol,
            tracks: kind.tracks,
            state: kind.state,
            load: kind.load,
            operation: operation.unwrap_or(ALL).to_owned(),
            objective: of.objective.clone(),
            block: block + 1,
            p50_us: of.p50_us[block],
            p95_us: of.p95_us[block],
            p99_us: of.p99_us[block],
            mean_us: of.mean_us[block],
            calls_per_second: of.calls_per_second[block],
            calls: of.calls[block],
            misses: of.misses[block],
            errors: of.errors[block],
        }
    }

    /// The night that it is a row of, without what was measured.
    pub(in crate::history) fn night(&self) -> Night {
        let row = self.clone();
        let names = row.left_out.iter().flat_map(|names| names.split(';')).map(str::to_owned);
        Night {
            format: row.format,
            version: row.version,
            id: row.id,
            at: row.at,
            revision: row.revision,
            tool_version: row.tool_version,
            kind: Kind {
                left_out: names.collect(),
                client_machine: row.client_machine,
                server: row.server,
                server_major: row.server_major,
                server_machine: row.server_machine,
                server_address: row.server_address,
                flags: row.flags,
                workload: row.workload,
                workload_sha256: row.workload_sha256,
                protocol: row.protocol,
                tracks: row.tracks,
                state: row.state,
                load: row.load,
            },
            blocks: row.blocks,
            set_aside: row.set_aside,
            disturbed: row.disturbed,
            operations: Vec::new(),
            overall: Blocks::default(),
        }
    }

    /// Adds what was measured to the blocks before it.
    pub(in crate::history) fn add_to(&self, blocks: &mut Blocks) {
        blocks.objective.clone_from(&self.objective);
        blocks.p50_us.push(self.p50_us);
        blocks.p95_us.push(self.p95_us);
        blocks.p99_us.push(self.p99_us);
        blocks.mean_us.push(self.mean_us);
        blocks.calls_per_second.push(self.calls_per_second);
        blocks.calls.push(self.calls);
        blocks.misses.push(self.misses);
        blocks.errors.push(self.errors);
    }
}
