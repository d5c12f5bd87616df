//! A load that stays connected, in windows.

use super::{Options, Outcome, common::server::Server};
use loist_bench::{
    catalog::{CatalogSpec, Library},
    engine::{Bound, ClientModel, Engine, EngineOptions, Load, PhasePlan, PoolOptions, Recycling, StopFlag},
    observe,
    stats::Part,
    target::{self, Route},
    workload::builtin,
};
use std::{sync::Arc, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// A load that stays connected.
pub(crate) struct Stage {
    runtime: Runtime,
    engine: Engine,
    bound: Arc<Bound>,
}

/// Makes the extension that statements are counted by.
pub(crate) fn install_instruments(server: &Server) -> Outcome<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = target::connect(&Route::parse(server.url())?).await?;
        Ok(observe::install_instruments(&client).await?)
    })
}

impl Stage {
    pub(crate) fn set(options: &Options, server: &Server) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let route = Route::parse(server.url())?.with_options("-c search_path=loist_bench,public");
        let clients = usize::from(options.clients);
        let pool = PoolOptions {
            size: clients,
            min: 0,
            per_checkout: false,
            recycling: Recycling::Fast,
            timeout: None,
        };
        let engine_options = EngineOptions {
            model: ClientModel::Pool,
            clients,
            pool,
            shared_queue: false,
            queue: 1,
            round_trip: Duration::ZERO,
            max_rate: None,
            threads: None,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 42,
            part: Part::WHOLE,
            all_clients: clients,
        };
        let workload = builtin::find(&options.workload)?;
        let library = Arc::new(Library::synthetic(CatalogSpec { seed: 42, tracks: options.tracks }));
        let (bound, engine) = runtime.block_on(async {
            let client = target::connect(&route).await?;
            let protocol = workload.protocol;
            let bound = Bound::new(workload, protocol, library, &client).await?;
            let engine = Engine::connect(&route, &engine_options, StopFlag::default()).await?;
            Ok::<_, Box<dyn std::error::Error>>((Arc::new(bound), engine))
        })?;
        Ok(Self { runtime, engine, bound })
    }

    /// Calls a second of one window.
    pub(crate) fn window(&mut self, duration: Duration) -> Outcome<f64> {
        let plan = PhasePlan {
            bound: Arc::clone(&self.bound),
            load: Load::Closed { think: None },
            duration,
            stage_ends: Arc::from([]),
            tick: Duration::from_millis(200),
            drain: Duration::ZERO,
            capture: false,
        };
        let mut listen = |_: &_| {};
        let measured = self.runtime.block_on(self.engine.drive(&plan, &mut listen))?;
        let answered: u64 = measured.operations.iter().map(|operation| operation.tally.answered()).sum();
        let lost: u64 = measured.operations.iter().map(|operation| operation.tally.lost()).sum();
        if lost > 0 {
            return Err(format!("{lost} calls failed").into());
        }
        Ok(answered as f64 / measured.lasted.as_secs_f64())
    }
}
