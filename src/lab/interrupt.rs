//! Ctrl-C, SIGTERM, and SIGHUP of a closed terminal: the first ends the run in order, the second at once.

use crate::{engine::StopFlag, target::runtime};
use std::future::Future;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Whether the user asked for the end.
#[derive(Debug, Clone)]
pub struct Interrupt {
    stop: StopFlag,
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens for SIGINT, SIGTERM and SIGHUP on a thread of its own, so that a busy program still hears them.
    /// A second signal ends the process with exit code 130, after `at_once`; an embedded server's guard cleans up after
    /// it.
    ///
    /// # Errors
    /// When the thread or the handlers cannot be set up.
    pub fn listen(at_once: impl FnOnce() + Send + 'static) -> std::io::Result<Self> {
        let (sender, asked) = watch::channel(false);
        let stop = StopFlag::default();
        let flag = stop.clone();
        let runtime = runtime()?;
        let mut signals = {
            let _context = runtime.enter();
            [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ]
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async move {
                next(&mut signals).await;
                flag.stop();
                let _ = sender.send(true);
                next(&mut signals).await;
                at_once();
                std::process::exit(130);
            });
        })?;
        Ok(Self { stop, asked })
    }

    /// The same for one run of several: what ends its load, as a server that goes away, does not end that of the next.
    #[must_use]
    pub fn of_one_run(&self) -> Self {
        Self { stop: self.stop.below(), asked: self.asked.clone() }
    }

    /// The flag that ends the load; it is set as soon as the user asks.
    #[must_use]
    pub fn stop_flag(&self) -> StopFlag {
        self.stop.clone()
    }

    /// Whether the user has asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Does `work` unless the user asks for the end first; then `work` is dropped and `None` returned.
    pub async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut asked = self.asked.clone();
        tokio::select! {
            biased;
            _ = asked.wait_for(|asked| *asked) => None,
            done = work => Some(done),
        }
    }
}

async fn next(signals: &mut [Signal; 3]) {
    let [interrupts, terminations, hangups] = signals;
    tokio::select! {
        _ = interrupts.recv() => {}
        _ = terminations.recv() => {}
        _ = hangups.recv() => {}
    }
}
