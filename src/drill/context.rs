//! What every step of a drill needs.

use super::{error::DrillError, options::DrillOptions};
use crate::{
    lab::{Event, Interrupt},
    target::Scratch,
};
use std::{
    cell::Cell,
    fs::DirBuilder,
    future::Future,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Instant,
};
use tokio::runtime::Runtime;

/// What every step of a drill needs.
pub(super) struct Context<'a> {
    pub(super) options: &'a DrillOptions,
    pub(super) runtime: &'a Runtime,
    pub(super) interrupt: &'a Interrupt,
    pub(super) listen: &'a dyn Fn(Event),
    /// A directory that no server is started in: what lies there goes with the drill, however that ends.
    pub(super) workshop: &'a Scratch,
    /// Names that were given in it.
    pub(super) names: Cell<u32>,
}

impl Context<'_> {
    /// Does one step; gives how long it took, too.
    ///
    /// # Errors
    /// As the step, and when the user has asked for the end.
    pub(super) fn step<T>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T, DrillError>,
    ) -> Result<(T, f64), DrillError> {
        if self.interrupt.is_asked() {
            return Err(DrillError::Interrupted);
        }
        (self.listen)(Event::StepBegan(name.to_owned()));
        let began = Instant::now();
        let done = work()?;
        let took = began.elapsed();
        (self.listen)(Event::StepEnded { name: name.to_owned(), took });
        Ok((done, took.as_secs_f64()))
    }

    /// Waits for a database, unless the user asks for the end first.
    ///
    /// # Errors
    /// As `work`, and when the user asks for the end.
    pub(super) fn ask<T, E: Into<DrillError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, DrillError> {
        let done = self.runtime.block_on(self.interrupt.unless(work));
        done.ok_or(DrillError::Interrupted)?.map_err(Into::into)
    }

    /// Tells a sentence.
    pub(super) fn note(&self, sentence: impl Into<String>) {
        (self.listen)(Event::Note(sentence.into()));
    }

    /// A path that nobody else may look into, for something that goes with the drill.
    ///
    /// # Errors
    /// When the directory for such things cannot be made.
    pub(super) fn place(&self, name: &str) -> Result<PathBuf, DrillError> {
        let directory = self.workshop.directory().join("work");
        private_directory(&directory)?;
        self.names.set(self.names.get() + 1);
        Ok(directory.join(format!("{}-{name}", self.names.get())))
    }
}

/// Makes a directory for its owner alone, if it is not there.
///
/// # Errors
/// When the file system refuses.
pub(super) fn private_directory(directory: &Path) -> Result<(), DrillError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(DrillError::file(directory))
}
