//! The load as a record has it. Pure.

use super::{options::SettledLoad, results, window::Window};
use crate::{
    engine::{ClientModel, Recycling},
    record::{self, Ended},
    stats::Spacing,
};

/// The load of this process, carried by so many threads.
pub(super) fn load(load: &SettledLoad, threads: usize) -> record::Load {
    let engine = &load.engine;
    let psycopg2 = engine.model != ClientModel::Pool;
    let spaced = load.is_open() || load.think.is_some();
    record::Load {
        model: if load.is_open() { "open" } else { "closed" }.to_owned(),
        client_model: engine.model.name().to_owned(),
        clients: engine.clients,
        connections: engine.pool.size,
        pool_min: psycopg2.then_some(if engine.pool.per_checkout {
            0
        } else {
            engine.pool.min.min(engine.pool.size)
        }),
        connect_per_checkout: engine.pool.per_checkout,
        recycling: (!psycopg2).then(|| {
            let name = match engine.pool.recycling {
                Recycling::Fast => "fast",
                Recycling::Verified => "verified",
                Recycling::Clean => "clean",
            };
            name.to_owned()
        }),
        pool_timeout_seconds: engine
            .pool
            .timeout
            .filter(|_| engine.model == ClientModel::Pool)
            .map(|timeout| timeout.as_secs_f64()),
        max_rate_per_second: load.own_max_rate(),
        threads,
        stages: load.own_stages().iter().map(ToString::to_string).collect(),
        arrivals: spaced.then(|| {
            let name = match load.spacing {
                Spacing::Uniform => "uniform",
                Spacing::Poisson => "poisson",
            };
            name.to_owned()
        }),
        queue: load.is_open().then_some(engine.queue),
        think_seconds: load.think.map(|think| think.mean.as_secs_f64()),
        round_trip_delay_us: engine.round_trip.as_secs_f64() * 1e6,
        warmup_seconds: load.warmup.as_secs_f64(),
        duration_seconds: load.duration.as_secs_f64(),
    }
}

/// How well the clients kept to it; absent where nothing was planned.
pub(super) fn schedule(load: &SettledLoad, window: &Window) -> Option<record::Schedule> {
    (load.is_open() || load.think.is_some()).then(|| record::Schedule {
        asked_per_second: match window.ended {
            Ended::AsPlanned => load.own_rate(),
            _ => load.own_rate_until(window.driven.measured.elapsed),
        },
        start_error: results::latency(&window.driven.measured.release_error),
    })
}
