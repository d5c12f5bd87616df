//! The measured window: clients connected and warm, counters read, load put on, counters read again.

use super::{
    Event, LabError, Prepared, RunOptions,
    prepare::{Context, Steps},
};
use crate::{
    catalog,
    engine::{Bound, Engine, EngineOptions, Measured, Snapshot},
    flags::Setting,
    observe::{self, Counters},
    record::{Ended, Evidence},
    workload::{Operation, Workload},
};
use chrono::{DateTime, Utc};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_postgres::Client;

/// Slices of time in a window: enough of them for an interval, none longer than a second.
const SLICES: u32 = 30;

/// A slice costs the client some milliseconds; more of them would disturb what is measured.
const SHORTEST_SLICE: Duration = Duration::from_millis(100);

/// What the window gave.
pub(super) struct Window {
    pub(super) bound: Arc<Bound>,
    pub(super) measured: Measured,
    pub(super) ended: Ended,
    pub(super) evidence: Evidence,
    pub(super) server: observe::ServerFacts,
    pub(super) threads: usize,
    pub(super) started_at: DateTime<Utc>,
}

pub(super) fn measure(
    workload: Workload,
    prepared: &Prepared,
    options: &RunOptions,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Window, LabError> {
    let target = &prepared.target;
    let protocol = options.protocol.unwrap_or(workload.protocol);
    let writes = workload.operations.iter().any(Operation::writes);
    let library = Arc::new(prepared.library.clone());
    let (observer, settings) = steps.run("observer", context, observer(target.config()))?;
    let bound = Bound::new(workload, protocol, library, &observer);
    let bound = Arc::new(steps.run("check the workload", context, bound)?);
    let (server, names) = steps.run("look at the server", context, async {
        if target.is_embedded() {
            observe::install_instruments(&observer).await?;
        }
        if writes {
            catalog::mark_modified(&observer).await?;
        }
        Ok::<_, LabError>((
            observe::server_facts(&observer).await?,
            observe::statement_names(&bound, &observer).await,
        ))
    })?;
    let engine_options = EngineOptions {
        clients: options.clients,
        connections: options.connections,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        seed: prepared.seed,
    };
    let stop = context.interrupt.stop_flag();
    let connecting = Engine::connect(target.config(), Arc::clone(&bound), &engine_options, stop);
    let mut engine = steps.run("open the connections", context, connecting)?;
    drive(&mut engine, &observer, "warm-up", options.warmup, steps, context)?;
    if context.interrupt.is_asked() {
        return Err(LabError::Interrupted);
    }
    let before = steps.run("read the counters", context, async {
        engine.flush_statistics(server.version_number).await;
        Counters::read(&observer).await
    })?;
    let started_at = Utc::now();
    let measured = drive(&mut engine, &observer, "measuring", options.duration, steps, context)?;
    // From here on an interrupt must not cost what was measured.
    let interrupted = context.interrupt.is_asked();
    let began = Instant::now();
    let evidence = context.runtime.block_on(async {
        engine.flush_statistics(server.version_number).await;
        let after = Counters::read(&observer).await?;
        Ok::<_, LabError>(observe::evidence(&observer, &before, &after, &names, settings.clone()).await)
    });
    steps.ended("gather the evidence", began, context.listen);
    let evidence = evidence.unwrap_or_else(|error| Evidence {
        settings,
        missing: vec![error.to_string()],
        ..Evidence::default()
    });
    let ended = match () {
        () if observer.is_closed() => Ended::ServerLost,
        () if interrupted => Ended::Interrupted,
        () => Ended::AsPlanned,
    };
    Ok(Window { bound, measured, ended, evidence, server, threads: engine.threads(), started_at })
}

/// The session that looks on, and the settings as a session has them that was not told otherwise.
async fn observer(config: &tokio_postgres::Config) -> Result<(Client, Vec<Setting>), LabError> {
    let mut config = config.clone();
    let client = crate::target::connect(config.application_name("loist-bench observer")).await?;
    let settings = observe::settings(&client).await?;
    observe::limit_session(&client).await?;
    Ok((client, settings))
}

/// Puts the load on. When the observer's session is gone, so is the server: the rest of the phase would be a row
/// of failed calls.
fn drive(
    engine: &mut Engine,
    observer: &Client,
    phase: &'static str,
    duration: Duration,
    steps: &mut Steps,
    context: &Context<'_>,
) -> Result<Measured, LabError> {
    let tick = (duration / SLICES).clamp(SHORTEST_SLICE, Duration::from_secs(1));
    let began = Instant::now();
    let stop = context.interrupt.stop_flag();
    let mut listen = |snapshot: &Snapshot| {
        if observer.is_closed() {
            stop.stop();
        }
        (context.listen)(Event::Progress { phase, duration, snapshot: snapshot.clone() });
    };
    let measured = context.runtime.block_on(engine.drive(duration, tick, &mut listen))?;
    steps.ended(phase, began, context.listen);
    Ok(measured)
}
