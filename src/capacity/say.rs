//! Sentences of the answer. Pure.

use super::{
    Prices, Question,
    answer::{GrowthRow, Operation, Outcome},
    check::Check,
    cost::BESIDE_GB,
    growth::RowOutcome,
    respond::FARTHEST,
    series::Series,
    tracks::short_tracks,
};
use crate::record::{Record, ServerKind};
use crate::text::{counted, first_of, three_digits};
use chrono::NaiveDate;

/// What it comes to, of the numbers of tracks that were asked for.
pub(super) fn verdict(
    operations: &[Operation],
    rows: &[GrowthRow],
    check: Option<&Check>,
) -> (Outcome, String) {
    if let Some(check) = check.filter(|check| check.failed > 0) {
        let sentence = format!(
            "the predictions cannot be relied on: at {} tracks {}",
            short_tracks(check.tracks),
            check.sentence
        );
        return (Outcome::Unknown, sentence);
    }
    let asked: Vec<&GrowthRow> = rows.iter().filter(|row| row.asked).collect();
    let objective = operations.first().map_or("the objective", |operation| operation.objective.as_str());
    let first = |of: fn(&GrowthRow) -> &Vec<String>| asked.iter().find(|row| !of(row).is_empty());
    let named = |row: &GrowthRow, names: &[String]| {
        format!("{} at {} tracks", first_of(names, 1), short_tracks(row.tracks))
    };
    let is_known = |row: &&&GrowthRow| row.unknown.len() < operations.len();
    if let Some(row) = first(|row| &row.missed) {
        return (
            Outcome::Missed,
            format!("{objective} is predicted to be missed by {}", named(row, &row.missed)),
        );
    }
    let Some(last) = asked.iter().rfind(is_known) else {
        return (Outcome::Unknown, format!("nothing can be predicted: {}", why_not(operations, &asked)));
    };
    let unknown = match last.unknown.as_slice() {
        [] => String::new(),
        [one] => format!("; of {one} nothing can be said there"),
        many => format!("; of {} operations nothing can be said there", many.len()),
    };
    if let Some(row) = first(|row| &row.in_danger) {
        let sentence = format!("{objective} may be missed by {}{unknown}", named(row, &row.in_danger));
        return (Outcome::InDanger, sentence);
    }
    without_a_miss(operations, last, asked.last().filter(|row| row.tracks > last.tracks), &unknown)
}

/// Nothing is predicted to miss the objective: what keeps it, up to where, and of what nothing is known.
fn without_a_miss(
    operations: &[Operation],
    last: &GrowthRow,
    beyond: Option<&&GrowthRow>,
    unknown: &str,
) -> (Outcome, String) {
    let objective = operations.first().map_or("the objective", |operation| operation.objective.as_str());
    let (reached, closest) = (short_tracks(last.tracks), closest(operations, last.tracks));
    let (holding, all) = (operations.len() - last.unknown.len(), operations.len());
    let whose = if holding < all { format!(" for {holding} of {all} operations") } else { String::new() };
    let held = format!("{objective} holds{whose} at {reached} tracks{closest}{unknown}");
    match beyond {
        Some(row) => {
            let (tracks, why) = (short_tracks(row.tracks), why_not(operations, &[row]));
            (Outcome::Unknown, format!("{held}; at {tracks} nothing can be predicted: {why}"))
        }
        None if holding < all => (Outcome::Unknown, held),
        None => (Outcome::Holds, held),
    }
}

/// Why nothing can be said.
fn why_not(operations: &[Operation], rows: &[&GrowthRow]) -> String {
    let refusal = operations.iter().find_map(|operation| first_refusal(operation, rows));
    refusal.unwrap_or_else(|| "nothing was asked for".to_owned())
}

fn first_refusal(operation: &Operation, asked: &[&GrowthRow]) -> Option<String> {
    let of_row = |row: &&GrowthRow| operation.response.at(row.tracks)?.refusal.clone();
    asked.iter().find_map(of_row).map(|refusal| refusal.sentence)
}

/// The operation that comes closest to its objective, with its upper end.
fn closest(operations: &[Operation], tracks: u64) -> String {
    let ratio = |operation: &Operation| {
        let prediction = operation.response.at(tracks)?;
        let holds = prediction.outcome(operation.target_us) == RowOutcome::Holds;
        prediction.range.filter(|_| holds).map(|range| (range.high, range.high / operation.target_us))
    };
    let all = operations.iter().filter_map(|operation| Some((operation, ratio(operation)?)));
    let closest = all.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
    closest.map_or_else(String::new, |(operation, (high, _))| {
        format!(
            "; the closest to it is {} with at most {} ms",
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
        (series.left_out > 0, format!("{} records were left out: cut short, or of another workload", series.left_out)),
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
