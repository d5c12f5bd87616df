//! loist-bench: a benchmark and tuning harness for the PostgreSQL database behind a
//! Loist MCP Music Library Server.
//!
//! The modules form floors; a module uses only what stands on a lower floor:
//! `cli` > `report` > `tune` > `drill` > `capacity` > `gate` > `merge` > `lab` > `compare` > `history` > `advise` >
//! `audit` > `monitor` > `observe` > `engine` > `catalog` > `target` > `record` > `workload` > `flags` > `stats` >
//! `text`. A test keeps it so.

pub mod advise;
pub mod audit;
pub mod capacity;
pub mod catalog;
pub mod cli;
pub mod compare;
pub mod drill;
pub mod engine;
pub mod flags;
pub mod gate;
pub mod history;
pub mod lab;
pub mod merge;
pub mod monitor;
pub mod observe;
pub mod record;
pub mod report;
pub mod stats;
pub mod target;
pub mod text;
pub mod tune;
pub mod workload;
