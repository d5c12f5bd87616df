//! Whether records are those of one run's shards, all of them, at one time.

use super::{Counted, MergeError, Options, Piece};
use crate::{
    lab::apart_us,
    record::{Ended, Record, Shard, ShardClock},
    text::grouped,
};
use chrono::TimeDelta;

/// Records that can be merged.
pub(super) struct Checked {
    /// One a shard, by number; at least one.
    pub(super) pieces: Vec<NamedShard>,
    /// Numbers of the shards that are not among them.
    pub(super) missing: Vec<usize>,
    /// Those that are there and do not count, each with the reason.
    pub(super) left_out: Vec<(usize, &'static str)>,
    /// How far apart their windows began at most.
    pub(super) apart_us: f64,
}

/// A shard's record with its name.
pub(super) struct NamedShard {
    pub(super) name: String,
    pub(super) counted: Counted,
}

/// Something of a record, as text.
type Text = fn(&Record, &Shard) -> String;

/// What must be the same in all records of a run, with what it is called.
const SAME: [(&str, Text); 14] = [
    ("the version of loist-bench", |record, _| record.tool_version.clone()),
    ("the run's name", |_, shard| shard.run_id.clone()),
    ("the number of shards", |_, shard| shard.of.to_string()),
    ("the seed", |record, _| record.run.seed.to_string()),
    ("the SHA-256 of the workload", |record, _| record.workload.sha256.clone()),
    ("the protocol", |record, _| record.workload.protocol.clone()),
    ("the server", |_, shard| shard.server.clone()),
    ("the version of the server", |record, _| record.server.version.clone()),
    ("the length of the window", |record, _| record.load.duration_seconds.to_string()),
    ("the load of all shards", |_, shard| format!("{:?}", shard.whole)),
    ("the catalog", |record, _| {
        let catalog = &record.catalog;
        format!("{} tracks, {}, {:?}", grouped(catalog.tracks), catalog.state, catalog.checksum)
    }),
    ("the start", |_, shard| shard.start_at.to_string()),
    ("the objective", |record, _| {
        let all = record.operations.iter().map(|operation| &operation.summary).chain([&record.overall]);
        all.map(|summary| summary.slo.objective.as_str()).collect::<Vec<_>>().join(", ")
    }),
    ("the operations", |record, _| {
        record.operations.iter().map(|operation| operation.name.as_str()).collect::<Vec<_>>().join(", ")
    }),
];

/// Sorts out which records can be merged.
pub(super) fn check(pieces: Vec<Piece>, options: &Options) -> Result<Checked, MergeError> {
    let shards = pieces.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
    same(&shards)?;
    let mut shards = shards;
    // Equal numbers keep their order.
    shards.sort_by_key(|piece| piece.counted.shard.number);
    once_each(&shards)?;
    let of = shards.first().map_or(0, |piece| piece.counted.shard.of);
    let mut left_out = Vec::new();
    for piece in &shards {
        let number = piece.counted.shard.number;
        let Some(how) = cut_short(piece.counted.record.run.ended) else { continue };
        if !options.partial || shards.iter().all(is_cut_short) {
            return Err(MergeError::CutShort { name: piece.name.clone(), number, how });
        }
        left_out.push((number, how));
    }
    shards.retain(|piece| !is_cut_short(piece));
    let is_there = |number: &usize| shards.iter().any(|piece| piece.counted.shard.number == *number);
    let missing: Vec<usize> = (1..=of).filter(|number| !is_there(number)).collect();
    if !missing.is_empty() && !options.partial {
        return Err(MergeError::Missing { missing, of });
    }
    let apart_us = at_one_time(&shards, options)?;
    Ok(Checked { pieces: shards, missing, left_out, apart_us })
}

fn named(piece: Piece) -> Result<NamedShard, MergeError> {
    let Piece { name, mut record } = piece;
    if record.merged.is_some() {
        return Err(MergeError::Merged { name });
    }
    match record.shard.take() {
        Some(shard) if (1..=shard.of).contains(&shard.number) => {
            Ok(NamedShard { name, counted: Counted { record, shard } })
        }
        Some(shard) => {
            let reason = format!("there is no shard {} of {}", shard.number, shard.of);
            Err(MergeError::Broken { name, reason })
        }
        None => Err(MergeError::NoShard { name }),
    }
}

/// Whether all are of one run.
fn same(shards: &[NamedShard]) -> Result<(), MergeError> {
    let first = shards.first().ok_or(MergeError::Nothing)?;
    for (what, of) in SAME {
        let of = |piece: &NamedShard| of(&piece.counted.record, &piece.counted.shard);
        let own = of(first);
        if let Some(piece) = shards.iter().find(|piece| of(piece) != own) {
            let (one, other) = (first.name.clone(), piece.name.clone());
            return Err(MergeError::Differs { one, other, what, own, others: of(piece) });
        }
    }
    Ok(())
}

/// Whether no number is there twice, of shards by number.
fn once_each(shards: &[NamedShard]) -> Result<(), MergeError> {
    let number = |piece: &NamedShard| piece.counted.shard.number;
    match shards.windows(2).find(|two| number(&two[0]) == number(&two[1])) {
        Some(two) => Err(MergeError::Twice {
            number: number(&two[0]),
            one: two[0].name.clone(),
            other: two[1].name.clone(),
        }),
        None => Ok(()),
    }
}

fn is_cut_short(piece: &NamedShard) -> bool {
    cut_short(piece.counted.record.run.ended).is_some()
}

/// What ended a window before its time.
fn cut_short(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::AsPlanned => None,
        Ended::Interrupted => Some("it was interrupted"),
        Ended::ServerLost => Some("the server went away"),
        Ended::Braked => Some("the brake ended its load"),
    }
}

/// How far apart the windows began at most, where that is near enough.
fn at_one_time(shards: &[NamedShard], options: &Options) -> Result<f64, MergeError> {
    let clocks: Vec<&ShardClock> = shards.iter().map(|piece| &piece.counted.shard.clock).collect();
    let apart_us = apart_us(&clocks);
    let began = |piece: &&NamedShard| piece.counted.shard.clock.began_at;
    let ends = shards.iter().min_by_key(began).zip(shards.iter().max_by_key(began));
    match ends {
        Some((early, late)) if apart_us > options.tolerance.as_secs_f64() * 1e6 => Err(MergeError::Apart {
            apart_us,
            tolerance: options.tolerance,
            early: early.name.clone(),
            late: late.name.clone(),
        }),
        _ => overlapping(shards).map(|()| apart_us),
    }
}

/// Whether there is a moment at which all windows were open, whatever is tolerated.
fn overlapping(shards: &[NamedShard]) -> Result<(), MergeError> {
    let began = |piece: &&NamedShard| piece.counted.shard.clock.began_at;
    let ended = |piece: &&NamedShard| began(piece) + length(&piece.counted.record);
    match shards.iter().min_by_key(ended).zip(shards.iter().max_by_key(began)) {
        Some((early, late)) if ended(&early) <= began(&late) => {
            Err(MergeError::Disjoint { early: early.name.clone(), late: late.name.clone() })
        }
        _ => Ok(()),
    }
}

/// Length of a record's window.
fn length(record: &Record) -> TimeDelta {
    TimeDelta::microseconds((record.window.seconds * 1e6) as i64)
}
