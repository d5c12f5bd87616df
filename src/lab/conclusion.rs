//! What a run comes to: what disturbed it, and whether the objective was met. From its record, and from what its process
//! saw and its numbers do not tell. Pure.

use super::{
    diagnosis::{self, Observation},
    verdict,
};
use crate::{
    record::{Disturbance, Ended, Outcome, Record, Verdict},
    text::grouped,
};

/// Change of the rate within a window from which it is said; identical runs differ by up to 11 %.
const UNSTEADY: f64 = 0.2;

/// What a process saw of a run, as cautions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Of the server and how it was reached.
    pub(crate) target: Vec<String>,
    /// When the server was away.
    pub(crate) away: Vec<String>,
    /// Operations that could not be measured.
    pub(crate) unfit: Vec<String>,
    /// What is known of the server's end.
    pub(crate) fate: Option<String>,
}

impl Seen {
    /// All of it.
    pub(super) fn cautions(&self) -> Vec<String> {
        [&self.target, &self.away, &self.unfit].into_iter().flatten().cloned().collect()
    }
}

/// What disturbed the run.
#[must_use]
pub(crate) fn disturbances(record: &Record) -> Vec<Disturbance> {
    let mut found = diagnosis::diagnose(&Observation::of(record));
    found.extend(record.knee.as_ref().and_then(diagnosis::search_disturbed));
    found
}

/// Whether the objective was met, by what the rest of the record holds.
#[must_use]
pub(crate) fn conclude(record: &Record, seen: &Seen) -> Verdict {
    let mut verdict = verdict(record, seen);
    verdict.cautions.extend(not_whole(record, seen));
    verdict
}

/// The objective's verdict, unless something forbids to believe it.
fn verdict(record: &Record, seen: &Seen) -> Verdict {
    let mut verdict = verdict::conclude(&record.operations, &record.overall, cautions(record, seen));
    if record.run.ended == Ended::ServerLost {
        let fate = seen.fate.as_deref().unwrap_or("it does not answer any more");
        verdict.outcome = Outcome::Inconclusive;
        verdict.sentence = format!("The server went away in the window, so nothing is proved ({fate})");
        return verdict;
    }
    if let Some(why) = record.brake.as_ref().and_then(|brake| brake.tripped.as_ref())
        && record.run.ended == Ended::Braked
    {
        verdict.outcome = Outcome::Inconclusive;
        verdict.sentence = format!("The brake ended the load, so nothing is proved: {why}");
        return verdict;
    }
    verdict::doubt(&mut verdict, &record.disturbances);
    verdict
}

/// What makes the numbers less than they seem.
fn cautions(record: &Record, seen: &Seen) -> Vec<String> {
    let mut cautions = seen.target.clone();
    if record.run.ended != Ended::AsPlanned {
        cautions.push("the run was cut short: the numbers are those of the part that ran".to_owned());
    }
    let overall = &record.overall;
    let lost = overall.failed + overall.shed + overall.unfinished;
    if lost > 0 {
        cautions.push(format!(
            "{} calls were not answered ({} failed, {} shed, {} unfinished); they count as misses and have no latency",
            grouped(lost),
            grouped(overall.failed),
            grouped(overall.shed),
            grouped(overall.unfinished)
        ));
    }
    if record.knee.as_ref().is_some_and(|knee| knee.trials.is_empty()) {
        cautions.push("the knee was not searched for: the time was too short for one block".to_owned());
    } else if record.knee.as_ref().is_some_and(|knee| !knee.bracketed) {
        cautions.push("the knee was not found: it lies beyond the rates that were tried".to_owned());
    }
    if record.knee.is_some() && record.operations.iter().any(|operation| operation.writes) {
        cautions.push(
            "the search wrote to the catalog: the rates were tried, and the window measured, on a catalog that grew"
                .to_owned(),
        );
    }
    cautions.extend(seen.away.iter().cloned());
    let closed = record.load.stages.is_empty();
    if let Some(drift) = record.series.drift().filter(|drift| closed && (drift - 1.0).abs() > UNSTEADY) {
        let (change, direction) = ((drift - 1.0).abs() * 100.0, if drift < 1.0 { "fell" } else { "rose" });
        cautions.push(format!(
            "not a steady state: the rate {direction} by {change:.0} % from the first to the last third of the window; the percentiles are of all of it"
        ));
    }
    let told = record.disturbances.iter().filter(|disturbance| !disturbance.decisive);
    cautions.extend(told.map(|disturbance| disturbance.sentence.clone()));
    if record.samples.samples.is_empty() || record.samples.processors == 0 {
        cautions.push(
            "the machine could not be watched through the window: whether others disturbed the run is not known"
                .to_owned(),
        );
    }
    let missing = record.evidence.missing.iter().chain(&record.samples.missing);
    cautions.extend(missing.map(|missing| format!("not seen: {missing}")));
    cautions
}

/// What was not measured of what was asked for: operations that the tables cannot answer, and all that a cap held back.
fn not_whole(record: &Record, seen: &Seen) -> Vec<String> {
    let load = &record.load;
    let capped = load.max_rate_per_second.filter(|_| load.model == "closed").map(|most| {
        format!(
            "the load was capped at {most} calls/s (--max-rate): its throughput is not what the server can do"
        )
    });
    seen.unfit.iter().cloned().chain(capped).collect()
}
