//! Monitoring: what the collector tells of a real server, the files that read it, and each alert by its own fault.

mod alerts;
mod collector;
mod dashboard;
mod prometheus;
mod rules;

use crate::common::{Bench, Killed};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::Stdio,
};

/// A file of the repository.
fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The collector's metrics that a text names.
fn named_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("loist_pg_")).map(str::to_owned).collect()
}

/// Names that Prometheus knows the collector's metrics by.
fn known() -> BTreeSet<String> {
    loist_bench::monitor::METRICS.iter().flat_map(|metric| metric.names()).collect()
}

/// What a server says to `GET PATH`.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    // Of version 1.0 the answer comes in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.contains(" 200 OK").then(|| body.to_owned())
}

/// A collector that runs on until it is dropped.
struct Collector {
    process: Killed,
    /// Where it serves metrics.
    address: String,
}

impl Collector {
    fn start(bench: &Bench, url: &str, options: &str) -> Self {
        let mut command = bench.command(&format!("observe --metrics 127.0.0.1:0 {options}"));
        command.env("DATABASE_URL", url).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Killed(command.spawn().unwrap());
        let mut lines = BufReader::new(process.0.stderr.take().unwrap()).lines().map(Result::unwrap);
        let note = lines.find(|line| line.contains("metrics: http://")).expect("where they are");
        // Somebody must go on reading, or it blocks.
        std::thread::spawn(move || lines.for_each(drop));
        let address = note.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self { process, address }
    }

    fn metrics(&self) -> String {
        get(&self.address, "/metrics").unwrap()
    }
}
