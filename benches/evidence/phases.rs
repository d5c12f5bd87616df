//! Windows in turn, with the evidence and without it, over the same connections: runs differ by which processor carries
//! whom, and windows of one run hardly do.

use super::{
    Options, Outcome,
    common::server::Server,
    stage::{self, Stage, calls_a_second},
    windows::WARM_UP,
};
use loist_bench::observe::{self, Sampler};
use std::{convert::Infallible, time::Duration};
use tokio_postgres::Client;

/// How often a run of some length looks at the server.
const INTERVAL: Duration = Duration::from_secs(1);

/// A load that stays connected, and the session that looks on.
struct Observed {
    stage: Stage,
    observer: Client,
    backend_pid: Option<i32>,
}

/// Throughput with evidence : without, of each pair.
pub(crate) fn ratios(options: &Options) -> Outcome<Vec<f64>> {
    let windows = &options.windows;
    let server = Server::start(&[])?;
    server.seed(windows.tracks)?;
    stage::install_instruments(&server)?;
    let (stage, observer) = Stage::set(windows, &server)?;
    let backend_pid = stage.runtime.block_on(observe::backend_pid(&observer));
    let mut observed = Observed { stage, observer, backend_pid };
    observed.window(WARM_UP, false)?;
    windows.ratios(super::DIGITS, |evidence| observed.window(windows.length(), evidence))
}

impl Observed {
    /// Calls a second of one window: with evidence, as a run takes it while it measures.
    fn window(&mut self, duration: Duration, evidence: bool) -> Outcome<f64> {
        if !evidence {
            return self.stage.window(duration);
        }
        let plan = self.stage.plan(duration, true);
        let (observer, backend_pid) = (&self.observer, self.backend_pid);
        let Stage { runtime, engine, .. } = &mut self.stage;
        let measured = runtime.block_on(async {
            let mut listen = |_: &_| {};
            let load = engine.drive(&plan, &mut listen);
            let mut sampler = Sampler::new(INTERVAL, true, backend_pid, "loist-bench");
            sampler.begin(observer).await;
            tokio::select! {
                measured = load => measured,
                never = sample(sampler, observer) => match never {},
            }
        })?;
        calls_a_second(&measured)
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
