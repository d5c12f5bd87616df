//! What each number of tracks takes: how it stands to the objective, which tier, what it costs. Pure.

use super::{
    Prices, Question,
    analyse::Responses,
    answer::{GrowthRow, Operation},
    connections::{self, Connections, Held},
    cost,
    growth::{Ends, Reason, Response, RowOutcome},
    reading::Reading,
    series::Series,
    tier::{self, Needs, Tier},
    tracks::short_tracks,
};
use crate::{flags::Machine, stats::median};

/// The tier that is judged where nothing names another: what the plan means.
const USUAL_TIER: &str = "db-custom-1-3840";

/// One row a number of tracks.
pub(super) fn rows(
    operations: &[Operation],
    responses: &Responses,
    question: &Question,
    prices: &Prices,
) -> Vec<GrowthRow> {
    let tracks = responses.database.predictions.iter().map(|prediction| prediction.tracks);
    tracks.map(|tracks| row(tracks, operations, responses, question, prices)).collect()
}

fn row(
    tracks: u64,
    operations: &[Operation],
    responses: &Responses,
    question: &Question,
    prices: &Prices,
) -> GrowthRow {
    let outcome = |operation: &&Operation| {
        operation
            .response
            .at(tracks)
            .map_or(RowOutcome::Unknown, |prediction| prediction.outcome(operation.target_us))
    };
    let named = |wanted: RowOutcome| -> Vec<String> {
        let all = operations.iter().filter(|operation| outcome(operation) == wanted);
        all.map(|operation| operation.response.name.clone()).collect()
    };
    let (missed, in_danger, unknown) =
        (named(RowOutcome::Missed), named(RowOutcome::InDanger), named(RowOutcome::Unknown));
    let (tier, remark) = tier(tracks, responses, question);
    let cost = tier.as_ref().zip(known(&responses.database, tracks)).map(|(tier, (bytes, _))| {
        let subject = cost::Subject {
            instance_usd: prices.dedicated_month(tier.vcpus, tier.memory_bytes),
            database_bytes: bytes.high,
            storage_gb: question.storage_gb,
        };
        cost::of(&subject, prices)
    });
    GrowthRow {
        tracks,
        asked: question.growth.contains(&tracks),
        outcome: operations.iter().map(|operation| outcome(&operation)).max().unwrap_or(RowOutcome::Unknown),
        missed,
        in_danger,
        unknown,
        tier,
        remark,
        cost,
        audio_usd: cost::audio_usd(tracks, prices),
    }
}

/// An interval, with the reservation that it is given with.
fn known(response: &Response, tracks: u64) -> Option<(Ends, Option<String>)> {
    let prediction = response.at(tracks)?;
    let reservation = prediction.refusal.as_ref().map(|refusal| refusal.sentence.clone());
    Some((prediction.range?, reservation))
}

/// The tier, and why there is none or what to know of it.
fn tier(tracks: u64, responses: &Responses, question: &Question) -> (Option<Tier>, Option<String>) {
    let Some((bytes, unsure)) = known(&responses.database, tracks) else {
        return (
            None,
            Some(format!("the size of the database is not known: {}", why(&responses.database, tracks))),
        );
    };
    let cpu = known(&responses.cpu, tracks);
    let least = least(&responses.cpu, tracks);
    let needs = |of: fn(&Ends) -> f64| Needs {
        cpu_us: cpu.as_ref().map(|(cpu, _)| of(cpu)).or_else(|| least.map(|(_, least)| of(&least))),
        database_bytes: of(&bytes),
    };
    let Some(mut tier) = tier::smallest(needs(|ends| ends.estimate), needs(|ends| ends.high), question)
    else {
        let why = "no tier has enough processors for this load: share it out over replicas".to_owned();
        return (None, Some(why));
    };
    let of_cpu = match cpu {
        Some((_, reservation)) => reservation.map(|reservation| format!("processor time: {reservation}")),
        None => {
            (tier.busy, tier.most_calls_per_second) = (None, None);
            Some(format!(
                "the tier is chosen by the size of the database {}; it bears the load as long as a call of the mix takes {:.0} ms of processor time or less, which is not known: {}",
                least.map_or_else(
                    || "alone".to_owned(),
                    |(tracks, _)| format!("and the processor time at {} tracks", short_tracks(tracks))
                ),
                tier::most_cpu_ms(tier.vcpus, question),
                why(&responses.cpu, tracks)
            ))
        }
    };
    let of_size = unsure.map(|reservation| format!("size of the database: {reservation}"));
    let remarks: Vec<String> = of_size.into_iter().chain(of_cpu).collect();
    (Some(tier), (!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// What a call takes at the next smaller number of tracks for which that is known: with more of them it does not take less.
fn least(cpu: &Response, tracks: u64) -> Option<(u64, Ends)> {
    let smaller = cpu.predictions.iter().filter(|prediction| prediction.tracks < tracks);
    let known = smaller.filter_map(|prediction| Some((prediction.tracks, prediction.range?)));
    known.max_by_key(|(tracks, _)| *tracks)
}

/// Why nothing is known.
fn why(response: &Response, tracks: u64) -> String {
    let refusal = response.at(tracks).and_then(|prediction| prediction.refusal.as_ref());
    match refusal {
        Some(refusal) if refusal.reason == Reason::NothingMeasured => {
            "the server's processes are not on this machine, or the runs were too short to see them"
                .to_owned()
        }
        Some(refusal) => refusal.sentence.clone(),
        None => "nothing was predicted".to_owned(),
    }
}

/// The budget of connections on the machine that was measured, or on the tier of the first number of tracks that was
/// asked for.
pub(super) fn connections(
    rows: &[GrowthRow],
    series: &Series<'_>,
    question: &Question,
) -> Option<Connections> {
    let first = series.any().map(|run| &run.record.server);
    let measured = first.and_then(|server| server.machine.as_ref()).map(|machine| machine.name.as_str());
    let chosen = rows.iter().find(|row| row.asked).and_then(|row| row.tier.as_ref());
    let names = [measured, chosen.map(|tier| tier.name.as_str()), Some(USUAL_TIER)];
    let is_known =
        |name: &str| name.parse::<Machine>().ok().filter(|machine| machine.max_connections.is_some());
    let tier = names.into_iter().flatten().find_map(is_known)?;
    let version = first.map_or(0, |server| server.version_number / 10_000);
    let held = |(tracks, runs): (&u64, &Vec<Reading<'_>>)| {
        let us = median(&runs.iter().filter_map(|run| run.service_us).collect::<Vec<_>>())?;
        Some(Held { us, tracks: *tracks })
    };
    Some(connections::budget(question, &tier, version, series.sizes.last_key_value().and_then(held)))
}
