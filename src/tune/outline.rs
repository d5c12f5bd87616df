//! The parts of a study that follow from others: what to change and what that is worth, what makes it less than it seems.
//! Pure.

use super::{
    Begun, Candidate, Outcome, Search, TuneOptions,
    duel::error,
    study::{Change, Effect, FORMAT, NotTried, Study, Tried, VERSION},
};
use crate::{
    compare::{Answer, Effects},
    flags::{Setting, space::Tunable, value::parse_bool},
    history::Kind,
    record::{Record, no_disk},
    stats::shift,
    workload::ALL,
};

/// Confidence of the interval of what a setting is worth.
const CONFIDENCE: f64 = 0.95;
/// Standard deviation of the logarithm of what settings do to the cost, of those that do not stand out.
const USUAL: f64 = 0.05;

/// What is known of a study when its server was looked at.
pub(super) fn study_of(options: &TuneOptions, begun: &Begun, start: &Record) -> Study {
    let kind = Kind::of(start);
    let profile = options.target.profile.iter().flat_map(|profile| profile.settings.iter());
    let search = if options.given.is_some() { "none" } else { options.search.name() };
    Study {
        format: FORMAT.to_owned(),
        version: VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        at: begun.at,
        options_sha256: begun.options_sha256.clone(),
        outcome: Outcome::Inconclusive,
        sentence: String::new(),
        workload: options.workload.name.clone(),
        tracks: start.catalog.tracks,
        load: kind.load,
        machine: kind.server_machine.unwrap_or(kind.client_machine),
        postgresql: start.server.version.clone(),
        objective: options.objective,
        search: search.to_owned(),
        budget_seconds: options.budget.as_secs_f64(),
        took_seconds: 0.0,
        trials: 0,
        start: Candidate::new("start", profile.chain(&options.target.settings).cloned()).changes,
        recommended: Vec::new(),
        confirmation: None,
        compared: None,
        tried: Vec::new(),
        not_tried: Vec::new(),
        cautions: Vec::new(),
    }
}

/// The settings that a candidate changes, with what each is worth where that was measured.
pub(super) fn changes(candidate: &Candidate, worth: &[(String, Vec<f64>)], start: &Record) -> Vec<Change> {
    let change = |(name, value): &(String, String)| {
        let setting = start.evidence.setting(name);
        let pairs = worth.iter().find(|(of, _)| of == name).map(|(_, pairs)| pairs);
        Change {
            name: name.clone(),
            from: setting.map_or_else(|| "unknown".to_owned(), Setting::display),
            to: value.clone(),
            restart: setting.is_some_and(|setting| setting.context == "postmaster"),
            effect: pairs.and_then(|pairs| effect(pairs)),
        }
    };
    candidate.changes.iter().map(change).collect()
}

/// What a setting gains, by how much its absence costs.
fn effect(losses: &[f64]) -> Option<Effect> {
    let found = shift(losses, CONFIDENCE)?;
    Some(Effect {
        pairs: losses.len(),
        ratio: (-found.estimate).exp(),
        low: found.interval.map(|interval| (-interval.high).exp()),
        high: found.interval.map(|interval| (-interval.low).exp()),
    })
}

/// The challenger that came nearest to being better, where a pair's logarithm has this standard deviation. Of many that do
/// nothing, one has the luck of three pairs; so the fewer pairs, the less of what they show is believed (the mean of a normal
/// effect given its estimate: James and Stein 1961).
pub(super) fn nearest(tried: &[Tried], noise: f64) -> Option<Candidate> {
    let believed = |one: &Tried| {
        let share = USUAL.powi(2) / (USUAL.powi(2) + error(one.pairs, noise).powi(2));
        one.cost_ratio.map(|ratio| ratio.ln() * share)
    };
    let measured = tried.iter().filter_map(|one| Some((one, believed(one)?)));
    measured.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(one, _)| one.candidate.clone())
}

/// Settings that no challenger had.
pub(super) fn without_turn(space: &[Tunable], tried: &[Tried]) -> Vec<NotTried> {
    let had = |name: &str| tried.iter().any(|one| one.candidate.value(name).is_some());
    let without = space.iter().map(|one| one.flag.name).filter(|name| !had(name));
    let why = |name| format!("it had no turn: a longer --budget, or --only {name}, gives it one");
    without.map(|name| NotTried { name: name.to_owned(), why: why(name) }).collect()
}

/// Why nothing was compared with what the server began with, for the case that nothing was.
pub(super) fn why_nothing(tried: &[Tried], is_found: bool) -> String {
    let failed = tried.iter().find_map(|one| one.failed.as_ref());
    match failed {
        _ if is_found => {
            "no time was left to confirm what seemed better: a longer --budget leaves it".to_owned()
        }
        Some(why) => format!("nothing that was tried could be measured, as in: {why}"),
        None if tried.is_empty() => {
            "nothing was tried in the time: a longer --budget, or another --only, leaves room".to_owned()
        }
        None => "no pair of blocks counts: the machine is too restless to measure on".to_owned(),
    }
}

/// What makes it less than it seems.
pub(super) fn cautions(options: &TuneOptions, start: &Record, confirmation: Option<&Effects>) -> Vec<String> {
    let mut all = options.notes.clone();
    all.extend(no_disk(start.server.data_file_system.as_deref()));
    all.extend(start.server.machine.iter().flat_map(|machine| machine.not_done.clone()));
    all.extend(confirmation.iter().flat_map(|effects| effects.cautions.clone()));
    let metric = options.objective.metric();
    let operations = confirmation.iter().flat_map(|effects| &effects.operations);
    for operation in operations.filter(|operation| operation.name != ALL) {
        let slower =
            |effect: &&crate::compare::Effect| effect.metric == metric && effect.answer == Answer::Slower;
        if let Some(change) = operation.metrics.iter().find(slower).and_then(|effect| effect.change) {
            all.push(format!(
                "{} gets worse with the changes, its {} by {:.0} %, whatever becomes of the others",
                operation.name,
                metric.title(),
                change.abs() * 100.0
            ));
        }
    }
    let given = options.given.iter().flat_map(|given| &given.changes);
    let risky = given.filter(|(name, value)| {
        name.eq_ignore_ascii_case("synchronous_commit") && parse_bool(value) == Some(false)
    });
    all.extend(risky.map(|(name, value)| {
        format!("{name}={value} may lose the last transactions when the machine fails, however fast it is")
    }));
    if options.search != Search::Guided && options.given.is_none() {
        all.push("this search is a control, for comparison with the guided one".to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture::record;

    #[test]
    fn what_a_setting_is_worth_is_what_its_absence_costs() {
        let candidate = Candidate::new(
            "x",
            [("jit".to_owned(), "off".to_owned()), ("shared_buffers".to_owned(), "1GB".to_owned())],
        );
        let worth = [("jit".to_owned(), vec![2.0_f64.ln(); 6])];
        let all = changes(&candidate, &worth, &record(10.0));
        let effect = all[0].effect.unwrap();
        assert!((effect.ratio - 0.5).abs() < 1e-9 && effect.low.is_some(), "{effect:?}");
        assert_eq!((all[0].from.as_str(), all[0].restart), ("on", false));
        assert_eq!((all[1].from.as_str(), all[1].restart, all[1].effect), ("128MB", true, None));
    }

    #[test]
    fn the_nearest_is_the_cheapest_as_far_as_its_pairs_are_believed() {
        let tried = |name: &str, pairs: usize, ratio: Option<f64>| Tried {
            origin: "x".to_owned(),
            changes: Vec::new(),
            candidate: Candidate::new(name, []),
            pairs,
            cost_ratio: ratio,
            against_best: ratio,
            detectable: None,
            taken: false,
            failed: None,
        };
        let all = [tried("a", 3, Some(1.1)), tried("b", 0, None), tried("c", 3, Some(0.99))];
        assert_eq!(nearest(&all, 0.1).unwrap().origin, "c");
        assert_eq!(nearest(&all[1..2], 0.1), None);
        let lucky = [tried("lucky", 3, Some(0.92)), tried("right", 8, Some(0.93))];
        assert_eq!(nearest(&lucky, 0.1).unwrap().origin, "right");
        assert_eq!(nearest(&lucky, 0.0).unwrap().origin, "lucky", "where there is no noise it is no luck");
    }
}
