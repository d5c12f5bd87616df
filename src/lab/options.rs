//! What a run can be told, and what follows from it.

use super::{Care, CatalogOptions, LabError};
use crate::{
    engine::{ClientModel, EngineOptions, Load, PhasePlan, PoolOptions, Recycling, Think},
    record::Block,
    stats::{Part, Profile, Spacing},
    target::TargetOptions,
    workload::{Protocol, Shape, Slo, Stage, Workload},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Everything that a run can be told.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// What shall be in the database.
    pub catalog: CatalogOptions,
    /// Which database.
    pub target: TargetOptions,
    /// How hard.
    pub load: LoadOptions,
    /// Objective of every operation; `None` leaves it to the workload.
    pub slo: Option<Slo>,
    /// How statements travel; `None` leaves it to the workload.
    pub protocol: Option<Protocol>,
    /// How long to search for the knee before the window; the window is then at the rate that the search promises.
    pub knee: Option<Duration>,
    /// Where metrics are served during the run.
    pub metrics: Option<SocketAddr>,
    /// How much is looked at beside the load.
    pub looks: Looks,
    /// The run's place in an experiment of many.
    pub block: Option<Block>,
}

impl RunOptions {
    /// A run that looks at everything and leaves the rest to the workload.
    #[must_use]
    pub fn of(catalog: CatalogOptions, target: TargetOptions, load: LoadOptions) -> Self {
        Self {
            catalog,
            target,
            load,
            slo: None,
            protocol: None,
            knee: None,
            metrics: None,
            looks: Looks::Everything,
            block: None,
        }
    }
}

/// How much is looked at beside the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Floor, samples, counters, statements, plans: what explains a run.
    Everything,
    /// Samples alone, which tell what disturbed it: for blocks, which are many and short.
    Samples,
    /// Settings alone, so that the record explains little: for measuring what looking costs.
    Nothing,
}

impl Looks {
    /// Whether the machine and the server are sampled.
    pub(super) fn samples(self) -> bool {
        self != Self::Nothing
    }

    /// Whether the server is asked what explains the run.
    pub(super) fn explains(self) -> bool {
        self == Self::Everything
    }
}

/// How hard. What is `None` follows from the rest.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Arrivals a second: an open loop.
    pub rate: Option<f64>,
    /// An open loop's stages; empty leaves it to `rate` and the workload.
    pub stages: Vec<Stage>,
    /// How arrivals and think times are spaced.
    pub spacing: Spacing,
    /// Mean pause of a closed loop's clients before each call.
    pub think: Option<Duration>,
    /// What stands between calls and connections.
    pub model: ClientModel,
    /// Those who make one call at a time each.
    pub clients: Option<usize>,
    /// Most connections of a pool.
    pub connections: Option<usize>,
    /// Idle connections that a psycopg2 pool keeps.
    pub pool_min: usize,
    /// Opens a connection for each checkout and closes it afterwards.
    pub connect_per_checkout: bool,
    /// How deadpool looks at a connection before it lends it again.
    pub recycling: Recycling,
    /// How long a checkout from deadpool may take.
    pub pool_timeout: Option<Duration>,
    /// Arrivals that may wait in a queue.
    pub queue: Option<usize>,
    /// Network time added to each round trip.
    pub round_trip: Duration,
    /// Threads that carry the clients.
    pub threads: Option<usize>,
    /// Seed of what the clients draw; `None` takes the catalog's.
    pub seed: Option<u64>,
    /// Load before the window.
    pub warmup: Duration,
    /// Length of the window; stages have their own.
    pub duration: Duration,
    /// How much of a shared server may be taken.
    pub care: Care,
}

/// Clients of a closed loop, where nothing says otherwise.
const CLOSED_CLIENTS: usize = 4;
/// Clients of an open loop, and connections of a psycopg2 pool: the server's own DB_MAX_CONNECTIONS.
const SERVER_CONNECTIONS: usize = 10;
/// What an instance of the server takes at a time (Cloud Run's concurrency): one call at work, the others waiting.
const INSTANCE_QUEUE: usize = 79;
/// Elsewhere, arrivals that may wait: some megabytes of memory.
const QUEUE: usize = 100_000;

/// Slices of time in a window: enough of them for an interval, none longer than a second.
const SLICES: u32 = 30;
/// A slice costs the client some milliseconds; more of them would disturb what is measured.
const SHORTEST_SLICE: Duration = Duration::from_millis(100);

/// A load whose every part is settled.
#[derive(Debug, Clone)]
pub(super) struct SettledLoad {
    /// Empty in a closed loop.
    pub(super) stages: Vec<Stage>,
    /// A rate to begin a search with.
    pub(super) guess: Option<f64>,
    pub(super) think: Option<Think>,
    pub(super) spacing: Spacing,
    pub(super) duration: Duration,
    pub(super) warmup: Duration,
    pub(super) engine: EngineOptions,
}

impl LoadOptions {
    /// A closed loop of so many clients with a connection each, without pauses or a warm-up.
    #[must_use]
    pub fn closed(clients: usize, duration: Duration) -> Self {
        Self {
            rate: None,
            stages: Vec::new(),
            spacing: Spacing::Poisson,
            think: None,
            model: ClientModel::Pool,
            clients: Some(clients),
            connections: None,
            pool_min: 0,
            connect_per_checkout: false,
            recycling: Recycling::Fast,
            pool_timeout: None,
            queue: None,
            round_trip: Duration::ZERO,
            threads: None,
            seed: None,
            warmup: Duration::ZERO,
            duration,
            care: Care::default(),
        }
    }

    /// Settles what was left open: the command line before the workload, an open loop if either asks for one or a
    /// knee is searched for.
    ///
    /// # Errors
    /// When they contradict each other.
    pub(super) fn settle(&self, workload: &Workload, knee: bool, seed: u64) -> Result<SettledLoad, LabError> {
        let stages = self.stages_of(workload, knee)?;
        let open = !stages.is_empty();
        if open && stages.iter().all(|stage| stage.rate <= 0.0 && stage.to <= 0.0) {
            return Err(LabError::Usage(
                "the stages make no calls: one of them needs a rate above 0".to_owned(),
            ));
        }
        if open && self.think.is_some() {
            return Err(LabError::Usage(
                "think time is for a closed loop: leave out --think, or what asks for a rate of calls"
                    .to_owned(),
            ));
        }
        // A search without a rate begins where it likes.
        if !knee || self.rate.is_some() {
            self.check_rate(&stages)?;
        }
        let clients = self.clients.unwrap_or(if open { SERVER_CONNECTIONS } else { CLOSED_CLIENTS });
        let connections = self.connections.unwrap_or(match self.model {
            ClientModel::Pool => clients,
            ClientModel::Threaded | ClientModel::EventLoop => SERVER_CONNECTIONS,
        });
        let queue = self.queue.unwrap_or(match self.model {
            ClientModel::EventLoop => INSTANCE_QUEUE,
            ClientModel::Pool | ClientModel::Threaded => QUEUE,
        });
        let duration = if open { stages.iter().map(|stage| stage.duration).sum() } else { self.duration };
        let pool = PoolOptions {
            size: connections,
            min: self.pool_min,
            per_checkout: self.connect_per_checkout,
            recycling: self.recycling,
            timeout: self.pool_timeout,
        };
        let engine = EngineOptions {
            model: self.model,
            clients,
            part: Part::WHOLE,
            all_clients: clients,
            pool,
            shared_queue: open,
            queue,
            round_trip: self.round_trip,
            max_rate: self.care.max_rate,
            threads: self.threads,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            seed: self.seed.unwrap_or(seed),
        };
        let think = self.think.map(|mean| Think { mean, spacing: self.spacing });
        Ok(SettledLoad {
            stages,
            guess: self.rate,
            think,
            spacing: self.spacing,
            duration,
            warmup: self.warmup,
            engine,
        })
    }

    /// Whether no stage asks for more calls a second than are allowed.
    fn check_rate(&self, stages: &[Stage]) -> Result<(), LabError> {
        let highest = stages.iter().map(|stage| stage.rate.max(stage.to)).fold(0.0, f64::max);
        match self.care.max_rate {
            Some(most) if highest > most => Err(LabError::Usage(format!(
                "the load asks for up to {highest} calls a second, above --max-rate {most}: ask for fewer, or allow more"
            ))),
            _ => Ok(()),
        }
    }

    /// An open loop's stages; none in a closed loop.
    fn stages_of(&self, workload: &Workload, knee: bool) -> Result<Vec<Stage>, LabError> {
        let steady = |rate| vec![Stage { shape: Shape::Steady, rate, to: rate, duration: self.duration }];
        match self.rate {
            _ if knee && !self.stages.is_empty() => {
                Err(LabError::Usage("--knee chooses its own rates: leave out --stages".to_owned()))
            }
            // A rate of its own follows from the search.
            None if knee => Ok(steady(1.0)),
            // A sweep or the configuration file may bring the one to the other.
            Some(_) if !self.stages.is_empty() => {
                Err(LabError::Usage("a rate and --stages cannot both be meant: leave one out".to_owned()))
            }
            _ if !self.stages.is_empty() => Ok(self.stages.clone()),
            Some(rate) => Ok(steady(rate)),
            None => Ok(workload.stages.clone()),
        }
    }
}

impl SettledLoad {
    pub(super) fn is_open(&self) -> bool {
        !self.stages.is_empty()
    }

    /// What one of several processes has of it that put it on together. The profile stays that of all: each takes its own
    /// calls out of it.
    ///
    /// # Errors
    /// [`LabError::Usage`] where there is not enough of it for all.
    pub(super) fn of_part(&self, part: Part) -> Result<Self, LabError> {
        let EngineOptions { clients, pool, .. } = &self.engine;
        let too_few = || {
            LabError::Usage(format!(
                "{} shards cannot share {clients} clients on {} connections, of which each needs one at least: ask for more by --clients or --pool, or for fewer shards",
                part.of(),
                pool.size
            ))
        };
        let engine = self.engine.of_part(part).ok_or_else(too_few)?;
        Ok(Self { engine, ..self.clone() })
    }

    /// The stages as far as they are this process's.
    pub(super) fn own_stages(&self) -> Vec<Stage> {
        let share = self.engine.share_of_clients();
        self.stages.iter().map(|stage| stage.share(share)).collect()
    }

    /// Most calls a second of this process, in a closed loop.
    pub(super) fn own_max_rate(&self) -> Option<f64> {
        self.engine.max_rate.map(|rate| rate * self.engine.share_of_clients())
    }

    /// This process's arrivals a second over the whole window.
    pub(super) fn own_rate(&self) -> Option<f64> {
        self.mean_rate().map(|rate| rate * self.engine.share_of_clients())
    }

    /// The same over the first part of it, where the window was cut short.
    pub(super) fn own_rate_until(&self, elapsed: Duration) -> Option<f64> {
        let expected = |profile: &Profile| profile.expected(elapsed) * self.engine.share_of_clients();
        (self.is_open() && !elapsed.is_zero()).then(|| expected(&self.profile()) / elapsed.as_secs_f64())
    }

    /// Arrivals a second over the whole window, of all processes together.
    fn mean_rate(&self) -> Option<f64> {
        self.is_open().then(|| self.profile().total() / self.duration.as_secs_f64())
    }

    fn profile(&self) -> Profile {
        Profile::new(self.stages.iter().flat_map(Stage::pieces).collect())
    }

    /// The load itself.
    pub(super) fn window(&self, bound: &Arc<crate::engine::Bound>, drain: Duration) -> PhasePlan {
        let mut end = Duration::ZERO;
        let ends = self.stages.iter().map(|stage| {
            end += stage.duration;
            end
        });
        let stage_ends = ends.collect();
        let load = if self.is_open() {
            Load::Open { profile: Arc::new(self.profile()), spacing: self.spacing }
        } else {
            Load::Closed { think: self.think }
        };
        PhasePlan {
            bound: Arc::clone(bound),
            load,
            duration: self.duration,
            stage_ends,
            tick: tick(self.duration),
            drain,
            capture: false,
        }
    }

    /// A closed loop, or an even load at the rate at which the window begins, for `duration`.
    pub(super) fn steady(&self, bound: &Arc<crate::engine::Bound>, duration: Duration) -> PhasePlan {
        let load = match self.mean_rate() {
            None => Load::Closed { think: self.think },
            Some(mean) => {
                let first = self.profile().rate_at(Duration::ZERO);
                let rate = if first > 0.0 { first } else { mean };
                Load::Open { profile: Arc::new(Profile::steady(rate, duration)), spacing: self.spacing }
            }
        };
        let (stage_ends, drain) = (Arc::from([]), Duration::ZERO);
        PhasePlan {
            bound: Arc::clone(bound),
            load,
            duration,
            stage_ends,
            tick: tick(duration),
            drain,
            capture: false,
        }
    }
}

/// How often progress is heard, and the width of the slices of time.
fn tick(duration: Duration) -> Duration {
    (duration / SLICES).clamp(SHORTEST_SLICE, Duration::from_secs(1))
}
