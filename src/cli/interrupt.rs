//! The user's Ctrl-C: what the second one still does.

use super::failure::Failure;
use crate::{
    lab::Interrupt,
    record::{Place, remove_empty},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The directories that were made for the record, if there are any by now.
#[derive(Debug, Clone, Default)]
pub(super) struct Reserved(Arc<Mutex<Vec<PathBuf>>>);

impl Reserved {
    /// A directory under `reports` for what is measured.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn reserve(&self, reports: &Path, name: &str) -> Result<Place, Failure> {
        let place = Place::reserve(reports, name)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place.made().to_owned();
        Ok(place)
    }

    /// Nothing was written into it: then it goes.
    fn remove_if_empty(&self) {
        remove_empty(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Listens for signals. The second one ends the program at once, and says what that costs.
pub(super) fn listen(reserved: &Reserved) -> Result<Interrupt, Failure> {
    let reserved = reserved.clone();
    let at_once = move || {
        reserved.remove_if_empty();
        let _ = writeln!(
            anstream::stderr(),
            "loist-bench: ended at once, as asked twice: what was not kept yet is lost"
        );
    };
    Interrupt::listen(at_once)
        .map_err(|error| Failure::environment(format!("signals cannot be handled: {error}")))
}
