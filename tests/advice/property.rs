//! What holds of all advice, whatever the settings.

use super::common::{changed, contradictions, sample, set, small_machine};
use loist_bench::{
    advise::advise,
    flags::Setting,
    record::{Recommendation, Record},
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::LazyLock};

static SAMPLE: LazyLock<Record> = LazyLock::new(sample);

/// Memory as the settings promise it, in their own units: pages of 8 kB, and kilobytes.
#[derive(Debug, Clone)]
struct Memory {
    buffers: u64,
    work: u64,
    maintenance: u64,
    connections: usize,
    is_event_loop: bool,
    machine_mb: u64,
    temp_files: u64,
}

/// Numbers whose logarithm is spread evenly: small ones as often as large ones.
fn scale(least: u64, most: u64) -> impl Strategy<Value = u64> {
    let (least, most) = ((least as f64).ln(), (most as f64).ln());
    (0.0..=1.0).prop_map(move |at: f64| (least + (most - least) * at).exp().round() as u64)
}

fn memory(least_work: u64, least_maintenance: u64) -> impl Strategy<Value = Memory> {
    (
        scale(16, 4 << 17),
        scale(least_work, 4 << 20),
        scale(least_maintenance, 8 << 20),
        scale(1, 3000),
        any::<bool>(),
        scale(256, 128 << 10),
        prop_oneof![Just(0), scale(1, 100_000)],
    )
        .prop_map(|(buffers, work, maintenance, connections, is_event_loop, machine_mb, temp_files)| {
            Memory {
                buffers,
                work,
                maintenance,
                connections: connections as usize,
                is_event_loop,
                machine_mb,
                temp_files,
            }
        })
}

fn record(memory: &Memory) -> Record {
    let mut record = SAMPLE.clone();
    small_machine(&mut record);
    record.server.machine.as_mut().unwrap().memory_bytes = memory.machine_mb << 20;
    record.load.connections = memory.connections;
    if memory.is_event_loop {
        "event-loop".clone_into(&mut record.load.client_model);
    }
    for (name, value) in [
        ("shared_buffers", memory.buffers),
        ("work_mem", memory.work),
        ("maintenance_work_mem", memory.maintenance),
    ] {
        set(&mut record.evidence, name, &value.to_string());
    }
    (record.evidence.window.temp_files, record.evidence.window.temp_bytes) =
        (memory.temp_files, memory.temp_files << 20);
    record
}

/// Bytes of a value as PostgreSQL writes it.
fn bytes(value: &str) -> Option<u64> {
    let digits = value.find(|c: char| c.is_ascii_alphabetic())?;
    let (value, unit) = (value[..digits].to_owned(), Some(value[digits..].to_owned()));
    Setting { value, unit, ..SAMPLE.evidence.setting("work_mem")?.clone() }.bytes()
}

/// What the settings promise once all advice is followed: the sample's workload, without plans, sorts once in a session.
fn promised(record: &Record, advice: &[Recommendation], connections: u64) -> u64 {
    let to: BTreeMap<&str, &str> = advice.iter().flat_map(changed).collect();
    let value = |name: &str| {
        to.get(name).map_or_else(
            || record.evidence.setting(name).unwrap().bytes().unwrap(),
            |value| bytes(value).unwrap(),
        )
    };
    let session = value("work_mem") + value("temp_buffers");
    value("shared_buffers") + session * connections + value("maintenance_work_mem") * 4
}

/// The number in `at most 12 connections`.
fn at_most(title: &str) -> Option<u64> {
    let (_, rest) = title.split_once("at most ")?;
    rest.split_once(" connections")?.0.parse().ok()
}

/// Fails where all of the advice together promises more memory than there is, and does not say so.
fn fits(memory: &Memory) -> Result<(), TestCaseError> {
    let record = record(memory);
    let advice = advise(&record);
    if let Some(piece) = advice.iter().find(|piece| piece.rule == "memory/overcommit") {
        let pools = if memory.is_event_loop { record.load.clients } else { 1 };
        let connections = at_most(&piece.title).unwrap_or((memory.connections * pools) as u64);
        let all = promised(&record, &advice, connections);
        // With a single connection nothing is left to give up.
        prop_assert!(
            all <= memory.machine_mb << 20 || connections == 1,
            "{} MB promised: {}; {:?}",
            all >> 20,
            piece.title,
            advice.iter().flat_map(changed).collect::<Vec<_>>()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn advice_is_of_one_mind(memory in memory(64, 64)) {
        let record = record(&memory);
        let advice = advise(&record);
        for piece in &advice {
            prop_assert!(piece.effect.is_finite() && (0.0..=1.0).contains(&piece.effect), "{piece:?}");
            for change in piece.changes() {
                prop_assert_ne!(&change.from, &change.to, "{} changes nothing", piece.rule);
            }
        }
        prop_assert_eq!(contradictions(&advice), Vec::<String>::new());
    }

    /// Where neither work_mem nor maintenance is so low that another rule raises it at once.
    #[test]
    fn who_follows_the_advice_promises_no_more_than_there_is(memory in memory(1 << 10, 16 << 10)) {
        fits(&memory)?;
    }

    /// What is so low that it is raised comes out of the same memory.
    #[test]
    fn what_is_raised_fits_too(memory in memory(64, 64)) {
        fits(&memory)?;
    }
}
