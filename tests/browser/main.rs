//! The report's page in a real Chromium, headless.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

mod answers;
mod axe;
mod driver;
mod harness;
mod page;
mod protocol;
mod report;
