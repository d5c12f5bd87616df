//! A run's numbers in OpenMetrics text, version 1.0.0:
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use super::{Distribution, Live, LiveOperation};
use crate::monitor::{Exposed, counter, encoded, histogram};
use prometheus_client::{
    collector::Collector, encoding::DescriptorEncoder, metrics::MetricType, registry::Unit,
};
use std::fmt::Result;

/// In front of every name.
const PREFIX: &str = "loist_bench";

/// A time that every operation has: its name, its help and where it is.
type Time = (&'static str, &'static str, fn(&LiveOperation) -> &Distribution);

const TIMES: [Time; 3] = [
    (
        "response",
        "Response time of the answered calls, from the intended start to the last row.",
        |operation| &operation.response,
    ),
    (
        "service",
        "Time that calls held a connection, from the first statement to the last row.",
        |operation| &operation.service,
    ),
    ("pool_wait", "Time that calls waited for a connection.", |operation| &operation.pool_wait),
];

impl Exposed for Live {
    /// What is not known (the size of the database, the rate of a closed loop) is left out.
    fn exposition(&self) -> String {
        encoded(PREFIX, Families(self.clone()))
    }
}

/// Reads the numbers off when asked: they are counted elsewhere.
#[derive(Debug)]
struct Families(Live);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result {
        let (live, encoder) = (&self.0, &mut encoder);
        run(live, encoder)?;
        calls(live, encoder)?;
        errors(live, encoder)?;
        connections(live, encoder)?;
        if let Some(bytes) = live.database_bytes {
            let help = "Size of the database.";
            encoder
                .encode_descriptor("database", help, Some(&Unit::Bytes), MetricType::Gauge)?
                .encode_gauge(&bytes)?;
        }
        Ok(())
    }
}

fn run(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> Result {
    let help = "What is run, and which phase of it.";
    encoder
        .encode_descriptor("run", help, None, MetricType::Info)?
        .encode_info(&[("workload", live.workload.as_str()), ("phase", live.phase.as_str())])?;
    let help = "Time since the phase began.";
    encoder
        .encode_descriptor("elapsed", help, Some(&Unit::Seconds), MetricType::Gauge)?
        .encode_gauge(&live.elapsed.as_secs_f64())?;
    if let Some(rate) = live.asked_rate {
        let help = "Calls per second that are asked for.";
        encoder.encode_descriptor("asked_rate", help, None, MetricType::Gauge)?.encode_gauge(&rate)?;
    }
    let help = "Calls that fell due in this phase, whatever became of them.";
    counter(&mut encoder.encode_descriptor("arrivals", help, None, MetricType::Counter)?, &live.arrivals)
}

fn calls(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> Result {
    if live.operations.is_empty() {
        return Ok(());
    }
    let help = "Calls of this phase by what became of them.";
    let mut family = encoder.encode_descriptor("calls", help, None, MetricType::Counter)?;
    for operation in &live.operations {
        for (outcome, count) in outcomes(operation) {
            let labels = [("operation", operation.name.as_str()), ("outcome", outcome)];
            counter(&mut family.encode_family(&labels)?, &count)?;
        }
    }
    for (name, help, pick) in TIMES {
        let mut family =
            encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for operation in &live.operations {
            let labels = [("operation", operation.name.as_str())];
            histogram(&mut family.encode_family(&labels)?, pick(operation))?;
        }
    }
    Ok(())
}

fn outcomes(operation: &LiveOperation) -> [(&'static str, u64); 5] {
    [
        ("completed", operation.completed),
        ("expected_failure", operation.expected_failures),
        ("failed", operation.failed),
        ("shed", operation.shed),
        ("unfinished", operation.unfinished),
    ]
}

fn errors(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> Result {
    if live.errors.is_empty() {
        return Ok(());
    }
    let help =
        "Errors of this phase by operation, class and SQLSTATE, and whether the workload expects them.";
    let mut family = encoder.encode_descriptor("errors", help, None, MetricType::Counter)?;
    for (error, count) in &live.errors {
        let labels = [
            ("operation", error.operation.as_str()),
            ("class", error.class.as_str()),
            ("code", error.code.as_str()),
            ("expected", if error.expected { "true" } else { "false" }),
        ];
        counter(&mut family.encode_family(&labels)?, count)?;
    }
    Ok(())
}

fn connections(live: &Live, encoder: &mut DescriptorEncoder<'_>) -> Result {
    let connections = &live.connections;
    let help = "Connections open now.";
    encoder
        .encode_descriptor("connections_open", help, None, MetricType::Gauge)?
        .encode_gauge(&connections.open)?;
    let help = "Connections opened so far.";
    counter(
        &mut encoder.encode_descriptor("connections_opened", help, None, MetricType::Counter)?,
        &connections.connect.count(),
    )?;
    let help = "Time that opening a connection took.";
    histogram(
        &mut encoder.encode_descriptor("connect", help, Some(&Unit::Seconds), MetricType::Histogram)?,
        &connections.connect,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::metrics::{LiveConnections, LiveError};
    use std::time::Duration;

    fn live() -> Live {
        let distribution = |latencies: &[(u64, u64)]| {
            let mut all = Distribution::default();
            all.add(latencies.iter().copied());
            all
        };
        let error = |operation: &str, code: &str| LiveError {
            operation: operation.to_owned(),
            class: "server".to_owned(),
            code: code.to_owned(),
            expected: code == "57014",
        };
        Live {
            workload: "mcp-mix".to_owned(),
            phase: "measuring".to_owned(),
            elapsed: Duration::from_millis(12_500),
            asked_rate: Some(250.0),
            arrivals: 3_125,
            operations: vec![
                LiveOperation {
                    name: "search_library".to_owned(),
                    completed: 2_000,
                    expected_failures: 3,
                    failed: 2,
                    shed: 7,
                    unfinished: 1,
                    response: distribution(&[(800_000, 1_500), (4_000_000, 500), (11_000_000_000, 3)]),
                    service: distribution(&[(700_000, 2_000), (3_000_000, 3)]),
                    pool_wait: distribution(&[(90_000, 2_003)]),
                },
                LiveOperation { name: "get_track".to_owned(), ..LiveOperation::default() },
            ],
            errors: [(error("search_library", "57014"), 2), (error("odd \"name\"\\\n", "client"), 1)].into(),
            connections: LiveConnections { open: 4, connect: distribution(&[(1_200_000, 6)]) },
            database_bytes: Some(123_456_789_012),
        }
    }

    #[test]
    fn all_families() {
        insta::assert_snapshot!(live().exposition());
    }

    #[test]
    fn the_unknown_is_left_out() {
        let text = Live::default().exposition();
        for name in ["asked_rate", "calls", "response", "errors", "database"] {
            assert!(!text.contains(&format!("{PREFIX}_{name}")), "{name}:\n{text}");
        }
        assert!(text.contains("\nloist_bench_connections_open 0\n"), "{text}");
        assert!(text.ends_with("\n# EOF\n"), "{text}");
    }
}
