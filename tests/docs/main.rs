//! The documentation says what is so: its commands are there, its files are read, its links lead somewhere, and what is
//! promised to a newcomer runs.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

mod commands;
mod files;
mod house;
mod links;
mod pages;
mod run;
mod shell;
