//! Writing results: a closed pipe is the reader's choice, not a failure.

use super::failure::Failure;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Writes `text` to standard output; styles are stripped where they would not show.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    ended(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Writes `text` to standard output as it stands, for those who keep it in a file.
pub(super) fn print_raw(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    ended(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

fn ended(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::environment(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// `value` as one JSON document; the end of its last line is left to whoever wants one.
pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::environment(error.to_string()))
}

/// The same with the end of its last line.
pub(super) fn json_lines(value: &impl Serialize) -> Result<String, Failure> {
    Ok(json(value)? + "\n")
}

/// Writes `value` as one JSON document to standard output.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&json_lines(value)?)
}
