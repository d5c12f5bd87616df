//! New files where somebody else may have put something first.

use crate::text::told;
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Writes a new file: nothing that lies there, nor what a link leads to, is written into, and nobody reads it before its
/// mode is as it should be.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), String> {
    take_away(path)?;
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| told(path, &error))
}

/// Removes a file; of a link, not what it leads to. What is not there is no error.
pub(super) fn take_away(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(told(path, &error)),
        _ => Ok(()),
    }
}
