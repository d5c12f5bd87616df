//! A load that stays connected.

use super::{Outcome, common::server::Server, windows::Windows};
use loist_bench::{
    catalog::{CatalogSpec, Library},
    engine::{
        Bound, ClientModel, Engine, EngineOptions, Load, Measured, PhasePlan, PoolOptions, Recycling,
        StopFlag,
    },
    observe,
    stats::Part,
    target::{self, Route},
    workload::builtin,
};
use std::{error::Error, sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Client;

/// A load that stays connected.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) engine: Engine,
    bound: Arc<Bound>,
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
    /// Opens the connections, and gives with them the session that looked at the server.
    pub(crate) fn set(windows: &Windows, server: &Server) -> Outcome<(Self, Client)> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let route = Route::parse(server.url())?.with_options("-c search_path=loist_bench,public");
        let engine_options = engine_options(windows.clients.into());
        let workload = builtin::find(&windows.workload)?;
        let library = Arc::new(Library::synthetic(CatalogSpec { seed: 42, tracks: windows.tracks }));
        let (bound, client, engine) = runtime.block_on(async {
            let client = target::connect(&route).await?;
            let protocol = workload.protocol;
            let bound = Bound::new(workload, protocol, library, &client).await?;
            let engine = Engine::connect(&route, &engine_options, StopFlag::default()).await?;
            Ok::<_, Box<dyn Error>>((Arc::new(bound), client, engine))
        })?;
        Ok((Self { runtime, engine, bound }, client))
    }

    /// A window in which the parameters of some calls are kept, or of none.
    pub(crate) fn plan(&self, duration: Duration, capture: bool) -> PhasePlan {
        PhasePlan {
            bound: Arc::clone(&self.bound),
            load: Load::Closed { think: None },
            duration,
            stage_ends: Arc::from([]),
            tick: Duration::from_millis(200),
            drain: Duration::ZERO,
            capture,
        }
    }

    /// Calls a second of one window.
    pub(crate) fn window(&mut self, duration: Duration) -> Outcome<f64> {
        let plan = self.plan(duration, false);
        let mut listen = |_: &_| {};
        calls_a_second(&self.runtime.block_on(self.engine.drive(&plan, &mut listen))?)
    }
}

/// A client for each connection, in a closed loop.
fn engine_options(clients: usize) -> EngineOptions {
    EngineOptions {
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
    }
}

/// How fast calls were answered, if all of them were.
pub(crate) fn calls_a_second(measured: &Measured) -> Outcome<f64> {
    let answered: u64 = measured.operations.iter().map(|operation| operation.tally.answered()).sum();
    let lost: u64 = measured.operations.iter().map(|operation| operation.tally.lost()).sum();
    if lost > 0 {
        return Err(format!("{lost} calls failed").into());
    }
    Ok(answered as f64 / measured.lasted.as_secs_f64())
}
