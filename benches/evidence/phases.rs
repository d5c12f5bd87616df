//! Windows in turn, with the evidence and without it, over the same connections: runs differ by which processor carries
//! whom, and windows of one run hardly do.

use super::{Options, Outcome, common::server::Server, told};
use loist_bench::{
    catalog::{CatalogSpec, Library},
    engine::{Bound, ClientModel, Engine, EngineOptions, Load, PhasePlan, PoolOptions, Recycling, StopFlag},
    observe::{self, Sampler},
    stats::Part,
    target::{self, Route},
    workload::builtin,
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

/// How often a run of some length looks at the server.
const INTERVAL: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_secs(2);

/// A load that stays connected.
struct Stage {
    runtime: Runtime,
    engine: Engine,
    bound: Arc<Bound>,
    observer: Client,
    backend_pid: Option<i32>,
}

/// Throughput with evidence : without, of each pair.
pub(crate) fn ratios(options: &Options) -> Outcome<Vec<f64>> {
    let server = Server::start(&[])?;
    server.seed(options.tracks)?;
    install_instruments(&server)?;
    let mut stage = Stage::set(options, &server)?;
    stage.window(WARM_UP, false)?;
    let mut ratios = Vec::new();
    for pair in 1..=options.pairs {
        let seconds = Duration::from_secs(options.seconds.into());
        let first_on = pair % 2 == 1;
        let first = stage.window(seconds, first_on)?;
        let second = stage.window(seconds, !first_on)?;
        let (on, off) = if first_on { (first, second) } else { (second, first) };
        ratios.push(told(pair, options, on, off));
    }
    Ok(ratios)
}

/// Makes the extensions that the evidence is read from, as on a server that a run starts itself.
pub(crate) fn install_instruments(server: &Server) -> Outcome<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = target::connect(&Route::parse(server.url())?).await?;
        Ok(observe::install_instruments(&client).await?)
    })
}

impl Stage {
    fn set(options: &Options, server: &Server) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let route = Route::parse(server.url())?.with_options("-c search_path=loist_bench,public");
        let clients = usize::from(options.clients);
        let engine_options = EngineOptions {
            model: ClientModel::Pool,
            clients,
            part: Part::WHOLE,
            all_clients: clients,
            pool: PoolOptions {
                size: clients,
                min: 0,
                per_checkout: false,
                recycling: Recycling::Fast,
                timeout: None,
            },
            shared_queue: false,
            queue: 1,
            round_trip: Duration::ZERO,
            max_rate: None,
            threads: None,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 42,
        };
        let workload = builtin::find(&options.workload)?;
        let library = Arc::new(Library::synthetic(CatalogSpec { seed: 42, tracks: options.tracks }));
        let (bound, observer, backend_pid, engine) = runtime.block_on(async {
            let observer = target::connect(&route).await?;
            let protocol = workload.protocol;
            let bound = Bound::new(workload, protocol, library, &observer).await?;
            let backend_pid = observe::backend_pid(&observer).await;
            let engine = Engine::connect(&route, &engine_options, StopFlag::default()).await?;
            Ok::<_, Box<dyn std::error::Error>>((Arc::new(bound), observer, backend_pid, engine))
        })?;
        Ok(Self { runtime, engine, bound, observer, backend_pid })
    }

    /// Calls a second of one window: with evidence, as a run takes it while it measures.
    fn window(&mut self, duration: Duration, evidence: bool) -> Outcome<f64> {
        let plan = PhasePlan {
            bound: Arc::clone(&self.bound),
            load: Load::Closed { think: None },
            duration,
            stage_ends: Arc::from([]),
            tick: Duration::from_millis(200),
            drain: Duration::ZERO,
            capture: evidence,
        };
        let (engine, observer, backend_pid) = (&mut self.engine, &self.observer, self.backend_pid);
        let measured = self.runtime.block_on(async {
            let mut listen = |_: &_| {};
            let load = engine.drive(&plan, &mut listen);
            if !evidence {
                return load.await;
            }
            let mut sampler = Sampler::new(INTERVAL, true, backend_pid, "loist-bench");
            sampler.begin(observer).await;
            tokio::select! {
                measured = load => measured,
                never = sample(sampler, observer) => match never {},
            }
        })?;
        let answered: u64 = measured.operations.iter().map(|operation| operation.tally.answered()).sum();
        let lost: u64 = measured.operations.iter().map(|operation| operation.tally.lost()).sum();
        if lost > 0 {
            return Err(format!("{lost} calls failed").into());
        }
        Ok(answered as f64 / measured.lasted.as_secs_f64())
    }
}

async fn sample(mut sampler: Sampler, observer: &Client) -> Infallible {
    let mut at = Duration::ZERO;
    loop {
        tokio::time::sleep(INTERVAL).await;
        at += INTERVAL;
        sampler.tick(Some(observer), at).await;
    }
}
