//! What gcloud tells of an instance: the value of `--instance`.

use super::failure::Failure;
use crate::{flags::instance::CloudInstance, text::told};
use std::path::Path;

/// The instance that a file of gcloud's answer describes.
///
/// # Errors
/// When the file cannot be read, or is no such answer.
pub(super) fn instance(file: &Path) -> Result<CloudInstance, Failure> {
    let wrong = |error: String| Failure::bad_input(told(file, &error));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    CloudInstance::read(&text).map_err(|error| wrong(error.to_string()))
}
