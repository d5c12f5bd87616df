//! Whole studies of a server that is made up, whose best settings are known.

use super::{
    Begun, Candidate, Journal, Outcome, Purpose, Search, Study, Trial, TuneError, TuneOptions,
    synthetic::{InForce, LOOK, Noisy, PAIR, options},
    tuner::make,
};
use crate::record;
use chrono::DateTime;
use std::{collections::BTreeSet, path::Path, time::Duration};

fn begun(options: &TuneOptions) -> Begun {
    Begun {
        options_sha256: options.digest(),
        at: DateTime::UNIX_EPOCH,
        rate_per_second: Some(400.0),
        block_seconds: 1.5,
        spent_seconds: 0.0,
    }
}

/// A study whose journal is in `directory`.
fn go_on(directory: &Path, options: &TuneOptions, server: &mut Noisy) -> Result<Study, TuneError> {
    let mut journal = Journal::open(directory)?;
    make(options, &begun(options), &mut journal, server, &|_| {})
}

fn study(options: &TuneOptions, server: &mut Noisy) -> Study {
    let directory = tempfile::tempdir().unwrap();
    go_on(directory.path(), options, server).unwrap()
}

fn settings(changes: &[(&str, &str)]) -> Candidate {
    Candidate::new("x", changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// The settings that a study recommends.
fn recommended(study: &Study) -> Candidate {
    Candidate::new("x", study.recommended.iter().map(|change| (change.name.clone(), change.to.clone())))
}

/// What random reads are said to cost is dear: plans get worse.
fn pages(server: &InForce<'_>) -> f64 {
    0.15 * server.number("random_page_cost").ln()
}

fn jit(server: &InForce<'_>) -> f64 {
    if server.is("jit", "on") && server.number("jit_above_cost") < 1_000.0 { 1.2 } else { 0.0 }
}

fn sorts(server: &InForce<'_>) -> f64 {
    0.15 * (4_096.0 / server.number("work_mem")).log2().max(0.0)
}

fn buffers(server: &InForce<'_>) -> f64 {
    0.08 * (16_384.0 / server.number("shared_buffers")).log2().max(0.0)
}

fn switches(server: &InForce<'_>) -> f64 {
    let scan = if server.is("enable_bitmapscan", "off") { 0.6 } else { 0.0 };
    scan + if server.is("log_statement", "all") { 0.2 } else { 0.0 }
}

fn two(server: &InForce<'_>) -> f64 {
    sorts(server) + pages(server)
}

type Planted = (&'static [(&'static str, &'static str)], super::synthetic::Law);

/// Starts that somebody may have left behind, in PostgreSQL's own units.
const PLANTED: [Planted; 6] = [
    (&[("random_page_cost", "10")], pages),
    (&[("jit_above_cost", "0"), ("jit_inline_above_cost", "0"), ("jit_optimize_above_cost", "0")], jit),
    (&[("work_mem", "64")], sorts),
    (&[("shared_buffers", "128")], buffers),
    (&[("enable_bitmapscan", "off"), ("log_statement", "all")], switches),
    (&[("work_mem", "64"), ("random_page_cost", "10")], two),
];

#[test]
fn what_was_planted_is_recovered() {
    let (mut idle, mut flags) = (0, 0);
    for (start, law) in PLANTED {
        for seed in [1, 2] {
            let mut server = Noisy::new(start, law);
            let study = study(&TuneOptions { seed, ..options() }, &mut server);
            assert_eq!(study.outcome, Outcome::Improved, "{start:?}, {seed}: {}", study.sentence);
            let lost = server.truth(&Candidate::start());
            let best = recommended(&study);
            let left = server.truth(&best);
            assert!(left <= 0.1 * lost, "{start:?}, {seed}: {} leaves {left} of {lost}", best.shown());
            flags += best.changes.len();
            let is_idle = |name: &&String| server.truth(&best.without(name)) - left < 0.01;
            idle += best.names().iter().filter(is_idle).count();
            // What is said of it is what it does, within 10 points.
            let said = study.answer().unwrap().change.unwrap();
            assert!((said - (left - lost).exp_m1()).abs() < 0.1, "{start:?}, {seed}: {said}");
        }
    }
    assert!(idle * 2 < flags, "{idle} of {flags} settings do nothing");
}

/// By the records of the blocks: those that decide what is recommended are longer, where the budget holds them.
#[test]
fn the_confirmation_is_made_of_longer_blocks() {
    let lengths = |options: &TuneOptions| {
        let directory = tempfile::tempdir().unwrap();
        go_on(directory.path(), options, &mut Noisy::new(PLANTED[0].0, PLANTED[0].1)).unwrap();
        let text = std::fs::read_to_string(directory.path().join(super::JOURNAL)).unwrap();
        let trials = text.lines().map(|line| serde_json::from_str::<Trial>(line).unwrap());
        let pairs = trials.filter(|trial| trial.purpose != Purpose::Portrait);
        let length = |trial: Trial| {
            let record = record::load(&directory.path().join(trial.file(1))).unwrap();
            (trial.purpose.name(), (record.load.duration_seconds * 1e3).round() as u64)
        };
        pairs.map(length).collect::<BTreeSet<_>>()
    };
    let all = lengths(&options());
    let of_search = all.iter().filter(|(purpose, _)| *purpose != "confirm");
    assert!(of_search.clone().count() > 1 && of_search.clone().all(|(_, ms)| *ms == 1_500), "{all:?}");
    assert!(all.contains(&("confirm", 3_750)) && !all.contains(&("confirm", 1_500)), "{all:?}");
    let chosen = lengths(&TuneOptions { is_duration_chosen: true, ..options() });
    assert!(chosen.contains(&("confirm", 1_500)) && chosen.iter().all(|(_, ms)| *ms == 1_500), "{chosen:?}");
}

/// What is well set costs more wherever it is moved.
fn well_set(server: &InForce<'_>) -> f64 {
    pages(server) + if server.is("jit", "off") { 0.05 } else { 0.0 } + sorts(server) + buffers(server)
}

#[test]
fn of_a_start_that_is_well_set_nothing_is_changed() {
    for seed in 1..=10 {
        let mut server = Noisy::new(&[("random_page_cost", "1.1")], well_set);
        let study = study(&TuneOptions { seed, ..options() }, &mut server);
        assert_eq!(study.outcome, Outcome::NothingToGain, "{seed}: {}", study.sentence);
        assert!(study.recommended.is_empty(), "{seed}: {:?}", study.recommended);
        let wanted =
            ["nothing to gain: keep the settings as they are; a gain of ", " % would have been seen"];
        assert!(wanted.iter().all(|part| study.sentence.contains(part)), "{seed}: {}", study.sentence);
        assert!(!study.tried.is_empty());
        let resolved = study.tried.iter().filter(|one| one.failed.is_none());
        assert!(
            resolved.clone().all(|one| one.detectable.is_some()),
            "each says how much it would have seen"
        );
    }
}

/// The formula's buffers are too large for this machine; what else it sets is good.
fn crashes_with_large_buffers(server: &InForce<'_>, _: &str) -> bool {
    server.number("shared_buffers") > 65_536.0
}

#[test]
fn challengers_that_crash_do_not_poison_what_comes_after_them() {
    let mut server = Noisy::new(&[("random_page_cost", "10")], pages);
    server.crashes = crashes_with_large_buffers;
    let study = study(&options(), &mut server);
    let failed: Vec<_> = study.tried.iter().filter(|one| one.failed.is_some()).collect();
    assert!(!failed.is_empty(), "the formula was tried");
    assert!(failed.iter().all(|one| !one.taken && one.cost_ratio.is_none()), "{failed:?}");
    assert_eq!(study.outcome, Outcome::Improved, "{}", study.sentence);
    let best = recommended(&study);
    assert!(server.truth(&best) < 0.1 * server.truth(&Candidate::start()), "{}", best.shown());
    assert_eq!(best.value("shared_buffers"), None);
}

#[test]
fn what_crashes_in_the_confirmation_is_not_recommended() {
    let mut server = Noisy::new(&[("enable_bitmapscan", "off")], switches);
    server.crashes =
        |server, experiment| experiment.ends_with("-confirm") && server.is("enable_bitmapscan", "on");
    let study = study(&options(), &mut server);
    assert_eq!(study.outcome, Outcome::Inconclusive, "{}", study.sentence);
    assert!(study.recommended.is_empty());
    assert!(study.sentence.ends_with("cannot be measured again: the server went away"), "{}", study.sentence);
}

#[test]
fn where_everything_crashes_nothing_is_claimed() {
    let mut server = Noisy::new(&[("random_page_cost", "10")], pages);
    server.crashes = |server, _| !server.is("random_page_cost", "10") || !server.is("wal_buffers", "512");
    let only = vec!["random_page_cost".to_owned()];
    let study = study(&TuneOptions { only, ..options() }, &mut server);
    assert_eq!(study.outcome, Outcome::Inconclusive);
    assert!(study.sentence.contains("nothing that was tried could be measured"), "{}", study.sentence);
}

#[test]
fn a_restless_machine_finds_what_was_planted_all_the_same() {
    let mut server = Noisy::new(&[("work_mem", "64")], sorts);
    server.disturbed = 0.3;
    let study = study(&options(), &mut server);
    assert_eq!(study.outcome, Outcome::Improved, "{}", study.sentence);
    assert!(server.truth(&recommended(&study)) < 0.1 * server.truth(&Candidate::start()));
}

#[test]
fn where_pairs_are_long_the_confirmation_has_those_that_it_takes() {
    for (start, law) in [PLANTED[1], PLANTED[4]] {
        let mut server = Noisy::new(start, law);
        server.pair = Duration::from_secs(25);
        let study = study(&options(), &mut server);
        assert_eq!(study.outcome, Outcome::Improved, "{start:?}: {}", study.sentence);
    }
}

#[test]
fn no_budget_is_overdrawn() {
    for seconds in [21, 30, 61, 120, 300, 601, 1_200] {
        for (start, law) in [PLANTED[0], PLANTED[4]] {
            let mut server = Noisy::new(start, law);
            let budget = Duration::from_secs(seconds);
            let study = study(&TuneOptions { budget, ..options() }, &mut server);
            let took = super::measurer::Measurer::elapsed(&server);
            assert!(took <= budget, "{seconds} s: {took:?}");
            assert!((study.took_seconds - took.as_secs_f64()).abs() < 1e-6, "all of the time counts");
            if budget < LOOK + PAIR {
                assert_eq!(study.outcome, Outcome::Inconclusive);
                assert!(study.sentence.contains("nothing was tried in the time"), "{}", study.sentence);
            }
        }
    }
}

#[test]
fn a_study_that_is_killed_after_every_line_is_the_same_study() {
    let options = TuneOptions { budget: Duration::from_secs(240), ..options() };
    let server = || {
        let mut server = Noisy::new(&[("random_page_cost", "10")], pages);
        server.disturbed = 0.1;
        server
    };
    let whole = study(&options, &mut server());
    assert!(whole.trials > 12, "{}", whole.trials);
    let directory = tempfile::tempdir().unwrap();
    for line in 1..=whole.trials {
        let mut server = server();
        // One measurement, and then it is killed in the middle of the next one.
        server.lives = Some(1);
        match go_on(directory.path(), &options, &mut server) {
            Err(TuneError::Interrupted) => assert!(line < whole.trials),
            Ok(study) => {
                assert_eq!(line, whole.trials);
                assert_eq!(study, whole);
            }
            Err(error) => panic!("line {line}: {error}"),
        }
        // The line that it was at.
        let journal = directory.path().join(super::JOURNAL);
        let mut text = std::fs::read_to_string(&journal).unwrap();
        assert_eq!(text.lines().count(), line as usize);
        text.push_str("{\"number\": 99, \"purp");
        std::fs::write(&journal, text).unwrap();
    }
    // And what is whole is not measured again.
    let mut server = server();
    server.lives = Some(0);
    assert_eq!(go_on(directory.path(), &options, &mut server).unwrap(), whole);
}

#[test]
fn a_seed_makes_the_study() {
    let once = |seed| {
        let mut server = Noisy::new(&[("work_mem", "64")], sorts);
        study(&TuneOptions { seed, budget: Duration::from_secs(120), ..options() }, &mut server)
    };
    assert_eq!(once(7), once(7));
    assert_ne!(once(7).confirmation, once(8).confirmation);
}

#[test]
fn given_settings_are_checked() {
    let check = |start: &[(&str, &str)], given: Candidate| {
        let mut server = Noisy::new(start, pages);
        study(&TuneOptions { given: Some(given), budget: Duration::from_secs(400), ..options() }, &mut server)
    };
    let better = check(&[("random_page_cost", "10")], settings(&[("random_page_cost", "1.1")]));
    assert_eq!((better.outcome, better.recommended.len()), (Outcome::Improved, 1), "{}", better.sentence);
    let worse = check(&[("random_page_cost", "1.1")], settings(&[("random_page_cost", "10")]));
    assert_eq!((worse.outcome, worse.recommended.len()), (Outcome::Worse, 0), "{}", worse.sentence);
    let same = check(&[("random_page_cost", "4")], settings(&[("jit", "off")]));
    assert_eq!(same.outcome, Outcome::NothingToGain, "{}", same.sentence);
}

#[test]
fn the_controls_run_in_the_same_budget() {
    for search in [Search::Random, Search::Single, Search::Formula] {
        let mut server = Noisy::new(&[("random_page_cost", "10")], pages);
        let study = study(&TuneOptions { search, ..options() }, &mut server);
        assert!(study.took_seconds <= 600.0 && study.trials > 12, "{search:?}: {}", study.sentence);
        assert!(study.cautions.iter().any(|caution| caution.contains("a control")));
        if search == Search::Formula {
            assert_eq!(study.outcome, Outcome::Improved, "{}", study.sentence);
            assert_eq!(recommended(&study).value("random_page_cost"), Some("1.1"));
        }
    }
}

#[test]
fn where_nothing_may_be_changed_that_is_said() {
    let mut server = Noisy::new(&[], pages);
    let (only, external) = (vec!["shared_buffers".to_owned()], Some("elsewhere".to_owned()));
    let directory = tempfile::tempdir().unwrap();
    let asked = TuneOptions { only, external, ..options() };
    let error = go_on(directory.path(), &asked, &mut server).unwrap_err();
    assert!(matches!(error, TuneError::Nothing { .. }), "{error}");
    let given = Some(settings(&[("shared_buffers", "1GB")]));
    let asked = TuneOptions { given, external: Some("elsewhere".to_owned()), ..options() };
    let directory = tempfile::tempdir().unwrap();
    let error = go_on(directory.path(), &asked, &mut server).unwrap_err().to_string();
    assert!(error.contains("none of the given settings can be tried there"), "{error}");
}
