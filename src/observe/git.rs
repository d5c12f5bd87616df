//! What git says of a repository.

use std::{path::Path, process::Command};

/// What git says in a directory.
///
/// # Errors
/// What it says instead, which may be nothing, or that it cannot be run.
pub fn git(directory: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    // The repository may be somebody's: a program that it names to watch its files is not started.
    command.args(["-c", "core.fsmonitor=false", "-C"]).arg(directory).args(arguments);
    let output = command.output().map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
