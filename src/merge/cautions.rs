//! What makes the numbers of several processes less than they seem: each doubt with the shards that have it.

use super::check::{Checked, NamedShard};
use crate::{
    lab::listed,
    record::{Disturbance, DisturbanceKind},
};

/// Part of a window by which windows may begin apart before that is said.
const TOGETHER: f64 = 0.01;

/// Whether it is one of the machine that put the load on; others are seen in what all measured together.
fn is_of_machine(kind: DisturbanceKind) -> bool {
    match kind {
        DisturbanceKind::Steal
        | DisturbanceKind::OtherProcesses
        | DisturbanceKind::ClientStarved
        | DisturbanceKind::ClientSaturated
        | DisturbanceKind::ScheduleMissed => true,
        DisturbanceKind::Overload
        | DisturbanceKind::SearchDisturbed
        | DisturbanceKind::NotSteady
        | DisturbanceKind::Checkpoint
        | DisturbanceKind::Autovacuum
        | DisturbanceKind::LockWaits => false,
    }
}

/// What disturbed the run: each machine by itself, and all that `of_all` found in the merged record.
pub(super) fn disturbances(checked: &Checked, of_all: Vec<Disturbance>) -> Vec<Disturbance> {
    let of_machines = checked.pieces.iter().flat_map(|piece| {
        let own = piece.counted.record.disturbances.iter().filter(|found| is_of_machine(found.kind));
        own.map(|found| {
            let sentence = format!("shard {}: {}", piece.counted.shard.number, found.sentence);
            Disturbance { sentence, ..found.clone() }
        })
    });
    of_machines.chain(of_all.into_iter().filter(|found| !is_of_machine(found.kind))).collect()
}

/// What cannot be told from the merged numbers.
pub(super) fn seen(checked: &Checked, observer: usize) -> Vec<String> {
    let mut cautions = Vec::new();
    if !checked.missing.is_empty() {
        let of = checked.pieces.first().map_or(0, |piece| piece.counted.shard.of);
        cautions.push(format!(
            "{} of {of} {} not in it: the numbers are those of the others, whose load was less than what was asked for",
            listed(&checked.missing),
            if checked.missing.len() == 1 { "is" } else { "are" }
        ));
    }
    cautions.extend(apart(checked));
    cautions
        .extend(checked.left_out.iter().map(|(number, how)| format!("shard {number} was left out: {how}")));
    cautions.extend(with_numbers(&checked.pieces, observer));
    cautions
}

/// Each window has all of its length, and not all of them were open for all of that time.
fn apart(checked: &Checked) -> Option<String> {
    let windows = checked.pieces.iter().map(|piece| piece.counted.record.window.seconds);
    let share = checked.apart_us / 1e6 / windows.reduce(f64::min)?;
    (share > TOGETHER).then(|| {
        format!(
            "the windows began up to {:.1} ms apart, {:.1} % of their length: the calls a second are by up to as much more than what all had together",
            checked.apart_us / 1e3,
            share * 100.0
        )
    })
}

/// The cautions of single shards; what several say is said once.
fn with_numbers(pieces: &[NamedShard], observer: usize) -> Vec<String> {
    let mut said: Vec<(String, Vec<usize>)> = Vec::new();
    for piece in pieces {
        let number = piece.counted.shard.number;
        for caution in own(piece, number == observer) {
            match said.iter_mut().find(|(text, _)| *text == caution) {
                Some((_, numbers)) => numbers.push(number),
                None => said.push((caution, vec![number])),
            }
        }
    }
    let told = |(text, numbers): (String, Vec<usize>)| match numbers.len() == pieces.len() {
        true => text,
        false => format!("{}: {text}", listed(&numbers)),
    };
    said.into_iter().map(told).collect()
}

/// What one shard alone can tell. The samples of the one that looked at the server are in the merged record.
fn own(piece: &NamedShard, is_observer: bool) -> Vec<String> {
    let (record, shard) = (&piece.counted.record, &piece.counted.shard);
    let mut cautions = shard.cautions.clone();
    if shard.clock.after.is_none() {
        cautions.push("the server's clock was not read again after the window".to_owned());
    }
    if !is_observer {
        if record.samples.samples.is_empty() || record.samples.processors == 0 {
            cautions.push("its machine could not be watched through the window".to_owned());
        }
        cautions.extend(record.samples.missing.iter().map(|missing| format!("not seen: {missing}")));
    }
    cautions
}
