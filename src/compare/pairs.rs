//! Blocks that were measured side by side, and those that are set aside because something disturbed one side.

use crate::record::{DisturbanceKind, Ended, Record};

/// Two blocks that were measured one after the other.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// Its number in the experiment.
    pub number: u32,
    /// The block of the base.
    pub base: &'a Record,
    /// The other side's.
    pub new: &'a Record,
    /// Why it does not count, if it does not.
    pub set_aside: Option<String>,
}

/// What comes from outside and makes a block say nothing of its side.
pub const FROM_OUTSIDE: [DisturbanceKind; 2] = [DisturbanceKind::Steal, DisturbanceKind::OtherProcesses];
/// What makes a block say nothing of its side, unless that side brings it about.
const OF_CLIENT: [DisturbanceKind; 2] = [DisturbanceKind::ClientStarved, DisturbanceKind::ScheduleMissed];
/// What belongs to a server's life, and makes a pair unequal where it comes to one of its blocks alone.
const ONE_SIDED: [(DisturbanceKind, &str); 2] =
    [(DisturbanceKind::Checkpoint, "a checkpoint"), (DisturbanceKind::Autovacuum, "autovacuum")];
/// What comes to a side alone in more pairs than to the other, by more than this share of all, is that side's own doing.
const OWN_DOING: f64 = 0.25;
/// Fewer pairs do not tell whose doing it is.
const FEWEST: usize = 8;

/// The pairs of blocks of one experiment; none where the records are no blocks of one.
#[must_use]
pub fn pairs<'a>(base: &[&'a Record], new: &[&'a Record]) -> Vec<Pair<'a>> {
    let partner = |record: &'a Record| {
        let own = record.block.as_ref().filter(|block| block.pair > 0)?;
        let is_partner = |other: &&&Record| {
            other.block.as_ref().is_some_and(|other| {
                other.experiment == own.experiment && other.pair == own.pair && other.side != own.side
            })
        };
        let other = new.iter().find(is_partner)?;
        Some(Pair { number: own.pair, base: record, new: other, set_aside: None })
    };
    let mut pairs: Vec<Pair<'a>> = base.iter().filter_map(|record| partner(record)).collect();
    pairs.sort_by_key(|pair| pair.number);
    let reasons: Vec<Option<String>> = (0..pairs.len()).map(|index| why_set_aside(&pairs, index)).collect();
    for (pair, reason) in pairs.iter_mut().zip(reasons) {
        pair.set_aside = reason;
    }
    pairs
}

/// How many pairs of an experiment count; `records` are those of the base and of the new side.
#[must_use]
pub fn counted_pairs(records: &[Vec<Record>; 2]) -> usize {
    let [base, new] = records.each_ref().map(|side| side.iter().collect::<Vec<_>>());
    pairs(&base, &new).iter().filter(|pair| pair.set_aside.is_none()).count()
}

/// Why the pair at `index` does not count: a disturbance of one of its blocks, or an event of the server on one side
/// alone. What a side has much more often than the other is its own doing, and no reason.
fn why_set_aside(pairs: &[Pair<'_>], index: usize) -> Option<String> {
    let pair = pairs.get(index)?;
    for (record, side) in [(pair.base, "base"), (pair.new, "new")] {
        if record.run.ended != Ended::AsPlanned {
            return Some(format!("the block of {side} was cut short"));
        }
        let disturbs = |kind: DisturbanceKind| {
            FROM_OUTSIDE.contains(&kind)
                || (OF_CLIENT.contains(&kind) && whose_doing(pairs, kind) != Some(side))
        };
        if let Some(found) = record.disturbances.iter().find(|found| found.decisive && disturbs(found.kind)) {
            return Some(format!("the block of {side}: {}", found.sentence));
        }
    }
    ONE_SIDED.iter().find_map(|(kind, name)| {
        let (of_base, of_new) = (has(pair.base, *kind), has(pair.new, *kind));
        let side = match (of_base, of_new) {
            (true, false) => "base",
            (false, true) => "new",
            _ => return None,
        };
        let is_own_doing = whose_doing(pairs, *kind) == Some(side);
        (!is_own_doing).then(|| format!("{name} came to the block of {side} alone"))
    })
}

fn has(record: &Record, kind: DisturbanceKind) -> bool {
    record.disturbances.iter().any(|found| found.kind == kind)
}

/// The side that has it so much more often that it is an effect of what was changed.
fn whose_doing(pairs: &[Pair<'_>], kind: DisturbanceKind) -> Option<&'static str> {
    let alone = |one: &Record, other: &Record| has(one, kind) && !has(other, kind);
    let base = pairs.iter().filter(|pair| alone(pair.base, pair.new)).count();
    let new = pairs.iter().filter(|pair| alone(pair.new, pair.base)).count();
    let many = pairs.len() >= FEWEST && base.abs_diff(new) as f64 > OWN_DOING * pairs.len() as f64;
    many.then_some(if base > new { "base" } else { "new" })
}
