//! Prometheus itself, and its promtool.

use super::{file, get};
use crate::common::{Killed, wait_until};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

const MISSING: &str =
    "the tests of monitoring need prometheus and promtool; install them with:  scripts/setup.sh --browser";

/// What promtool says, which must find no fault.
pub(super) fn promtool(arguments: &[&str]) -> String {
    let mut command = Command::new("promtool");
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect(MISSING);
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
    said
}

/// What takes minutes of a rule takes seconds, and what takes a large server a small one. Nothing else of the rules is
/// changed.
fn quickened(rules: &str) -> String {
    let mut quick = String::new();
    for line in rules.lines() {
        match line.split_once("for: ") {
            Some((indent, _)) if indent.trim().is_empty() => quick.push_str(&format!("{indent}for: 0s\n")),
            _ => quick.push_str(&format!("{line}\n")),
        }
    }
    for (written, instead) in [
        ("[5m]", "[6s]"),
        ("[10m]", "[6s]"),
        // An idle transaction, what a slot keeps, the age of transactions.
        ("> 300\n", "> 2\n"),
        ("> 1073741824\n", "> 1000000\n"),
        ("> 1e9\n", "> 3000\n"),
    ] {
        assert!(quick.contains(written), "{written} in {quick}");
        quick = quick.replace(written, instead);
    }
    quick
}

/// A Prometheus that scrapes one collector each second, until it is dropped.
pub(super) struct Prometheus {
    _process: Killed,
    address: String,
    _directory: TempDir,
}

impl Prometheus {
    pub(super) fn start(target: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("rules.yaml"), quickened(&file("monitoring/alerts.yaml"))).unwrap();
        let configuration = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
             rule_files: [rules.yaml]\n\
             scrape_configs:\n  - job_name: loist\n    static_configs: [{{targets: ['{target}']}}]\n"
        );
        std::fs::write(path("prometheus.yaml"), configuration).unwrap();
        // It cannot choose a free port itself.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let argument = |name: &str, value: &Path| format!("--{name}={}", value.display());
        let process = Command::new("prometheus")
            .arg(argument("config.file", &path("prometheus.yaml")))
            .arg(argument("storage.tsdb.path", &path("data")))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect(MISSING);
        let prometheus = Self { _process: Killed(process), address, _directory: directory };
        wait_until("Prometheus", || get(&prometheus.address, "/-/ready").is_some());
        prometheus
    }

    fn ask(&self, path: &str) -> Value {
        serde_json::from_str(&get(&self.address, path).unwrap()).unwrap()
    }

    /// Names of the alerts that fire now; each is told in whole sentences.
    pub(super) fn firing(&self) -> BTreeSet<String> {
        let answer = self.ask("/api/v1/alerts");
        let alerts = answer["data"]["alerts"].as_array().unwrap();
        for alert in alerts {
            for (_, text) in alert["annotations"].as_object().unwrap() {
                let text = text.as_str().unwrap();
                assert!(
                    !text.is_empty() && !text.contains("<error") && !text.contains("<no value>"),
                    "{alert}"
                );
            }
        }
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
        firing.map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect()
    }

    /// How many scrapes of the collector it has.
    pub(super) fn scrapes(&self) -> u64 {
        // count_over_time(loist_pg_up[1h])
        let answer = self.ask("/api/v1/query?query=count_over_time(loist_pg_up%5B1h%5D)");
        answer["data"]["result"][0]["value"][1].as_str().map_or(0, |number| number.parse().unwrap())
    }
}
