//! The user's Ctrl-C: what the second one still does.

use super::failure::Failure;
use crate::lab::Interrupt;
use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The directory that is to get the record, if there is one by now.
#[derive(Debug, Clone, Default)]
pub(super) struct Reserved(Arc<Mutex<Option<PathBuf>>>);

impl Reserved {
    pub(super) fn is(&self, directory: &Path) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(directory.to_owned());
    }

    /// Nothing was written into it: then it goes.
    fn remove_if_empty(&self) {
        if let Some(directory) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = std::fs::remove_dir(directory);
        }
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
