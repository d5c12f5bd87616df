//! What the tests of several files here share.

/// Carries `work` to its end, and whatever it spawns on this thread.
pub(super) fn on_a_thread<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}
