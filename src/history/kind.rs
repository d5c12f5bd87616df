//! Of which kind a run is: only the numbers of one kind can be put in a row.

use crate::{
    record::{Load, Record, ServerKind},
    text::{grouped, short_digest},
    workload::Stage,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What runs must have in common so that their numbers can be put in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kind {
    /// Class of the clients' machine: processor model, processors, memory in whole GiB, operating system.
    pub client_machine: String,
    /// Who started the server.
    pub server: ServerKind,
    /// Major version of the server, as in 15.
    pub server_major: u32,
    /// The machine that the server stands for, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_machine: Option<String>,
    /// Where a server is that was already there, on another machine; without the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_address: Option<String>,
    /// Name of the profile, or of the file, of the settings that an embedded server was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<String>,
    /// Name of the workload.
    pub workload: String,
    /// The first twelve digits of the SHA-256 of the workload's text.
    pub workload_sha256: String,
    /// Operations that were left out, because only reading was allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// `simple`, `extended` or `prepared`.
    pub protocol: String,
    /// Rows of `audio_tracks` before the load.
    pub tracks: u64,
    /// `vacuumed`, `fresh` or `existing`.
    pub state: String,
    /// The load in words: how calls came about, over what, for how long.
    pub load: String,
}

/// What belongs to a measurement itself.
const MEASUREMENT: [&str; 6] = [
    "the operations left out",
    "the protocol",
    "the number of tracks",
    "the state of the tables",
    "the load",
    "the major version of the server",
];

impl Kind {
    /// Of which kind a run is.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let (server, workload) = (&record.server, &record.workload);
        let is_elsewhere = server.kind == ServerKind::External && !server.is_local;
        Self {
            client_machine: machine(record),
            server: server.kind,
            server_major: server.version_number / 10_000,
            server_machine: server.machine.as_ref().map(|machine| machine.name.clone()),
            server_address: is_elsewhere.then(|| server.address.clone()),
            // Where a checkout lies differs from machine to machine.
            flags: server.flags.as_deref().map(|flags| file_name(flags).to_owned()),
            workload: workload.name.clone(),
            workload_sha256: short_digest(&workload.sha256).to_owned(),
            left_out: workload.left_out.clone(),
            protocol: workload.protocol.clone(),
            tracks: record.catalog.tracks,
            state: record.catalog.state.clone(),
            load: load(&record.load, record.knee.is_some()),
        }
    }

    /// The first thing that differs, and its two values, in words.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        self.differences(other).next().map(|(_, said)| said)
    }

    /// What of the measurement itself differs, and its two values, in words: not where or by what it was measured, which
    /// may be what is compared.
    pub fn unlike(&self, other: &Self) -> impl Iterator<Item = String> {
        self.differences(other).filter(|(name, _)| MEASUREMENT.contains(name)).map(|(_, said)| said)
    }

    fn differences(&self, other: &Self) -> impl Iterator<Item = (&'static str, String)> {
        let pairs = self.parts().into_iter().zip(other.parts());
        pairs
            .filter(|((_, own), (_, others))| own != others)
            .map(|((name, own), (_, others))| (name, format!("{name}: {own} and {others}")))
    }

    fn parts(&self) -> [(&'static str, String); 13] {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        [
            ("the workload", self.workload.clone()),
            ("the SHA-256 of the workload", self.workload_sha256.clone()),
            ("the operations left out", format!("{:?}", self.left_out)),
            ("the protocol", self.protocol.clone()),
            ("the number of tracks", grouped(self.tracks)),
            ("the state of the tables", self.state.clone()),
            ("the load", self.load.clone()),
            ("who started the server", started_by(self.server).to_owned()),
            ("the major version of the server", self.server_major.to_string()),
            ("the machine of the server", or_none(&self.server_machine)),
            ("the address of the server", or_none(&self.server_address)),
            ("the flags of the server", or_none(&self.flags)),
            ("the machine of the clients", self.client_machine.clone()),
        ]
    }
}

/// The kind in words, on one line.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.workload, self.workload_sha256)?;
        if !self.left_out.is_empty() {
            write!(f, ", without {}", self.left_out.join(", "))?;
        }
        write!(
            f,
            ") on {} tracks ({}), {} protocol, {}; ",
            grouped(self.tracks),
            self.state,
            self.protocol,
            with_unit(&self.load)
        )?;
        write!(f, "PostgreSQL {}, {}", self.server_major, started_by(self.server))?;
        for (word, text) in
            [("at", &self.server_address), ("for", &self.server_machine), ("with flags", &self.flags)]
        {
            if let Some(text) = text {
                write!(f, " {word} {text}")?;
            }
        }
        write!(f, "; clients on {}", self.client_machine)
    }
}

/// A load in words with the unit of its rates, as in `steady 100/s 3s`; a line keeps each stage as it is written.
fn with_unit(load: &str) -> String {
    let part = |part: &str| match (part.parse::<Stage>(), part.split(' ').collect::<Vec<_>>().as_slice()) {
        (Ok(_), [shape, rates, time]) => format!("{shape} {rates}/s {time}"),
        _ => part.to_owned(),
    };
    load.split(", ").map(part).collect::<Vec<_>>().join(", ")
}

fn started_by(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Embedded => "embedded",
        ServerKind::External => "external",
    }
}

fn machine(record: &Record) -> String {
    let host = &record.host;
    let gib = (host.memory_bytes as f64 / f64::from(1u32 << 30)).round();
    format!("{}, {} processors, {gib} GiB, {}", host.cpu_model, host.cpus, host.os)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(path)
}

/// How calls came about and over what, in words; not for how long.
#[must_use]
pub fn how_hard(load: &Load) -> String {
    parts(load, false).join(", ")
}

fn load(load: &Load, at_knee: bool) -> String {
    let time = format!("{} s after {} s of warm-up", load.duration_seconds, load.warmup_seconds);
    format!("{}, {time}", parts(load, at_knee).join(", "))
}

/// A knee is found anew in each run: the rate that it gives is a result, no part of the kind.
fn parts(load: &Load, at_knee: bool) -> Vec<String> {
    let arrivals = load.arrivals.as_deref().unwrap_or("even");
    let calls = match (load.model.as_str(), load.think_seconds) {
        ("open", _) if at_knee => format!("open loop at the knee, {arrivals} arrivals"),
        ("open", _) => format!("open loop, {}, {arrivals} arrivals", load.stages.join(", ")),
        (_, Some(think)) => format!("closed loop with {think} s of think time ({arrivals})"),
        _ => "closed loop".to_owned(),
    };
    let mut parts = vec![calls, format!("{} clients on {} connections", load.clients, load.connections)];
    parts.push(format!("{} {}", load.threads, if load.threads == 1 { "thread" } else { "threads" }));
    if !matches!(load.client_model.as_str(), "" | "pool") {
        parts.push(load.client_model.clone());
    }
    if load.connect_per_checkout {
        parts.push("a new connection for each checkout".to_owned());
    }
    let named = [
        ("recycling", load.recycling.clone()),
        ("idle connections", load.pool_min.map(|number| number.to_string())),
        ("pool timeout", load.pool_timeout_seconds.map(|seconds| format!("{seconds} s"))),
        ("queue", load.queue.map(|number| number.to_string())),
        // An open loop asks for no more than it may.
        (
            "at most",
            load.max_rate_per_second.filter(|_| load.model == "closed").map(|rate| format!("{rate} calls/s")),
        ),
        ("delay", (load.round_trip_delay_us != 0.0).then(|| format!("{} us", load.round_trip_delay_us))),
    ];
    parts.extend(named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::sample;

    #[test]
    fn the_sample_in_words() {
        let kind = Kind::of(&sample());
        assert_eq!(
            kind.to_string(),
            "mcp-mix (2e73d399a3ca) on 10,000 tracks (vacuumed), simple protocol, closed loop, 4 clients on 4 connections, 2 threads, recycling fast, 30 s after 2 s of warm-up; PostgreSQL 15, embedded; clients on Intel(R) Xeon(R) Processor, 2 processors, 24 GiB, Linux (Debian GNU/Linux 12)"
        );
    }

    /// Whatever is changed makes another kind, and is what is named.
    #[test]
    fn what_differs_is_named() {
        let kind = Kind::of(&sample());
        let differing = |change: fn(&mut Record)| {
            let mut record = sample();
            change(&mut record);
            kind.difference(&Kind::of(&record)).unwrap_or_default()
        };
        for (change, part) in [
            ((|r| r.catalog.tracks = 20_000) as fn(&mut Record), "the number of tracks: 10,000 and 20,000"),
            (|r| r.server.version_number = 160_002, "version of the server: 15 and 16"),
            (
                |r| r.server.flags = Some("/a/b/plan.conf".to_owned()),
                "flags of the server: none and plan.conf",
            ),
            (
                |r| r.workload.sha256 = "0".repeat(64),
                "SHA-256 of the workload: 2e73d399a3ca and 000000000000",
            ),
            (|r| r.workload.left_out = vec!["x".to_owned()], "left out: [] and [\"x\"]"),
            (|r| r.load.clients = 8, "8 clients on 4"),
            (|r| r.load.max_rate_per_second = Some(50.0), "at most 50 calls/s"),
            (|r| r.host.cpus = 4, "the machine of the clients"),
            (|r| r.server.kind = ServerKind::External, "embedded and external"),
        ] {
            let found = differing(change);
            assert!(found.contains(part), "{part} in {found}");
        }
        assert_eq!(
            differing(|r| r.server.address = "elsewhere".to_owned()),
            "",
            "an embedded one is anywhere"
        );
        assert_eq!(
            differing(|r| r.host.memory_bytes += 1 << 20),
            "",
            "a few pages more are no other machine"
        );
        assert_eq!(
            differing(|r| r.server.version_number += 1),
            "",
            "a minor version is measured, not kept apart"
        );
    }

    #[test]
    fn a_rate_is_told_with_its_unit() {
        let mut record = sample();
        record.load.model = "open".to_owned();
        record.load.stages = ["steady 100 3s", "ramp 50..200 10s"].map(str::to_owned).to_vec();
        let kind = Kind::of(&record);
        assert!(kind.load.contains("open loop, steady 100 3s, ramp 50..200 10s, "), "{}", kind.load);
        let said = kind.to_string();
        assert!(said.contains("open loop, steady 100/s 3s, ramp 50..200/s 10s, "), "{said}");
    }

    #[test]
    fn a_knee_is_a_result() {
        let mut open = sample().load;
        open.model = "open".to_owned();
        open.stages = vec!["steady 311 30s".to_owned()];
        assert!(load(&open, false).contains("steady 311 30s"));
        assert!(!load(&open, true).contains("311"));
    }
}
