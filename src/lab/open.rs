//! A server that is only looked at.

use super::LabError;
use crate::target::{Target, TargetOptions, address_named};

/// Opens a server to look at it. Where no database is named and none is to be started, `refusal` says what to do.
///
/// # Errors
/// With `refusal`, or when the server cannot be reached or started.
pub fn open_to_look(options: TargetOptions, refusal: &str) -> Result<Target, LabError> {
    if !options.embedded && address_named(&options)?.is_none() {
        return Err(LabError::Usage(refusal.to_owned()));
    }
    // The server itself refuses what is not meant to happen.
    let options = TargetOptions { use_existing: !options.embedded, ..options };
    Ok(Target::open(&options)?)
}
