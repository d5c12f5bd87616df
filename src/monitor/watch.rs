//! Collects again and again, and serves what is known.

use super::{
    canary,
    collector::Collector,
    options::ObserveOptions,
    page::Page,
    server::{Exposed, MetricsError, MetricsServer},
};
use crate::target::{Target, TargetError};
use std::{
    convert::Infallible,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Reads of the canary that a single collection has.
const READS_OF_ONE: usize = 20;

/// Collects until it is dropped, whatever becomes of the server, and serves the numbers at `address`. What is new is told to
/// `listen`, in a sentence.
///
/// # Errors
/// When the metrics cannot be served.
pub async fn watch(
    target: &Target,
    options: &ObserveOptions,
    address: SocketAddr,
    listen: &dyn Fn(String),
) -> Result<Infallible, MetricsError> {
    let server = MetricsServer::<Page>::bind(address)?;
    let mut collector = Collector::new(target, options);
    server.publish(collector.page());
    listen(format!("metrics: http://{}/metrics", server.address()));
    let mut next_collection = Instant::now();
    let mut next_read = next_collection;
    loop {
        if !collector.is_connected() && Instant::now() >= collector.next_try() {
            collector.try_to_connect(listen).await;
            if collector.is_connected() {
                next_collection = Instant::now();
            }
            server.publish(collector.page());
        }
        if Instant::now() >= next_collection {
            collector.collect(listen).await;
            server.publish(collector.page());
            next_collection = later(next_collection, options.every);
        }
        let was_connected = collector.is_connected();
        if was_connected && Instant::now() >= next_read {
            collector.sing().await;
            next_read = later(next_read, canary::GAP);
        }
        if was_connected && !collector.is_connected() {
            // That it is gone is known at once.
            server.publish(collector.page());
        }
        let next = if collector.is_connected() { next_read } else { collector.next_try() };
        tokio::time::sleep_until(next.min(next_collection).into()).await;
    }
}

/// The next time, `step` after the last one; those that have gone by are left out.
fn later(last: Instant, step: Duration) -> Instant {
    (last + step).max(Instant::now())
}

/// Collects once, and returns the metrics' text.
///
/// # Errors
/// When the server does not answer.
pub async fn collect_once(
    target: &Target,
    options: &ObserveOptions,
    listen: &dyn Fn(String),
) -> Result<String, TargetError> {
    let mut collector = Collector::new(target, options);
    collector.connect().await?;
    for _ in 0..READS_OF_ONE {
        collector.sing().await;
    }
    collector.collect(listen).await;
    Ok(collector.page().exposition())
}
