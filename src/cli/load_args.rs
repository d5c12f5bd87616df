//! How hard: the options of `run` that make the load.

use super::{
    args::{nearer, said, truth},
    care_args::CareArgs,
    failure::Failure,
};
use crate::{
    engine::{ClientModel, Recycling},
    lab::LoadOptions,
    stats::Spacing,
    workload::{HIGHEST_RATE, LONGEST, Protocol, Stage, Workload, parse_stages},
};
use clap::{ArgMatches, Args, ValueEnum};
use std::time::Duration;

/// Longest network time of a round trip: beyond it no tool call would be of use.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(10);

/// What calls come, and when.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
pub(super) struct LoadArgs {
    /// Calls a second that arrive on schedule, whether or not earlier ones are answered (an open loop); without it and
    /// --stages each client makes its next call when its last is answered (a closed loop)
    #[arg(long, value_name = "PER_SECOND", env = "LOIST_BENCH_RATE", value_parser = rate)]
    rate: Option<f64>,
    /// Stages of an open loop, as in "ramp 50..200 30s, steady 200 1min, spike 200..1000 30s"; also step and soak
    #[arg(long, value_name = "LIST", env = "LOIST_BENCH_STAGES", value_parser = stages)]
    stages: Option<Stages>,
    /// How arrivals and think times are spaced
    #[arg(long, value_enum, default_value = "poisson", env = "LOIST_BENCH_ARRIVALS")]
    arrivals: SpacingArg,
    /// Mean pause of a closed loop's clients before each call
    #[arg(long, value_name = "TIME", env = "LOIST_BENCH_THINK", value_parser = time)]
    think: Option<Duration>,
    /// Clients, each of which makes one call at a time (default: 4, in an open loop 10)
    #[arg(long, short, env = "LOIST_BENCH_CLIENTS", value_parser = count)]
    clients: Option<usize>,
    /// Load before the window, not measured
    #[arg(long, default_value = "2s", value_name = "TIME", env = "LOIST_BENCH_WARMUP", value_parser = time)]
    warmup: Duration,
    /// Length of the measured window; stages have their own
    #[arg(long, short, default_value = "30s", value_name = "TIME", env = "LOIST_BENCH_DURATION", value_parser = some_time)]
    duration: Duration,
    /// How statements travel (default: the workload's own)
    #[arg(long, value_enum, env = "LOIST_BENCH_PROTOCOL")]
    protocol: Option<ProtocolArg>,
    /// Network time added to each round trip, as in 1ms
    #[arg(long, default_value = "0s", value_name = "TIME", env = "LOIST_BENCH_ROUND_TRIP_DELAY", value_parser = round_trip)]
    round_trip_delay: Duration,
    /// Threads that carry the clients (default: one a processor where clients share nothing, else one); more of them
    /// have a queue and a pool each
    #[arg(long, env = "LOIST_BENCH_THREADS", value_parser = count)]
    threads: Option<usize>,
    #[command(flatten)]
    pool: PoolArgs,
    #[command(flatten)]
    care: CareArgs,
}

/// What stands between calls and connections.
#[derive(Debug, Args)]
#[command(next_help_heading = "Clients and connections")]
struct PoolArgs {
    /// What stands between calls and connections
    #[arg(long, value_enum, default_value = "pool", env = "LOIST_BENCH_CLIENT_MODEL")]
    client_model: ModelArg,
    /// Most connections of a pool (default: one a client; of a psycopg2 pool 10)
    #[arg(long, value_name = "CONNECTIONS", env = "LOIST_BENCH_POOL", value_parser = count)]
    pool: Option<usize>,
    /// Idle connections that a psycopg2 pool keeps; 0 opens one for each checkout
    #[arg(long, default_value_t = 2, value_name = "CONNECTIONS", env = "LOIST_BENCH_POOL_MIN",
          value_parser = clap::value_parser!(u16).range(..=10_000))]
    pool_min: u16,
    /// Open a connection for each checkout and close it afterwards
    #[arg(long, env = "LOIST_BENCH_CONNECT_PER_CHECKOUT", value_parser = truth)]
    connect_per_checkout: bool,
    /// How the pool looks at a connection before it lends it again (client model pool)
    #[arg(long, value_enum, default_value = "fast", env = "LOIST_BENCH_RECYCLE")]
    recycle: RecycleArg,
    /// How long a checkout may wait for a connection, and as long again open or recycle one (client model pool; default:
    /// for ever)
    #[arg(long, value_name = "TIME", env = "LOIST_BENCH_POOL_TIMEOUT", value_parser = time)]
    pool_timeout: Option<Duration>,
    /// Arrivals that may wait for a client, those that come then are shed (default: 100000, of each process of the
    /// event loop 79)
    #[arg(long, value_name = "CALLS", env = "LOIST_BENCH_QUEUE", value_parser = queue)]
    queue: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SpacingArg {
    /// At random, independent of each other
    Poisson,
    /// Evenly
    Uniform,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProtocolArg {
    /// Parameters in the text, parsed and planned each time: what the server's driver does
    Simple,
    /// Parameters beside the text, parsed and planned each time
    Extended,
    /// Parsed once a connection
    Prepared,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModelArg {
    /// Clients wait for one of a pool's connections: what a server could do
    Pool,
    /// Threads over one psycopg2 pool, which refuses when it is exhausted
    Threaded,
    /// Processes that do one call at a time, each with a queue and a psycopg2 pool of its own: what the server does
    EventLoop,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RecycleArg {
    /// Whether it is known to be closed
    Fast,
    /// By an empty query
    Verified,
    /// By resetting the session
    Clean,
}

/// What makes calls come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Clients, when their last one is answered: a closed loop.
    Clients,
    /// A rate, or the search for one.
    Rate,
    /// Stages.
    Stages,
}

/// A list as one value, for the command line.
#[derive(Debug, Clone)]
struct Stages(Vec<Stage>);

fn stages(text: &str) -> Result<Stages, String> {
    parse_stages(text).map(Stages)
}

/// A number of calls a second, as in `10` or `10/s`; for the command line and for sweeps.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches("/s").trim_end().parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= HIGHEST_RATE => Ok(rate),
        _ => Err("write calls a second, above 0 and at most 1000000, as in 10/s".to_owned()),
    }
}

/// A number of clients or connections.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err("write a whole number from 1 to 10000".to_owned()),
    }
}

fn queue(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 0..=10_000_000) => Ok(number),
        _ => Err("write a whole number from 0 to 10000000".to_owned()),
    }
}

/// A time with its unit.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "write a time with its unit, as in 30s or 5min".to_owned())?;
    if duration > LONGEST {
        return Err("the longest time is 30d".to_owned());
    }
    Ok(duration)
}

fn round_trip(text: &str) -> Result<Duration, String> {
    let duration = time(text)?;
    if duration > LONGEST_ROUND_TRIP {
        return Err("the longest network time is 10s".to_owned());
    }
    Ok(duration)
}

fn some_time(text: &str) -> Result<Duration, String> {
    let duration = time(text)?;
    if duration < Duration::from_millis(100) {
        return Err("the window must last at least 100ms".to_owned());
    }
    Ok(duration)
}

impl LoadArgs {
    /// Of two that exclude each other, the one that was said nearer wins.
    pub(super) fn settle(&mut self, matches: &ArgMatches) -> Result<(), Failure> {
        if self.rate.is_some() && self.stages.is_some() {
            match nearer(matches, "rate", "stages")? {
                "rate" => self.stages = None,
                _ => self.rate = None,
            }
        }
        let open = if self.rate.is_some() { "rate" } else { "stages" };
        if self.think.is_some() && (self.rate.is_some() || self.stages.is_some()) {
            match nearer(matches, "think", open)? {
                "think" => (self.rate, self.stages) = (None, None),
                _ => self.think = None,
            }
        }
        Ok(())
    }

    /// Where calls come from when `workload` is replayed.
    fn source(&self, workload: &Workload, knee: bool, swept_rate: bool) -> Source {
        let staged = self.stages.is_some() || (self.rate.is_none() && !workload.stages.is_empty());
        match () {
            () if knee || swept_rate => Source::Rate,
            () if staged => Source::Stages,
            () if self.rate.is_some() => Source::Rate,
            () => Source::Clients,
        }
    }

    /// Whether nothing says how hard.
    pub(super) fn is_left_open(&self) -> bool {
        self.rate.is_none() && self.stages.is_none() && self.think.is_none() && self.clients.is_none()
    }

    /// What was said on the command line and would do nothing. Elsewhere it may be meant for other runs.
    pub(super) fn without_effect(
        &self,
        matches: &ArgMatches,
        workload: &Workload,
        knee: bool,
        swept_rate: bool,
    ) -> Result<(), Failure> {
        let said = |id: &str| said(matches, id);
        let source = self.source(workload, knee, swept_rate);
        let closed = source == Source::Clients;
        let model = self.pool.client_model;
        let of_pool = matches!(model, ModelArg::Pool);
        let threaded = matches!(model, ModelArg::Threaded);
        let small = self.pool.pool.is_some_and(|pool| pool < usize::from(self.pool.pool_min));
        let found = [
            (said("recycle") && !of_pool, "--recycle is for --client-model pool: leave it out"),
            (said("pool_timeout") && !of_pool, "--pool-timeout is for --client-model pool: leave it out"),
            (
                said("pool_min") && of_pool,
                "--pool-min is for a psycopg2 pool (--client-model threaded or event-loop): leave it out",
            ),
            (said("threads") && threaded, "--client-model threaded has one thread: leave out --threads"),
            (
                said("queue") && closed,
                "--queue is for an open loop, where calls arrive on schedule: add --rate or --stages, or leave it out",
            ),
            (
                said("arrivals") && closed && self.think.is_none(),
                "--arrivals is for --rate, --stages, --knee and --think: leave it out",
            ),
            (
                said("duration") && source == Source::Stages,
                "stages have lengths of their own: leave out --duration",
            ),
            (
                said("pool_min") && said("pool") && small,
                "--pool-min is above --pool: a pool keeps no more than it has",
            ),
        ];
        match found.into_iter().find(|(without_effect, _)| *without_effect) {
            Some((_, sentence)) => Err(Failure::bad_input(sentence)),
            None => Ok(()),
        }
    }

    pub(super) fn protocol(&self) -> Option<Protocol> {
        self.protocol.map(|protocol| match protocol {
            ProtocolArg::Simple => Protocol::Simple,
            ProtocolArg::Extended => Protocol::Extended,
            ProtocolArg::Prepared => Protocol::Prepared,
        })
    }

    pub(super) fn options(self) -> LoadOptions {
        LoadOptions {
            rate: self.rate,
            stages: self.stages.map_or_else(Vec::new, |stages| stages.0),
            spacing: match self.arrivals {
                SpacingArg::Poisson => Spacing::Poisson,
                SpacingArg::Uniform => Spacing::Uniform,
            },
            think: self.think,
            model: match self.pool.client_model {
                ModelArg::Pool => ClientModel::Pool,
                ModelArg::Threaded => ClientModel::Threaded,
                ModelArg::EventLoop => ClientModel::EventLoop,
            },
            clients: self.clients,
            connections: self.pool.pool,
            pool_min: usize::from(self.pool.pool_min),
            connect_per_checkout: self.pool.connect_per_checkout,
            recycling: match self.pool.recycle {
                RecycleArg::Fast => Recycling::Fast,
                RecycleArg::Verified => Recycling::Verified,
                RecycleArg::Clean => Recycling::Clean,
            },
            pool_timeout: self.pool.pool_timeout,
            queue: self.pool.queue,
            round_trip: self.round_trip_delay,
            threads: self.threads,
            seed: None,
            warmup: self.warmup,
            duration: self.duration,
            care: self.care.options(),
        }
    }
}
