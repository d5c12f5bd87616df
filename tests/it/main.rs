//! The binary as a user runs it, against real servers that it starts itself.

#![allow(clippy::unwrap_used)] // In a test, that is the assertion.

mod audit;
mod capacity;
mod care;
mod catalog;
mod cli;
mod clients;
mod common;
mod compare;
mod database;
mod diagnosis;
mod drill;
mod duet;
mod evidence;
mod faults;
mod flags;
mod gate;
mod history;
mod lifecycle;
mod load;
mod machine;
mod monitor;
mod plans;
mod planted;
mod proxy;
mod run;
mod search;
mod shards;
mod sizes;
mod tls;
mod wire;
