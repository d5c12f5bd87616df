//! A record in brief: the few fields that a list of runs needs. The others are skipped, which is many times faster than
//! to read them.

use crate::record::{
    Ended, FORMAT, Load, Outcome, QuantileInterval, RecordError, ServerKind, SloResult, VERSION, check_header,
};
use crate::text::json_mistake;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::path::Path;

/// A record in brief.
#[derive(Debug, Clone, Deserialize)]
pub struct Brief {
    format: String,
    version: u32,
    /// When, and whether it is whole.
    pub run: RunBrief,
    /// The clients' machine.
    pub host: HostBrief,
    /// The server.
    pub server: ServerBrief,
    /// What was in the database.
    pub catalog: CatalogBrief,
    /// What was replayed.
    pub workload: WorkloadBrief,
    /// How hard.
    pub load: Load,
    /// All operations together.
    pub overall: SummaryBrief,
    /// Each of them.
    pub operations: Vec<OperationBrief>,
    /// Whether the objective was met.
    pub verdict: VerdictBrief,
}

/// When, and whether it is whole.
#[derive(Debug, Clone, Deserialize)]
pub struct RunBrief {
    /// Start, UTC.
    pub started_at: DateTime<Utc>,
    /// How the window ended.
    pub ended: Ended,
}

/// The clients' machine.
#[derive(Debug, Clone, Deserialize)]
pub struct HostBrief {
    /// Processor model.
    pub cpu_model: String,
    /// Processors.
    pub cpus: usize,
}

/// The server.
#[derive(Debug, Clone, Deserialize)]
pub struct ServerBrief {
    /// Who started it.
    pub kind: ServerKind,
    /// Where it is.
    pub address: String,
    /// As in `15.18`.
    pub version: String,
    /// The machine that it stands for.
    #[serde(default)]
    pub machine: Option<MachineBrief>,
    /// Profile or file of its settings.
    #[serde(default)]
    pub flags: Option<String>,
}

/// The machine that a server stands for.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineBrief {
    /// Its name.
    pub name: String,
}

/// What was in the database.
#[derive(Debug, Clone, Deserialize)]
pub struct CatalogBrief {
    /// Rows before the load.
    pub tracks: u64,
    /// `vacuumed`, `fresh` or `existing`.
    pub state: String,
}

/// What was replayed.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkloadBrief {
    /// Its name.
    pub name: String,
    /// `simple`, `extended` or `prepared`.
    pub protocol: String,
}

/// All operations together.
#[derive(Debug, Clone, Deserialize)]
pub struct SummaryBrief {
    /// Calls answered a second.
    pub calls_per_second: f64,
    /// Response time.
    pub response: LatencyBrief,
    /// How sure it is within the run.
    pub response_intervals: Vec<QuantileInterval>,
    /// Its objective.
    pub slo: SloResult,
}

/// Latencies.
#[derive(Debug, Clone, Deserialize)]
pub struct LatencyBrief {
    /// 95th percentile.
    pub p95_us: Option<f64>,
}

/// An operation.
#[derive(Debug, Clone, Deserialize)]
pub struct OperationBrief {
    /// Its name.
    pub name: String,
    /// Its objective.
    pub slo: SloResult,
}

/// Whether the objective was met.
#[derive(Debug, Clone, Deserialize)]
pub struct VerdictBrief {
    /// Whether.
    pub outcome: Outcome,
}

impl Brief {
    /// Reads a record's text, which stands in `path`.
    ///
    /// # Errors
    /// When it is no record, or newer than this program.
    pub fn read(text: &str, path: &Path) -> Result<Self, RecordError> {
        let brief: Self = serde_json::from_str(text).map_err(|error| {
            // What is no record at all is better said so than by the first field that it lacks.
            check_header(text, path).err().unwrap_or_else(|| RecordError::Malformed {
                path: path.to_owned(),
                line: error.line(),
                reason: json_mistake(&error),
            })
        })?;
        if brief.format != FORMAT || !(1..=VERSION).contains(&brief.version) {
            check_header(text, path)?;
        }
        Ok(brief)
    }

    /// The interval of the p95 of all operations, within the run.
    #[must_use]
    pub fn interval(&self) -> Option<&QuantileInterval> {
        self.overall.response_intervals.iter().find(|interval| (interval.quantile - 0.95).abs() < 1e-9)
    }

    /// The operation that comes closest to its objective, or misses it most, of those that were answered.
    #[must_use]
    pub fn closest(&self) -> Option<&OperationBrief> {
        let all = self.operations.iter().filter_map(|operation| Some((operation, operation.slo.headroom()?)));
        all.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(operation, _)| operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SAMPLE, sample};

    #[test]
    fn a_record_in_brief_says_what_the_record_says() {
        let brief = Brief::read(SAMPLE, Path::new("record.json")).unwrap();
        let record = sample();
        assert_eq!(brief.overall.response.p95_us, record.overall.response.p95_us);
        assert_eq!(brief.load, record.load);
        let (closest, _) = crate::report::headline::closest(&record).unwrap();
        assert_eq!(brief.closest().unwrap().name, closest.name);
        assert_eq!(brief.interval(), crate::report::headline::interval(&record.overall, 0.95));
    }

    #[test]
    fn what_is_no_record_is_named_so() {
        let read = |text: &str| Brief::read(text, Path::new("x")).unwrap_err().to_string();
        assert!(read("{").contains("x:1: this is not a loist-bench record"));
        assert!(read(r#"{"format": "other", "version": 1}"#).contains("its format is `other`"));
        assert!(
            read(r#"{"format": "loist-bench/record", "version": 99}"#).contains("use a newer loist-bench")
        );
        assert!(read(r#"{"format": "loist-bench/record", "version": 1}"#).contains("missing field"));
    }
}
