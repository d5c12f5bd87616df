//! Sentences of the answer. Pure.

use super::{
    Prices, Question,
    answer::{GrowthRow, Operation, Outcome},
    check::Check,
    cost::BESIDE_GB,
    growth::{Reason, RowOutcome},
    respond::FARTHEST,
    series::Series,
    tracks::short_tracks,
};
use crate::record::{Record, ServerKind};
use crate::text::{counted, first_of, three_digits};
use chrono::NaiveDate;

/// What it comes to: the outcome, a short sentence, and what else is to be known of it.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) sentence: String,
    pub(super) details: Vec<String>,
}

/// What it comes to, of the numbers of tracks that were asked for.
pub(super) fn verdict(operations: &[Operation], rows: &[GrowthRow], check: Option<&Check>) -> Verdict {
    if let Some(check) = check.filter(|check| check.failed > 0) {
        let sentence = format!(
            "the predictions cannot be relied on: at {} tracks {}",
            short_tracks(check.tracks),
            check.sentence
        );
        return Verdict { outcome: Outcome::Unknown, sentence, details: Vec::new() };
    }
    let asked: Vec<&GrowthRow> = rows.iter().filter(|row| row.asked).collect();
    let objective = operations.first().map_or("the objective", |operation| operation.objective.as_str());
    let first = |of: fn(&GrowthRow) -> &Vec<String>| asked.iter().find(|row| !of(row).is_empty());
    let named = |row: &GrowthRow, names: &[String]| {
        format!("{} at {} tracks", first_of(names, 1), short_tracks(row.tracks))
    };
    if let Some(row) = first(|row| &row.missed) {
        let sentence = format!("{objective} is predicted to be missed by {}", named(row, &row.missed));
        return Verdict { outcome: Outcome::Missed, sentence, details: not_known(operations, &asked) };
    }
    if let Some(row) = first(|row| &row.in_danger) {
        let sentence = format!("{objective} may be missed by {}", named(row, &row.in_danger));
        return Verdict { outcome: Outcome::InDanger, sentence, details: not_known(operations, &asked) };
    }
    without_a_miss(operations, &asked, objective)
}

/// Nothing is predicted to miss the objective: what keeps it, up to where, and of what nothing is known.
fn without_a_miss(operations: &[Operation], asked: &[&GrowthRow], objective: &str) -> Verdict {
    let is_known = |row: &&&GrowthRow| row.unknown.len() < operations.len();
    let Some(last) = asked.iter().rfind(is_known) else {
        let sentence = format!("nothing can be predicted: {}", why_not(operations, asked));
        return Verdict { outcome: Outcome::Unknown, sentence, details: Vec::new() };
    };
    let (holding, all) = (operations.len() - last.unknown.len(), operations.len());
    let whose = if holding < all { format!(" for {holding} of {all} operations") } else { String::new() };
    let beyond = asked.last().filter(|row| row.tracks > last.tracks);
    let farther = beyond.map_or_else(String::new, |row| {
        format!("; at {} nothing can be predicted", short_tracks(row.tracks))
    });
    let outcome = if holding < all || beyond.is_some() { Outcome::Unknown } else { Outcome::Holds };
    Verdict {
        outcome,
        sentence: format!("{objective} holds{whose} at {} tracks{farther}", short_tracks(last.tracks)),
        details: closest(operations, last.tracks).into_iter().chain(not_known(operations, asked)).collect(),
    }
}

/// Of what nothing is known and why: at the largest number of tracks of which something is, and at those beyond it.
fn not_known(operations: &[Operation], asked: &[&GrowthRow]) -> Vec<String> {
    let (beyond, partly): (Vec<&GrowthRow>, Vec<&GrowthRow>) =
        asked.iter().copied().partition(|row| row.unknown.len() == operations.len());
    let some = partly.last().filter(|row| !row.unknown.is_empty()).map(|row| {
        let (names, tracks) = (first_of(&row.unknown, 3), short_tracks(row.tracks));
        format!("not known at {tracks} tracks: {names} ({})", why_not(operations, &[*row]))
    });
    let none = (!beyond.is_empty()).then(|| {
        let tracks: Vec<String> = beyond.iter().map(|row| short_tracks(row.tracks)).collect();
        format!("nothing is known at {} tracks: {}", tracks.join(", "), why_not(operations, &beyond))
    });
    some.into_iter().chain(none).collect()
}

/// Why nothing can be said, in a few words: the reason that most of the operations have there.
fn why_not(operations: &[Operation], rows: &[&GrowthRow]) -> &'static str {
    let of_row = |operation: &Operation, row: &&GrowthRow| {
        Some(operation.response.at(row.tracks)?.refusal.as_ref()?.reason)
    };
    let reasons: Vec<Reason> = rows
        .iter()
        .flat_map(|row| operations.iter().filter_map(move |operation| of_row(operation, row)))
        .collect();
    let count = |reason: &Reason| reasons.iter().filter(|one| *one == reason).count();
    // Of equals the first one.
    let most = reasons.iter().rev().max_by_key(|reason| count(reason));
    most.map_or("nothing was asked for", |reason| reason.shortly())
}

/// The operation that comes closest to its objective, with its upper end.
fn closest(operations: &[Operation], tracks: u64) -> Option<String> {
    let ratio = |operation: &Operation| {
        let prediction = operation.response.at(tracks)?;
        let holds = prediction.outcome(operation.target_us) == RowOutcome::Holds;
        prediction.range.filter(|_| holds).map(|range| (range.high, range.high / operation.target_us))
    };
    let all = operations.iter().filter_map(|operation| Some((operation, ratio(operation)?)));
    let closest = all.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
    closest.map(|(operation, (high, _))| {
        format!(
            "the closest to it at {} tracks is {} with at most {} ms",
            short_tracks(tracks),
            operation.response.name,
            three_digits(high / 1e3)
        )
    })
}

/// The machine that the server is for, or the one that it ran on.
pub(super) fn machine(record: &Record) -> String {
    let host = format!("{}, {} processors", record.host.cpu_model, record.host.cpus);
    match &record.server.machine {
        Some(machine) if machine.not_done.is_empty() => format!("{} on {host}", machine.name),
        Some(machine) => format!("{} (not wholly confined to it) on {host}", machine.name),
        None if record.server.kind == ServerKind::Embedded => host,
        None => record.server.address.clone(),
    }
}

/// How hard it was measured.
pub(super) fn load(record: &Record) -> String {
    let load = &record.load;
    let cap =
        load.max_rate_per_second.map(|most| format!(", at most {most} calls a second")).unwrap_or_default();
    let clients = counted(load.clients, "client");
    format!("{} loop, {clients}{cap}, windows of {:.0} s", load.model, record.window.seconds)
}

/// What the answers rest on beside the measurements.
pub(super) fn assumptions(question: &Question) -> Vec<String> {
    vec![
        format!(
            "a virtual processor of the tier takes {} times the processor time of one of the machine that was measured (--vcpu-factor): nothing here measured one",
            question.vcpu_factor
        ),
        format!(
            "processors are to be busy for at most {:.0} % of their time at {} calls a second of the workload's mix",
            question.busy * 100.0,
            question.load_per_second
        ),
        "the processor time of a call is shared out among operations by the time for which they hold a connection".to_owned(),
        format!(
            "storage begins with {} GB and grows by itself; {BESIDE_GB} GB of it are taken by write-ahead log, temporary files and the server's own databases",
            question.storage_gb
        ),
        "backups: seven daily ones, each reckoned as a whole one of what is used; Cloud SQL's are incremental, so this is the most".to_owned(),
        "point-in-time recovery: its logs of seven days are kept in Cloud Storage at no charge (https://cloud.google.com/sql/docs/postgres/backup-recovery/pitr)".to_owned(),
        "a month is billed without discounts unless a commitment is named; network and addresses are not in it".to_owned(),
        format!("nothing is predicted beyond {FARTHEST:.0} times the largest size that was measured"),
        "an interval tells of one new run like those that were made, if growth follows one of the laws considered; no interval covers a plan, a limit or a neighbour of which the runs hold no trace".to_owned(),
    ]
}

/// What makes the answer less than it seems.
pub(super) fn cautions(series: &Series<'_>, prices: &Prices, today: NaiveDate) -> Vec<String> {
    let runs: Vec<&Record> = series.sizes.values().flatten().map(|run| run.record).collect();
    let disturbed = runs.iter().filter(|record| record.disturbances.iter().any(|one| one.decisive)).count();
    let sizes: Vec<u64> = series.sizes.keys().copied().collect();
    let once = series.sizes.values().all(|runs| runs.len() < 2);
    let unconfirmed = prices.unconfirmed();
    let confined = runs.first().and_then(|record| record.server.machine.as_ref());
    let not_done = confined.map(|machine| machine.not_done.clone()).unwrap_or_default();
    [
        (series.left_out > 0, format!("left out: {}, cut short or of another workload", counted(series.left_out, "record"))),
        (disturbed > 0, format!("{disturbed} of {} runs were disturbed: their spread widens the intervals", runs.len())),
        (once, "each size was measured once: the spread between runs is not known, and nothing is predicted".to_owned()),
        (
            sizes.len() == 2,
            "two sizes cannot tell one law of growth from another: the intervals hold all that fit, and are wide for it".to_owned(),
        ),
        (prices.is_old(today), format!("the prices are of {}: more than a year old", prices.date)),
        (!unconfirmed.is_empty(), format!("prices that could not be confirmed: {}", unconfirmed.join(", "))),
    ]
    .into_iter()
    .filter_map(|(holds, sentence)| holds.then_some(sentence))
    .chain(not_done)
    .collect()
}
