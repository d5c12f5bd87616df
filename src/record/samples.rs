//! What the machine and the server did during the window, sampled about once a second.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Samples of the whole window, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samples {
    /// Time between two samples, as planned; each sample says when it was taken.
    pub interval_seconds: f64,
    /// Processors of this machine that are online; 0 when that could not be read.
    pub processors: usize,
    /// Processors that this process may use, by its affinity. Limits of a control group do not count.
    pub allowed_processors: usize,
    /// Schema and name of the tables in [`Sample::table_bytes`]: the largest five of the user's when the window began, the
    /// largest first. A partition is a table of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// At most 600.
    pub samples: Vec<Sample>,
    /// What could not be sampled, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

impl Samples {
    /// The samples of a window that long: what is taken in the drain after it says nothing of it. A sample belongs where
    /// most of its interval lies.
    #[must_use]
    pub fn of_window(&self, seconds: f64) -> &[Sample] {
        let latest = seconds + self.interval_seconds / 2.0;
        &self.samples[..self.samples.partition_point(|sample| sample.at_seconds <= latest)]
    }

    /// Mean over `samples`, each weighted with the length of its interval; `None` without samples.
    #[must_use]
    pub fn mean(samples: &[Sample], pick: impl Fn(&Sample) -> f64) -> Option<f64> {
        Self::mean_known(samples, |sample| Some(pick(sample)))
    }

    /// The same over those that have the number; `None` if none has.
    #[must_use]
    pub fn mean_known(samples: &[Sample], pick: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        let mut began = 0.0;
        let (sum, length) = samples.iter().fold((0.0, 0.0), |(sum, length), sample| {
            let interval = (sample.at_seconds - began).max(0.0);
            began = sample.at_seconds;
            match pick(sample) {
                Some(number) => (sum + number * interval, length + interval),
                None => (sum, length),
            }
        });
        (length > 0.0).then(|| sum / length)
    }
}

/// What was seen in the interval that ends at `at_seconds`, or at that moment.
///
/// A use of processors is processor time per second of time: 0.85 is most of one processor. What could not be read
/// is 0, or `null` where 0 would be a statement; [`Samples::missing`] says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// End of the interval, since the window began.
    pub at_seconds: f64,
    /// Processors that this process used.
    pub client_cpus: f64,
    /// Processors that the PostgreSQL server's processes used; `null` when they are not on this machine or cannot
    /// be read.
    pub server_cpus: Option<f64>,
    /// Processors that everything else on this machine used, at least; interrupts, which are mostly the load's own
    /// packets, do not count.
    /// Where `server_cpus` is `null` and the server is on this machine all the same, as one in a container is, it is
    /// in here.
    #[serde(default)]
    pub other_cpus: Option<f64>,
    /// The part of it that is certainly not the server's: processes that can be seen one by one and are not its own.
    /// Where `server_cpus` is `null`, those that are PostgreSQL or carry its packets are not in it.
    #[serde(default)]
    pub foreign_cpus: Option<f64>,
    /// The part of that on processors that this process may use, by where each process ran last.
    #[serde(default)]
    pub foreign_cpus_beside: Option<f64>,
    /// Share of all processors' time that the hypervisor gave to others, 0..=1.
    #[serde(default)]
    pub steal_share: Option<f64>,
    /// Seconds per second that the client thread waited for a processor which waited longest, 0..=1.
    pub client_wait: f64,
    /// Tasks of the machine that were running or ready to run.
    pub runnable: u64,
    /// Load average over one minute.
    pub load1: f64,
    /// Sessions of other clients in this database that were not idle; an idle transaction is not idle.
    pub sessions_active: Option<u64>,
    /// Sessions of this database that waited for a lock.
    pub lock_waits: Option<u64>,
    /// How long the one of them had waited that waited longest; before PostgreSQL 14, the age of its statement.
    pub longest_lock_wait_ms: Option<f64>,
    /// Autovacuum workers at work in the whole server.
    pub autovacuums: Option<u64>,
    /// Checkpoints begun in the interval, by time and on request.
    pub checkpoints: Option<u64>,
    /// Size of the database, as read up to nine samples ago.
    pub database_bytes: Option<u64>,
    /// Sizes of [`Samples::tables`] with their indexes and what is stored out of line, in their order, as read up to nine
    /// samples ago; 0 once a table was dropped. Empty where they could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table_bytes: Vec<u64>,
    /// What the sessions of this database waited for, the load's own among them; those that waited for nothing, and so
    /// were at work, have the class `cpu`. Idle sessions are not counted, nor is a session that waits for its client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
    /// Sessions that stood in others' way, at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
    /// Memory of this machine that could be had without swapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_available_bytes: Option<u64>,
    /// Bytes read from this machine's disks in the interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_read_bytes: Option<u64>,
    /// Bytes written to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_written_bytes: Option<u64>,
    /// Share of the interval in which the busiest of them was busy, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_busy_share: Option<f64>,
}

/// Sessions that waited for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wait {
    /// Class of the wait event, as in `Lock`, `IO`, `LWLock`, `IPC`; `cpu` for none.
    pub class: String,
    /// The wait event, as in `transactionid`, `WALSync`, `SyncRep`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Sessions.
    pub sessions: u64,
}

/// A session that others waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// Its process number.
    pub pid: i32,
    /// Its `application_name`, where this role may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Whether it is one of the load's own sessions.
    pub is_ours: bool,
    /// As in `idle in transaction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Age of its transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_ms: Option<f64>,
    /// Sessions that waited for it, of the fifty at most that are looked at.
    pub blocked: u64,
    /// What they waited for, as in `relation` or `transactionid`.
    pub event: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_seconds: f64, client_cpus: f64) -> Sample {
        Sample { at_seconds, client_cpus, ..Sample::default() }
    }

    #[test]
    fn means_weigh_by_time() {
        let mut samples = [at(1.0, 1.0), at(4.0, 0.0)];
        assert_eq!(Samples::mean(&samples, |sample| sample.client_cpus), Some(0.25));
        assert_eq!(Samples::mean(&[], |sample| sample.client_cpus), None);
        samples[1].server_cpus = Some(2.0);
        assert_eq!(Samples::mean_known(&samples, |sample| sample.server_cpus), Some(2.0));
        assert_eq!(Samples::mean_known(&samples, |sample| sample.other_cpus), None);
    }

    #[test]
    fn a_sample_belongs_where_most_of_its_interval_lies() {
        let samples = [1.0, 2.5, 2.6].map(|at_seconds| at(at_seconds, 0.0)).to_vec();
        let samples = Samples { interval_seconds: 1.0, samples, ..Samples::default() };
        assert_eq!([0.0, 1.0, 2.0, 3.0].map(|seconds| samples.of_window(seconds).len()), [0, 1, 2, 3]);
    }
}
