//! The load: what was asked for, and how well the clients kept to it.

use super::results::Latency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How hard the database was loaded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// `closed`: each client sends its next call when the last one is answered. `open`: calls arrive on a schedule.
    pub model: String,
    /// What stands between calls and connections: `pool`, `threaded` or `event-loop`.
    #[serde(default)]
    pub client_model: String,
    /// Clients, each of which makes one call at a time.
    pub clients: usize,
    /// Most connections of a pool: of all clients together, or of each process in the event-loop model.
    pub connections: usize,
    /// Idle connections that a psycopg2 pool keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_min: Option<usize>,
    /// Whether each checkout opened a connection and closed it afterwards.
    #[serde(default)]
    pub connect_per_checkout: bool,
    /// How deadpool looked at a connection before it lent it again: `fast`, `verified` or `clean`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycling: Option<String>,
    /// How long a checkout might wait; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_timeout_seconds: Option<f64>,
    /// Most calls a second of all clients together, where that was limited: then the throughput is not what the server can
    /// do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rate_per_second: Option<f64>,
    /// Threads that carry the clients.
    pub threads: usize,
    /// The open loop's stages, as in `steady 200 1m`, or the one that `--rate` stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// How arrivals or think times are spaced: `poisson` or `uniform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<String>,
    /// Arrivals that may wait in a queue; what comes then is shed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<usize>,
    /// Mean pause of a closed loop's client between an answer and its next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think_seconds: Option<f64>,
    /// Network time added to each round trip.
    #[serde(default)]
    pub round_trip_delay_us: f64,
    /// Warm-up that is not part of the window.
    pub warmup_seconds: f64,
    /// Length of the window that was asked for.
    pub duration_seconds: f64,
}

/// How well the clients kept to the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// Calls a second that were asked for, over the whole window; absent for think times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_per_second: Option<f64>,
    /// How much later than intended calls were let in by the clients' own timer. It is part of their response time.
    pub start_error: Latency,
}

/// What became of the calls that were meant to begin in one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageResult {
    /// As it was asked for, `ramp 50..200 30s`.
    pub stage: String,
    /// Its start, since the window's.
    pub begins_seconds: f64,
    /// Its length.
    pub seconds: f64,
    /// Arrivals.
    pub calls: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were turned away.
    pub shed: u64,
    /// Those that were given up at the end.
    pub unfinished: u64,
    /// Share of the arrivals that took longer than the run's objective or were not answered, 0..=1.
    pub miss_share: f64,
    /// Response time of the answered ones.
    pub response: Latency,
}

/// The highest arrival rate at which the objective holds, as a search found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// The rate at which a block meets the objective as often as not.
    pub rate_per_second: f64,
    /// Lower end of its 95 % credible interval.
    pub low_per_second: f64,
    /// Upper end.
    pub high_per_second: f64,
    /// Whether the objective was seen both to hold and not to hold; if not, the knee lies beyond the rates tried.
    pub bracketed: bool,
    /// The rate that this run's window was measured at: the interval's lower end, in whole calls; without a bracket the
    /// knee's own estimate.
    pub promised_per_second: f64,
    /// Length of a block.
    pub block_seconds: f64,
    /// How long the search took.
    pub searched_seconds: f64,
    /// The blocks, in the order in which they were run.
    pub trials: Vec<KneeTrial>,
}

/// One block of the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KneeTrial {
    /// Arrivals a second that were asked for.
    pub rate_per_second: f64,
    /// Whether the objective held, and the queue did not grow so that it soon would not.
    pub held: bool,
    /// Arrivals.
    pub calls: u64,
    /// Share of them that missed the objective.
    pub miss_share: f64,
    /// Calls answered a second within the block.
    pub answered_per_second: f64,
    /// The same, where the server was saturated and this is what it can do at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_per_second: Option<f64>,
    /// What else than the rate may have made it miss: such a block is set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<String>,
}

/// Connections opened in the window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Connections {
    /// How long those took that were opened before the load, one after the other on each thread.
    #[serde(default)]
    pub at_start: Latency,
    /// Attempts that failed.
    pub failed: u64,
    /// How long those took that were opened during the window, from the first packet until the server was ready.
    pub connect: Latency,
}

/// The machine's own share of a latency: `SELECT 1` by the same clients, at the same rate in an open loop, before the
/// warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// How long it was measured.
    pub seconds: f64,
    /// One round trip, without waiting for a client or a connection.
    pub round_trip: Latency,
}
