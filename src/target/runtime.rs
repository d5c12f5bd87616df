//! What carries sessions.

use tokio::runtime::{Builder, Runtime};

/// A runtime on the caller's own thread: whoever asks a server one thing after another needs no more.
///
/// # Errors
/// When the operating system refuses it.
pub fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
