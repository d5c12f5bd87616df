//! What compares measurements. A program of its own, whose tests run one after the other: beside others, pairs of blocks would
//! be set aside again and again.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

#[allow(dead_code)] // It serves more tests than these.
#[path = "../it/common.rs"]
mod common;
mod pairs;
mod tune;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The machine, for one test at a time.
static MACHINE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // A test that failed has left the machine all the same.
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}
