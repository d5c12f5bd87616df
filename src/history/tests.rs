//! A history as a whole: what goes in comes out, whatever happens in between.

mod damage;
mod forms;
mod nights;

use super::{Blocks, FORMAT, Kind, Night, Operation, VERSION};
use crate::record::{self, Record, ServerKind};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::sync::LazyLock;

/// The sample of a run.
pub(super) fn sample() -> Record {
    static SAMPLE: LazyLock<Record> = LazyLock::new(|| {
        let mut sample = record::sample();
        // What was sampled and planned is of no use here, and long.
        sample.plans.clear();
        sample.series.operations.clear();
        sample
    });
    SAMPLE.clone()
}

/// The sample as a block that began so many seconds later and had this p95 of all operations together.
pub(super) fn block(seconds: i64, p95_us: f64) -> Record {
    let mut record = sample();
    record.run.started_at += TimeDelta::seconds(seconds);
    record.overall.response.p95_us = Some(p95_us);
    record
}

/// A night of one block, so many days after the sample.
pub(super) fn night(days: i64, p95_us: f64) -> Night {
    Night::of(&[&block(days * 86_400, p95_us)], None).unwrap()
}

/// Numbers as they are kept: to the nanosecond.
fn us() -> impl Strategy<Value = Option<f64>> {
    proptest::option::weighted(0.9, (0u64..1 << 52).prop_map(|ns| ns as f64 / 1e3))
}

fn blocks(count: usize) -> impl Strategy<Value = Blocks> {
    let list = || proptest::collection::vec(us(), count);
    let counts = || proptest::collection::vec(any::<u64>(), count);
    let rates =
        proptest::collection::vec((0u64..1 << 52).prop_map(|millionths| millionths as f64 / 1e6), count);
    ("[0-9]{1,3}ms@p9[59]", list(), list(), list(), list(), rates, counts(), counts(), counts()).prop_map(
        |(objective, p50_us, p95_us, p99_us, mean_us, calls_per_second, calls, misses, errors)| Blocks {
            objective,
            p50_us,
            p95_us,
            p99_us,
            mean_us,
            calls_per_second,
            calls,
            misses,
            errors,
        },
    )
}

/// Text that tables and lines have trouble with.
fn text() -> impl Strategy<Value = String> {
    "[a-zä\u{1F3B5}=\"',;\\\\/ -]{0,12}x"
}

fn kind() -> impl Strategy<Value = Kind> {
    let maybe = || proptest::option::of(text());
    let left_out = proptest::collection::vec("[a-z_]{1,8}", 0..3);
    (text(), any::<bool>(), maybe(), maybe(), maybe(), text(), left_out, any::<u64>(), text()).prop_map(
        |(
            client_machine,
            embedded,
            server_machine,
            server_address,
            flags,
            workload,
            left_out,
            tracks,
            load,
        )| Kind {
            client_machine,
            server: if embedded { ServerKind::Embedded } else { ServerKind::External },
            server_major: 15,
            server_machine,
            server_address,
            flags,
            workload,
            workload_sha256: "0123456789ab".to_owned(),
            left_out,
            protocol: "simple".to_owned(),
            tracks,
            state: "vacuumed".to_owned(),
            load,
        },
    )
}

/// Any night.
fn any_night() -> impl Strategy<Value = Night> {
    let names = proptest::collection::btree_set("[a-z_-]{1,10}", 0..4);
    (1..5usize, names).prop_flat_map(|(count, names)| {
        let operations: Vec<_> = names
            .into_iter()
            .map(|name| blocks(count).prop_map(move |blocks| Operation { name: name.clone(), blocks }))
            .collect();
        let about = (0i64..4_000_000_000, 0u32..1_000_000_000, "[0-9a-f]{16}", proptest::option::of(text()));
        (about, kind(), 0..3usize, any::<bool>(), operations, blocks(count)).prop_map(
            move |((seconds, ns, id, revision), kind, set_aside, disturbed, operations, overall)| Night {
                format: FORMAT.to_owned(),
                version: VERSION,
                id,
                at: DateTime::<Utc>::from_timestamp(seconds, ns).unwrap(),
                revision,
                tool_version: "0.1.0".to_owned(),
                kind,
                blocks: count,
                set_aside,
                disturbed,
                operations,
                overall,
            },
        )
    })
}
