//! What an answer on capacity says in words.

use crate::text::{bytes, counted, first_of, grouped, milliseconds, three_digits};
use crate::{
    capacity::{
        Capacity, Outcome,
        answer::{GrowthRow, Operation, Reach},
        growth::{Ends, Prediction, Response, RowOutcome},
        short_tracks,
    },
    report::{grid::Tone, xml::plain},
};

/// How it is to be taken, and a word for it.
#[must_use]
pub fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Holds => (Tone::Good, "holds"),
        Outcome::InDanger => (Tone::Warn, "in danger"),
        Outcome::Missed => (Tone::Bad, "missed"),
        Outcome::Unknown => (Tone::Warn, "cannot tell"),
    }
}

/// What it comes to, in one short sentence without a full stop.
#[must_use]
pub fn sentence(capacity: &Capacity) -> String {
    plain(&capacity.sentence)
}

/// What else is to be known of it, a line each.
#[must_use]
pub fn details(capacity: &Capacity) -> Vec<String> {
    capacity.details.iter().map(|detail| plain(detail)).collect()
}

/// What was measured and asked: a name and a sentence each.
#[must_use]
pub fn facts(capacity: &Capacity) -> Vec<(&'static str, String)> {
    let question = &capacity.question;
    let sizes: Vec<String> = capacity
        .sizes
        .iter()
        .map(|size| format!("{} ({})", short_tracks(size.tracks), counted(size.runs, "run")))
        .collect();
    vec![
        ("workload", format!("{}, {}", plain(&capacity.workload), plain(&capacity.load))),
        ("measured", format!("{} tracks", sizes.join(", "))),
        ("machine", plain(&capacity.machine)),
        ("PostgreSQL", plain(&capacity.postgresql)),
        (
            "asked",
            format!(
                "{} calls a second of the mix, processors at most {:.0} % busy, {}",
                three_digits(question.load_per_second),
                question.busy * 100.0,
                plain(&capacity.objective)
            ),
        ),
        (
            "intervals",
            format!(
                "{:.0} % that a new run at every operation lies within, by the spread between runs and all laws of growth that fit",
                capacity.confidence * 100.0
            ),
        ),
        ("prices", format!("{}, of {}", plain(&capacity.prices), capacity.prices_date)),
    ]
}

/// The quantile of the objective, as in `p95`.
#[must_use]
pub fn quantile(capacity: &Capacity) -> String {
    let quantile = capacity.objective.split_once('@').map_or("response time", |(_, quantile)| quantile);
    plain(quantile)
}

/// What is not warranted, and why: operations with the same reason together.
#[must_use]
pub fn not_warranted(capacity: &Capacity) -> Vec<String> {
    let responses = capacity.operations.iter().map(|operation| &operation.response);
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for response in responses.chain([&capacity.database, &capacity.cpu]) {
        let Some((tracks, sentence)) = first_refusal(response, capacity) else { continue };
        let said = format!("at {} tracks: {sentence}", short_tracks(tracks));
        match found.iter_mut().find(|(known, _)| *known == said) {
            Some((_, names)) => names.push(plain(&response.name)),
            None => found.push((said, vec![plain(&response.name)])),
        }
    }
    found.into_iter().map(|(said, names)| format!("{} {said}", names.join(", "))).collect()
}

/// The first number of tracks that was asked for, or checked, at which a prediction is not warranted.
fn first_refusal(response: &Response, capacity: &Capacity) -> Option<(u64, String)> {
    let question = &capacity.question;
    let asked = |prediction: &&Prediction| {
        question.growth.contains(&prediction.tracks) || question.check == Some(prediction.tracks)
    };
    response
        .predictions
        .iter()
        .filter(asked)
        .find_map(|prediction| Some((prediction.tracks, plain(&prediction.refusal.as_ref()?.sentence))))
}

/// What is to be known of the tiers: numbers of tracks with the same remark together. A reason that is among what is not
/// warranted is not told again.
#[must_use]
pub fn remarks(capacity: &Capacity) -> Vec<String> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let told: Vec<String> = [&capacity.database, &capacity.cpu]
        .into_iter()
        .filter_map(|response| Some(format!(": {}", first_refusal(response, capacity)?.1)))
        .collect();
    for row in &capacity.rows {
        let Some(remark) = row.remark.as_ref().map(|remark| plain(remark)) else { continue };
        let remark = told.iter().fold(remark, |remark, why| remark.replace(why, " (see Not warranted)"));
        let tracks = short_tracks(row.tracks);
        match found.iter_mut().find(|(known, _)| *known == remark) {
            Some((_, all)) => all.push(tracks),
            None => found.push((remark, vec![tracks])),
        }
    }
    found.into_iter().map(|(remark, all)| format!("at {} tracks: {remark}", all.join(", "))).collect()
}

/// The budget of connections, and the pool that would do.
#[must_use]
pub fn connections(capacity: &Capacity) -> Vec<String> {
    let Some(connections) = &capacity.connections else { return Vec::new() };
    let own = "the server does one database operation at a time in each process, so it never uses more than one connection of its pool at once".to_owned();
    let pool = connections.pool.as_ref().map(|pool| plain(&pool.sentence));
    std::iter::once(plain(&connections.sentence)).chain(pool).chain([own]).collect()
}

/// Of what [`plan`] tells.
pub const PLAN: &str = "The server's own capacity plan against these prices";

/// The figures of the server's own capacity plan.
#[must_use]
pub fn plan(capacity: &Capacity) -> Vec<String> {
    let plan = &capacity.plan;
    let sum = format!(
        "{:.2} USD a month at the start, where the server's own capacity plan says {:.0}",
        plan.found_usd, plan.planned_usd
    );
    std::iter::once(sum).chain(plan.sentences.iter().map(|sentence| plain(sentence))).collect()
}

/// What the answers rest on.
#[must_use]
pub fn assumptions(capacity: &Capacity) -> Vec<String> {
    capacity.assumptions.iter().map(|one| plain(one)).collect()
}

/// How a number of tracks stands to the objective.
#[must_use]
pub fn row(row: &GrowthRow, operations: usize) -> (Tone, String) {
    let named = |names: &[String]| plain(&first_of(names, 1));
    let (tone, said) = match row.outcome {
        RowOutcome::Holds => (Tone::Good, "holds".to_owned()),
        RowOutcome::InDanger => (Tone::Warn, format!("may be missed by {}", named(&row.in_danger))),
        RowOutcome::Missed => (Tone::Bad, format!("missed by {}", named(&row.missed))),
        RowOutcome::Unknown if row.unknown.len() == operations => (Tone::Warn, "cannot tell".to_owned()),
        RowOutcome::Unknown => (Tone::Plain, format!("holds for {}", operations - row.unknown.len())),
    };
    match row.unknown.len() {
        0 => (tone, said),
        all if all == operations => (tone, said),
        some => (tone, format!("{said}, {some} of {operations} not known")),
    }
}

/// Up to how many tracks an operation keeps its objective: as expected, and from the earliest to the latest end. Where that
/// is farther than is predicted, as far as is certain.
#[must_use]
pub fn reach(operation: &Operation) -> String {
    let short_of = |tracks: u64| grouped(tracks / step(tracks) * step(tracks));
    let Reach { earliest_tracks, expected_tracks, latest_tracks, horizon_tracks } = operation.reach;
    let least = format!("at least {}", short_of(earliest_tracks.unwrap_or(horizon_tracks)));
    match (earliest_tracks, expected_tracks, latest_tracks) {
        _ if horizon_tracks == 0 => "not known".to_owned(),
        (Some(early), Some(expected), Some(late)) => {
            let late = grouped(late.div_ceil(step(late)) * step(late));
            format!("{} ({} to {late})", short_of(expected), short_of(early))
        }
        (_, Some(expected), None) => format!("{} ({least})", short_of(expected)),
        _ => least,
    }
}

/// What the second digit of a number of tracks stands for: more digits would promise too much.
fn step(tracks: u64) -> u64 {
    10_u64.pow(tracks.max(1).ilog10().saturating_sub(1))
}

/// What stands behind an interval that is not warranted.
pub const MARK: &str = " ?";

/// What [`MARK`] means.
pub const MARKED: &str =
    "A question mark stands behind an interval that is not warranted; why is said below.";

/// An interval of times in milliseconds, as in `12.3 (10.1..15.0)`; marked where it is not warranted.
#[must_use]
pub fn times(prediction: Option<&Prediction>) -> String {
    ends(prediction, |us| milliseconds(Some(us)))
}

/// The same of sizes.
#[must_use]
pub fn sizes(prediction: Option<&Prediction>) -> String {
    ends(prediction, |size| bytes(size.max(0.0) as u64))
}

fn ends(prediction: Option<&Prediction>, say: impl Fn(f64) -> String) -> String {
    let Some(Prediction { range: Some(Ends { low, estimate, high }), refusal, .. }) = prediction else {
        return "-".to_owned();
    };
    let mark = if refusal.is_some() { MARK } else { "" };
    format!("{} ({}..{}){mark}", say(*estimate), say(*low), say(*high))
}
