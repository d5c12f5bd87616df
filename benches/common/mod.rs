//! What the benchmarks that run the whole program share: how they are asked for, and a server that stays.

mod harness;
pub(crate) mod program;
pub(crate) mod server;

pub(crate) use harness::{Harness, Outcome, ended};
