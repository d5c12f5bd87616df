//! The run record: the one interchange format between measuring and explaining.
//!
//! Plain data: nothing is measured or judged here, and files are touched by `store` and `whole` alone. Every duration, size
//! and rate carries its unit in its name. A field is added, never renamed or given another meaning, within one [`VERSION`].

mod activity;
mod advice;
pub mod amount;
mod block;
mod brake;
mod diagnosis;
mod evidence;
mod heat;
pub mod load;
mod metric;
mod plan_shape;
mod plan_spill;
mod plan_tree;
mod plans;
mod platform;
mod relations;
mod results;
mod samples;
mod session;
mod shard;
mod statements;
mod store;
mod template;
mod what_ifs;
mod whole;

pub use activity::{
    BufferWriters, CheckpointCounters, HorizonHolder, IoCounters, SessionCounters, WalCounters,
};
pub use advice::{Basis, Change, Recommendation, Stance};
pub use block::Block;
pub use brake::{Brake, Watched};
pub use diagnosis::{Disturbance, DisturbanceKind};
pub use evidence::{Evidence, WindowCounters};
pub use heat::HeatMap;
pub use load::{Connections, Floor, Knee, KneeTrial, Load, Schedule, StageResult};
pub use metric::Metric;
pub use plan_shape::{fingerprint, shape};
pub use plan_tree::PlanNode;
pub use plans::{PlanCase, StatementPlan};
pub use platform::{Disk, Extension, Role, TargetMachine};
pub use relations::{Column, GinIndex, Index, Relation, RelationWindow};
pub use results::{
    ErrorClass, Late, Latency, OperationResult, Outcome, QuantileInterval, Series, SeriesOperation,
    SloResult, StatementResult, Summary, Verdict,
};
pub use samples::{Blocker, Sample, Samples, Wait};
pub use session::{ChannelBinding, Encryption, ServerView, Session, Transport, Verification};
pub use shard::{ClockReading, Merged, MergedShard, Shard, ShardClock, ShardSlices};
pub use statements::{JitStatistics, StatementStatistics};
pub use store::{Place, RecordError, check_header, load, load_with_text, parse, remove_empty};
pub use template::without_literals;

pub use what_ifs::{Trial, WhatIf};
pub use whole::{Existing, write_whole};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `format` says in every record.
pub const FORMAT: &str = "loist-bench/record";
/// Version of the format that this program writes.
pub const VERSION: u32 = 1;

/// One measured run, self-contained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "loist-bench run record")]
pub struct Record {
    /// Always `loist-bench/record`.
    pub format: String,
    /// Version of this format.
    pub version: u32,
    /// Version of the program that wrote it.
    pub tool_version: String,
    /// When, and whether it ran to its end.
    pub run: Run,
    /// Its place in an experiment, if it is a block of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
    /// Its place among the processes that made a run together; absent where one process made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The shards that it was merged from; absent where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// The machine that put the load on; of a merged record, that of the shard that looked at the server.
    pub host: Host,
    /// The server that bore it.
    pub server: Server,
    /// What was in the database.
    pub catalog: Catalog,
    /// What was replayed.
    pub workload: WorkloadText,
    /// How hard.
    pub load: Load,
    /// How long each step took, in order.
    pub steps: Vec<Step>,
    /// The measured window.
    pub window: Window,
    /// What was watched for the sake of others who use the server; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brake: Option<Brake>,
    /// How well the clients kept to the schedule; absent in a closed loop without think time, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The knee, if it was searched for; the window was measured at the rate that it promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<Knee>,
    /// One entry a stage of an open loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageResult>,
    /// Connections opened in the window.
    #[serde(default)]
    pub connections: Connections,
    /// What a round trip costs on this machine when the server has nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// One entry an operation, in the workload's order.
    pub operations: Vec<OperationResult>,
    /// All operations together.
    pub overall: Summary,
    /// The window in slices of time.
    pub series: Series,
    /// What the machine and the server did during the window.
    #[serde(default)]
    pub samples: Samples,
    /// What the server and its statistics showed around the window.
    pub evidence: Evidence,
    /// How the server executes the workload's statements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<StatementPlan>,
    /// What other settings would have done to these plans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_ifs: Vec<WhatIf>,
    /// What disturbed the measurement, the decisive ones first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disturbances: Vec<Disturbance>,
    /// Whether the objective was met.
    pub verdict: Verdict,
    /// What to change, and what to leave alone.
    pub advice: Vec<Recommendation>,
}

/// When a run took place, and whether it is whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Start of the program, UTC.
    pub started_at: DateTime<Utc>,
    /// When the record was made, UTC.
    pub finished_at: DateTime<Utc>,
    /// How the window ended; if not as planned, the numbers are those of the part that ran.
    pub ended: Ended,
    /// Seed of the catalog and of every random choice of the clients.
    pub seed: u64,
}

/// How a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// After the time that was asked for.
    AsPlanned,
    /// By the user.
    Interrupted,
    /// The server went away.
    ServerLost,
    /// By the brake, for the sake of others who use the server.
    Braked,
}

/// The machine that put the load on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Operating system and its version.
    pub os: String,
    /// Kernel version.
    pub kernel: String,
    /// Processor architecture.
    pub architecture: String,
    /// Processor model, as it names itself.
    pub cpu_model: String,
    /// Processors that this process may use.
    pub cpus: usize,
    /// Main memory.
    pub memory_bytes: u64,
    /// Memory that this process's control group may use, where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Processors' worth of time that this process's control group may use, where that is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<f64>,
    /// One look at the clock, in nanoseconds: the median of ten batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ns: Option<f64>,
}

/// The server that bore the load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Server {
    /// `embedded` (started by this program, on this machine) or `external`.
    pub kind: ServerKind,
    /// Where the connection settings came from, as in `DATABASE_URL`.
    pub origin: String,
    /// Host, port, database and user, without the password.
    pub address: String,
    /// As in `15.18`.
    pub version: String,
    /// As in 150018.
    pub version_number: u32,
    /// What `version()` says: build, compiler, architecture.
    pub build: String,
    /// Whether its address is one of this machine: a socket, or the loopback interface. A proxy's may be, too.
    #[serde(default)]
    pub is_local: bool,
    /// How a session reached it, and how it was protected on the way; absent in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// Collation of the database; it decides the cost of comparing text.
    pub collation: String,
    /// File system that holds an embedded server's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_file_system: Option<String>,
    /// The machine that it stands for, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<TargetMachine>,
    /// Name of the profile, or path of the file, of settings that an embedded server was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<String>,
}

/// Who started the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// Started by this program, on this machine, for this run.
    Embedded,
    /// Already there.
    External,
}

/// What was in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Catalog {
    /// Rows of `audio_tracks` before the load.
    pub tracks: u64,
    /// `vacuumed`, `fresh`, or `existing` for a catalog that this program did not make.
    pub state: String,
    /// SHA-256 over the rows' binary COPY form; the same seed gives the same on every machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Version of the generator; rows are comparable within one version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_version: Option<u32>,
    /// Whether a catalog that was already there served.
    pub reused: bool,
}

/// What was replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadText {
    /// Its name.
    pub name: String,
    /// A path, or `built-in workload NAME`.
    pub origin: String,
    /// The whole file.
    pub text: String,
    /// SHA-256 of `text`.
    pub sha256: String,
    /// `simple`, `extended` or `prepared`.
    pub protocol: String,
    /// Operations of the file that were left out: because they write and only reading was allowed, or because the database
    /// lacks what they need; the verdict's cautions say which and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub seconds: f64,
}

/// The measured window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// When the first measured call began, UTC.
    pub started_at: DateTime<Utc>,
    /// Its length: until the time was up, the user or the brake ended it, or the server went away.
    pub seconds: f64,
}

/// The text of the sample record, for tests.
#[cfg(test)]
pub(crate) const SAMPLE: &str = include_str!("../../reports/sample/record.json");

/// The sample record, for tests.
#[cfg(test)]
pub(crate) fn sample() -> Record {
    serde_json::from_str(SAMPLE).expect("the sample is a record")
}

/// The JSON Schema of a record (draft 2020-12).
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Record).to_value()
}

/// What makes measurements less than they seem where a server's data lies on this file system: some have no disk below.
#[must_use]
pub fn no_disk(file_system: Option<&str>) -> Option<String> {
    let name = file_system.filter(|name| ["tmpfs", "ramfs", "overlay", "overlayfs"].contains(name))?;
    Some(format!("the server's data lies on {name}: writes cost other than on a disk"))
}
