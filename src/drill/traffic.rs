//! Somebody writes while a server's files are copied: tracks are ingested, as the tools do it.

use super::{context::Context, error::DrillError, source::Source};
use crate::{
    engine::StopFlag,
    lab::{self, CatalogOptions, Event, LoadOptions, Looks, RunOptions},
    target::TargetOptions,
    workload::builtin,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

/// Clients that ingest.
const CLIENTS: usize = 2;
/// Longer than any copy takes; it ends when it is asked to.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often it is looked whether the first calls were answered.
const POLL: Duration = Duration::from_millis(20);
/// What writes.
const WORKLOAD: &str = "ingest";

/// A load on a thread of its own, until it is ended or dropped.
pub(super) struct Traffic {
    stop: StopFlag,
    thread: Option<JoinHandle<Result<u64, String>>>,
}

impl Traffic {
    /// Begins to ingest tracks into an embedded server, and waits until the first are in it.
    ///
    /// # Errors
    /// When the load cannot be put on, or the user asks for the end.
    pub(super) fn start(context: &Context<'_>, source: &Source, tracks: u64) -> Result<Self, DrillError> {
        let url = source.target.url().unwrap_or_default().to_owned();
        let catalog = CatalogOptions { tracks, ..context.options.catalog };
        let load = LoadOptions::closed(CLIENTS, LONGEST);
        let options = RunOptions {
            looks: Looks::Nothing,
            ..RunOptions::of(catalog, TargetOptions::at_own(&url), load)
        };
        let interrupt = context.interrupt.of_one_run();
        let stop = interrupt.stop_flag();
        let workload = builtin::find(WORKLOAD).map_err(lab::LabError::from)?;
        let flows = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&flows);
        let hear = move |event| {
            if matches!(event, Event::Progress { snapshot, .. } if snapshot.tally.completed > 0) {
                heard.store(true, Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("traffic".to_owned()).spawn(move || {
            let run = lab::run(workload, &options, &interrupt, &hear);
            run.map(|run| run.record.overall.completed).map_err(|error| error.to_string())
        })?;
        let traffic = Self { stop, thread: Some(thread) };
        while !flows.load(Ordering::Relaxed) {
            if context.interrupt.is_asked() {
                return Err(DrillError::Interrupted);
            }
            if traffic.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                break;
            }
            std::thread::sleep(POLL);
        }
        Ok(traffic)
    }

    /// Ends it; gives how many calls were answered.
    ///
    /// # Errors
    /// When it could not be put on, or wrote nothing.
    pub(super) fn end(mut self) -> Result<u64, DrillError> {
        self.stop.stop();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Ok(calls))) if calls > 0 => Ok(calls),
            Some(Ok(Err(reason))) => {
                Err(DrillError::Environment(format!("nothing could be written meanwhile: {reason}")))
            }
            _ => Err(DrillError::Environment("nothing was written meanwhile".to_owned())),
        }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
